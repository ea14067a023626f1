"""What a tool may be called with: rows that make both the published schema and the strict check."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain.errors import BrokenRule, BrokenRules
from sora_mcp.domain.money import PER_USD, Micros
from sora_mcp.server import meant

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
                return isinstance(value, dict) and all(len(name) <= MOST_SHORT for name in cast(dict[str, Any], value))
            case "texts":
                return type(value) is list and all(type(one) is str and one for one in cast(list[Any], value)) and value != []

    def _fits(self, text: str) -> bool:
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


def checked(tool: str, arguments: Sequence[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, without nulls. BrokenRules names at once all that is unknown, missing or of the wrong kind."""
    known = {argument.name: argument for argument in arguments}
    said = {name: value for name, value in given.items() if value is not None or name not in known}
    broken = [*_strange(tool, known, said), *_wrong(known, said), *_missing(known, said)]
    if broken:
        raise BrokenRules(tuple(broken), fixes=tuple(meant.fixes(known, said)))
    return said


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


def _strange(tool: str, known: Mapping[str, Argument], said: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name in said:
        if name not in known:
            near = meant.nearest(name, known)
            hint = f"did you mean {near}?" if near else f"it takes {one_of(list(known))}"
            yield BrokenRule(name[:100], None, f"left out: {tool} has no such argument ({hint})", "unknown_argument")


def _wrong(known: Mapping[str, Argument], said: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if name in said and not argument.takes(said[name]):
            yield BrokenRule(name, said[name], argument.allowed, CODES.get(name, "invalid_argument"))


def _missing(known: Mapping[str, Argument], said: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if argument.required and name not in said:
            yield BrokenRule(name, None, f"given: {argument.allowed}", CODES.get(name, "invalid_argument"))
