"""Arguments that describe a clip, whether it is bought or only priced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sora_mcp.domain import list_pictures
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules

MOST_IMAGE = 40_000_000
"""Characters of a `data:` URI: more than the largest picture that is read has."""


def merge_options(options: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with those that were said as arguments. BrokenRules where both say something else."""
    broken = [name for name, value in named.items() if name in options and not _is_same(options[name], value)]
    if broken:
        rules = tuple(
            BrokenRule(f"options.{name}", None, f"left out: the argument {name} says otherwise", "invalid_option") for name in broken
        )
        raise BrokenRules(rules, fixes=tuple(Fix(f"options.{name}", None) for name in broken))
    return {**options, **named}


def _is_same(one: object, other: object) -> bool:
    """Return whether two values of an option mean the same: several pictures may be a list, or a text with blanks between."""
    return (type(one), one) == (type(other), other) or (list_pictures(one) == list_pictures(other) != [])
