"""Files that somebody made to hurt: each is refused in words, at once, without taking memory."""

from __future__ import annotations

import io
import random
import resource
import struct
import time
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import av
import pytest
from PIL import Image

from sora_mcp.domain.errors import BadMedia, BrokenRules
from sora_mcp.jobs.input_images import read_image
from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit
from sora_mcp.media.limits import Deadline
from sora_mcp.media.worker import processes
from tests.each import each
from tests.fuzz.__main__ import fuzz

from .clips import a_clip
from .slow_heic import slow_heic

pytestmark = pytest.mark.slow

MOST_S, MOST_MIB = 2.0, 48
"""Seconds of the processor, which other work on the machine does not lengthen."""


@contextmanager
def refused_cheaply() -> Generator[None]:
    """Check the seconds of the processor that the block takes, and the memory above the highest so far."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    seconds, mib = time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (seconds < MOST_S, mib < MOST_MIB) == (True, True)


def patched(path: Path, box: bytes, at: int, value: bytes) -> Path:
    """The clip with other bytes so far behind the name of a box."""
    raw = bytearray(path.read_bytes())
    start = raw.index(box) + 4 + at
    raw[start : start + len(value)] = value
    path.write_bytes(raw)
    return path


def truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def written(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def a_gif(path: Path) -> Path:
    path.write_bytes(ten_thousand_frames())
    return path


@cache
def ten_thousand_frames() -> bytes:
    pictures, target = [Image.new("1", (16, 16), at % 2) for at in range(10_000)], io.BytesIO()
    pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:])
    return target.getvalue()


FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "zero length": (written(b""), "The file is empty."),
    "text": (written(b"This is no film.\n" * 99), "It is text, no MP4."),
    "playlist": (written(b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret\n"), "It is an HLS playlist, no MP4."),
    "10,000 frames of GIF": (a_gif, "It is a GIF, no MP4."),
    "truncated": (truncated, "cut off"),
    "10^6 frames by size": (lambda path: patched(path, b"stsz", 8, struct.pack(">I", 10**6)), "1000000 frames"),
    "10^6 frames by time": (lambda path: patched(path, b"stts", 8, struct.pack(">I", 10**6)), "1000000 frames"),
    "900 megapixels": (lambda path: patched(path, b"tkhd", 76, struct.pack(">II", 30_000 << 16, 30_000 << 16)), "30000x30000 pixels"),
    "900 megapixels, hidden": (lambda path: patched(path, b"avc1", 24, struct.pack(">HH", 30_000, 30_000)), ""),
    "100 hours": (lambda path: patched(path, b"tkhd", 20, struct.pack(">I", 2**32 - 2)), "s long"),
    "noise for pictures": (lambda path: patched(path, b"mdat", 40, b"\xff\x00\x55" * 400), ""),
}


LOOKS: dict[str, Callable[[Path], object]] = {
    "view_video": lambda path: api.view_clip(path, None, Deadline()),
    "edit_video trim": lambda path: api.edit_clip(Edit("trim", (path,), end=1.0), path.with_name("made.part"), Deadline()),
    "edit_video join": lambda path: api.edit_clip(Edit("join", (path, path)), path.with_name("made.part"), Deadline()),
    "edit_video gif": lambda path: api.edit_clip(Edit("gif", (path,), end=1.0), path.with_name("made.part"), Deadline()),
    "JOB#last": lambda path: api.extract_frame(path, None, Deadline()),
    "JOB#first": lambda path: api.extract_frame(path, 0.0, Deadline()),
    "poster.jpg": lambda path: api.make_poster(path, Deadline()),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    return {name: make(a_clip(folder / f"{at}.mp4")) for at, (name, (make, _)) in enumerate(FILES.items())}


@each("look", LOOKS)
def test_a_hostile_video_is_refused_at_once(look: str, hostile: dict[str, Path], tmp_path: Path) -> None:
    LOOKS[look](a_clip(tmp_path / "warm.mp4"))
    for name, path in hostile.items():
        says = FILES[name][1]
        with refused_cheaply():
            try:
                LOOKS[look](path)
            except BadMedia as error:
                assert says in error.message, name
            else:
                assert says == "" or (look, name) == ("poster.jpg", "10,000 frames of GIF"), f"{name} was taken"


@each("name", FILES)
def test_no_hostile_video_is_a_first_frame(name: str, hostile: dict[str, Path]) -> None:
    path = hostile[name]
    with refused_cheaply(), pytest.raises(BrokenRules, match="a PNG, JPEG, WebP, HEIC or AVIF picture"):
        read_image(path.name, [path.parent], most_bytes=10**8)


def a_png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end


@pytest.mark.fault("I04")
@each("side", [13_000, 30_000], ids=["169 megapixels", "900 megapixels"])
def test_a_picture_of_too_many_megapixels_is_refused_by_its_header(side: int, tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(a_png_header(side, side))
    why = f"at most 100 megapixels, not a PNG of {side}x{side} pixels"
    with refused_cheaply(), pytest.raises(BrokenRules, match=why):
        read_image("huge.png", [tmp_path], most_bytes=10**6)


@each("side", [9_000, 20_000])
def test_a_picture_that_is_not_decoded_any_more_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(BrokenRules, match="a picture of at most 64 megapixels"):
        api.fit_image(a_png_header(side, side), (1280, 720), "crop", ("image/png",), 10**6)


def test_a_photo_that_takes_long_to_decode_ends_with_its_time_and_costs_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "libx265" not in av.codecs_available:
        pytest.skip("PyAV has no libx265")
    photo = slow_heic()
    (tmp_path / "noise.heic").write_bytes(photo)
    pi_heif = pytest.importorskip("pi_heif")
    assert (pi_heif.open_heif(photo).size, len(photo) < 1_000_000) == ((8000, 8000), True)
    small = str(Path(__file__).with_name("red.heic"))
    read_image(small, [Path(small).parent], most_bytes=10**6)  # the worker is there
    with monkeypatch.context() as short:  # nothing decodes 64 megapixels in so little time
        short.setattr(api, "SHORT_S", 0.05)
        short.setattr(processes, "GRACE_S", 0.0)
        with pytest.raises(BrokenRules, match=r"a smaller picture, or the same one saved as JPEG, not one that takes longer than 0\.05 s"):
            read_image("noise.heic", [tmp_path], most_bytes=10**7)
    assert read_image(small, [Path(small).parent], most_bytes=10**6).media_type == "image/jpeg"


@pytest.mark.fault("I03")
def test_a_gif_is_no_first_frame(tmp_path: Path) -> None:
    a_gif(tmp_path / "boat.gif")
    with pytest.raises(BrokenRules, match="not a GIF"):
        read_image("boat.gif", [tmp_path], most_bytes=10**8)


def test_a_hundred_damaged_files_are_answered(tmp_path: Path) -> None:
    """None hangs, kills or fills the process that asks. `make fuzz` does twenty thousand."""
    result = fuzz(100, random.randrange(10**6), tmp_path)
    print(result)
    assert (result.wrong, result.files) == ([], 100)
