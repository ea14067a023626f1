"""The only memory of money: an append-only ledger in double entry, and the sums of its windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

import sqlalchemy as sa

from sora_mcp.domain import LIVE
from sora_mcp.domain.money import PER_USD, Micros, show
from sora_mcp.store.records import Budget, Caps, SpendRow
from sora_mcp.store.schema import jobs, ledger, totals

Kind = Literal["hold", "settle", "release", "overrun", "refund"]


class Move(NamedTuple):
    """From where to where money goes, and what that does to the sum of its window: held and spent count alike."""

    source: str
    target: str
    counts: Literal[1, 0, -1]


MOVES: dict[Kind, Move] = {
    "hold": Move("budget", "held:{job}", 1),
    "settle": Move("held:{job}", "spent:{vendor}", 0),
    "release": Move("held:{job}", "budget", -1),
    "overrun": Move("budget", "spent:{vendor}", 1),  # what the vendor took above the hold
    "refund": Move("spent:{vendor}", "budget", -1),  # what the vendor gave back after it was spent
}
# Built once: they are asked for with every estimate.
LAST_DAY = sa.select(totals.c.window, totals.c.ends_at).where(totals.c.ends_at.is_not(None)).order_by(totals.c.window.desc()).limit(1)
# A vendor that names more than was held will take it: of jobs that are not spent yet, of which few are alive, this is not in the sums.
ALIVE = jobs.c.state.in_([sa.literal_column(f"'{state}'") for state in (*LIVE, "unknown")])
NAMED_ABOVE = sa.select(jobs.c.day, sa.literal_column("0", sa.BigInteger), jobs.c.actual - jobs.c.micros).where(
    ALIVE, jobs.c.charged != sa.literal_column("'yes'"), jobs.c.actual > jobs.c.micros, jobs.c.day.startswith(sa.bindparam("month"))
)
SUMS = sa.select(totals.c.window, totals.c.micros, sa.literal_column("0", sa.BigInteger).label("above")).where(
    totals.c.window.in_([sa.bindparam("day"), sa.bindparam("month")])
)
BOTH_WINDOWS = sa.union_all(SUMS, NAMED_ABOVE)
# By jobs, of which few are unknown, and not by the month's moves.
UNCLEAR = sa.select(sa.func.sum(jobs.c.micros)).where(
    jobs.c.state == "unknown", jobs.c.charged == "unknown", jobs.c.day.startswith(sa.bindparam("month"))
)
MOST = PER_USD**2
"""No video costs a million dollars: more is refused, and an end that claims more is booked as this, so that no sum can overflow."""


@dataclass(frozen=True)
class Account:
    """Whose money moves, and the day that it belongs to: the day of the hold, for ever."""

    job_id: str
    vendor: str
    model: str
    day: str


@dataclass(frozen=True)
class Day:
    """A calendar day, and the moment at which it ends."""

    name: str
    ends_at: float

    @property
    def month(self) -> str:
        """`2026-11`."""
        return self.name[:7]


# Windows


def today(conn: sa.Connection, now: float, zone: tzinfo) -> Day:
    """The day that a hold made now belongs to. It ends when it was promised to end, and none comes before an earlier one:
    neither a clock that steps back nor a change of the zone refills a budget."""
    last = conn.execute(LAST_DAY).first()
    if last is not None and now < last.ends_at:
        return Day(last.window, last.ends_at)
    local = datetime.fromtimestamp(now, zone).date()
    day = local if last is None else max(local, date.fromisoformat(last.window))
    return Day(day.isoformat(), midnight(day + timedelta(days=1), zone))


def begin(conn: sa.Connection, day: Day) -> None:
    """Writes down when the day ends."""
    if not conn.execute(sa.update(totals).where(totals.c.window == day.name).values(ends_at=day.ends_at)).rowcount:
        conn.execute(sa.insert(totals).values(window=day.name, micros=0, ends_at=day.ends_at))


def midnight(day: date, zone: tzinfo) -> float:
    """The moment at which a day begins, also where clocks are changed just then."""
    return datetime.combine(day, time(), zone).timestamp()


def _month_ends(day: Day, zone: tzinfo) -> float:
    first = date.fromisoformat(day.name).replace(day=1)
    return midnight((first + timedelta(days=31)).replace(day=1), zone)


# Moving money


def hold(conn: sa.Connection, account: Account, micros: Micros, now: float) -> None:
    """Sets the money aside."""
    _post(conn, account, "hold", micros, now)


def settle(conn: sa.Connection, account: Account, micros: Micros, now: float) -> Micros:
    """Spends `micros`, once: from the hold, the rest of which goes back; what exceeds it is booked as well, never refused.
    Returns what was spent, now or the first time."""
    moved = _moved(conn, account.job_id)
    if is_closed(moved):
        return _spent(moved)
    spent, held = bookable(micros), moved.get("hold", 0)
    _post(conn, account, "settle", min(spent, held), now)
    _post(conn, account, "overrun", spent - held, now)
    _post(conn, account, "release", held - spent, now)
    return spent


def bookable(micros: int) -> Micros:
    """A vendor's sum, within what a video can cost."""
    return Micros(min(max(micros, 0), MOST))


def release(conn: sa.Connection, account: Account, now: float) -> None:
    """Gives everything back: the hold, or what was spent already."""
    moved = _moved(conn, account.job_id)
    if is_closed(moved):
        _post(conn, account, "refund", _spent(moved), now)
    else:
        _post(conn, account, "release", moved.get("hold", 0), now)


def is_settled(conn: sa.Connection, job_id: str) -> bool:
    """Whether the job's money has had its end."""
    return is_closed(_moved(conn, job_id))


def is_closed(moved: dict[Kind, int]) -> bool:
    """Whether these moves end with nothing held, although something moved."""
    return bool(moved.keys() - {"hold"})


def _moved(conn: sa.Connection, job_id: str) -> dict[Kind, int]:
    rows = conn.execute(sa.select(ledger.c.kind, ledger.c.micros).where(ledger.c.job_id == job_id))
    return {row.kind: row.micros for row in rows}


def _spent(moved: dict[Kind, int]) -> Micros:
    return Micros(moved.get("settle", 0) + moved.get("overrun", 0) - moved.get("refund", 0))


def _post(conn: sa.Connection, account: Account, kind: Kind, micros: int, now: float) -> None:
    """The one function that writes money. Nothing, or less, moves nothing."""
    if micros <= 0:
        return
    move, month = MOVES[kind], account.day[:7]
    conn.execute(
        sa.insert(ledger).values(
            job_id=account.job_id,
            kind=kind,
            from_account=move.source.format(job=account.job_id, vendor=account.vendor),
            to_account=move.target.format(job=account.job_id, vendor=account.vendor),
            micros=micros,
            day=account.day,
            month=month,
            vendor=account.vendor,
            model=account.model,
            at=now,
        )
    )
    for window in (account.day, month):
        _count(conn, window, move.counts * micros)


def _count(conn: sa.Connection, window: str, micros: int) -> None:
    if not conn.execute(sa.update(totals).where(totals.c.window == window).values(micros=totals.c.micros + micros)).rowcount:
        conn.execute(sa.insert(totals).values(window=window, micros=micros))


# Looking


def budget(conn: sa.Connection, caps: Caps, now: float) -> Budget:
    """What is left of these caps. What a vendor named above a hold counts as soon as it is named."""
    day = today(conn, now, caps.zone)
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


def refusal(conn: sa.Connection, micros: Micros, caps: Caps, now: float, *, left: Budget, what: str) -> str | None:
    """The price of what is named, which cap it would pass, and until when; None when it fits."""
    passed = over(conn, micros, caps, now, left=left)
    return None if passed is None else f"{what} costs {show(micros)}. {''.join(passed)}"


def over(conn: sa.Connection, micros: Micros, caps: Caps, now: float, *, left: Budget) -> tuple[str, str] | None:
    """Which cap a price would pass, of a budget that was looked up before: what is left and who can change it, and until when.
    What is free passes none."""
    most = min(caps.per_video, MOST)
    if micros <= 0:
        return None
    if micros > most:
        return f"One video may cost {show(most)} at most. Only the user can raise SORA_MCP_PER_VIDEO_USD.", ""
    if micros > left.day_left:
        rest = f"Only {show(left.day_left)} of the day's {show(left.day_limit)} is left."
        return f"{rest} Only the user can raise SORA_MCP_DAILY_USD.", f" The day ends {_moment(left.resets_at)}."
    if micros > left.month_left:
        rest = f"Only {show(left.month_left)} of the month's {show(left.month_limit)} is left."
        ends = datetime.fromtimestamp(_month_ends(today(conn, now, caps.zone), caps.zone), UTC)
        return f"{rest} Only the user can raise SORA_MCP_MONTHLY_USD.", f" The month ends {_moment(ends)}."
    return None


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"


def spend(conn: sa.Connection, month: str | None) -> tuple[SpendRow, ...]:
    """The ledger by day, vendor and model, oldest first; of one month, or of all."""

    def total(**signs: int) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case({kind: sign * ledger.c.micros for kind, sign in signs.items()}, value=ledger.c.kind, else_=0))

    keys = (ledger.c.day, ledger.c.vendor, ledger.c.model)
    held, spent = total(hold=1, settle=-1, release=-1).label("held"), total(settle=1, overrun=1, refund=-1).label("spent")
    each = (
        sa.select(*keys, held, spent)
        .where(sa.true() if month is None else ledger.c.month == month)
        .group_by(*keys, ledger.c.job_id)
        .subquery()
    )
    by = (each.c.day, each.c.vendor, each.c.model)
    rows = conn.execute(
        sa.select(*by, sa.func.count(), sa.func.sum(each.c.held), sa.func.sum(each.c.spent))
        .where(each.c.held + each.c.spent > 0)
        .group_by(*by)
        .order_by(*by)
    )
    return tuple(
        SpendRow(day, vendor, model, videos, Micros(int(held)), Micros(int(spent))) for day, vendor, model, videos, held, spent in rows
    )
