"""Say how the user of this machine raises a limit of the settings: where it is set, or where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sora_mcp.config.settings import PREFIX, Settings
from sora_mcp.config.sources import find_config_file
from sora_mcp.domain.errors import OverBudget
from sora_mcp.domain.money import LIMIT_SETTINGS

if TYPE_CHECKING:
    from sora_mcp.store.records import Budget

LITTLE = 4
"""The part of a limit that counts as little: a quarter."""
HIGHER = ("the environment", "a flag")
"""Sources that count before `config.toml`."""


def describe_how_to_raise(refusal: str, settings: Settings) -> str:
    """Return as a sentence how the limits are raised that a refusal names by their settings; empty where it names none."""
    named = [variable for variable in LIMIT_SETTINGS.values() if variable in refusal]
    if not named:
        return ""
    file = find_config_file()
    if file is None or any(settings.sources.get(variable) in HIGHER for variable in named):
        return f"How: {' and '.join(named)} in the client's own configuration of this server, then a new start of the client."
    lines = " and ".join(f'"{variable.removeprefix(PREFIX).lower()} = AMOUNT"' for variable in named)
    return f"How: the line {lines} in {file}, then a new start of this client."


def describe_how_to_raise_left(budget: Budget, settings: Settings) -> str:
    """Return as a sentence how the limit of the settings that leaves least is raised, where little or nothing of it is left."""
    is_month = budget.month_left < budget.day_left
    limit = budget.month_limit if is_month else budget.day_limit
    if budget.own is not None or budget.room is None or limit is None or budget.room * LITTLE > limit:
        return ""
    return describe_how_to_raise(LIMIT_SETTINGS["month" if is_month else "day"], settings)


def add_how_to_raise(refusal: OverBudget, settings: Settings) -> OverBudget:
    """Return the refusal with how its limit is raised."""
    how = describe_how_to_raise(refusal.message, settings)
    return OverBudget(f"{refusal.message} {how}") if how else refusal
