"""Compare a call with the types of a vendor's library, more strictly than the library itself does."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict


def answer(find_errors: Callable[[str, dict[str, Any]], Iterable[str]]) -> None:
    """Read a list of paths and bodies from standard input, and write the list of their errors."""
    json.dump([list(find_errors(call["path"], call["body"])) for call in json.load(sys.stdin)], sys.stdout)


def compare(value: object, wanted: Any, at: str = "") -> list[str]:
    """Return what is wrong with a value: unknown, missing and wrong fields."""
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
    kinds = {float: (int, float), None: (type(None),), object: (object,), Any: (object,)}.get(wanted, (wanted,))
    is_number = isinstance(value, bool) and wanted in (int, float)
    return [] if isinstance(value, kinds) and not is_number else [f"{at}: {value!r} is no {getattr(wanted, '__name__', wanted)}"]


def _compare_union(value: object, members: tuple[Any, ...], at: str) -> list[str]:
    """Return the errors of the member that fits best. A library's member for words that it does not know (`UnrecognizedStr`) fits none."""
    known = [member for member in members if getattr(member, "__name__", "") != "UnrecognizedStr"]
    return min(
        (compare(value, member, at) for member in known), key=lambda errors: (any(".model:" in error for error in errors), len(errors))
    )


def _compare_fields(value: object, fields: Mapping[str, tuple[Any, bool]], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is no object"]
    errors = [f"{at}.{name} is no field" for name in value if name not in fields]
    errors += [f"{at}.{name} is missing" for name, (_, is_needed) in fields.items() if is_needed and name not in value]
    return errors + [error for name in value if name in fields for error in compare(value[name], fields[name][0], f"{at}.{name}")]


def _list_typed(wanted: Any) -> dict[str, tuple[Any, bool]]:
    """Return the fields of a TypedDict by the names that are sent, each with its type and whether it is needed."""
    hints = get_type_hints(wanted, include_extras=True)
    return {_find_alias(hint) or name: (hint, name in wanted.__required_keys__) for name, hint in hints.items()}


def _list_modelled(wanted: type[BaseModel]) -> dict[str, tuple[Any, bool]]:
    return {field.alias or name: (field.annotation, field.is_required()) for name, field in wanted.model_fields.items()}


def _find_alias(hint: Any) -> str | None:
    """Return the name of Stainless' `PropertyInfo`, wherever it is wrapped in the type."""
    found = [alias for note in getattr(hint, "__metadata__", ()) if (alias := getattr(note, "alias", None))]
    inner = get_args(hint) if get_origin(hint) in (Annotated, Required, NotRequired) else ()
    return found[0] if found else next((alias for one in inner if (alias := _find_alias(one))), None)
