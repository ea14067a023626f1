"""Say what was spent and what is left of the limits: reserved and perhaps charged money counts, and is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sora_mcp.domain.money import NO_LIMIT, SETTLED, Micros, Unsettled, format_dollars, split_dollars

if TYPE_CHECKING:
    from sora_mcp.store.records import Budget


def describe_left(budget: Budget) -> str:
    """Say what is left: of the day, or of the month where that is less; and what of the rest is not spent for certain."""
    if budget.room is None:
        return "No day or month is limited"
    if budget.month_left < budget.day_left:
        window, whose, limit, unsettled = "this month", budget.month_of, budget.month_limit, budget.month_unsettled
    else:
        window, whose, limit, unsettled = "today", budget.day_of, budget.day_limit, budget.day_unsettled
    parts = _list_unsettled(unsettled)
    counts = f" ({' and '.join(parts)} {'counts' if len(parts) == 1 else 'count'} as spent)" if parts else ""
    return f"Left {window} {format_dollars(budget.room)}{_describe_limit(limit, whose)}{counts}"


def describe_all_left(budget: Budget) -> str:
    """Say what is left of the day, with its end, and of the month; of the month alone where that is less."""
    if budget.room is None:
        return "No day or month is limited"
    month = f"this month {format_dollars(budget.month_left)}{_describe_limit(budget.month_limit, budget.month_of)}"
    if budget.month_left < budget.day_left:
        return f"Left {month}"
    ends = f"(until {budget.resets_at:%H:%M} UTC)"
    today = f"Left today {format_dollars(budget.day_left)}{_describe_limit(budget.day_limit, budget.day_of)} {ends}"
    return today if budget.month_left >= NO_LIMIT else f"{today}, {month}"


def describe_spent(budget: Budget) -> str:
    """Say in sentences what was spent: by this machine's user of the limits, by anybody else alone and with the team."""
    own = budget.own
    if own is None:
        limits = _describe_limit(budget.day_limit, budget.day_of), _describe_limit(budget.month_limit, budget.month_of)
        sums, unsettled = (budget.day_spent, budget.month_spent), (budget.day_unsettled, budget.month_unsettled)
        return f"{_describe_windows('Spent', sums, unsettled, limits)}{_describe_doubt(budget.month_unsettled)}"
    yours = _describe_windows("You spent", (own.day_spent, own.month_spent), (own.day_unsettled, own.month_unsettled), ("", ""))
    yours += _describe_doubt(own.month_unsettled)
    if own.team is None:
        return f"{yours} {describe_left(budget)}."
    team = f"Team {own.team} spent {describe_sum(own.team_month_spent, own.team_month_unsettled)} this month."
    return f"{yours} {team} {describe_left(budget)}."


def _describe_doubt(month: Unsettled) -> str:
    """Say where it is told what was perhaps charged; empty where nothing was."""
    return " get_spend names what was perhaps charged." if month.unclear else ""


def describe_sum(counted: Micros, unsettled: Unsettled, limit: str = "") -> str:
    """Return what was spent of a sum, and what of it is reserved or perhaps charged; `limit` is of which limit the whole counts."""
    return describe_counted("{}", Micros(max(counted - unsettled.total, 0)), unsettled, limit)


def describe_counted(words: str, spent: Micros, unsettled: Unsettled, limit: str = "") -> str:
    """Return the same with `words` for what was spent, in which `{}` stands for the amount."""
    if not unsettled.total:
        return f"{words.format(format_dollars(spent))}{limit}"
    shown, *parts = split_dollars((spent, unsettled.held, unsettled.unclear))
    counted = format_dollars(spent + unsettled.total)
    return f"{', '.join([words.format(shown), *_name_unsettled(unsettled, parts)])} (counts as {counted}{limit})"


def _describe_windows(verb: str, sums: tuple[Micros, Micros], unsettled: tuple[Unsettled, Unsettled], limits: tuple[str, str]) -> str:
    """Say what was spent today and this month."""
    today, month = map(describe_sum, sums, unsettled, limits)
    is_plain = unsettled == (SETTLED, SETTLED)
    if verb == "Spent":
        return f"Spent today {today}{',' if is_plain else ';'} this month {month}."
    return f"{verb} {today} today{',' if is_plain else ';'} {month} this month."


def _list_unsettled(unsettled: Unsettled) -> list[str]:
    """Return what is reserved and what is perhaps charged, as far as there is any."""
    return _name_unsettled(unsettled, [format_dollars(unsettled.held), format_dollars(unsettled.unclear)])


def _name_unsettled(unsettled: Unsettled, shown: Sequence[str]) -> list[str]:
    """Return the same with the amounts as they are shown."""
    held, unclear = shown
    return [
        *([f"{held} reserved"] if unsettled.held else []),
        *([f"{unclear} perhaps charged"] if unsettled.unclear else []),
    ]


def _describe_limit(limit: Micros | None, whose: str) -> str:
    """Say of which limit something is left; empty of one that there is none of, or that is not told."""
    if limit is None:
        return ""
    return f" of {whose} {format_dollars(limit)}" if whose else f" of {format_dollars(limit)}"
