"""Compare calls with the types of a vendor's library, more strictly than the library itself does, and make replies of its types."""

from __future__ import annotations

import inspect
import json
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import TypeAliasType, get_type_hints, is_typeddict

KNOWN = {"id": "", "url": "https://example.com/fox.mp4", "uri": "https://example.com/fox.mp4"}
"""Samples of texts whose field's name says what they are; the id is that of the job."""


def answer(
    find_errors: Callable[[str, dict[str, Any]], Iterable[str] | None] | None = None,
    list_replies: Callable[[], Iterable[dict[str, Any]]] | None = None,
) -> None:
    """Write, as the first argument says, either the errors of each call on standard input, None of one whose model the library does not
    have, or replies to the job whose id is there."""
    given = json.load(sys.stdin)
    if sys.argv[1] == "orders" and find_errors is not None:
        found = (find_errors(call["path"], call["body"]) for call in given)
        json.dump([None if errors is None else list(errors) for errors in found], sys.stdout)
    elif list_replies is not None:
        KNOWN["id"] = given
        json.dump(list(list_replies()), sys.stdout)


def compare(value: object, wanted: Any, at: str = "") -> list[str]:
    """Return what is wrong with a value: unknown, missing and wrong fields."""
    wanted = _find_meaning(wanted)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Annotated, Required, NotRequired):
        return compare(value, inner[0], at)
    if origin in (Union, types.UnionType):
        return _compare_union(value, inner, at)
    if origin is Literal:
        same = any(type(one) is type(value) and one == value for one in inner)
        return [] if same else [f"{at}: {value!r} is none of {', '.join(map(repr, inner))}"]
    if is_typeddict(wanted):
        return _compare_fields(value, _list_typed(wanted), at)
    if isinstance(wanted, type) and issubclass(wanted, BaseModel):
        return _compare_fields(value, _list_modelled(wanted), at)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [] if isinstance(value, dict) else [f"{at}: {value!r} is no object"]
    if isinstance(origin, type) and issubclass(origin, Iterable):
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no list"]
        return [error for place, one in enumerate(value) for error in compare(one, inner[0], f"{at}[{place}]")]
    return _compare_plain(value, wanted, at)


def _compare_plain(value: object, wanted: Any, at: str) -> list[str]:
    kinds = {float: (int, float), None: (type(None),), object: (object,), Any: (object,)}.get(wanted, (get_origin(wanted) or wanted,))
    is_number = isinstance(value, bool) and wanted in (int, float)
    return [] if isinstance(value, kinds) and not is_number else [f"{at}: {value!r} is no {getattr(wanted, '__name__', wanted)}"]


def _compare_union(value: object, members: tuple[Any, ...], at: str) -> list[str]:
    """Return the errors of the member that fits best: first the one whose model or type it is. What a library has for words or objects
    that it does not know (`UnrecognizedStr`, `Dict[str, Any]`) fits none."""
    known = [member for member in members if getattr(member, "__name__", "") != "UnrecognizedStr"]
    if any(_is_object(member) for member in known):
        known = [member for member in known if get_args(member) != (str, Any)]
    tags = tuple(f"{at}.{name}: " for name in ("model", "type"))
    return min(
        (compare(value, member, at) for member in known),
        key=lambda errors: (any(error.startswith(tags) for error in errors), len(errors)),
    )


def _is_object(wanted: Any) -> bool:
    """Return whether a type says which fields it has."""
    wanted = _find_meaning(wanted)
    return is_typeddict(wanted) or (isinstance(wanted, type) and issubclass(wanted, BaseModel))


def _compare_fields(value: object, fields: Mapping[str, tuple[Any, bool]], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is no object"]
    errors = [f"{at}.{name} is no field" for name in value if name not in fields]
    errors += [f"{at}.{name} is missing" for name, (_, is_needed) in fields.items() if is_needed and name not in value]
    return errors + [error for name in value if name in fields for error in compare(value[name], fields[name][0], f"{at}.{name}")]


@cache
def _list_typed(wanted: Any) -> dict[str, tuple[Any, bool]]:
    """Return the fields of a TypedDict by the names that are sent, each with its type and whether it is needed."""
    hints = get_type_hints(wanted, include_extras=True)
    return {_find_alias(hint) or name: (hint, _is_needed(hint, name in wanted.__required_keys__)) for name, hint in hints.items()}


def _is_needed(hint: Any, known: bool) -> bool:
    """Return whether a field must be there. A TypedDict whose types are texts does not know it: their words count."""
    return {Required: True, NotRequired: False}.get(get_origin(hint), known)


@cache
def _list_modelled(wanted: Any) -> dict[str, tuple[Any, bool]]:
    if not hasattr(wanted, "model_fields"):  # of pydantic 1
        return {field.alias: (field.outer_type_, field.required is True) for field in wanted.__fields__.values()}
    return {field.alias or name: (field.annotation, field.is_required()) for name, field in wanted.model_fields.items()}


def compare_call(body: dict[str, Any], function: Callable[..., Any], but: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with a body whose fields are the arguments of a library's function."""
    hints = get_type_hints(function, include_extras=True)
    arguments = inspect.signature(function).parameters.values()
    fields = {one.name: (hints[one.name], one.default is one.empty) for one in arguments if one.name in hints and one.name not in but}
    return _compare_fields(body, fields, "")


def list_samples(wanted: Any, name: str = "") -> list[Any]:
    """Return values of a type: of an object the least and the whole one, and each with every other value of each of its fields."""
    wanted = _find_meaning(wanted)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Annotated, Required, NotRequired):
        return list_samples(inner[0], name)
    if origin in (Union, types.UnionType):
        known = [one for one in inner if getattr(one, "__name__", "") != "UnrecognizedStr" and one is not type(None)]
        literal = [one for one in known if get_origin(one) is Literal]
        return [sample for one in literal or known for sample in list_samples(one, name)]
    if origin is Literal:
        return list(inner)
    if is_typeddict(wanted):
        return list(_vary(_list_typed(wanted)))
    if isinstance(wanted, type) and hasattr(wanted, "__fields__"):
        return list(_vary(_list_modelled(wanted)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [{}]
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return [[sample] for sample in list_samples(inner[0], name)]
    text = next((sample for ending, sample in KNOWN.items() if name == ending or name.endswith(f"_{ending}")), "x")
    return {bool: [True, False], int: [1], float: [1.0], str: [text]}.get(wanted, [text])


def list_words(text: str) -> list[str]:
    """Return the words in quotes of a library's own code, where it has no type for them."""
    return sorted(set(re.findall(r"[\"']([A-Za-z_]+)[\"']", text)))


def list_refusals(errors: Iterable[type[Exception]]) -> Iterator[dict[str, Any]]:
    """Yield an empty reply with the status of each error class."""
    yield from ({"status": error.status_code, "body": {}} for error in errors if isinstance(getattr(error, "status_code", None), int))


def _vary(fields: Mapping[str, tuple[Any, bool]]) -> Iterator[dict[str, Any]]:
    samples = {name: list_samples(hint, name) for name, (hint, _) in fields.items()}
    least = {name: samples[name][0] for name, (_, is_needed) in fields.items() if is_needed and samples[name]}
    for base in (least, {name: values[0] for name, values in samples.items() if values}):
        yield base
        yield from ({**base, name: value} for name, values in samples.items() for value in values[1:] if name in base)
    yield from ({**least, name: values[0]} for name, values in samples.items() if values and name not in least)


def _find_meaning(wanted: Any) -> Any:
    """Return what a name for a type stands for."""
    while isinstance(wanted, TypeAliasType) or hasattr(wanted, "__value__"):
        wanted = wanted.__value__
    return wanted


def _find_alias(hint: Any) -> str | None:
    """Return the name of Stainless' `PropertyInfo`, wherever it is wrapped in the type."""
    found = [alias for note in getattr(hint, "__metadata__", ()) if (alias := getattr(note, "alias", None))]
    inner = get_args(hint) if get_origin(hint) in (Annotated, Required, NotRequired) else ()
    return found[0] if found else next((alias for one in inner if (alias := _find_alias(one))), None)
