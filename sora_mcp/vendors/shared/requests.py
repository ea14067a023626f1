"""Build the parts that several vendors' submit calls share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sora_mcp.domain import Call


def drop_missing(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without those that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def in_field(path: str, *, is_list: bool = False) -> Callable[[Call, str], Call]:
    """Return the function that puts a webhook's address into this field of the body; `is_list`: as the only one of a list."""
    return lambda call, url: call.with_field(path, [url] if is_list else url)


def in_query(name: str) -> Callable[[Call, str], Call]:
    """Return the function that puts a webhook's address into this parameter of the query."""
    return lambda call, url: replace(call, query=(*call.query, (name, url)))


def in_header(name: str) -> Callable[[Call, str], Call]:
    """Return the function that puts a webhook's address into this header."""
    return lambda call, url: call.with_header(name, url)
