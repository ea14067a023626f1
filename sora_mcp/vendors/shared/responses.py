"""Read single values of vendors' replies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, cast

from sora_mcp.domain.money import Micros

NOT_AS_DOCUMENTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors that a vendor's functions raise on a reply of another shape."""


def find_value(body: Any, path: str) -> Any:
    """Return the value at a path such as `a.b.0`; None where the path does not exist."""
    for name in path.split("."):
        if isinstance(body, list) and name.isdecimal():
            body = next(iter(cast("list[Any]", body)[int(name) :]), None)
        else:
            body = cast("dict[str, Any]", body).get(name) if isinstance(body, dict) else None
    return body


def find_text(body: Any, *paths: str) -> str:
    """Return the first non-blank text at these paths, or an empty text."""
    return next((text for path in paths if isinstance(text := find_value(body, path), str) and text.strip()), "")


def find_place(body: Any, value: object) -> str | None:
    """Return the path at which `find_value` finds this text; None where the body does not have it."""
    left: list[tuple[str, Any]] = [("", body)]
    while left:
        path, part = left.pop()
        if part == value:
            return path.removeprefix(".")
        if isinstance(part, dict):
            left += [(f"{path}.{name}", inner) for name, inner in cast("dict[str, Any]", part).items() if "." not in name]
        elif isinstance(part, list):
            left += [(f"{path}.{number}", inner) for number, inner in enumerate(cast("list[Any]", part))]
    return None


def parse_time(text: object) -> float:
    """Return the Unix time of an RFC 3339 text. Raise ValueError or TypeError where it is none."""
    if not isinstance(text, str):
        raise TypeError(text)
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def format_time(moment: float) -> str:
    """Return the RFC 3339 text of a Unix time, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_percent(part: object) -> float | None:
    """Return a percentage as a fraction; None where it is no number from 0 to 100."""
    return part / 100 if isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 100 else None


def read_charge(cost: Micros | None) -> tuple[Literal["no", "yes", "unknown"], Micros | None]:
    """Return `charged` and the sum for a failure's stated cost: 0 is `no`, None is `unknown`."""
    return ("unknown", None) if cost is None else ("yes", cost) if cost else ("no", cost)
