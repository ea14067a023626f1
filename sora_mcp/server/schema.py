"""What a tool may be called with: rows that make both the published schema and the strict check."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain.errors import MOST_BROKEN, BrokenRule, BrokenRules
from sora_mcp.domain.money import PER_USD, Micros

Kind = Literal["text", "whole", "number", "dollars", "switch", "object", "texts"]
JSON_TYPES: Mapping[Kind, str | list[str]] = {
    "text": "string",
    "whole": "integer",
    "number": "number",
    "dollars": ["number", "string"],
    "switch": "boolean",
    "object": "object",
    "texts": "array",
}
MOST_SHORT = 200
MOST_TEXT = 4_000
"""Characters of an argument, and of an option, but for a prompt and a picture."""
MOST_ITEMS = 50
"""Options, or texts of a list."""
MOST_DEPTH = 10
"""Lists and objects inside of each other."""
MOST_HINTS = 10
"""Unknown arguments for which a similar one is looked for."""
ALIASES: Mapping[str, tuple[str, ...]] = {
    "seconds": ("duration", "length", "duration_seconds", "duration_s", "time", "sec", "secs"),
    "size": ("aspect_ratio", "ratio", "resolution", "dimensions", "format", "aspect", "orientation", "quality"),
    "image": ("image_url", "input_image", "first_frame", "start_image", "image_path", "reference_image", "input_reference"),
    "prompt": ("text", "description", "query", "idea"),
    "job_id": ("id", "job", "video_id", "video", "task_id"),
    "max_usd": ("budget", "max_price", "max_cost", "limit_usd"),
    "clips": ("n", "count", "number", "variants"),
    "wait_seconds": ("wait", "timeout"),
    "options": ("extra", "extras", "params", "parameters", "settings"),
}
"""Names that other servers and APIs have for the same argument."""
AMOUNT = re.compile(r"\$?(\d{1,9}(?:\.\d{1,18})?)")
CODES = {
    "prompt": "invalid_prompt",
    "size": "invalid_size",
    "seconds": "invalid_seconds",
    "image": "invalid_image",
    "options": "invalid_option",
}
"""Of arguments that have a code of their own."""


@dataclass(frozen=True)
class Argument:
    """One argument of a tool. `least` and `most` bound a number, which must have both; an empty text counts only where `empty`."""

    name: str
    kind: Kind
    says: str = ""
    required: bool = False
    least: int | None = None
    most: int | None = None
    one_of: tuple[str, ...] = ()
    empty: bool = False
    short: bool = False
    """A name that somebody made up: kept as it is, so it has to be printable and not long."""
    default: int | None = None
    """Said where nobody would guess it."""
    most_characters: int = MOST_TEXT
    most_words: int | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """What a client is told."""
        known = {
            "enum": list(self.one_of) or None,
            "minimum": self.least,
            "maximum": self.most,
            "default": self.default,
            "description": self.says or None,
        }
        items = {"items": {"type": "string"}} if self.kind == "texts" else {}
        return {"type": JSON_TYPES[self.kind], **items, **{name: value for name, value in known.items() if value is not None}}

    @property
    def allowed(self) -> str:
        """What it takes, in words."""
        if self.one_of:
            return one_of(self.one_of)
        if self.short:
            return f"a text of 1 to {MOST_SHORT} printable characters"
        if self.most_words is not None:
            return f"a text of at most {self.most_words} words"
        bounds = f" from {self.least} to {self.most}" if self.most is not None else ""
        return {
            "text": "a text" if self.empty else "a text that is not empty",
            "whole": f"a whole number{bounds}" + ("" if bounds else " such as 8"),
            "number": f"a number{bounds}",
            "dollars": "an amount of dollars such as 0.50",
            "switch": "true or false",
            "object": 'an object such as {"seed": 7}',
            "texts": 'a list of texts such as ["v_…"]',
        }[self.kind]

    def takes(self, value: Any) -> bool:
        """Whether the value is of its kind: a text is no number, true is no 1, and 4.0 is not 4."""
        match self.kind:
            case "text":
                return isinstance(value, str) and self._fits(value)
            case "whole":
                return type(value) is int and self._within(value)
            case "number":
                return type(value) in (int, float) and self._within(value) and abs(value) <= sys.float_info.max
            case "dollars":
                return dollars(value) is not None
            case "switch":
                return isinstance(value, bool)
            case "object":
                return isinstance(value, dict) and _is_short_object(cast(dict[str, Any], value))
            case "texts":
                return type(value) is list and _is_short_list(cast(list[Any], value))

    def _fits(self, text: str) -> bool:
        if len(text) > self.most_characters or (self.most_words is not None and len(text.split()) > self.most_words):
            return False
        if self.short and not (len(text) <= MOST_SHORT and text.isprintable()):
            return False
        return (bool(text) or self.empty) and (not self.one_of or text in self.one_of)

    def _within(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def schema_of(arguments: Sequence[Argument]) -> dict[str, Any]:
    """The closed schema of a tool's input."""
    required = [argument.name for argument in arguments if argument.required]
    return {
        "type": "object",
        "properties": {argument.name: argument.schema for argument in arguments},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def check_arguments(tool: str, arguments: Sequence[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, without nulls. BrokenRules names at once what is unknown, missing or of the wrong kind."""
    known = {argument.name: argument for argument in arguments}
    present = {name: value for name, value in given.items() if value is not None or name not in known}
    unknown = [name for name in present if name not in known]
    broken = [*_name_unknown(tool, known, unknown[:MOST_BROKEN]), *_find_wrong(known, present), *_find_missing(known, present)]
    if broken:
        raise BrokenRules(tuple(broken), more=len(unknown[MOST_BROKEN:]))
    return present


def find_similar(name: str, known: Iterable[str]) -> str | None:
    """Return the argument that an unknown name probably means."""
    plain = name[:100].casefold().replace("-", "_")
    alias = next((own for own in known if plain in ALIASES.get(own, ())), None)
    return alias or next(iter(difflib.get_close_matches(plain, list(known), n=1, cutoff=0.6)), None)


def is_short(value: object) -> bool:
    """Return whether a value is small enough to be looked at: its texts, names and numbers of MOST_TEXT characters at most."""
    left, waiting = MOST_TEXT, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        left -= _measure(one)
        if left < 0 or depth > MOST_DEPTH:
            return False
        if isinstance(one, dict):
            waiting += [(part, depth + 1) for pair in cast(dict[object, object], one).items() for part in pair]
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in cast(list[object], one)]
    return True


def dollars(value: object) -> Micros | None:
    """The whole micros in an amount that is written as a number or a text; None when it is no amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        amount = AMOUNT.fullmatch(value.strip())
        return Micros(int(Decimal(amount[1]) * PER_USD)) if amount else None
    if not 0 <= value < 10**9:
        return None
    return Micros(int(Decimal(str(value)) * PER_USD))


def _measure(value: object) -> int:
    """Return how long a value is, without what is inside of it."""
    if isinstance(value, str | list | dict):
        return len(cast(str, value))
    return max(1, value.bit_length() // 4) if isinstance(value, int) else 1


def _is_short_object(values: Mapping[str, Any]) -> bool:
    return len(values) <= MOST_ITEMS and all(len(name) <= MOST_SHORT and is_short(value) for name, value in values.items())


def _is_short_list(values: list[Any]) -> bool:
    return 0 < len(values) <= MOST_ITEMS and all(type(one) is str and 0 < len(one) <= MOST_TEXT for one in values)


def _name_unknown(tool: str, known: Mapping[str, Argument], unknown: Sequence[str]) -> Iterator[BrokenRule]:
    for number, name in enumerate(unknown):
        near = find_similar(name, known) if number < MOST_HINTS else None
        hint = f"did you mean {near}?" if near else f"it takes {one_of(list(known))}"
        yield BrokenRule(name[:100], None, f"left out: {tool} has no such argument ({hint})", "unknown_argument")


def _find_wrong(known: Mapping[str, Argument], present: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if name in present and not argument.takes(present[name]):
            yield BrokenRule(name, *_name_limit(argument, present[name]), CODES.get(name, "invalid_argument"))


def _name_limit(argument: Argument, value: Any) -> tuple[Any, str]:
    """Return what came and what is allowed: of a value that is too long, only how long it is."""
    if isinstance(value, str) and len(value) > argument.most_characters:
        return f"{len(value):,} characters", f"at most {argument.most_characters:,} characters"
    if type(value) in (list, dict) and len(value) > MOST_ITEMS:
        return f"{len(value):,} of them", f"{argument.allowed}, at most {MOST_ITEMS}"
    return (value if is_short(value) else f"a value of more than {MOST_TEXT:,} characters"), argument.allowed


def _find_missing(known: Mapping[str, Argument], present: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if argument.required and name not in present:
            yield BrokenRule(name, None, f"given: {argument.allowed}", CODES.get(name, "invalid_argument"))
