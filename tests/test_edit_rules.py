"""A client that has to send every argument, as in OpenAI's strict mode, can ask for each edit all the same."""

from __future__ import annotations

import pytest

from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.edit_rules import TAKES, check_arguments, check_times, drop_neutral
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
