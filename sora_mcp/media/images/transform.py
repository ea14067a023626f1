"""Decode, turn and fit still images with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed; pi-heif has none, and may not be there.

from __future__ import annotations

import io
import warnings
from typing import Any, NoReturn, cast

from PIL import Image, ImageCms, ImageOps, features

from sora_mcp.domain.errors import MissingMediaExtra
from sora_mcp.media.images.encode import encode_jpeg, encode_png
from sora_mcp.media.images.probe import PNG, is_avif, is_heic, refuse_image
from sora_mcp.media.optional import INSTALL, describe_load_error

MOST_PIXELS = 64_000_000
"""Of a decoded image: a phone's largest photo has 50 million."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""All that Pillow may try besides AVIF and HEIC: its decoders of rare formats see no stranger's bytes."""
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
    """Return the image as its camera was held, in sRGB, without metadata: a PNG stays one, all else becomes a JPEG.

    No side is longer than LONGEST_SIDE. Raises BrokenRules when it cannot be decoded.
    """
    picture = decode_image(raw, (LONGEST_SIDE, LONGEST_SIDE))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return encode_png(picture) if raw.startswith(PNG) else encode_jpeg(picture, most_bytes=MOST_JPEG_BYTES)


def decode_image(raw: bytes, size: tuple[int, int]) -> Image.Image:
    """Return the image in sRGB, turned upright, on white where it is transparent. `size` lets a JPEG be decoded smaller, not below it.

    Raises BrokenRules when it is damaged or has more than MOST_PIXELS.
    """
    if is_heic(raw):
        _register_heic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(raw), formats=_choose_formats(raw))
            if picture.width * picture.height > MOST_PIXELS:
                _refuse_large(f"a picture of {picture.width}x{picture.height} pixels")
            picture.draft("RGB", (size[0] * 2, size[1] * 2))
            return flatten(_convert_to_srgb(_reduce_depth(ImageOps.exif_transpose(picture))))
    except Image.DecompressionBombError:
        _refuse_large("a larger picture")
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:
        if "limit" in str(error).lower():  # libheif's own one
            _refuse_large("a larger picture")
        refuse_image("a damaged one")


def _register_heic() -> None:
    try:
        from pi_heif import register_heif_opener  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
    except (ImportError, OSError) as error:
        raise MissingMediaExtra(
            f"HEIC photos cannot be read: pi-heif does not load ({describe_load_error(error)}). Save it as JPEG, or run {INSTALL}"
        ) from error
    register_heif_opener()


def _choose_formats(raw: bytes) -> tuple[str, ...]:
    if is_heic(raw):
        return ("HEIF",)
    if not is_avif(raw):
        return FORMATS
    if not features.check("avif"):
        refuse_image("an AVIF, which the Pillow of this machine cannot read")
    return ("AVIF",)


def _refuse_large(got: str) -> NoReturn:
    refuse_image(got, allowed=f"a picture of at most {MOST_PIXELS // 10**6} megapixels")


def _reduce_depth(picture: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey; Pillow's own conversion makes all of it white."""
    if not picture.mode.startswith("I"):
        return picture
    grey = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    grey.info = {}
    return grey


def _convert_to_srgb(picture: Image.Image) -> Image.Image:
    """Convert the colours of a picture with a profile, such as Display P3 or Adobe RGB; without one they are sRGB already."""
    profile: Any = picture.info.pop("icc_profile", None)
    if not profile:
        return picture
    if picture.mode in ("P", "PA", "LA"):
        picture = picture.convert("RGBA" if "transparency" in picture.info or picture.mode != "P" else "RGB")
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), cast("Any", ImageCms.createProfile("sRGB"))
        converted: Any = ImageCms.profileToProfile(picture, source, srgb, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a damaged profile, or one of another kind of picture
    if converted is None:
        return picture
    converted.info.pop("icc_profile", None)  # sRGB is what no profile means
    return converted


def flatten(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, on white where it is transparent."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        return ground.convert("RGB")
    return picture.convert("RGB")
