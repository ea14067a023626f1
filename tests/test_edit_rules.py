"""A client that has to send every argument, as in OpenAI's strict mode, can ask for each edit all the same."""

from __future__ import annotations

import pytest

from sora_mcp.catalogue.fixes import joint_fixes
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.edit_rules import TAKES, check_arguments, check_times, drop_neutral, take_sound
from sora_mcp.media.edit.edits import FILLS, Action, EditRequest

from .each import each

UNUSED: dict[str, str | float] = {"start": 0, "end": 0, "ratio": "same", "fill": "crop", "speed": 0, "transition": "cut"}
"""What a strict client sends for arguments that it does not need; empty texts were left out before."""
NEEDED: dict[Action, dict[str, str | float]] = {
    "trim": {"start": 1},
    "reframe": {"ratio": "1:1"},
    "caption": {"text": "Rain"},
    "title": {"text": "Rain"},
    "speed": {"speed": 2},
    "sound": {"sound": "rain.mp3"},
}


@each("action", TAKES)
def test_what_an_action_does_not_need_may_be_there_with_a_value_that_changes_nothing(action: Action) -> None:
    inputs = ("a.mp4", "b.mp4") if action == "join" else ("a.mp4",)
    asked = drop_neutral(EditRequest(inputs, action, UNUSED | NEEDED.get(action, {})))
    check_arguments(asked)
    check_times(asked, 4.0)
    assert set(asked.arguments) <= set(TAKES[action])


@each("fill", FILLS)
def test_a_fill_without_a_ratio_changes_nothing(fill: str) -> None:
    assert drop_neutral(EditRequest(("a.mp4",), "mute", {"fill": fill})).arguments == {}


@each(
    ("action", "name", "value"),
    [
        ("trim", "ratio", "9:16"),
        ("trim", "speed", 2),
        ("mute", "transition", "fade"),
        ("mute", "start", 1),
        ("reframe", "ratio", "same"),
        ("speed", "speed", 1),
        ("speed", "speed", 0),
    ],
)
def test_a_value_that_would_change_something_is_refused_as_before(action: Action, name: str, value: str | float) -> None:
    asked = drop_neutral(EditRequest(("a.mp4",), action, NEEDED.get(action, {}) | {name: value}))
    with pytest.raises(BrokenRules) as refused:
        check_arguments(asked)
    assert [rule.argument for rule in refused.value.broken] == [name]


def test_a_trim_to_nothing_is_refused() -> None:
    asked = drop_neutral(EditRequest(("a.mp4",), "trim", {"start": 0, "end": 0}))
    check_arguments(asked)
    with pytest.raises(BrokenRules, match="more than 0"):
        check_times(asked, 4.0)


@each("action", [action for action in TAKES if action not in ("frame", "gif")])
def test_every_edit_that_makes_a_clip_takes_a_sound_file(action: Action) -> None:
    inputs = ("a.mp4", "b.mp4", "Song.WAV") if action == "join" else ("a.mp4", "Song.WAV")
    asked = take_sound(EditRequest(inputs, action, {name: value for name, value in NEEDED.get(action, {}).items() if name != "sound"}))
    check_arguments(asked)
    assert (asked.inputs, asked.arguments["sound"]) == (inputs[:-1], "Song.WAV")


@each(
    ("action", "arguments", "words"),
    [
        (
            "reframe",
            {"ratio": "1:1", "text": "Summer", "end": 2.0},
            'text must be given in a second call: edit_video(action="caption", inputs=["JOB_ID"], text="Summer", end=2) with the new '
            "clip; reframe takes inputs, ratio, fill, sound. edit_video reframe: end must be given in that call, too.",
        ),
        (
            "trim",
            {"end": 3.0, "speed": 2.0, "text": "x" * 100},
            f'speed must be given in a second call: edit_video(action="speed", inputs=["JOB_ID"], speed=2) with the new clip; trim takes '
            f'inputs, start, end, sound. edit_video trim: text must be given in a second call: edit_video(action="caption", '
            f'inputs=["JOB_ID"], text="{"x" * 80}…") with the new clip; trim takes inputs, start, end, sound.',
        ),
        (
            "gif",
            {"text": "Summer"},
            'text must be given in a call before: edit_video(action="caption", inputs=["a.mp4"], text="Summer"); '
            "gif takes inputs, start, end.",
        ),
        (
            "caption",
            {"text": "x", "ratio": "square", "fill": "blurred"},
            'ratio must be given in a second call: edit_video(action="reframe", inputs=["JOB_ID"], ratio="1:1", fill="blur") with the new '
            "clip; caption takes inputs, text, start, end, sound. edit_video caption: fill must be given in that call, too.",
        ),
        (
            "caption",
            {"text": "x", "speed": 10.0},
            'speed must be given in a second call: edit_video(action="speed", inputs=["JOB_ID"], speed=4) with the new clip; '
            "caption takes inputs, text, start, end, sound.",
        ),
        ("gif", {"sound": "song.wav"}, "sound must be left out: the new file has no sound."),
        ("frame", {"end": 2.0}, "end must be left out: start is the second that the picture shows."),
        ("join", {"sound": "song.wav"}, "action must be sound, not 'join': a single clip is joined with nothing."),
    ],
)
def test_an_argument_of_another_edit_is_refused_with_the_call_that_takes_it(
    action: Action, arguments: dict[str, str | float], words: str
) -> None:
    with pytest.raises(BrokenRules) as refused:
        check_arguments(EditRequest(("a.mp4",), action, arguments))
    assert refused.value.message == f"edit_video {action}: {words}"


def test_two_wrong_values_are_mended_by_one_fix_each() -> None:
    with pytest.raises(BrokenRules) as refused:
        check_arguments(EditRequest(("a.mp4",), "reframe", {"ratio": "square", "fill": "blurred"}))
    together = joint_fixes(refused.value, refused.value.fixes)
    assert [(fix.argument, fix.value) for fix in together] == [("ratio", "1:1"), ("fill", "blur")]
    with pytest.raises(BrokenRules) as refused:
        check_arguments(EditRequest((), "reframe", {}))  # only one of two can be mended
    assert [fix.argument for fix in joint_fixes(refused.value, refused.value.fixes)] == ["ratio"]


@each(
    ("action", "arguments", "fix"),
    [
        ("trim", {"start": 1.0, "end": 99.0}, ("end", 60)),
        ("gif", {"end": 99.0}, ("end", 15)),
        ("frame", {"start": 60.0}, ("start", 59.95)),
        ("frame", {"start": -1.0}, ("start", 0)),
    ],
)
def test_a_time_outside_of_the_clip_is_refused_with_the_nearest_inside(
    action: Action, arguments: dict[str, str | float], fix: tuple[str, float]
) -> None:
    with pytest.raises(BrokenRules) as refused:
        check_times(EditRequest(("a.mp4",), action, arguments), 60.0)
    assert [(one.argument, one.value) for one in refused.value.fixes] == [fix]
