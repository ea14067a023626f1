"""Read an argument as it is meant: clients write the same value in several ways.

Each way below was sent by a client, or follows from a schema that a converter made of ours. Whatever is left is refused as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sora_mcp.server.schema import MOST_TEXT, Argument, is_short

MOST_JSON = 20_000
"""Characters of an object or a list that was written as a text."""
MOST_EXACT = 2**53
"""From here on a number with a point may stand for several whole ones."""
WHOLE = re.compile(r"\s*(-?[0-9]{1,9})(?:\.0{1,9})?\s*")
NUMBER = re.compile(r"\s*-?[0-9]{1,9}(?:\.[0-9]{1,9})?\s*")
UNSAID = (None, "")
"""Values of an optional argument that mean the same as leaving it out."""
ANY_SEED = -1
"""A seed that several APIs read as "any": what a client sends that cannot leave the seed out, as in OpenAI's strict mode."""
SWITCH = {"true": True, "false": False}
ADDRESS = re.compile(
    r"\s*(?:sora|https?)://(?:[^/\s]+/)?videos/(v_[0-9a-z]{1,20})(?:\.[a-z0-9]{2,5}|/poster\.jpg|/sheet\.jpg)?/?\s*", re.IGNORECASE
)
"""Matches the addresses that results and resources name for a job."""
FILE = re.compile(r"(?:.*_)?(v_[0-9a-z]{10})(?:-[0-9]{1,2})?(?:\.[a-z0-9]{2,5}){1,2}", re.IGNORECASE | re.DOTALL)
"""Matches the name of a job's file."""


def coerce_arguments(arguments: Iterable[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call with every value as it is meant; optional arguments that are null or empty are left out.

    Values that may mean several things stay as they are, and so do unknown arguments: the strict check names them.
    """
    call = dict(given)
    for argument in arguments:
        if argument.name in call:
            value = call[argument.name] = _coerce(argument, call[argument.name])
            is_unsaid = value in UNSAID or (argument.kind == "texts" and _is_list_of_nothing(value))
            if is_unsaid and not argument.required:
                del call[argument.name]
    return call


def find_job_id(text: str) -> str | None:
    """Return the id of the job whose address or file this is; None for any other text."""
    if (address := ADDRESS.fullmatch(text)) is not None:
        return address[1]
    name = re.split(r"[/\\]", text.strip().strip("\"'`"))[-1]
    found = FILE.fullmatch(name) if len(re.findall(r"v_[0-9a-z]{10}", name, re.IGNORECASE)) == 1 else None
    return None if found is None else found[1]


def _coerce(argument: Argument, value: Any) -> Any:
    """Return the value in the argument's own kind where only one is meant, else as it came."""
    if argument.kind != "texts":
        value = _unwrap(value)
    match argument.kind:
        case "whole":
            return _read_whole(value)
        case "number" if isinstance(value, str) and len(value) <= MOST_TEXT and NUMBER.fullmatch(value):
            return float(value)
        case "switch" if isinstance(value, str):
            return SWITCH.get(value.strip().casefold(), value)
        case "object":
            return {} if value == [] else _read_options(_read_json(value))  # PHP writes an empty object so
        case "texts":
            return _read_texts(argument, value)
        case "text" if argument.spec.is_picture and (isinstance(value, bool) or str(value).strip().casefold() in SWITCH):
            return "url" if value is True or str(value).strip().casefold() == "true" else ""
        case "text" if argument.spec.is_job and isinstance(value, str) and len(value) <= MOST_TEXT:
            return find_job_id(value) or value
        case _:
            return value


def _is_list_of_nothing(value: Any) -> bool:
    """Return whether this is a list that is empty, or whose items say nothing."""
    return type(value) is list and all(one in UNSAID for one in cast("list[Any]", value))


def _unwrap(value: Any) -> Any:
    """Return the only item of a list, unless that is a list too; any other value as it came."""
    if type(value) is not list:
        return value
    items = cast(list[Any], value)
    return items[0] if len(items) == 1 and type(items[0]) is not list else items


def _read_whole(value: Any) -> Any:
    """Return a whole number that was written as a text or with a point."""
    if isinstance(value, str):
        found = WHOLE.fullmatch(value) if len(value) <= MOST_TEXT else None
        return value if found is None else int(found[1])
    return int(value) if isinstance(value, float) and abs(value) < MOST_EXACT and value.is_integer() else value


def _read_texts(argument: Argument, value: Any) -> Any:
    """Return a list that was written as a text: as JSON, or as its only item."""
    if isinstance(value, str) and value:
        items = _read_json(value) if value.lstrip().startswith("[") else value
        value = cast(list[Any], items) if isinstance(items, list) else [value]
    if not (argument.spec.is_job and type(value) is list):
        return value
    return [_read_address(one) for one in cast(list[Any], value)]


def _read_address(value: Any) -> Any:
    """Return the job that an address of ours names. A path stays a path: the file there may be another one by now."""
    found = ADDRESS.fullmatch(value) if isinstance(value, str) and len(value) <= MOST_TEXT else None
    return value if found is None else found[1]


def _read_json(value: Any) -> Any:
    """Return an object or a list that was written as JSON text; any other value as it came, and a text that says a name twice."""
    if not isinstance(value, str) or len(value) > MOST_JSON:
        return value
    try:
        found = json.loads(value, object_pairs_hook=_read_pairs, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return value
    return cast(Any, found) if isinstance(found, dict | list) else value


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _read_options(value: Any) -> Any:
    """Return an object without what is null or empty, and with whole numbers as such: some clients send each number with a point."""
    if not isinstance(value, dict) or not is_short(cast(object, value)):
        return cast(Any, value)
    values = cast(dict[str, Any], value)
    return {name: _read_whole(one) if isinstance(one, float) else one for name, one in values.items() if not _is_unsaid(name, one)}


def _is_unsaid(name: str, value: Any) -> bool:
    """Return whether the value of an option means the same as leaving it out."""
    return value in UNSAID or (name == "seed" and value == ANY_SEED)
