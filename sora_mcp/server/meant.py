"""What a wrong argument was probably meant as: values that the tool takes, offered and never assumed."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sora_mcp.catalogue.rules import options_of
from sora_mcp.domain.errors import Fix
from sora_mcp.vendors import EVERY

if TYPE_CHECKING:
    from sora_mcp.server.schema import Argument

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
"""Names that other servers and APIs have for the same."""
OPTIONS = frozenset(rule.param for vendor in EVERY for offer in vendor.offers for rule in options_of(offer))
FREE = ("prompt", "request_id", "query", "text")
"""Arguments that take any words, so that a number may be written as one."""
NUMBER = re.compile(r"[^\d.,-]*(-?\d{1,9}(?:\.\d{1,9})?)[^\d.,-]*")
SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def nearest(name: str, known: Mapping[str, Argument]) -> str | None:
    """The argument that was meant by a name that there is not."""
    plain = name[:100].casefold().replace("-", "_")
    alias = next((own for own, others in ALIASES.items() if own in known and plain in others), None)
    return alias or next(iter(difflib.get_close_matches(plain, known, n=1, cutoff=0.6)), None)


def fixes(known: Mapping[str, Argument], said: Mapping[str, Any]) -> Iterator[Fix]:
    """Changes that make the call one that the tool takes; all of them together."""
    for name, value in said.items():
        if name not in known:
            yield from _moved(name, value, known, said)
        elif not known[name].takes(value):
            yield from _turned(known[name], value)


def _moved(name: str, value: Any, known: Mapping[str, Argument], said: Mapping[str, Any]) -> Iterator[Fix]:
    """An unknown argument under its right name, where that is free, and in any case without the wrong one."""
    near = nearest(name, known)
    option = name.removeprefix("options.")
    if option in OPTIONS and "options" in known and isinstance(said.get("options", {}), dict):
        yield Fix("options", {**said.get("options", {}), option: value})
    elif near is not None and near not in said:
        yield from (fix for fix in _turned(known[near], value) if fix.value is not None)
    yield Fix(name[:100], None)


def _turned(argument: Argument, value: Any) -> Iterator[Fix]:
    """The value in the argument's own kind; else without the argument, where it may be left out."""
    turned = value if argument.takes(value) else _as(argument, value)
    if turned is not None and argument.takes(turned):
        yield Fix(argument.name, turned)
    elif not argument.required:
        yield Fix(argument.name, None)


def _as(argument: Argument, value: Any) -> Any:
    match argument.kind:
        case "whole" | "number":
            return _bounded(argument, _number(value))
        case "dollars":
            number = _number(value)
            return None if number is None else f"{number:g}"
        case "switch":
            return SWITCH.get(str(value).strip().casefold())
        case "object":
            return _object(value)
        case "text":
            return _text(argument, value)
        case _:
            return None


def _number(value: Any) -> float | None:
    """The one number in `8s`, `8 seconds`, `$5` or `5 USD`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    number = float(found[1]) if found else math.nan if isinstance(value, str) else value
    return float(number) if abs(number) < 10**9 else None


def _bounded(argument: Argument, number: float | None) -> int | float | None:
    if number is None:
        return None
    least, most = argument.least, argument.most
    inside = min(max(number, least), most) if least is not None and most is not None else number
    return int(inside) if inside == int(inside) else inside


def _object(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def _text(argument: Argument, value: Any) -> str | None:
    if argument.one_of:
        return next(iter(difflib.get_close_matches(str(value).casefold(), argument.one_of, n=1, cutoff=0.6)), None)
    return str(value) if argument.name in FREE and isinstance(value, int | float) and not isinstance(value, bool) else None
