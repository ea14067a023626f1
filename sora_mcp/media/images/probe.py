"""What a picture is and how large, from its header: PNG, JPEG and WebP; nothing is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sora_mcp.domain.errors import BrokenRule, BrokenRules

PNG = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 100_000_000
ALLOWED = "a PNG, JPEG or WebP picture"
HEIC = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
OTHERS = (
    (b"GIF8", 0, "a GIF"),
    (b"%PDF", 0, "a PDF"),
    (b"BM", 0, "a BMP"),
    (b"II*\0", 0, "a TIFF"),
    (b"MM\0*", 0, "a TIFF"),
    (b"\0\0\1\0", 0, "an icon"),
    (b"ftypavif", 4, "an AVIF"),
    (b"ftyphei", 4, "a HEIC"),
    (b"ftypmif1", 4, "a HEIC"),
    (b"ftyp", 4, "a video"),
    (b"<", 0, "SVG, XML or a web page"),
)
"""What else people send: its first bytes, where they stand, its name."""


@dataclass(frozen=True)
class Picture:
    """Measured from the header. Turning by EXIF is not looked at."""

    media_type: str
    width: int
    height: int


def measure(raw: bytes) -> Picture:
    """Type and size of a whole picture. BrokenRules for anything else, also for one that is cut off."""
    kind, sides = _kind(raw)
    try:
        width, height = sides(raw)
    except (IndexError, struct.error):
        refuse(f"a {kind} that is cut off")
    if not width or not height:
        refuse(f"a {kind} of {width}x{height} pixels")
    if width * height > MOST_PIXELS:
        refuse(f"a {kind} of {width}x{height} pixels", allowed=f"a picture of at most {MOST_PIXELS // 1_000_000} megapixels")
    return Picture(f"image/{kind.lower()}", width, height)


def is_heic(raw: bytes) -> bool:
    """A phone's photo in HEIF."""
    return raw[4:8] == b"ftyp" and raw[8:12] in HEIC


def refuse(got: str | None, *, allowed: str = ALLOWED) -> NoReturn:
    """Says what came, and what would do."""
    raise BrokenRules((BrokenRule("image", got, allowed, "invalid_image"),))


def _kind(raw: bytes) -> tuple[str, Callable[[bytes], tuple[int, int]]]:
    if raw.startswith(PNG):
        return "PNG", _png
    if raw.startswith(b"\xff\xd8\xff"):
        return "JPEG", _jpeg
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WebP", _webp
    if not raw:
        refuse("an empty file")
    known = (name for magic, at, name in OTHERS if raw.startswith(magic, at))
    refuse(next(known, "something else"))


def _png(raw: bytes) -> tuple[int, int]:
    """IHDR comes first; a whole file ends with IEND, whatever was added behind it."""
    if raw[8:16] != b"\0\0\0\rIHDR":
        refuse("a PNG without a header")
    if raw.rfind(b"\0\0\0\0IEND\xae\x42\x60\x82") < 0:
        raise IndexError
    return struct.unpack_from(">II", raw, 16)


def _jpeg(raw: bytes) -> tuple[int, int]:
    """Walks the segments to the frame header (SOF), and looks for the end marker behind it."""
    at = 2
    while True:
        if raw[at] != 0xFF:
            refuse("a damaged JPEG")
        marker = raw[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD7:  # filling, or a marker that stands alone
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD8, 0xD9, 0xDA):
            refuse("a JPEG without a frame header")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            break
        (length,) = struct.unpack_from(">H", raw, at + 2)
        if length < 2:
            refuse("a damaged JPEG")
        at += 2 + length
    height, width = struct.unpack_from(">HH", raw, at + 5)
    if raw.find(b"\xff\xd9", at) < 0:
        raise IndexError
    return width, height


def _webp(raw: bytes) -> tuple[int, int]:
    """Three kinds of first chunk, each with its own way to write the size."""
    if 8 + struct.unpack_from("<I", raw, 4)[0] > len(raw):
        raise IndexError
    match raw[12:16]:
        case b"VP8X":
            wide, wide_high, high, high_high = struct.unpack_from("<HBHB", raw, 24)
            return 1 + wide + (wide_high << 16), 1 + high + (high_high << 16)
        case b"VP8L" if raw[20:21] == b"\x2f":
            (bits,) = struct.unpack_from("<I", raw, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if raw[23:26] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", raw, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            refuse("a damaged WebP")
