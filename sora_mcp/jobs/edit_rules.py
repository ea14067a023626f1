"""Check the arguments of an edit: what each action takes, which values, and times within the clip."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.edit.edits import FILLS, MOST_GIF_S, RATIOS, SAME_RATIO, SPEEDS, TRANSITIONS, Action, EditRequest
from sora_mcp.media.text.layout import JOINERS, clean_text

MOST_INPUTS = 20
MOST_TEXT = 300
TAKES: Mapping[Action, tuple[str, ...]] = {
    "join": ("transition", "text"),
    "trim": ("start", "end"),
    "reframe": ("ratio", "fill"),
    "caption": ("text", "start", "end"),
    "title": ("text", "start", "end"),
    "speed": ("speed",),
    "mute": (),
    "sound": ("sound",),
    "frame": ("start",),
    "gif": ("start", "end"),
}
"""What each action takes beside the inputs."""
VALUES: Mapping[str, tuple[str, ...]] = {"ratio": tuple(RATIOS), "fill": FILLS, "transition": TRANSITIONS}
OPTIONAL = ("fill", "transition")
NEUTRAL: Mapping[str, tuple[str | float, ...]] = {
    "start": (0,),
    "end": (0,),
    "speed": (0, 1),
    "ratio": (SAME_RATIO,),
    "fill": FILLS,
    "transition": ("cut",),
}
"""Values that change nothing where the action does not take the argument. In OpenAI's strict mode a model has to send every argument."""


def take_sound(asked: EditRequest) -> EditRequest:
    """Return the request with its sound file as the argument `sound`, also where it came as the second input."""
    if asked.action != "sound" or "sound" in asked.arguments or len(asked.inputs) != 2:
        return asked
    return replace(asked, inputs=asked.inputs[:1], arguments={**asked.arguments, "sound": asked.inputs[1]})


def drop_neutral(asked: EditRequest) -> EditRequest:
    """Return the request without arguments that its action does not take and that would change nothing, and without an `end` of 0.

    A trim from 0 to 0 keeps its `end`, so that it is refused.
    """
    takes = TAKES[asked.action]
    kept = {name: value for name, value in asked.arguments.items() if name in takes or value not in NEUTRAL.get(name, ())}
    if kept.get("end") == 0 and (asked.action != "trim" or kept.get("start")):
        del kept["end"]
    return replace(asked, arguments=kept)


def check_arguments(asked: EditRequest) -> None:
    """Raise BrokenRules for everything that can be said without looking at a file."""
    broken = [*_check_count(asked), *_check_names(asked), *_check_values(asked)]
    if broken:
        raise BrokenRules(tuple(broken), subject=f"edit_video {asked.action}", fixes=tuple(_fixes(asked, broken)))


def _check_count(asked: EditRequest) -> Iterator[BrokenRule]:
    count = len(asked.inputs)
    if asked.action == "join" and not 2 <= count <= MOST_INPUTS:
        yield BrokenRule("inputs", count, f"2 to {MOST_INPUTS} job ids or paths in their order", "invalid_argument")
    if asked.action != "join" and count != 1:
        yield BrokenRule("inputs", count, "1 job id or path", "invalid_argument")


def _check_names(asked: EditRequest) -> Iterator[BrokenRule]:
    takes = TAKES[asked.action]
    for name in asked.arguments:
        if name not in takes:
            others = [action for action, names in TAKES.items() if name in names]
            other = min(others, key=lambda action: action == "join")  # which wants several clips
            later = f'; action="{other}" on the new clip takes {name}'
            allowed = f"given in a second call: {asked.action} takes {', '.join(['inputs', *takes])}{later}"
            yield BrokenRule(name, None, allowed, "invalid_argument")


def _check_values(asked: EditRequest) -> Iterator[BrokenRule]:
    said, takes = asked.arguments, TAKES[asked.action]
    for name, values in VALUES.items():
        if name in takes and said.get(name, values[0] if name in OPTIONAL else None) not in values:
            yield BrokenRule(name, said.get(name), one_of(list(values)), "invalid_argument")
    text = said.get("text", "")
    wants_text = "text" in takes and (asked.action != "join" or "text" in said)
    if wants_text and isinstance(text, str) and len(text) > MOST_TEXT:
        yield BrokenRule("text", f"{len(text)} characters", f"at most {MOST_TEXT} characters", "invalid_argument", is_quoted=False)
    elif wants_text and not (isinstance(text, str) and clean_text(text).strip(JOINERS)):
        yield BrokenRule("text", None, f"given: at most {MOST_TEXT} characters to show", "invalid_argument")
    speed = said.get("speed")
    if "speed" in takes and not (isinstance(speed, int | float) and SPEEDS[0] <= speed <= SPEEDS[1] and speed != 1):
        allowed = "below 1 to slow it down, above 1 to speed it up" if speed == 1 else f"{SPEEDS[0]:g} (slower) to {SPEEDS[1]:g} (faster)"
        yield BrokenRule("speed", speed, allowed, "invalid_argument")
    if "sound" in takes and "sound" not in said:
        yield BrokenRule("sound", None, "given: the path of an mp3, m4a or wav file", "invalid_argument")
    if asked.action == "trim" and not {"start", "end"} & set(said):
        yield BrokenRule("start", None, "given, or end, or both: the seconds to keep", "invalid_argument")


def _fixes(asked: EditRequest, broken: list[BrokenRule]) -> Iterator[Fix]:
    for rule in broken:
        if rule.argument in VALUES and rule.argument in TAKES[asked.action]:
            yield from (Fix(rule.argument, value) for value in VALUES[rule.argument])
        elif rule.argument == "speed" and "speed" in TAKES[asked.action]:
            yield from (Fix("speed", value) for value in _find_speeds(rule.got))


def _find_speeds(wanted: object) -> tuple[float, ...]:
    """Return the speed that is nearest to what was asked for; two usual ones where that says no speed."""
    if not isinstance(wanted, int | float) or wanted == 1:
        return (0.5, 2)
    return (min(max(wanted, SPEEDS[0]), SPEEDS[1]),)


def check_times(asked: EditRequest, seconds: float) -> None:
    """Raise BrokenRules where the times lie outside of a clip of so many seconds. Only some actions have times."""
    if "start" not in TAKES[asked.action]:
        return
    start, end = (_number(asked.arguments.get(name), other) for name, other in (("start", 0.0), ("end", seconds)))
    broken: list[BrokenRule] = []
    if not 0 <= start < seconds:
        broken.append(BrokenRule("start", start, f"from 0 to less than {seconds:g}: the clip is {seconds:g} s long", "invalid_argument"))
    elif not start < end <= seconds + 0.05:
        broken.append(
            BrokenRule("end", end, f"more than {start:g} and at most {seconds:g}: the clip is {seconds:g} s long", "invalid_argument")
        )
    elif asked.action == "gif" and end - start > MOST_GIF_S:
        most = f"at most {start + MOST_GIF_S:g}: a GIF lasts {MOST_GIF_S:g} s at most"
        broken.append(BrokenRule("end", None if "end" not in asked.arguments else end, most, "invalid_argument"))
    if broken:
        working = {"start": 0, "end": math.floor(min(seconds, start + MOST_GIF_S) * 100) / 100}
        raise BrokenRules(tuple(broken), fixes=tuple(Fix(rule.argument, working[rule.argument]) for rule in broken))


def _number(value: str | float | None, other: float) -> float:
    return float(value) if isinstance(value, int | float) else other
