"""Turns and fits still pictures with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed; pi-heif has none, and may not be there.

from __future__ import annotations

import io
import warnings
from contextlib import suppress

from PIL import Image, ImageOps

from sora_mcp.media.images.probe import is_heic, refuse

MOST_DECODED = 64_000_000
"""Pixels: a phone's largest photo has 50 million."""
MOST_PNG_BYTES = 4_000_000
LONGEST_TURNED = 4096
QUALITIES = (95, 88, 80, 70, 55, 40)
PADDING = "black"


def written(picture: Image.Image) -> bytes:
    """PNG loses nothing; where it becomes large, a fine JPEG does."""
    raw = _png(picture)
    return raw if len(raw) <= MOST_PNG_BYTES else _jpeg(picture, most_bytes=MOST_PNG_BYTES)


def fitted(raw: bytes, size: tuple[int, int], how: str, types: tuple[str, ...], most_bytes: int) -> bytes:
    """In exactly this size, in a form that the vendor takes, without anything that is not the picture."""
    picture = decoded(raw, size)
    resized = ImageOps.fit(picture, size, Image.Resampling.LANCZOS) if how == "crop" else _padded(picture, size)
    if "image/jpeg" in types:
        return _jpeg(resized, most_bytes=most_bytes)
    return _png(resized)


def upright(raw: bytes) -> bytes:
    """The picture as its camera was held, without its metadata."""
    picture = decoded(raw, (LONGEST_TURNED, LONGEST_TURNED))
    picture.thumbnail((LONGEST_TURNED, LONGEST_TURNED))
    return _png(picture) if raw.startswith(b"\x89PNG") else _jpeg(picture, most_bytes=20_000_000)


def decoded(raw: bytes, size: tuple[int, int]) -> Image.Image:
    """Decoded, turned, without transparency. What is too large or damaged is refused."""
    if is_heic(raw):
        from pi_heif import register_heif_opener  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

        register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(raw))
            if picture.width * picture.height > MOST_DECODED:
                refuse(f"a picture of {picture.width}x{picture.height} pixels", allowed=f"at most {MOST_DECODED // 10**6} megapixels")
            picture.draft("RGB", (size[0] * 2, size[1] * 2))
            return _opaque(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        refuse("a damaged picture")


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        return ground.convert("RGB")
    return picture.convert("RGB")


def _padded(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=PADDING)


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    _bare(picture).save(target, "PNG", compress_level=4)
    return target.getvalue()


def _jpeg(picture: Image.Image, *, most_bytes: int) -> bytes:
    raw = b""
    for quality in QUALITIES:
        target = io.BytesIO()
        _bare(picture).save(target, "JPEG", quality=quality, subsampling=0 if quality > 90 else 2, optimize=False)
        raw = target.getvalue()
        if len(raw) <= most_bytes:
            break
    return raw


def _bare(picture: Image.Image) -> Image.Image:
    """Pillow writes some of what it read into the new file unless it is taken out."""
    for name in ("exif", "xmp", "comment", "XML:com.adobe.xmp"):
        with suppress(KeyError):
            del picture.info[name]
    return picture
