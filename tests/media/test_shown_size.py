"""The size of a picture is read from its headers, upright, without decoding it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image, features

from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.images.shown_size import read_shown_size
from tests.each import each

RED = (Path(__file__).parent / "red.heic").read_bytes()


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def a_heic(*properties: bytes, links: bytes = b"", wide: bool = False) -> bytes:
    """The headers of a HEIC whose second item, a thumbnail of 8x8, stands before the primary one, as phones write it."""
    numbers = links or bytes(range(2, 2 + len(properties)))
    linked = b"".join(struct.pack(">H", 0x8000 | number) for number in numbers) if wide else numbers
    table = struct.pack(">IH", 2, 7) + bytes([1]) + (b"\0\1" if wide else b"\1") + struct.pack(">H", 9) + bytes([len(numbers)]) + linked
    ipma = box(b"ipma", bytes([0, 0, 0, wide]), table)
    iprp = box(b"iprp", box(b"ipco", ispe(8, 8), *properties), ipma)
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return ftyp + box(b"meta", b"\0\0\0\0", box(b"pitm", b"\0\0\0\0\0\x09"), iprp) + box(b"mdat", b"x")


def ispe(width: int, height: int) -> bytes:
    return box(b"ispe", b"\0\0\0\0", struct.pack(">II", width, height))


TURN, HALF_TURN = box(b"irot", b"\3"), box(b"irot", b"\2")
CUT = box(b"clap", struct.pack(">8I", 3000, 1, 4000, 2, 0, 1, 0, 1))


@each(
    ("raw", "size"),
    [
        (a_heic(ispe(4032, 3024)), (4032, 3024)),
        (a_heic(ispe(4032, 3024), TURN), (3024, 4032)),
        (a_heic(ispe(4032, 3024), HALF_TURN), (4032, 3024)),
        (a_heic(ispe(4032, 3024), CUT, TURN), (2000, 3000)),
        (a_heic(ispe(4032, 3024), TURN, wide=True), (3024, 4032)),
        (a_heic(ispe(4032, 3024), links=b"\0\2"), (4032, 3024)),
    ],
)
def test_a_heic_has_the_size_of_its_primary_item_turned(raw: bytes, size: tuple[int, int]) -> None:
    assert read_shown_size(raw) == size


@each(
    "raw",
    [a_heic(TURN), a_heic(ispe(4, 4), links=b"\x7f"), a_heic(ispe(4, 4))[:70], a_heic(ispe(4, 4), CUT.replace(b"\0\0\0\1", b"\0" * 4))],
)
def test_a_heic_without_a_size_is_damaged(raw: bytes) -> None:
    with pytest.raises(BrokenRules, match="damaged"):
        read_shown_size(raw)


def test_every_cut_off_heic_is_damaged_or_measured() -> None:
    for end in range(20, len(RED)):
        try:
            assert read_shown_size(RED[:end]) == read_shown_size(RED)
        except BrokenRules:
            continue


@each("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
@each("turned", [False, True])
def test_a_picture_is_as_large_as_a_viewer_shows_it(kind: str, turned: bool) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    with io.BytesIO() as file:
        Image.new("RGB", (60, 40), "red").save(file, kind, exif=exif)
        raw = file.getvalue()
    assert read_shown_size(raw) == ((40, 60) if turned else (60, 40))
