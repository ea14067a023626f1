"""Calendar days that holds belong to. Neither a clock that steps back nor another zone refills a budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import sqlalchemy as sa

from sora_mcp.store.schema import days

LAST_DAY = sa.select(days.c.day, days.c.ends_at).order_by(days.c.day.desc()).limit(1)
BEGIN = sa.text(
    "INSERT INTO days (day, ends_at) VALUES (:day, :ends_at)"
    " ON CONFLICT (day) DO UPDATE SET ends_at = excluded.ends_at WHERE excluded.ends_at > days.ends_at"
)


@dataclass(frozen=True)
class Day:
    """A calendar day, and the moment at which it ends."""

    name: str
    ends_at: float
    zone: tzinfo
    is_new: bool = False
    """Whether the store does not know yet that it ends then."""

    @property
    def month(self) -> str:
        """The day's month, as `2026-11`."""
        return self.name[:7]

    @property
    def resets_at(self) -> datetime:
        """When the day ends: aware, UTC."""
        return datetime.fromtimestamp(self.ends_at, UTC)

    @property
    def month_ends_at(self) -> datetime:
        """When the month ends: aware, UTC."""
        first = date.fromisoformat(self.name).replace(day=1)
        return datetime.fromtimestamp(find_midnight((first + timedelta(days=31)).replace(day=1), self.zone), UTC)


def get_today(conn: sa.Connection, now: float, zone: tzinfo) -> Day:
    """Return the day that a hold made now belongs to. It ends when it was promised to end, and none comes before an earlier one."""
    last = conn.execute(LAST_DAY).first()
    return choose_day(None if last is None else (last.day, last.ends_at), now, zone)


def choose_day(last: tuple[str, float] | None, now: float, zone: tzinfo) -> Day:
    """Return the day of a hold made now; `last` is the last day that was begun, and when it ends."""
    if last is not None and now < last[1]:
        return Day(*last, zone)
    local = datetime.fromtimestamp(now, zone).date()
    day = local if last is None else max(local, date.fromisoformat(last[0]))
    return Day(day.isoformat(), find_midnight(day + timedelta(days=1), zone), zone, is_new=True)


def begin_day(conn: sa.Connection, day: Day) -> None:
    """Write down when the day ends, once."""
    if day.is_new:
        conn.execute(BEGIN, {"day": day.name, "ends_at": day.ends_at})


def find_midnight(day: date, zone: tzinfo) -> float:
    """Return the moment at which a day begins, also where clocks are changed just then."""
    return datetime.combine(day, time(), zone).timestamp()
