"""Read type and size of a PNG, JPEG or WebP image from its header, without decoding it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media import containers
from sora_mcp.media.containers import HEAD_BYTES, find_container

PNG = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 100_000_000
ALLOWED = "a PNG, JPEG, WebP, HEIC or AVIF picture"
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
"""Other files that people send: their magic bytes, the offset of these, and the file's name for people."""


@dataclass(frozen=True)
class ImageInfo:
    """Type and size in pixels, as stored: EXIF orientation is not applied."""

    media_type: str
    width: int
    height: int


def probe_image(raw: bytes) -> ImageInfo:
    """Return type and size of a whole image. Raises BrokenRules for anything else, also for a truncated one."""
    kind, read_size = _find_format(raw)
    try:
        width, height = read_size(raw)
    except (IndexError, struct.error):
        refuse_image(f"a {kind} that is cut off")
    if not width or not height:
        refuse_image(f"a {kind} of {width}x{height} pixels")
    if width * height > MOST_PIXELS:
        refuse_image(f"a {kind} of {width}x{height} pixels", allowed=f"a picture of at most {MOST_PIXELS // 1_000_000} megapixels")
    return ImageInfo(f"image/{kind.lower()}", width, height)


def is_heic(raw: bytes) -> bool:
    """Return whether the file is a HEIC photo."""
    return find_container(raw[:HEAD_BYTES]) is containers.HEIC


def is_avif(raw: bytes) -> bool:
    """Return whether the file is an AVIF image."""
    return find_container(raw[:HEAD_BYTES]) is containers.AVIF


def is_cmyk(raw: bytes) -> bool:
    """Return whether the image, which `probe_image` accepted, is a JPEG in four colours, as print shops make them."""
    return raw.startswith(b"\xff\xd8\xff") and raw[_find_frame_header(raw) + 9] == 4


def is_deep(raw: bytes) -> bool:
    """Return whether the image, which `probe_image` accepted, is a PNG of 16 bits a colour, as renderers and depth maps have."""
    return raw.startswith(PNG) and raw[24] == 16


def refuse_image(got: str | None, *, allowed: str = ALLOWED, is_quoted: bool = False) -> NoReturn:
    """Raise BrokenRules for the argument `image`: `got` is what came, in our words or quoted, `allowed` what would be accepted."""
    raise BrokenRules((BrokenRule("image", got, allowed, "invalid_image", is_quoted),))


def _find_format(raw: bytes) -> tuple[str, Callable[[bytes], tuple[int, int]]]:
    """Return the format's name and the function that reads its size."""
    if raw.startswith(PNG):
        return "PNG", _read_png_size
    if raw.startswith(b"\xff\xd8\xff"):
        return "JPEG", _read_jpeg_size
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WebP", _read_webp_size
    if not raw:
        refuse_image("an empty file")
    known = (name for magic, at, name in OTHERS if raw.startswith(magic, at))
    refuse_image(next(known, "another kind of file"))


def _read_png_size(raw: bytes) -> tuple[int, int]:
    """Read IHDR, the first chunk. Raises IndexError when there is no IEND; data after it is ignored."""
    if raw[8:16] != b"\0\0\0\rIHDR":
        refuse_image("a PNG without a header")
    if raw.rfind(b"\0\0\0\0IEND\xae\x42\x60\x82") < 0:
        raise IndexError
    return struct.unpack_from(">II", raw, 16)


def _read_jpeg_size(raw: bytes) -> tuple[int, int]:
    """Read the frame header (SOF). Raises IndexError when no end marker follows it."""
    at = _find_frame_header(raw)
    height, width = struct.unpack_from(">HH", raw, at + 5)
    if raw.find(b"\xff\xd9", at) < 0:
        raise IndexError
    return width, height


def _find_frame_header(raw: bytes) -> int:
    """Return the offset of a JPEG's frame header."""
    at = 2
    while True:
        if raw[at] != 0xFF:
            refuse_image("a damaged JPEG")
        marker = raw[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD7:  # a fill byte, or a marker without a length
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD8, 0xD9, 0xDA):
            refuse_image("a JPEG without a frame header")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return at
        (length,) = struct.unpack_from(">H", raw, at + 2)
        if length < 2:
            refuse_image("a damaged JPEG")
        at += 2 + length


def _read_webp_size(raw: bytes) -> tuple[int, int]:
    """Read the first chunk, of which there are three kinds. Raises IndexError when the file is shorter than it states."""
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
            refuse_image("a damaged WebP")
