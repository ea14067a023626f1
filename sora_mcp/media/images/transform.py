"""Decode, turn and fit still images with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed; pi-heif has none, and may not be there.

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from sora_mcp.media.images.encode import encode_jpeg, encode_png
from sora_mcp.media.images.probe import PNG, is_heic, refuse_image

MOST_PIXELS = 64_000_000
"""Of a decoded image: a phone's largest photo has 50 million."""
LONGEST_SIDE = 4096
"""Pixels of an image that was turned upright."""
MOST_JPEG_BYTES = 20_000_000
PADDING = "black"


def fit_image(raw: bytes, size: tuple[int, int], how: str, types: tuple[str, ...], most_bytes: int) -> bytes:
    """Return the image cropped (`how` is "crop") or padded to exactly `size` pixels, upright and without metadata.

    A JPEG of at most `most_bytes` where `types` has it, else a PNG. Raises BrokenRules when it cannot be decoded.
    """
    picture = decode_image(raw, size)
    if how == "crop":
        fitted = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    else:
        fitted = ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=PADDING)
    return encode_jpeg(fitted, most_bytes=most_bytes) if "image/jpeg" in types else encode_png(fitted)


def turn_upright(raw: bytes) -> bytes:
    """Return the image as its camera was held, without metadata: a PNG stays one, all else becomes a JPEG.

    No side is longer than LONGEST_SIDE. Raises BrokenRules when it cannot be decoded.
    """
    picture = decode_image(raw, (LONGEST_SIDE, LONGEST_SIDE))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return encode_png(picture) if raw.startswith(PNG) else encode_jpeg(picture, most_bytes=MOST_JPEG_BYTES)


def decode_image(raw: bytes, size: tuple[int, int]) -> Image.Image:
    """Return the image in RGB, turned upright, on white where it is transparent. `size` lets a JPEG be decoded smaller, not below it.

    Raises BrokenRules when it is damaged or has more than MOST_PIXELS.
    """
    if is_heic(raw):
        from pi_heif import register_heif_opener  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

        register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(raw))
            if picture.width * picture.height > MOST_PIXELS:
                refuse_image(f"a picture of {picture.width}x{picture.height} pixels", allowed=f"at most {MOST_PIXELS // 10**6} megapixels")
            picture.draft("RGB", (size[0] * 2, size[1] * 2))
            return flatten(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        refuse_image("a damaged picture")


def flatten(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, on white where it is transparent."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        return ground.convert("RGB")
    return picture.convert("RGB")
