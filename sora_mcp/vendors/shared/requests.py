"""Build the parts that several vendors' submit calls share."""

from __future__ import annotations

from typing import Any


def drop_missing(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without those that are None."""
    return {name: value for name, value in fields.items() if value is not None}
