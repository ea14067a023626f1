"""Broken rules, and the values that would work instead."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sora_mcp.domain.money import Micros
from sora_mcp.domain.order import Order

MOST_REPEATED = 300
"""Characters of a caller's value that a sentence quotes."""
NO_SUCH_OPTION = "left out: this model takes "
"""The beginning of what is allowed for an option that an offer does not have."""
SOUND_KNOWN: Mapping[bool | None, str] = {
    True: "left out: each clip has sound, which edit_video takes out for free (mute)",
    False: "left out: no clip has sound",
    None: "left out: no page says whether its clips have sound",
}
"""What is allowed for `audio` where a model leaves no choice, by what is known of its clips."""
MUTED = "; edit_video takes it out for free (mute)"
"""What is added where a clip without sound was asked for, and no page says whether these have any."""
INSTEAD = {"negative_prompt": "Say in the prompt what must not be seen.", "seed": "Without a seed every take differs."}
"""What helps where a model does not have an option."""

LOOKED_IN = "a file "
"""The beginning of what is allowed for the name of a file that lies in no folder that is looked into."""
EXPLANATION = re.compile("(?<!data)[:;] ")


@dataclass(frozen=True)
class BrokenRule:
    """One broken rule: the argument, what came, what would be legal in words, and the code."""

    argument: str
    got: Any
    allowed: str
    code: str
    is_quoted: bool = field(default=True, compare=False)
    """Whether `got` is the caller's own value, which a sentence quotes; else it is what came in our words."""


@dataclass(frozen=True)
class Fix:
    """A value that works as given, and what the call then costs."""

    argument: str
    value: Any
    micros: Micros | None = None
    """Of all clips that the call asks for."""
    clips: int = 1
    model: str | None = None
    """The model that the price belongs to, where it is another than the refusal names."""
    needs_yes: bool = False
    """Whether a person has to agree to the price."""
    likely: Micros | None = field(default=None, compare=False)
    """What all will probably cost, where it is priced: more than `micros` where the vendor last charged more than was quoted."""
    order: Order | None = field(default=None, compare=False)
    """Of another model, and of a picture that is brought to the video's size: the clip that is made of the request."""


def describe_rule(rule: BrokenRule, subject: str) -> str:
    """Return one broken rule as a sentence."""
    if rule.allowed.startswith(NO_SUCH_OPTION):
        name = rule.argument.removeprefix("options.")
        lacks = f"does not take {name}" if name == rule.argument else f"has no option {quote_value(name)}"
        instead = f" {INSTEAD[name]}" if name in INSTEAD else ""
        return f"{subject or 'This model'} {lacks}: it takes {rule.allowed.removeprefix(NO_SUCH_OPTION)}.{instead}"
    if rule.allowed.startswith(f"{LOOKED_IN}in "):
        return f"{rule.argument}: {quote_value(rule.got)} is not {rule.allowed.removeprefix(LOOKED_IN)}."
    whose = f"{subject}: " if subject else ""
    must, explanation = _split_explanation(rule.allowed)
    is_named = rule.got is not None and must != "left out"
    got = f", not {quote_value(rule.got) if rule.is_quoted else rule.got}" if is_named else ""
    return f"{whose}{rule.argument} must be {must}{got}{explanation}."


def _split_explanation(allowed: str) -> tuple[str, str]:
    """Return what is allowed, and what is told about it behind a colon or semicolon: what came is named between the two."""
    found = EXPLANATION.search(allowed)
    return (allowed, "") if found is None else (allowed[: found.start()], allowed[found.start() :])


def quote_value(got: object) -> str:
    """Return what a caller said, quoted for a sentence of ours: as much of it as a person reads."""
    text = repr(got[: MOST_REPEATED + 1] if isinstance(got, str) else without_point(got))
    return text if len(text) <= MOST_REPEATED else text[: MOST_REPEATED - 1] + "…"


def without_point(value: object) -> object:
    """Return a number that is whole as one without a point, as people write it; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def format_bytes(count: int, *, at_most: bool = False) -> str:
    """Return how large a file is, as people say it, or how large it may be at most: `10.4 MB`."""
    if count < 1_000_000:
        return f"{count:,} bytes"
    unit, name = (1_000_000, "MB") if count < 1_000_000_000 else (1_000_000_000, "GB")
    return f"{(math.floor if at_most else math.ceil)(10 * count / unit) / 10:g} {name}"
