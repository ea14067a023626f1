"""Contact sheets, single frames, and what is measured of a clip."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media import api
from sora_mcp.media.limits import Deadline
from sora_mcp.media.view.contact_sheet import choose_grid
from sora_mcp.media.view.frames import extract_frame, sample_frames
from sora_mcp.media.view.measurements import Measurements, compute_check_code, summarize, to_decibels
from tests.each import each

from .clips import a_clip, a_clip_at, colour_of, encode_pictures, without_pictures


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_clip(tmp_path_factory.mktemp("clips") / "red_blue.mp4")


def test_a_short_clip_is_seen_in_six_pictures(clip: Path) -> None:
    view = api.view_clip(clip, None, Deadline())
    assert (view.frames, view.seconds, view.words) == (
        6,
        2.0,
        "320x180, 1 cut (at 1.0 s), almost no movement, rather dark, sound at a normal level",
    )


def test_a_longer_one_is_seen_in_nine(tmp_path: Path) -> None:
    long = a_clip(tmp_path / "long.mp4", colours=("red",) * 9, size=(64, 36), sound=False)
    assert api.view_clip(long, None, Deadline()).frames == 9


def test_a_sheet_is_a_jpeg_that_any_client_takes(clip: Path) -> None:
    for frames in (1, 6, 9, 16):
        raw = api.view_clip(clip, frames, Deadline()).jpeg
        picture = Image.open(io.BytesIO(raw))
        assert (picture.format, max(picture.size) <= 1568, len(raw) <= 90_000) == ("JPEG", True, True)


def test_the_pictures_stand_in_the_order_of_their_times(clip: Path) -> None:
    seen = sample_frames(clip, 6, Deadline(), longest=160)
    assert [(round(time, 1), colour_of(picture)) for time, picture in seen.frames] == [
        (0.2, "red"),
        (0.5, "red"),
        (0.8, "red"),
        (1.2, "blue"),
        (1.5, "blue"),
        (1.8, "blue"),
    ]


def test_a_check_code_belongs_to_the_file_and_the_number_of_pictures(clip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    assert compute_check_code(copy, 6) == compute_check_code(clip, 6) != compute_check_code(clip, 9)


@each(("count", "size", "columns"), [(6, (1280, 720), 3), (9, (1280, 720), 3), (16, (1280, 720), 4), (6, (720, 1280), 6), (1, (9, 9), 1)])
def test_the_pictures_fill_the_sheet(count: int, size: tuple[int, int], columns: int) -> None:
    assert choose_grid(count, size)[0] == columns


def test_no_picture_becomes_larger_than_it_was() -> None:
    assert choose_grid(6, (64, 36)) == (6, (64, 36))


@each(("moment", "time", "colour"), [(0.0, 0.0, "red"), (0.99, 23 / 24, "red"), (1.0, 1.0, "blue"), (None, 47 / 24, "blue")])
def test_a_frame_is_the_one_that_is_shown_then(clip: Path, moment: float | None, time: float, colour: str) -> None:
    at, picture = extract_frame(clip, moment, Deadline())
    assert (round(at, 3), picture.size, colour_of(picture)) == (round(time, 3), (320, 180), colour)


def test_a_frame_is_written_without_loss(clip: Path) -> None:
    raw = api.extract_frame(clip, None, Deadline())
    assert (raw[:4], Image.open(io.BytesIO(raw)).size) == (b"\x89PNG", (320, 180))


def test_a_cut_is_a_change_that_no_movement_makes() -> None:
    assert summarize([0, 1, 2, 3], [1.0, 90.0, 1.0], [51, 51, 51, 51], None) == Measurements((2,), 1.0, 0.2, None)


def test_wild_movement_is_no_row_of_cuts() -> None:
    assert summarize([0, 1, 2, 3], [40.0, 41.0, 42.0], [0, 0, 0, 0], None).cuts == ()


DAY, SUNSET = (40, 60, 120), (90, 40, 90)
"""Equally bright, and dark."""


@each(("one", "other"), [(DAY, SUNSET), ((10, 14, 26), (24, 9, 22)), ((250, 250, 250), (236, 240, 244))], ids=["dark", "night", "snow"])
def test_a_join_of_unlike_pictures_is_a_cut(tmp_path: Path, one: tuple[int, ...], other: tuple[int, ...]) -> None:
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(encode_pictures([Image.new("RGB", (64, 36), colour) for colour in (one, other) for _ in range(24)]))
    assert "1 cut (at 1.0 s)" in api.view_clip(joined, None, Deadline()).words


def test_the_end_of_a_title_is_no_cut(tmp_path: Path) -> None:
    titled = tmp_path / "titled.mp4"
    plain = Image.new("RGB", (128, 72), (230, 235, 240))
    title = plain.copy()
    title.paste((20, 20, 20), (24, 24, 104, 50))
    titled.write_bytes(encode_pictures([picture for picture in (title, plain) for _ in range(24)]))
    assert "no cuts" in api.view_clip(titled, None, Deadline()).words


def test_a_faint_change_among_others_is_movement() -> None:
    assert summarize([*range(6)], [3.0, 2.0, 9.0, 3.0, 2.0], [9] * 6, None).cuts == ()


@each(("db", "words"), [(-45.0, "quiet sound"), (-18.0, "sound at a normal level"), (-6.0, "loud sound")])
def test_loudness_is_said_in_words(db: float, words: str) -> None:
    assert Measurements((), 0.0, 0.5, db).words.endswith(f", {words}")


@each(("squares", "count", "loud"), [(0, 0, None), (0, 10, -100.3), (32768**2 * 4, 4, 0.0)])
def test_loudness_is_measured_against_full_scale(squares: int, count: int, loud: float | None) -> None:
    assert to_decibels(squares, count) == loud


def test_what_was_measured_is_put_into_words() -> None:
    said = [Measurements((1.0, 2.5), 9.0, 0.95, None).words, Measurements((), 0.0, 0.5, -80.0).words]
    assert said == [
        "2 cuts (at 1.0 s, 2.5 s), much movement, very bright, no sound track",
        "no cuts, almost no movement, medium bright, a silent sound track",
    ]


@each("frames", [None, 1, 16])
def test_a_clip_of_one_long_picture_is_seen(tmp_path: Path, frames: int | None) -> None:
    clip = a_clip_at(tmp_path / "long.mp4", [0], rate=Fraction(1, 2))
    assert (api.view_clip(clip, frames, Deadline()).frames, api.view_clip(clip, frames, Deadline()).seconds) == (1, 2.0)


@each("colours", [2, 61])
def test_a_clip_without_pictures_is_bad(tmp_path: Path, colours: int) -> None:
    whole = a_clip(tmp_path / "whole.mp4", colours=("red",) * colours, size=(32, 18), sound=False)
    with pytest.raises(BadMedia, match="It has no picture that can be decoded"):
        api.view_clip(without_pictures(tmp_path / "none.mp4", whole), None, Deadline())


def test_wide_pixels_are_seen_wide(tmp_path: Path) -> None:
    clip = a_clip_at(tmp_path / "wide.mp4", [0, 1 / 24], stretch=2)
    assert sample_frames(clip, 1, Deadline(), longest=160).frames[0][1].size == (160, 45)
    assert extract_frame(clip, 0.0, Deadline())[1].size == (640, 180)
