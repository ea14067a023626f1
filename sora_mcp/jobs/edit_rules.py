"""Check the arguments of an edit: what each action takes, which values, and times within the clip."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sora_mcp.catalogue.rules import one_of
from sora_mcp.catalogue.size_words import read_size_words
from sora_mcp.domain.broken_rule import BrokenRule, Fix, without_point
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import SOUND_ENDINGS
from sora_mcp.media.edit.edits import FILLS, MOST_GIF_S, RATIOS, SAME_RATIO, SPEEDS, TRANSITIONS, Action, EditRequest, Ratio
from sora_mcp.media.text.layout import JOINERS, clean_text

MOST_INPUTS = 20
MOST_TEXT = 300
LEAST_S = 0.05
"""Seconds before the end of a clip at which its last picture is shown."""
MOST_QUOTED = 80
"""Characters of a text that a call in a refusal repeats."""
TAKES: Mapping[Action, tuple[str, ...]] = {
    "join": ("transition", "text", "sound"),
    "trim": ("start", "end", "sound"),
    "reframe": ("ratio", "fill", "sound"),
    "caption": ("text", "start", "end", "sound"),
    "title": ("text", "start", "end", "sound"),
    "speed": ("speed", "sound"),
    "mute": ("sound",),
    "sound": ("sound",),
    "frame": ("start",),
    "gif": ("start", "end"),
}
"""What each action takes beside the inputs."""
VALUES: Mapping[str, tuple[str, ...]] = {"ratio": tuple(RATIOS), "fill": FILLS, "transition": TRANSITIONS}
OPTIONAL = ("fill", "transition")
SIDES = re.compile(r"([0-9]{1,5})[:x]([0-9]{1,5})")
DIRECTIONS: Mapping[str, Ratio] = {"portrait": "9:16", "square": "1:1", "landscape": "16:9"}
STILLS: tuple[Action, ...] = ("frame", "gif")
"""Actions whose new file is no clip, so that no edit of it follows."""
LEFT_OUT: Mapping[str, str] = {"end": "start is the second that the picture shows", "sound": "the new file has no sound"}
"""Why an action that makes no clip does not take an argument."""
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
    """Return the request with its sound file as the argument `sound`, also where it came as the last input."""
    *clips, last = asked.inputs
    is_sound = last.casefold().endswith(SOUND_ENDINGS) or (asked.action == "sound" and len(clips) == 1)
    if "sound" in asked.arguments or not clips or not is_sound:
        return asked
    return replace(asked, inputs=tuple(clips), arguments={**asked.arguments, "sound": last})


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
    if asked.action == "join" and count == 1 and "sound" in asked.arguments:
        yield BrokenRule("action", "join", "sound: a single clip is joined with nothing", "invalid_argument")
    elif asked.action == "join" and not 2 <= count <= MOST_INPUTS:
        yield BrokenRule("inputs", count, f"2 to {MOST_INPUTS} job ids or paths in their order", "invalid_argument")
    if asked.action != "join" and count != 1:
        yield BrokenRule("inputs", count, "1 job id or path", "invalid_argument")


def _check_names(asked: EditRequest) -> Iterator[BrokenRule]:
    left = [name for name in asked.arguments if name not in TAKES[asked.action]]
    for name, reason in LEFT_OUT.items():
        if asked.action in STILLS and name in left and (name, asked.action) != ("end", "gif"):
            left.remove(name)
            yield BrokenRule(name, None, f"left out: {reason}", "invalid_argument")
    while left:
        # Of the actions that take the first one: that which takes most of the others, join last, as it wants several clips.
        takers: list[Action] = [action for action in TAKES if left[0] in TAKES[action]]
        other = max(takers, key=lambda action: (len({*TAKES[action]} & {*left}), action != "join"))
        first, *more = (name for name in left if name in TAKES[other])
        left = [name for name in left if name not in TAKES[other]]
        yield BrokenRule(first, None, _explain_second_call(asked, other, [first, *more]), "invalid_argument")
        yield from (BrokenRule(name, None, "given in that call, too", "invalid_argument") for name in more)


def _explain_second_call(asked: EditRequest, other: Action, names: Sequence[str]) -> str:
    """Say that an edit of another action takes these arguments: of the new clip, or before, where the new file is no clip."""
    arguments = "".join(f", {name}={_quote(_choose_value(name, asked.arguments[name]))}" for name in names)
    takes = f"{asked.action} takes {', '.join(['inputs', *TAKES[asked.action]])}"
    if asked.action in STILLS:
        clip = _quote(asked.inputs[0])
        return f'given in a call before: edit_video(action="{other}", inputs=[{clip}]{arguments}); {takes}'
    return f'given in a second call: edit_video(action="{other}", inputs=["JOB_ID"]{arguments}) with the new clip; {takes}'


def _choose_value(name: str, value: str | float) -> str | float:
    """Return a value that the argument takes: the one that was said, else the nearest of those that it has."""
    if name == "speed":
        return value if _is_speed(value) else _find_speeds(value)[0]
    return value if name not in VALUES or value in VALUES[name] else _sort_values(name, value)[0]


def _quote(value: str | float) -> str:
    """Return a value as it stands in a call, a long text cut."""
    short = f"{value[:MOST_QUOTED]}…" if isinstance(value, str) and len(value) > MOST_QUOTED else without_point(value)
    return json.dumps(short, ensure_ascii=False)


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
    if "speed" in takes and not _is_speed(speed):
        allowed = "below 1 to slow it down, above 1 to speed it up" if speed == 1 else f"{SPEEDS[0]:g} (slower) to {SPEEDS[1]:g} (faster)"
        yield BrokenRule("speed", speed, allowed, "invalid_argument")
    if asked.action == "sound" and "sound" not in said:
        yield BrokenRule("sound", None, "given: the path of an mp3, m4a or wav file", "invalid_argument")
    if asked.action == "trim" and not {"start", "end"} & set(said):
        yield BrokenRule("start", None, "given, or end, or both: the seconds to keep", "invalid_argument")


def _fixes(asked: EditRequest, broken: list[BrokenRule]) -> Iterator[Fix]:
    """Yield one value for each argument that has some, which mend the call together, then the others."""
    each = [[Fix(rule.argument, value) for value in _find_values(asked, rule)] for rule in broken]
    yield from itertools.chain.from_iterable(fixes[:1] for fixes in each)
    yield from itertools.chain.from_iterable(fixes[1:] for fixes in each)


def _find_values(asked: EditRequest, rule: BrokenRule) -> Sequence[str | float]:
    """Return what an argument may be, the nearest to what came first."""
    if rule.argument == "action":
        return ("sound",)
    if rule.argument not in TAKES[asked.action]:
        return ()
    return _find_speeds(rule.got) if rule.argument == "speed" else _sort_values(rule.argument, rule.got)


def _sort_values(name: str, wanted: object) -> Sequence[str]:
    """Return the values that an argument has, the nearest to what was said first; none of one that has no list."""
    if name == "ratio":
        ratios = list(RATIOS)
        ratios.sort(key=lambda ratio: _measure_difference(ratio, wanted))
        return ratios
    return sorted(VALUES.get(name, ()), key=lambda value: value not in str(wanted).casefold())


def _measure_difference(ratio: Ratio, wanted: object) -> float:
    """Return how far a ratio is from the words of the caller: none from `square`, and the same from what says no ratio."""
    word = " ".join(read_size_words(str(wanted)))
    sides = SIDES.fullmatch(DIRECTIONS.get(word, word))
    if sides is None or not (int(sides[1]) and int(sides[2])):
        return 0.0
    wide, high = RATIOS[ratio]
    return abs(math.log(int(sides[1]) / int(sides[2]) * high / wide))


def _is_speed(value: object) -> bool:
    return isinstance(value, int | float) and SPEEDS[0] <= value <= SPEEDS[1] and value != 1


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
        last = math.floor((seconds - LEAST_S) * 100) / 100 if asked.action == "frame" and start > 0 else 0
        longest = MOST_GIF_S if asked.action == "gif" else math.inf
        working = {"start": max(last, 0), "end": math.floor(min(seconds, start + longest) * 100) / 100}
        raise BrokenRules(tuple(broken), fixes=tuple(Fix(rule.argument, working[rule.argument]) for rule in broken))


def _number(value: str | float | None, other: float) -> float:
    return float(value) if isinstance(value, int | float) else other
