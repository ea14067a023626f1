"""Edits as two decoders see them: PyAV here, and the ffmpeg programs where they are installed."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import BadMedia, BrokenRules, Refused
from sora_mcp.media import api
from sora_mcp.media.edit.caption import draw_caption, fit_caption
from sora_mcp.media.edit.edits import Edit, EditResult, reshape
from sora_mcp.media.edit.join import REPEATED, SHOWN_ONCE
from sora_mcp.media.limits import Deadline
from sora_mcp.media.text.fonts import choose_fonts
from tests.each import each

from .clips import FPS, HERTZ, QUARTERS, a_clip, a_clip_at, a_sound, a_turned_clip, colour_of, remuxed, without_pictures

FFPROBE = shutil.which("ffprobe")
SIZE = (64, 36)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {
        "wide": a_clip(folder / "wide.mp4"),
        "small": a_clip(folder / "small.mp4", size=SIZE),
        "same": a_clip(folder / "it's the same.mp4", colours=("lime", "red"), size=SIZE),
        "tall": a_clip(folder / "tall.mp4", size=SIZE[::-1], sound=False),
    }


def made(tmp_path: Path, action: Any, *paths: Path, **more: Any) -> tuple[Path, EditResult]:
    target = tmp_path / "made.part"
    return target, api.edit_clip(Edit(action, paths, **more), target, Deadline())


def assert_whole(path: Path, size: tuple[int, int], seconds: float, *, frames: int | None = None) -> None:
    """Check with PyAV, and with ffprobe where it is installed, that every frame is there, and sound for all of it."""
    frames = round(seconds * FPS) if frames is None else frames
    assert decoded(path) == (frames, pytest.approx(seconds, abs=0.06))
    if FFPROBE is not None:
        command = [FFPROBE, "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
        video, audio = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["streams"]
        assert (video["width"], video["height"], int(video["nb_read_frames"])) == (*size, frames)
        assert [float(stream["duration"]) for stream in (video, audio)] == pytest.approx([seconds, seconds], abs=0.06)


def packets(*paths: Path) -> list[bytes]:
    found: list[bytes] = []
    for kind in ("video", "audio"):
        for path in paths:
            with av.open(str(path)) as video:
                found += [hashlib.sha256(bytes(packet)).digest() for packet in video.demux(**{kind: 0}) if packet.size]
    return found


def shown(path: Path, second: float) -> Image.Image:
    with av.open(str(path)) as video:
        return next(frame.to_image() for frame in video.decode(video=0) if (frame.time or 0) >= second - 0.001)


def test_equal_clips_are_joined_packet_for_packet(clips: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "join", clips["small"], clips["same"])
    assert packets(target) == packets(clips["small"], clips["same"])
    assert (facts.width, facts.height, round(facts.duration_s or 0, 1), facts.note) == (*SIZE, 4.0, "")
    assert [colour_of(shown(target, second)) for second in (0.5, 1.5, 2.5, 3.5)] == ["red", "blue", "lime", "red"]
    assert_whole(target, SIZE, 4.0)


def test_clips_that_differ_are_joined_in_the_first_ones_size(clips: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "join", clips["small"], clips["tall"])
    note = (
        "The clips differ in shape, so clip 2 has black bars in the size of the first one. "
        'To fill the picture, reframe first: edit_video(action="reframe", ratio="16:9"), then join.'
    )
    assert facts == EditResult(*SIZE, 4.0, note)
    assert [colour_of(shown(target, 2.5), place) for place in ((0.5, 0.5), (0.05, 0.5))] == ["red", "black"]
    assert_whole(target, SIZE, 4.0)


def test_a_trim_has_exactly_the_frames_between_its_seconds(clips: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "trim", clips["small"], start=0.5, end=1.25)
    assert_whole(target, SIZE, 0.75, frames=18)
    assert [colour_of(shown(target, second)) for second in (0.0, 11 / FPS, 12 / FPS)] == ["red", "red", "blue"]


@each(("fill", "corner"), [("crop", "red"), ("pad", "black"), ("blur", "red")])
def test_what_lies_beside_the_picture_of_a_reframed_clip_is_as_asked(
    fill: Any, corner: str, clips: dict[str, Path], tmp_path: Path
) -> None:
    target, _ = made(tmp_path, "reframe", clips["small"], ratio="9:16", fill=fill)
    assert [colour_of(shown(target, 0.5), place) for place in ((0.5, 0.5), (0.5, 0.05))] == ["red", corner]
    assert_whole(target, (36, 64), 2.0)


@each(("ratio", "sides"), [("9:16", (720, 1280)), ("1:1", (720, 720)), ("16:9", (1280, 720))])
def test_the_shorter_side_stays(ratio: str, sides: tuple[int, int]) -> None:
    assert reshape(1280, 720, ratio) == sides == reshape(720, 1280, ratio)


def test_a_caption_is_there_for_its_time(clips: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "caption", clips["wide"], text="███ Ω ж ע", start=0.5, end=1.0)
    darkest = [min(shown(target, second).convert("L").crop((60, 140, 260, 178)).tobytes()) for second in (0.25, 0.75)]
    brightest = [max(shown(target, second).convert("L").crop((60, 140, 260, 178)).tobytes()) for second in (0.25, 0.75)]
    assert (darkest[1] < darkest[0] - 15, brightest[1] > brightest[0] + 80) == (True, True)


def test_a_title_is_large_in_the_middle_and_at_the_start(clips: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "title", clips["wide"], text="Ω ж", end=1.0)
    brightest = [max(shown(target, second).convert("L").crop((60, 60, 260, 120)).tobytes()) for second in (0.25, 1.25)]
    assert brightest[0] > brightest[1] + 80
    target, facts = made(tmp_path, "join", clips["wide"], clips["wide"], text="Ω ж")
    assert max(shown(target, 0.5).convert("L").crop((60, 60, 260, 120)).tobytes()) > 200
    assert (facts.note, decoded(target)) == ("", (4 * FPS, pytest.approx(4.0, abs=0.06)))


@each(("speed", "seconds"), [(0.25, 8.0), (0.5, 4.0), (4.0, 0.5)])
def test_a_clip_is_made_slower_or_faster_with_its_sound(clips: dict[str, Path], tmp_path: Path, speed: float, seconds: float) -> None:
    target, facts = made(tmp_path, "speed", clips["small"], speed=speed)
    assert (facts.duration_s, decoded(target)) == (seconds, (round(seconds * FPS), pytest.approx(seconds, abs=0.03)))
    assert [colour_of(shown(target, seconds * part)) for part in (0.2, 0.8)] == ["red", "blue"]


def test_a_muted_clip_has_the_same_pictures_and_no_sound(clips: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "mute", clips["small"])
    with av.open(str(target)) as video, av.open(str(clips["small"])) as source:
        kept, all_of_it = ([bytes(packet) for packet in one.demux(video=0)] for one in (video, source))
        assert (kept == all_of_it, len(video.streams.audio)) == (True, 0)


@each(("clip", "kind"), [("small", "wav"), ("tall", "mp3"), ("small", "m4a")])
def test_a_sound_file_is_laid_under_a_clip_with_sound_and_one_without(clips: dict[str, Path], tmp_path: Path, clip: str, kind: str) -> None:
    target, facts = made(tmp_path, "sound", clips[clip], sound=a_sound(tmp_path / f"music.{kind}", seconds=3))
    assert (facts.duration_s, decoded(target)) == (2.0, (2 * FPS, pytest.approx(2.0, abs=0.03)))
    assert loud_from(target) == pytest.approx(0.0, abs=0.06)


def test_a_file_that_is_no_sound_is_refused_by_its_name(clips: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match=r"tall.mp4: It has no sound that can be decoded."):
        made(tmp_path, "sound", clips["wide"], sound=clips["tall"])
    (tmp_path / "music.mp3").write_text("no music\n" * 100)
    with pytest.raises(BadMedia, match=r"music.mp3: It is text, no MP3, M4A or WAV file."):
        made(tmp_path, "sound", clips["wide"], sound=tmp_path / "music.mp3")


def test_a_clip_fades_into_the_next_one(clips: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "join", clips["small"], clips["same"], transition="fade")
    assert (facts.duration_s, facts.note, decoded(target)) == (3.5, "", (round(3.5 * FPS), pytest.approx(3.5, abs=0.06)))
    red, green, blue = shown(target, 1.75).getpixel((32, 18))  # pyright: ignore[reportGeneralTypeIssues]
    assert (red < 60, green > 60, blue > 60) == (True, True, True)
    assert [colour_of(shown(target, second)) for second in (1.4, 2.1)] == ["blue", "lime"]


def test_the_picture_at_which_a_clip_continues_another_is_shown_once(clips: dict[str, Path], tmp_path: Path) -> None:
    following = a_clip(tmp_path / "following.mp4", colours=("blue", "red"), size=SIZE)
    target, facts = made(tmp_path, "join", clips["small"], following, continues=(False, True))
    assert (decoded(target)[0], facts.note) == (4 * FPS - 1, REPEATED)
    target, facts = made(tmp_path, "join", clips["small"], clips["same"], continues=(False, True))  # it begins with another picture
    assert (decoded(target)[0], facts.note) == (4 * FPS, "")


def test_a_note_on_a_join_says_what_differs_and_that_a_picture_is_shown_once(clips: dict[str, Path], tmp_path: Path) -> None:
    silent = a_clip(tmp_path / "silent.mp4", size=SIZE, sound=False)
    titled = made(tmp_path, "title", silent, text="A boat")[0].rename(tmp_path / "titled.mp4")
    _, facts = made(tmp_path, "join", silent, titled)
    assert facts == EditResult(*SIZE, 4.0, "The clips differ in encoding, so they were encoded again.")
    following = a_clip(tmp_path / "following.mp4", colours=("blue", "red"), size=(128, 72), sound=False)
    target, facts = made(tmp_path, "join", clips["small"], following, continues=(False, True))
    told = f"The clips differ in size and sound, so they were encoded again in the size of the first one. {SHOWN_ONCE}"
    assert (decoded(target)[0], facts.note) == (4 * FPS - 1, told)


def test_an_edit_says_how_much_of_it_is_done(clips: dict[str, Path], tmp_path: Path) -> None:
    deadline = Deadline()
    api.edit_clip(Edit("reframe", (clips["small"],)), tmp_path / "made.part", deadline)
    assert deadline.progress is not None and 0 <= deadline.progress <= 1


def test_a_frame_is_a_png_of_the_clips_size(clips: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "frame", clips["small"], start=1.5)
    assert (facts, colour_of(Image.open(target))) == (EditResult(*SIZE, None), "blue")


def test_a_gif_moves(clips: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "gif", clips["small"], start=0.5, end=1.5)
    with Image.open(target) as picture:
        count = getattr(picture, "n_frames", 1)
        first = colour_of(picture)
        picture.seek(count - 1)
        assert (facts, picture.format, count, first, colour_of(picture)) == (EditResult(*SIZE, 1.0), "GIF", 12, "red", "blue")


TURNED = {
    0: ("red", "blue", "lime", "white"),
    90: ("lime", "red", "white", "blue"),
    180: ("white", "lime", "blue", "red"),
    270: ("blue", "white", "red", "lime"),
}
"""Clockwise, and what is then shown left and right above, left and right below."""
EDITS: dict[str, dict[str, Any]] = {
    "join": {},
    "trim": {"start": 0.125, "end": 0.375},
    "reframe": {"ratio": "1:1", "fill": "crop"},
    "caption": {"text": "a"},
    "frame": {"start": 0.25},
    "gif": {"start": 0.0, "end": 0.25},
    "mute": {},
}


def upright(path: Path) -> Image.Image:
    """The first picture as a player shows it."""
    if path.read_bytes()[4:8] != b"ftyp":
        return Image.open(path)
    with av.open(str(path)) as video:
        frame = next(video.decode(video=0))
        return frame.to_image().rotate(frame.rotation, expand=True)


def find_corners(path: Path) -> tuple[str, ...]:
    return tuple(colour_of(upright(path), place) for place in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.6), (0.9, 0.6)))


@pytest.mark.slow
@each("action", EDITS)
@each("clockwise", TURNED)
def test_a_clip_that_was_filmed_turned_is_shown_upright_after_every_edit(tmp_path: Path, clockwise: int, action: str) -> None:
    clip = a_turned_clip(tmp_path / "turned.mp4", *QUARTERS[clockwise])
    target, facts = made(tmp_path, action, *((clip, clip) if action == "join" else (clip,)), **EDITS[action])
    assert find_corners(target) == TURNED[clockwise]
    if action == "join":
        assert (facts.width, facts.height, facts.note) == (*((160, 90) if clockwise % 180 == 0 else (90, 160)), "")


@each("clockwise", TURNED)
def test_a_clip_that_was_filmed_turned_is_shown_upright_before_one_of_another_kind(
    clips: dict[str, Path], tmp_path: Path, clockwise: int
) -> None:
    target, _ = made(tmp_path, "join", a_turned_clip(tmp_path / "turned.mp4", *QUARTERS[clockwise]), clips["tall"])
    assert find_corners(target) == TURNED[clockwise]


def test_work_that_takes_too_long_is_ended(clips: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Stopped after 0 s"):
        api.edit_clip(Edit("trim", (clips["small"],), end=1.0), tmp_path / "made.part", Deadline(0))


def test_work_that_nobody_waits_for_is_ended(clips: dict[str, Path]) -> None:
    deadline = Deadline()
    deadline.stop.set()
    with pytest.raises(Refused, match="cancelled"):
        api.view_clip(clips["small"], None, deadline)


# Clips as others write them


@pytest.fixture(scope="module")
def odd(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, plain = tmp_path_factory.mktemp("odd"), clips["small"]
    return {
        "plain": plain,
        "sound first": remuxed(folder / "sound.mp4", plain, order="audio video"),
        "time code": remuxed(folder / "code.mp4", plain, write_tmcd="1"),
        "late sound": remuxed(folder / "late.mp4", plain, late={"audio": 1.0}),
        "late picture": remuxed(folder / "later.mp4", plain, late={"video": 1.0}),
        "fragments": remuxed(folder / "fragments.mp4", plain, movflags="frag_keyframe+empty_moov"),
        "few pictures": a_clip_at(folder / "few.mp4", [0, 1 / 24, 2 / 24, 1, 1.9]),
        "wide pixels": a_clip_at(folder / "pixels.mp4", [at / 24 for at in range(24)], stretch=2),
        "one picture": a_clip_at(folder / "one.mp4", [0]),
        "no picture": without_pictures(folder / "none.mp4", clips["tall"]),
    }


def decoded(path: Path) -> tuple[int, float]:
    """Pictures, and seconds of sound."""
    with av.open(str(path)) as video:
        pictures = sum(1 for _ in video.decode(video=0))
    with av.open(str(path)) as video:
        return pictures, sum(frame.samples for frame in video.decode(audio=0)) / HERTZ


def loud_from(path: Path) -> float:
    """The second at which the tone begins."""
    with av.open(str(path)) as video:
        for frame in video.decode(audio=0):
            if max(abs(value) for value in struct.unpack(f"<{frame.samples}f", bytes(frame.planes[0])[: frame.samples * 4])) > 0.05:
                return frame.time or 0.0
    raise AssertionError("it is silent")


@pytest.mark.slow
@each(("first", "second"), [("plain", "sound first"), ("sound first", "plain"), ("plain", "time code"), ("time code",) * 2])
def test_tracks_that_stand_at_other_places_are_not_taken_for_one_another(
    first: str, second: str, odd: dict[str, Path], tmp_path: Path
) -> None:
    target, facts = made(tmp_path, "join", odd[first], odd[second])
    assert (facts, decoded(target)) == (EditResult(*SIZE, 4.0, facts.note), (4 * FPS, pytest.approx(4.0, abs=0.06)))
    assert facts.note == "The clips differ in tracks, so they were encoded again."


@each(
    ("action", "more", "at"),
    [
        ("reframe", {"ratio": "1:1", "fill": "crop"}, 1.0),
        ("caption", {"text": "a"}, 1.0),
        ("trim", {"end": 1.75}, 1.0),
        ("trim", {"start": 0.5}, 0.5),
        ("trim", {"start": 1.25}, 0.0),
    ],
)
def test_sound_that_begins_late_still_does(odd: dict[str, Path], tmp_path: Path, action: str, more: dict[str, Any], at: float) -> None:
    target, _ = made(tmp_path, action, odd["late sound"], **more)
    assert loud_from(target) == pytest.approx(at, abs=0.06)


def test_pictures_that_begin_late_stay_with_their_sound(odd: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "reframe", odd["late picture"], ratio="1:1", fill="crop")
    assert [colour_of(shown(target, second)) for second in (0.0, 1.9, 2.1)] == ["red", "red", "blue"]
    assert (decoded(target)[0], loud_from(target)) == (3 * FPS, pytest.approx(0.0, abs=0.03))


def test_a_clip_in_fragments_can_be_edited(odd: dict[str, Path], tmp_path: Path) -> None:
    assert api.measure_seconds(odd["fragments"]) == pytest.approx(2.0, abs=0.05)
    target, facts = made(tmp_path, "trim", odd["fragments"], start=0.5, end=1.25)
    assert (facts.width, facts.height, decoded(target)[0]) == (*SIZE, pytest.approx(18, abs=1))


def test_pictures_that_are_shown_for_long_are_shown_for_long(odd: dict[str, Path], tmp_path: Path) -> None:
    target, facts = made(tmp_path, "trim", odd["few pictures"], end=1.0)
    with av.open(str(target)) as video:
        assert (sum(1 for _ in video.decode(video=0)), facts.duration_s) == (FPS, 1.0)
    target, facts = made(tmp_path, "trim", odd["few pictures"])
    with av.open(str(target)) as video:
        assert sum(1 for _ in video.decode(video=0)) == round(1.9 * FPS) + 1


@each(
    ("action", "more", "size"),
    [("trim", {"end": 0.5}, (640, 180)), ("frame", {}, (640, 180)), ("gif", {}, (480, 135)), ("reframe", {"ratio": "16:9"}, (320, 180))],
)
def test_pixels_that_are_no_squares_become_squares(
    odd: dict[str, Path], tmp_path: Path, action: str, more: dict[str, Any], size: tuple[int, int]
) -> None:
    _, facts = made(tmp_path, action, odd["wide pixels"], **more)
    assert (facts.width, facts.height) == size


def test_a_gif_of_one_picture_has_it(odd: dict[str, Path], tmp_path: Path) -> None:
    target, _ = made(tmp_path, "gif", odd["one picture"])
    assert colour_of(Image.open(target)) == "red"


@each(
    ("action", "more", "fix"),
    [
        ("trim", {"start": 1.99}, Fix("start", 1.958)),
        ("trim", {"start": 0.01, "end": 0.02}, Fix("start", 0.0)),
        ("trim", {"end": 0.00001}, Fix("end", 0.05)),
        ("gif", {"start": 1.99}, Fix("start", 1.958)),
    ],
)
def test_times_between_which_no_picture_begins_are_refused_with_one_that_works(
    clips: dict[str, Path], tmp_path: Path, action: str, more: dict[str, Any], fix: Fix
) -> None:
    with pytest.raises(BrokenRules) as caught:
        made(tmp_path, action, clips["small"], **more)
    assert (caught.value.fixes, [rule.argument for rule in caught.value.broken]) == ((fix,), [fix.argument])
    made(tmp_path, action, clips["small"], **{**more, fix.argument: fix.value})


def test_a_time_of_less_than_a_ten_thousandth_is_a_time(clips: dict[str, Path], tmp_path: Path) -> None:
    assert made(tmp_path, "trim", clips["small"], start=0.00001)[1].duration_s == 2.0
    made(tmp_path, "caption", clips["wide"], text="a", start=0.00001, end=0.00002)


@each("action", EDITS)
def test_a_clip_without_pictures_is_bad(odd: dict[str, Path], tmp_path: Path, action: str) -> None:
    clip = odd["no picture"]
    with pytest.raises(BadMedia, match="It has no picture"):
        made(tmp_path, action, *((clip, clip) if action == "join" else (clip,)), **EDITS[action])


LONG = "Bring your own boat, your own paper and a warm coat, as the wind from the sea is strong. " * 4


@each(("width", "height"), [(1280, 720), (720, 1280), (480, 480)])
def test_a_caption_has_every_word_of_the_longest_text(width: int, height: int) -> None:
    text = LONG[:300]
    lines, _ = fit_caption(text, width, height, choose_fonts(text))
    assert " ".join(lines) == text
    assert draw_caption(text, width, height).getbbox() is not None


def test_a_caption_that_fits_in_no_size_is_refused_with_how_much_does(clips: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(
        BrokenRules, match=r"text must be shorter, not 300 characters: about [0-9]+ characters fit on a picture of 320x180"
    ) as caught:
        made(tmp_path, "caption", clips["wide"], text="W" * 300)
    fits = int(caught.value.message.partition("about ")[2].partition(" ")[0])
    made(tmp_path, "caption", clips["wide"], text="W" * (fits - 1))
