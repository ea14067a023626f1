"""Encode pictures as PNG or JPEG with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import io
import itertools
from contextlib import suppress

from PIL import Image

MOST_PNG_BYTES = 4_000_000
QUALITIES = (95, 88, 80, 70, 55, 40)
PREVIEW_QUALITIES = (82, 72, 60, 45, 30)


def encode_frame(picture: Image.Image) -> bytes:
    """Return a PNG, or a fine JPEG when the PNG would be larger than MOST_PNG_BYTES."""
    raw = encode_png(picture)
    return raw if len(raw) <= MOST_PNG_BYTES else encode_jpeg(picture, most_bytes=MOST_PNG_BYTES)


def encode_png(picture: Image.Image) -> bytes:
    """Return a PNG without metadata."""
    target = io.BytesIO()
    _drop_metadata(picture).save(target, "PNG", compress_level=4)
    return target.getvalue()


def encode_jpeg(picture: Image.Image, *, most_bytes: int) -> bytes:
    """Return a JPEG without metadata, at the best quality that fits into `most_bytes`; at the lowest one it may be larger."""
    raw = b""
    for quality in QUALITIES:
        target = io.BytesIO()
        _drop_metadata(picture).save(target, "JPEG", quality=quality, subsampling=0 if quality > 90 else 2, optimize=False)
        raw = target.getvalue()
        if len(raw) <= most_bytes:
            break
    return raw


def encode_preview(picture: Image.Image, *, most_bytes: int, longest: int) -> bytes:
    """Return a JPEG of at most `longest` pixels a side. To fit into `most_bytes`, first the quality goes down, then the size."""
    small, raw = picture.convert("RGB"), b""
    for longest_side, quality in itertools.product((longest, longest // 2, longest // 4), PREVIEW_QUALITIES):
        small.thumbnail((longest_side, longest_side))
        target = io.BytesIO()
        small.save(target, "JPEG", quality=quality, optimize=True)
        raw = target.getvalue()
        if len(raw) <= most_bytes:
            break
    return raw


def _drop_metadata(picture: Image.Image) -> Image.Image:
    """Remove in place what Pillow read from the old file and would write into the new one."""
    for name in ("exif", "xmp", "comment", "XML:com.adobe.xmp"):
        with suppress(KeyError):
            del picture.info[name]
    return picture
