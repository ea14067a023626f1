"""Change the arguments of a call that have the wrong name or kind: `8s` is 8, and `duration` is `seconds`."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.server.schema import Argument, find_similar, is_short

OPTIONS = frozenset(rule.param for offer in Catalogue().offers for rule in offer.options)
FREE_TEXT = ("prompt", "request_id", "query", "text")
"""Arguments that take any words, so that a number may be written as one."""
NUMBER = re.compile(r"[^\d.,-]{0,20}(-?\d{1,9}(?:\.\d{1,9})?)[^\d.,-]{0,20}")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER_WORDS = {word: number for number, word in enumerate(WORDS)} | {"fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60}
MINUTES = re.compile(r"([0-9]{1,3}) ?-?(?:m|min|mins|minutes?)", re.IGNORECASE)
CENTS = ("c", "ct", "cent", "cents", "¢")
SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
MOST_JSON = 20_000
"""Characters of an object that was written as a text."""


def fix_arguments(arguments: Iterable[Argument], given: Mapping[str, Any]) -> tuple[Fix, ...]:
    """Return the changes that, all together, make the call one that takes these arguments; none where it does."""
    known = {argument.name: argument for argument in arguments}
    present = {name: value for name, value in given.items() if value is not None or name not in known}
    return tuple(_fix_each(known, present))


def _fix_each(known: Mapping[str, Argument], present: Mapping[str, Any]) -> Iterator[Fix]:
    for name, value in present.items():
        if name not in known:
            yield from _move(name, value, known, present)
        elif not known[name].takes(value):
            yield from _convert(known[name], value)


def _move(name: str, value: Any, known: Mapping[str, Argument], present: Mapping[str, Any]) -> Iterator[Fix]:
    """Yield an unknown argument under its right name, where that is free, and in any case the call without the wrong one."""
    near = find_similar(name, known)
    option = name.removeprefix("options.")
    if option in OPTIONS and "options" in known and isinstance(present.get("options", {}), dict):
        yield Fix("options", {**present.get("options", {}), option: value})
    elif near is not None and near not in present:
        yield from (fix for fix in _convert(known[near], value) if fix.value is not None)
    yield Fix(name[:100], None)


def _convert(argument: Argument, value: Any) -> Iterator[Fix]:
    """Yield the value in the argument's own kind; else the call without the argument, where it may be left out."""
    converted = value if argument.takes(value) else _parse(argument, value)
    if converted is not None and argument.takes(converted):
        yield Fix(argument.name, converted)
    elif not argument.required:
        yield Fix(argument.name, None)


def _parse(argument: Argument, value: Any) -> Any:
    match argument.kind:
        case "object":
            return _parse_object(value)
        case _ if not is_short(value):
            return None
        case "whole" | "number":
            return _clamp(argument, _parse_number(value))
        case "dollars":
            return _parse_dollars(value)
        case "switch":
            return SWITCH.get(str(value).strip().casefold())
        case "text":
            return _parse_text(argument, value)
        case _:
            return None


def _parse_number(value: Any) -> float | None:
    """Return the one number in `8s`, `8 seconds`, `$5` or `5 USD`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        value = _spell_in_digits(value)
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    number = float(found[1]) if found else math.nan if isinstance(value, str) else value
    return float(number) if abs(number) < 10**9 else None


def _spell_in_digits(text: str) -> str:
    """Return `eight seconds` as `8 seconds`, and minutes in seconds."""
    first, _, rest = text.strip().casefold().partition(" ")
    text = f"{NUMBER_WORDS[first]} {rest}".strip() if first in NUMBER_WORDS else text.strip()
    minutes = MINUTES.fullmatch(text)
    return f"{60 * int(minutes[1])}" if minutes else text


def _parse_dollars(value: Any) -> str | None:
    """Return the amount in `$5`, `5 USD` or `50 cents`."""
    number = _parse_number(value)
    is_cents = isinstance(value, str) and value.strip().casefold().endswith(CENTS)
    return None if number is None else f"{number / 100 if is_cents else number:g}"


def _clamp(argument: Argument, number: float | None) -> int | float | None:
    if number is None:
        return None
    least, most = argument.least, argument.most
    number = round(number) if argument.kind == "whole" and math.isfinite(number) else number
    inside = min(max(number, least), most) if least is not None and most is not None else number
    return int(inside) if inside == int(inside) else inside


def _parse_object(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) and len(value) <= MOST_JSON else None
    except (ValueError, RecursionError):
        return None


def _parse_text(argument: Argument, value: Any) -> str | None:
    if argument.one_of:
        return next(iter(difflib.get_close_matches(str(value)[:100].casefold(), argument.one_of, n=1, cutoff=0.6)), None)
    return str(value) if argument.name in FREE_TEXT and isinstance(value, int | float) and not isinstance(value, bool) else None
