"""Photos: turned upright, made to fit, and without what their camera wrote into them."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from sora_mcp.domain import Image
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.first_frame import is_far_too_small
from sora_mcp.jobs.input_images import data_of, picture_of, read_image
from sora_mcp.media import api, optional
from sora_mcp.media.images import metadata
from tests.each import each

from .clips import colour_of

MARK = b"SECRET-PLACE"
TURNED = 6
"""Held upright, with the picture lying on its side."""


def saved(picture: Pillow.Image, kind: str, **more: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **more)
    return target.getvalue()


def a_photo(kind: str = "JPEG", *, orientation: int = 1, size: tuple[int, int] = (64, 32), **more: Any) -> bytes:
    """The left half is red, the right one blue."""
    picture = Pillow.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MARK.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: MARK.decode()})
    return saved(picture, kind, exif=exif, **more)


def pixels(raw: bytes) -> bytes:
    return Pillow.open(io.BytesIO(raw)).convert("RGB").tobytes()


@pytest.mark.fault("I07")
@each("kind", ["JPEG", "PNG", "WebP"])
def test_the_place_is_cut_out_and_no_pixel_changes(kind: str) -> None:
    raw = a_photo(kind, **({"lossless": True} if kind == "WebP" else {}))
    bare = data_of(picture_of(raw))
    assert (MARK in raw, MARK in bare, pixels(bare) == pixels(raw)) == (True, False, True)
    assert dict(Pillow.open(io.BytesIO(bare)).getexif()) == {}


def test_a_progressive_photo_keeps_all_of_its_scans() -> None:
    raw = a_photo(progressive=True, size=(640, 480))
    assert pixels(metadata.strip_metadata(raw, "image/jpeg").raw) == pixels(raw)


def test_what_a_phone_hides_behind_the_end_is_left_away() -> None:
    assert MARK not in metadata.strip_metadata(a_photo() + b"ftypmp42" + MARK, "image/jpeg").raw


@each("kind", ["JPEG", "PNG", "WebP"])
def test_a_plain_picture_stays_as_it_is(kind: str) -> None:
    raw = saved(Pillow.new("RGB", (9, 7), "teal"), kind)
    assert metadata.strip_metadata(raw, f"image/{kind.lower()}") == metadata.Stripped(raw, 1)


@each("kind", ["JPEG", "PNG", "WebP"])
def test_a_photo_that_was_held_upright_becomes_upright(kind: str) -> None:
    raw = a_photo(kind, orientation=TURNED)
    image = picture_of(raw)
    picture = Pillow.open(io.BytesIO(data_of(image)))
    assert ((image.width, image.height), MARK in data_of(image)) == ((32, 64), False)
    assert [colour_of(picture, place) for place in ((0.5, 0.1), (0.5, 0.9))] == ["red", "blue"]
    assert colour_of(ImageOps.exif_transpose(Pillow.open(io.BytesIO(raw))), (0.5, 0.1)) == "red"


def test_nonsense_in_the_metadata_is_no_reason_to_turn() -> None:
    assert metadata.strip_metadata(a_photo(orientation=77), "image/jpeg").orientation == 1


@pytest.mark.fault("I03")
def test_a_heic_photo_becomes_a_jpeg() -> None:
    pytest.importorskip("pi_heif", reason="pi-heif has no build for this machine")
    image = picture_of((Path(__file__).parent / "red.heic").read_bytes())
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 64, 64)
    assert colour_of(Pillow.open(io.BytesIO(data_of(image)))) == "red"


def test_without_its_library_a_heic_photo_is_refused_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    with pytest.raises(
        BrokenRules, match=r"PNG, JPEG or WebP picture, not a HEIC; HEIC needs the media extra: pip install 'sora-mcp\[media\]'"
    ):
        picture_of(b"\0\0\0\x18ftypheic" + b"\0" * 99)


def test_a_damaged_heic_photo_is_refused() -> None:
    with pytest.raises(BrokenRules, match="not a damaged one"):
        picture_of(b"\0\0\0\x18ftypheic" + b"\0" * 99)


@each(("how", "corners"), [("crop", ["red", "blue"]), ("pad", ["black", "black"])])
def test_a_picture_is_made_to_fit(how: str, corners: list[str]) -> None:
    raw = api.fit_image(a_photo(size=(640, 320)), (320, 320), how, ("image/jpeg", "image/png"), 10**6)
    picture = Pillow.open(io.BytesIO(raw))
    assert (picture.format, picture.size, MARK in raw) == ("JPEG", (320, 320), False)
    assert [colour_of(picture, place) for place in ((0.02, 0.02), (0.98, 0.98))] == corners


def test_a_fitted_picture_is_of_a_type_and_a_size_that_the_vendor_takes() -> None:
    png = api.fit_image(a_photo(), (64, 64), "crop", ("image/png",), 10**6)
    small = api.fit_image(saved(Pillow.effect_noise((800, 800), 120), "PNG"), (800, 800), "crop", ("image/jpeg",), 300_000)
    assert (png[:4], len(small) <= 300_000) == (b"\x89PNG", True)


def test_what_is_transparent_becomes_white() -> None:
    assert pixel(fitted(saved(Pillow.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"))) == (255, 255, 255)


def test_a_picture_is_what_its_uri_says() -> None:
    image = Image("data:image/png;base64," + base64.b64encode(b"abc").decode())
    assert data_of(image) == b"abc"


@pytest.mark.fault("I07")
def test_a_photo_in_a_folder_loses_its_place_too(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(a_photo())
    assert MARK not in data_of(read_image("photo.jpg", [tmp_path], most_bytes=10**6))


def pixel(raw: bytes, at: tuple[int, int] = (0, 0)) -> tuple[int, int, int]:
    found = Pillow.open(io.BytesIO(raw)).convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


def fitted(raw: bytes, size: tuple[int, int] = (64, 64)) -> bytes:
    return api.fit_image(raw, size, "crop", ("image/png",), 10**6)


def test_sixteen_bit_grey_keeps_its_greys() -> None:
    ramp = Pillow.new("I;16", (64, 64))
    for x in range(64):
        ramp.paste(round(x * 65535 / 63), (x, 0, x + 1, 64))
    raw = fitted(saved(ramp, "PNG"))
    assert [pixel(raw, (x, 5))[0] for x in (0, 21, 42, 63)] == pytest.approx([0, 85, 170, 255], abs=1)


def test_a_picture_of_sixteen_bits_is_sent_with_eight() -> None:
    ramp = Pillow.new("I;16", (64, 64))
    for x in range(64):
        ramp.paste(round(x * 65535 / 63), (x, 0, x + 1, 64))
    raw = data_of(picture_of(saved(ramp, "PNG")))
    assert (raw[:8], raw[24]) == (b"\x89PNG\r\n\x1a\n", 8)
    assert [pixel(raw, (x, 5))[0] for x in (0, 21, 42, 63)] == pytest.approx([0, 85, 170, 255], abs=1)


# Columns of Display P3 for D50: https://www.color.org/chardata/rgb/DisplayP3.xalter
DISPLAY_P3 = {"rXYZ": (0.51512, 0.2412, -0.00105), "gXYZ": (0.29198, 0.69225, 0.04189), "bXYZ": (0.1571, 0.06657, 0.78407)}


def a_profile() -> bytes:
    """Display P3, made of Pillow's sRGB profile, whose curve it shares."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(raw[128:132], "big"), 12):
        if (column := DISPLAY_P3.get(raw[at : at + 4].decode())) is not None:
            start = int.from_bytes(raw[at + 4 : at + 8], "big") + 8
            raw[start : start + 12] = b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in column)
    return bytes(raw)


def test_wide_colours_become_srgb() -> None:
    profile = a_profile()
    for kind in ("PNG", "JPEG", "WebP"):
        red = saved(Pillow.new("RGB", (64, 64), (234, 51, 35)), kind, icc_profile=profile, **({"quality": 100} if kind != "PNG" else {}))
        raw = fitted(red)
        assert pixel(raw) == pytest.approx((255, 0, 0), abs=8), kind
        assert "icc_profile" not in Pillow.open(io.BytesIO(raw)).info, kind
    clear = saved(Pillow.new("RGBA", (64, 64), (234, 51, 35, 0)), "PNG", icc_profile=profile)
    assert pixel(fitted(clear)) == (255, 255, 255)
    damaged = saved(Pillow.new("RGB", (64, 64), "red"), "PNG", icc_profile=b"no profile")
    assert pixel(fitted(damaged)) == (255, 0, 0)


def test_an_avif_becomes_a_jpeg() -> None:
    image = picture_of(saved(Pillow.new("RGB", (64, 32), "red"), "AVIF"))
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 64, 32)
    assert colour_of(Pillow.open(io.BytesIO(data_of(image)))) == "red"


def test_a_jpeg_in_cmyk_becomes_rgb() -> None:
    image = picture_of(saved(Pillow.new("CMYK", (64, 32), (0, 255, 255, 0)), "JPEG"))
    picture = Pillow.open(io.BytesIO(data_of(image)))
    assert (picture.mode, colour_of(picture)) == ("RGB", "red")


def test_a_picture_under_half_of_the_video_is_far_too_small() -> None:
    small, wide = Image("data:", "image/png", 13, 169), Image("data:", "image/png", 1280, 100)
    assert [is_far_too_small(small, (1280, 720), how) for how in ("crop", "pad")] == [True, True]
    assert [is_far_too_small(wide, (1280, 720), how) for how in ("crop", "pad")] == [True, False]
    assert not is_far_too_small(Image("data:", "image/png", 640, 360), (1280, 720), "crop")
