"""Tests of a sound file under a clip: what is heard, and that the note says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit, EditResult
from sora_mcp.media.edit.sound import describe_mix
from sora_mcp.media.limits import Deadline
from tests.each import each

from .clips import FPS, a_clip, a_sound

ALONE = 'For it alone: action="mute".'


def made(folder: Path, action: Any, *paths: Path, **arguments: Any) -> tuple[Path, EditResult]:
    target = folder / "made.part"
    return target, api.edit_clip(Edit(action, paths, **arguments), target, Deadline())


def measure(path: Path) -> tuple[int, float]:
    """The pictures of a clip, and the seconds of its sound."""
    with av.open(str(path)) as video:
        pictures = sum(1 for _ in video.decode(video=0))
    with av.open(str(path)) as video:
        return pictures, sum(frame.samples / frame.sample_rate for frame in video.decode(audio=0))


@each(
    ("sound_s", "has_own", "words"),
    [
        (12.0, True, f"With the clip's own sound: the first 9 s of a.wav, fading out at the end. {ALONE}"),
        (12.0, False, "The only sound: the first 9 s of a.wav, fading out at the end."),
        (float("inf"), False, "The only sound: the first 9 s of a.wav, fading out at the end."),
        (9.02, False, "The only sound: a.wav, fading out at the end."),
        (8.5, False, "The only sound: all 8.5 s of a.wav, fading out at the end, then 0.5 s of silence."),
        (4.0, True, f"With the clip's own sound: all 4 s of a.wav, then 5 s without it. {ALONE}"),
        (4.0, False, "The only sound: all 4 s of a.wav, then 5 s of silence."),
    ],
)
def test_the_note_says_how_much_of_the_file_is_heard(sound_s: float, has_own: bool, words: str) -> None:
    assert describe_mix("a.wav", sound_s, 9.0, has_own=has_own) == words


@each("kind", ["wav", "mp3", "m4a"])
def test_a_file_is_measured_while_it_is_played(kind: str, tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clip.mp4", colours=("red", "blue", "lime"), sound=False)
    _, shorter = made(tmp_path, "sound", clip, sound=a_sound(tmp_path / f"short.{kind}", seconds=2))
    _, longer = made(tmp_path, "sound", clip, sound=a_sound(tmp_path / f"long.{kind}", seconds=30))
    assert shorter.note == f"The only sound: all 2 s of short.{kind}, then 1 s of silence."
    assert longer.note == f"The only sound: the first 3 s of long.{kind}, fading out at the end."


@each(
    ("action", "arguments", "seconds"),
    [
        ("join", {}, 4.0),
        ("join", {"transition": "fade", "text": "Ω"}, 3.5),
        ("trim", {"end": 1.5}, 1.5),
        ("reframe", {"ratio": "1:1"}, 2.0),
        ("caption", {"text": "Ω"}, 2.0),
        ("title", {"text": "Ω"}, 2.0),
        ("speed", {"speed": 0.5}, 4.0),
    ],
)
def test_a_sound_file_lies_under_the_clip_that_an_edit_makes(
    action: str, arguments: dict[str, Any], seconds: float, tmp_path: Path
) -> None:
    clips = [a_clip(tmp_path / f"{name}.mp4") for name in ("one", "two")[: 2 if action == "join" else 1]]
    target, facts = made(tmp_path, action, *clips, sound=a_sound(tmp_path / "song.wav", seconds=9), **arguments)
    assert (facts.duration_s, measure(target)) == (seconds, (round(seconds * FPS), pytest.approx(seconds, abs=0.06)))
    assert facts.note == f"With the clip's own sound: the first {seconds:g} s of song.wav, fading out at the end. {ALONE}"
    assert [path.name for path in tmp_path.glob("made.part*")] == ["made.part"]


def test_a_muted_clip_with_a_sound_file_has_the_file_alone(tmp_path: Path) -> None:
    clip, song = a_clip(tmp_path / "clip.mp4"), a_sound(tmp_path / "song.wav", seconds=9)
    target, facts = made(tmp_path, "mute", clip, sound=song)
    assert (facts.note, measure(target)[0]) == ("The only sound: the first 2 s of song.wav, fading out at the end.", 2 * FPS)
