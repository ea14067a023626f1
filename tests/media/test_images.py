"""What a picture is and how large, without decoding it."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.images.probe import ImageInfo, probe_image
from tests.each import each


def encoded(form: str, width: int = 37, height: int = 23, mode: str = "RGB", **how: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, (width, height), "teal").save(target, form, **how)
    return target.getvalue()


def riff(kind: bytes, content: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def png(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\2\0\0\0" + b"crc!" + b"\0\0\0\0IEND\xae\x42\x60\x82"
    )


def refusal(raw: bytes) -> str:
    with pytest.raises(BrokenRules) as caught:
        probe_image(raw)
    assert caught.value.its_code == "invalid_image"
    return caught.value.message


PICTURES = {
    "png": (encoded("PNG"), "image/png"),
    "png with transparency": (encoded("PNG", mode="RGBA"), "image/png"),
    "jpeg": (encoded("JPEG"), "image/jpeg"),
    "progressive jpeg": (encoded("JPEG", progressive=True), "image/jpeg"),
    "grey jpeg with a comment": (encoded("JPEG", mode="L", comment=b"\xff\xd9 is not the end"), "image/jpeg"),
    "webp": (encoded("WEBP"), "image/webp"),
    "lossless webp": (encoded("WEBP", lossless=True), "image/webp"),
    "jpeg with filling between its segments": (encoded("JPEG")[:2] + b"\xff\xff\xff\x01\xff\xd0" + encoded("JPEG")[2:], "image/jpeg"),
    "webp with metadata": (encoded("WEBP", mode="RGBA", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"), "image/webp"),
}


TRAILED = {  # as other programs leave them
    "png with something behind its end": (encoded("PNG") + b"trailer", "image/png"),
    "jpeg with something behind its end": (encoded("JPEG") + b"trailer", "image/jpeg"),
}


@each("name", PICTURES | TRAILED)
def test_a_picture_is_measured(name: str) -> None:
    raw, media_type = (PICTURES | TRAILED)[name]
    assert probe_image(raw) == ImageInfo(media_type, 37, 23)


@each("side", [1, 16383])
def test_the_smallest_and_the_largest_webp_are_measured(side: int) -> None:
    assert probe_image(encoded("WEBP", side, 1, lossless=True)) == ImageInfo("image/webp", side, 1)


@pytest.mark.fault("I03", "I08")
@each(
    ("raw", "got"),
    [
        (b"", "an empty file"),
        (encoded("GIF"), "a GIF"),
        (b"%PDF-1.7", "a PDF"),
        (encoded("BMP"), "a BMP"),
        (encoded("TIFF"), "a TIFF"),
        (b"MM\0*\0\0\0\x08", "a TIFF"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "a HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0", "a HEIC"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", "a video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG, XML or a web page"),
        (b"just words", "another kind of file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "another kind of file"),
        (b"SIMPLE  =                    T", "another kind of file"),
        (b"RIFF\x04\0\0\0WAVE", "another kind of file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "a PNG without a header"),
        (b"\xff\xd8\xff\xda\0\x02", "a JPEG without a frame header"),
        (b"\xff\xd8\xff\xe0\0\x01____", "a damaged JPEG"),
        (b"\xff\xd8\xff\xe0\0\x02____", "a damaged JPEG"),
        (riff(b"VP8L", b"\0" * 30), "a damaged WebP"),
        (riff(b"VP8 ", b"\0" * 30), "a damaged WebP"),
        (riff(b"JUNK", b"\0" * 30), "a damaged WebP"),
        (png(0, 10), "a PNG of 0x10 pixels"),
    ],
)
def test_anything_else_is_refused_by_name(raw: bytes, got: str) -> None:
    assert refusal(raw) == f"image must be a PNG, JPEG, WebP, HEIC or AVIF picture, not {got}."


def test_a_picture_of_more_than_100_megapixels_is_refused() -> None:
    assert probe_image(png(10_000, 10_000)) == ImageInfo("image/png", 10_000, 10_000)
    assert refusal(png(10_001, 10_000)) == "image must be a picture of at most 100 megapixels, not a PNG of 10001x10000 pixels."


@pytest.mark.fault("I08")
@settings(max_examples=200)
@given(st.sampled_from(sorted(PICTURES)), st.floats(0, 0.99))
def test_a_picture_that_was_cut_off_anywhere_is_refused(name: str, part: float) -> None:
    raw, _ = PICTURES[name]
    assert refusal(raw[: int(len(raw) * part)])


@settings(max_examples=300)
@given(st.sampled_from([raw for raw, _ in PICTURES.values()]), st.integers(0, 80), st.binary(max_size=40))
def test_a_damaged_picture_is_measured_or_refused_and_nothing_else(raw: bytes, at: int, damage: bytes) -> None:
    try:
        found = probe_image(raw[:at] + damage + raw[at + len(damage) :])
    except BrokenRules as error:
        assert error.its_code == "invalid_image"
    else:
        assert 0 < found.width * found.height <= 100_000_000
