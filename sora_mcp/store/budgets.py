"""Budgets: the calendar windows that holds belong to, what is left of the caps, and which cap a price would pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import sqlalchemy as sa

from sora_mcp.domain import LIVE
from sora_mcp.domain.money import MAX_PRICE, Micros, format_dollars
from sora_mcp.store.records import Budget, Caps
from sora_mcp.store.schema import jobs, quotes, totals
from sora_mcp.store.transactions import Repository, reads

# Statements are built once: they are used with every estimate.
LAST_DAY = sa.select(totals.c.window, totals.c.ends_at).where(totals.c.ends_at.is_not(None)).order_by(totals.c.window.desc()).limit(1)
# A vendor that names more than was held will take it: of jobs that are not spent yet, of which few are alive, this is not in the sums.
NOT_ENDED = jobs.c.state.in_([sa.literal_column(f"'{state}'") for state in (*LIVE, "unknown")])
NAMED_ABOVE_HOLD = sa.select(jobs.c.day, sa.literal_column("0", sa.BigInteger), jobs.c.actual - jobs.c.micros).where(
    NOT_ENDED, jobs.c.charged != sa.literal_column("'yes'"), jobs.c.actual > jobs.c.micros, jobs.c.day.startswith(sa.bindparam("month"))
)
SUMS = sa.select(totals.c.window, totals.c.micros, sa.literal_column("0", sa.BigInteger).label("above")).where(
    totals.c.window.in_([sa.bindparam("day"), sa.bindparam("month")])
)
BOTH_WINDOWS = sa.union_all(SUMS, NAMED_ABOVE_HOLD)
# By jobs, of which few are unknown, and not by the month's moves.
UNCLEAR = sa.select(sa.func.sum(jobs.c.micros)).where(
    jobs.c.state == "unknown", jobs.c.charged == "unknown", jobs.c.day.startswith(sa.bindparam("month"))
)

UNASKED_S = 3600
UNASKED = sa.select(sa.func.sum(sa.func.coalesce(jobs.c.actual, jobs.c.micros))).where(
    jobs.c.created_at > sa.bindparam("after"),
    jobs.c.charged != sa.literal_column("'no'"),
    ~sa.exists().where(quotes.c.used_by == sa.func.coalesce(jobs.c.batch, jobs.c.id)),
)
"""What was bought after a moment without a person's yes, as far as it was or may be charged."""


class Budgets(Repository):
    """Reads of what is left of the caps; held money counts as spent."""

    @reads
    def get(self, conn: sa.Connection, caps: Caps) -> Budget:
        """Return the budget as it is now."""
        return read_budget(conn, caps, now=self.clock())

    @reads
    def check(self, conn: sa.Connection, micros: Micros, caps: Caps, *, clips: int = 1) -> tuple[str | None, Budget]:
        """Return which caps one such video, or `clips` of them one after the other, would pass, and the budget as it is now."""
        now = self.clock()
        budget, total = read_budget(conn, caps, now=now), Micros(micros * clips)
        passed = find_passed_cap(conn, total, caps, now=now, budget=budget, each=micros)
        return passed and passed[0], budget

    @reads
    def passes_unasked(self, conn: sa.Connection, micros: Micros, caps: Caps, *, clips: int = 1) -> bool:
        """Return whether a person has to approve one of `clips` purchases at this price, one after the other, because of what was
        bought within the last hour without a yes."""
        return find_passed_unasked(conn, micros, caps, now=self.clock(), earlier=micros * (clips - 1)) is not None


@dataclass(frozen=True)
class Day:
    """A calendar day, and the moment at which it ends."""

    name: str
    ends_at: float

    @property
    def month(self) -> str:
        """The day's month, as `2026-11`."""
        return self.name[:7]


# Windows


def get_today(conn: sa.Connection, now: float, zone: tzinfo) -> Day:
    """Return the day that a hold made now belongs to. It ends when it was promised to end, and none comes before an earlier one:
    neither a clock that steps back nor a change of the zone refills a budget."""
    last = conn.execute(LAST_DAY).first()
    if last is not None and now < last.ends_at:
        return Day(last.window, last.ends_at)
    local = datetime.fromtimestamp(now, zone).date()
    day = local if last is None else max(local, date.fromisoformat(last.window))
    return Day(day.isoformat(), find_midnight(day + timedelta(days=1), zone))


def begin_day(conn: sa.Connection, day: Day) -> None:
    """Write down when the day ends."""
    if not conn.execute(sa.update(totals).where(totals.c.window == day.name).values(ends_at=day.ends_at)).rowcount:
        conn.execute(sa.insert(totals).values(window=day.name, micros=0, ends_at=day.ends_at))


def find_midnight(day: date, zone: tzinfo) -> float:
    """Return the moment at which a day begins, also where clocks are changed just then."""
    return datetime.combine(day, time(), zone).timestamp()


def _find_month_end(day: Day, zone: tzinfo) -> float:
    first = date.fromisoformat(day.name).replace(day=1)
    return find_midnight((first + timedelta(days=31)).replace(day=1), zone)


# Budgets, within a transaction


def read_budget(conn: sa.Connection, caps: Caps, *, now: float) -> Budget:
    """Return what is left of these caps. What a vendor named above a hold counts as soon as it is named."""
    day = get_today(conn, now, caps.zone)
    rows = conn.execute(BOTH_WINDOWS, {"day": day.name, "month": day.month}).all()
    by_day = sum(row.micros + row.above for row in rows if row.window == day.name)
    by_month = sum(row.above + (row.micros if row.window == day.month else 0) for row in rows)
    return Budget(
        per_video=caps.per_video,
        day_limit=caps.daily,
        day_spent=Micros(by_day),
        day_left=Micros(max(caps.daily - by_day, 0)),
        month_limit=caps.monthly,
        month_spent=Micros(by_month),
        month_left=Micros(max(caps.monthly - by_month, 0)),
        resets_at=datetime.fromtimestamp(day.ends_at, UTC),
        unknown=Micros(int(conn.execute(UNCLEAR, {"month": day.month}).scalar() or 0)),
    )


def find_passed_cap(
    conn: sa.Connection, micros: Micros, caps: Caps, *, now: float, budget: Budget, each: Micros | None = None
) -> tuple[str, str] | None:
    """Return the cap on one video, or every other, that a price would pass, with what is left and who can change it; and until when the
    widest lasts. None where it fits: what is free passes no cap. `each` is the price of one video, where the price is that of several."""
    most = min(caps.per_video, MAX_PRICE)
    if micros <= 0:
        return None
    if (micros if each is None else each) > most:
        return f"One video may cost {format_dollars(most)} at most. Only the user can raise SORA_MCP_PER_VIDEO_USD.", ""
    passed, until = dict[str, str](), ""
    if micros > budget.day_left:
        passed["SORA_MCP_DAILY_USD"] = _describe_left("day", budget.day_left, budget.day_limit)
        until = "" if micros > budget.day_limit else f" The day ends {_show_moment(budget.resets_at)}."
    if micros > budget.month_left:
        passed["SORA_MCP_MONTHLY_USD"] = _describe_left("month", budget.month_left, budget.month_limit)
        ends = datetime.fromtimestamp(_find_month_end(get_today(conn, now, caps.zone), caps.zone), UTC)
        until = "" if micros > budget.month_limit else f" The month ends {_show_moment(ends)}."
    if not passed:
        return None
    return f"{' '.join(passed.values())} Only the user can raise {' and '.join(passed)}.", until


def _describe_left(window: str, left: Micros, limit: Micros) -> str:
    """Say what is left of a cap, as a sentence; of an untouched one, what it is."""
    if left >= limit:
        return f"The limit of a {window} is {format_dollars(limit)}."
    return f"Only {format_dollars(left)} of the {window}'s {format_dollars(limit)} is left."


def find_passed_unasked(conn: sa.Connection, micros: Micros, caps: Caps, *, now: float, earlier: int = 0) -> Micros | None:
    """Return what was bought within the last hour without a person's yes, where this price would take it above its limit; else None.

    `earlier` is bought besides before this one.
    """
    if micros <= 0 or caps.unasked is None:
        return None
    spent = Micros(int(conn.execute(UNASKED, {"after": now - UNASKED_S}).scalar() or 0) + earlier)
    return spent if spent and spent + micros > caps.unasked else None


def _show_moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"
