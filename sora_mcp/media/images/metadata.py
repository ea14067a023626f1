"""Remove a camera's metadata (place, time, device) from an image file without decoding it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sora_mcp.media.images.probe import PNG, refuse_image

KEPT_SEGMENTS = {0xE0, 0xEE}
"""APP0 (JFIF) and APP14 (Adobe's colour transform). Of APP2, only the colour profile is kept."""
PROFILE = b"ICC_PROFILE\0"
PNG_DROPPED = {b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"tIME"}
WEBP_DROPPED = {b"EXIF", b"XMP "}
WEBP_FLAGS = 0x08 | 0x04
"""Flags in the VP8X chunk: the file has EXIF, the file has XMP."""
ORIENTATION = 0x0112
MOST_TAGS = 512


@dataclass(frozen=True)
class Stripped:
    """The file without metadata, and its EXIF orientation, 1 to 8; 1 is upright."""

    raw: bytes
    orientation: int


def strip_metadata(raw: bytes, media_type: str) -> Stripped:
    """Return the image without metadata; without any, its bytes stay the same.

    For an image that `probe_image` accepted, with the type that it returned. Raises BrokenRules when it is damaged.
    """
    try:
        match media_type:
            case "image/jpeg":
                return _strip_jpeg(raw)
            case "image/png":
                return _strip_png(raw)
            case _:
                return _strip_webp(raw)
    except (IndexError, struct.error):
        refuse_image("a damaged one")


def _strip_jpeg(raw: bytes) -> Stripped:
    """Copy segment by segment. Data after the end marker is dropped: some phones append a video there."""
    kept, orientation = [raw[:2]], 1
    for marker, start, end in _segments(raw):
        body = raw[start + 4 : end]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _read_orientation(body[6:])
        is_metadata = 0xE0 <= marker <= 0xEF and marker not in KEPT_SEGMENTS and not (marker == 0xE2 and body.startswith(PROFILE))
        if not is_metadata and marker != 0xFE:
            kept.append(raw[start:end])
    return Stripped(b"".join(kept), orientation)


def _segments(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment up to the end marker. A scan includes its coded pixels."""
    at = 2
    while at < len(raw):
        if raw[at] != 0xFF:
            refuse_image("a damaged one")
        marker = raw[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            yield marker, at, at + 2
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            end = at + 2
        else:
            end = at + 2 + struct.unpack_from(">H", raw, at + 2)[0]
            if marker == 0xDA:
                end = _find_scan_end(raw, end)
        yield marker, at, end
        at = end


def _find_scan_end(raw: bytes, at: int) -> int:
    """Return the offset of the next real marker: in coded pixels, FF is followed by 00 or a restart marker."""
    while True:
        at = raw.find(b"\xff", at)
        if at < 0 or at + 1 >= len(raw):
            return len(raw)
        following = raw[at + 1]
        if following != 0 and following != 0xFF and not 0xD0 <= following <= 0xD7:
            return at
        at += 1 if following == 0xFF else 2


def _strip_png(raw: bytes) -> Stripped:
    kept, orientation, at = [PNG], 1, len(PNG)
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        kind, end = raw[at + 4 : at + 8], at + 12 + length
        if kind == b"eXIf":
            orientation = _read_orientation(raw[at + 8 : at + 8 + length])
        if kind not in PNG_DROPPED:
            kept.append(raw[at:end])
        if kind == b"IEND":
            break
        at = end
    return Stripped(b"".join(kept), orientation)


def _strip_webp(raw: bytes) -> Stripped:
    kept, orientation, at = list[bytes](), 1, 12
    whole = min(len(raw), 8 + struct.unpack_from("<I", raw, 4)[0])
    while at + 8 <= whole:
        kind, (length,) = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)
        end = at + 8 + length + length % 2
        if kind == b"EXIF":
            orientation = _read_orientation(raw[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        if kind == b"VP8X":
            kept.append(raw[at : at + 8] + bytes((raw[at + 8] & ~WEBP_FLAGS,)) + raw[at + 9 : end])
        elif kind not in WEBP_DROPPED:
            kept.append(raw[at:end])
        at = end
    body = b"WEBP" + b"".join(kept)
    return Stripped(b"RIFF" + struct.pack("<I", len(body)) + body, orientation)


def _read_orientation(tiff: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1 when it is missing or invalid."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for tag in range(min(count, MOST_TAGS)):
            name, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * tag)
            if name == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
