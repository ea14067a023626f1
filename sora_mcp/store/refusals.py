"""Say which limit a price would pass, what is left of it, and who can raise it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sora_mcp.domain.money import LIMIT_SETTINGS, MAX_PRICE, Micros, format_dollars
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.store.budget_levels import Level, Levels, sum_unasked
from sora_mcp.store.records import ALL


def find_passed_cap(levels: Levels, micros: Micros, *, each: Micros | None = None) -> tuple[str, str] | None:
    """Return the limit on one video, or those of the account that has least left, that a price would pass, with what is left and who can
    change it; and until when the widest lasts. None where it fits: what is free passes no limit. `each` is the price of one video, where
    the price is that of several."""
    if micros <= 0:
        return None
    most = min(levels.per_video, MAX_PRICE)
    if (micros if each is None else each) > most:
        return _describe_per_video(levels, Micros(most)), ""
    tight = [level for level in levels.each if micros > min(level.get_left("day"), level.get_left("month"))]
    if not tight:
        return None
    level = min(tight, key=lambda level: min(level.get_left("day"), level.get_left("month")))
    windows = {name: limit for name, limit in (("day", level.limits.day), ("month", level.limits.month)) if micros > level.get_left(name)}
    sentences = [_describe_left(level, levels, name, limit or Micros(0)) for name, limit in windows.items()]
    until = ""
    for name, limit in windows.items():
        ends = levels.day.resets_at if name == "day" else levels.day.month_ends_at
        until = "" if limit is not None and micros > limit else f" The {name} ends {_show_moment(ends)}."
    return f"{' '.join(sentences)} {_name_who_raises(level, levels, *windows)}", until


def find_passed_unasked(conn: sa.Connection, levels: Levels, micros: Micros, *, now: float, earlier: int = 0) -> str | None:
    """Return, as a sentence, what was bought within the last hour without a person's yes, where this price would take it above the limit
    of a level; else None. `earlier` is bought besides before this one."""
    if micros <= 0:
        return None
    for level in levels.each:
        if level.unasked is None:
            continue
        spent = Micros(sum_unasked(conn, levels, level, now=now) + earlier)
        if spent and spent + micros > level.unasked:
            if level.kind == ALL and not levels.is_owner:
                return "More than this server allows was spent within an hour without a person's approval."
            by = f" by team {level.name}" if level.kind == "team" else ""
            return f"{format_dollars(spent)} was spent{by} within an hour without a person's approval."
    return None


def name_owner(level: Level, levels: Levels) -> str:
    """Return whose window it is, as it stands before it: "your", "team film's", "this server's"."""
    if level.kind == "person":
        return "your"
    if level.kind == "team":
        return f"team {level.name}'s"
    return "everybody's" if levels.is_owner else "this server's"


def name_window(level: Level, window: str) -> str:
    """Return a level and a window: "team film, month"."""
    return f"{ {'person': 'you', 'team': f'team {level.name}'}.get(level.kind, 'this server') }, {window}"


def _describe_left(level: Level, levels: Levels, window: str, limit: Micros) -> str:
    """Say what is left of a limit, as a sentence; of an untouched one, what it is."""
    left, can_show = level.get_left(window), levels.is_owner or level.kind != ALL
    if level.kind == ALL and levels.is_owner:
        if left >= limit:
            return f"The limit of a {window} is {format_dollars(limit)}."
        return f"Only {format_dollars(left)} of the {window}'s {format_dollars(limit)} is left."
    whose = name_owner(level, levels)
    if left >= limit and can_show:
        return f"The limit of {whose} {window} is {format_dollars(limit)}."
    return f"Only {format_dollars(left)} of {whose} {window} is left."


def _describe_per_video(levels: Levels, most: Micros) -> str:
    level = next((level for level in levels.each if level.limits.per_video == most), levels.each[0])
    where = (
        "" if level.kind == ALL and levels.is_owner else {"person": " for you", "team": f" in team {level.name}"}.get(level.kind, " here")
    )
    return f"One video may cost {format_dollars(most)} at most{where}. {_name_who_raises(level, levels, 'per_video')}"


def _name_who_raises(level: Level, levels: Levels, *limits: str) -> str:
    """Say who can raise these limits of a level."""
    if levels.is_owner and level.kind == ALL and not level.has_row:
        return f"Only the user can raise {' and '.join(LIMIT_SETTINGS[name] for name in limits)}."
    it = "it" if len(limits) == 1 else "them"
    if levels.is_owner:
        account = level.kind if level.kind == ALL else f"{level.kind}:{level.name}"
        return f"Only the user can raise {it}: {describe_command('budget', account)}."
    return f"Only the people who run this server can raise {it}."


def _show_moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"
