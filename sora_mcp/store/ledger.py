"""The only memory of money: an append-only ledger in double entry, and the sums of its windows."""

from __future__ import annotations

import functools
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from sora_mcp.domain import LIVE
from sora_mcp.domain.money import MAX_PRICE, Micros
from sora_mcp.store.records import Account, Costs, SpendRow
from sora_mcp.store.schema import Words, is_one_of, jobs, ledger, people, totals
from sora_mcp.store.transactions import Repository, reads

Kind = Literal["hold", "settle", "release", "overrun", "refund"]
"""The columns of Costs that count."""
Grouping = Literal["day", "model", "vendor", "job", "person", "team"]


OF_ONE = ("prompt", "model", "day", "state", "take", "take_count")
"""The columns of Costs that only one job has."""


class Move(NamedTuple):
    """From where to where money goes, and what that does to the sum of its window: held and spent count alike."""

    source: str
    target: str
    counts: Literal[1, 0, -1]


IS_UNCLEAR = sa.or_(jobs.c.state == "unknown", jobs.c.charged == "unknown")
"""Holds of a job that may have been charged or not."""
MOVES: dict[Kind, Move] = {
    "hold": Move("budget", "held:{job}", 1),
    "settle": Move("held:{job}", "spent:{vendor}", 0),
    "release": Move("held:{job}", "budget", -1),
    "overrun": Move("budget", "spent:{vendor}", 1),  # what the vendor took above the hold
    "refund": Move("spent:{vendor}", "budget", -1),  # what the vendor gave back after it was spent
}


class Ledger(Repository):
    """Reports of the ledger."""

    @reads
    def sum_by_day(self, conn: sa.Connection, month: str | None = None, principal: str | None = None) -> tuple[SpendRow, ...]:
        """Return what was held and spent by day, vendor and model, oldest first; of one month (`2026-11`) or of all, for one
        principal's jobs or for everybody's."""
        of_principal = sa.select(jobs.c.id).where(jobs.c.principal == principal)
        by_job = _sum_by_job(
            sa.true() if month is None else ledger.c.month == month,
            sa.true() if principal is None else ledger.c.job_id.in_(of_principal),
        )
        keys = (by_job.c.day, by_job.c.vendor, by_job.c.model)
        rows = conn.execute(
            sa.select(*keys, sa.func.count(), sa.func.sum(by_job.c.held), sa.func.sum(by_job.c.spent))
            .where(by_job.c.held + by_job.c.spent > 0)
            .group_by(*keys)
            .order_by(*keys)
        )
        return tuple(
            SpendRow(day, vendor, model, videos, Micros(int(held)), Micros(int(spent))) for day, vendor, model, videos, held, spent in rows
        )

    @reads
    def sum_costs(
        self,
        conn: sa.Connection,
        by: Grouping,
        *,
        since: str = "",
        until: str = "",
        principal: str | None = None,
        is_unclear: bool = False,
        limit: int = 500,
    ) -> tuple[Costs, ...]:
        """Return what the videos of the days from `since` to `until`, both included, cost: the most expensive first, days in order. With
        `is_unclear` only those that may not have been charged."""
        days = (ledger.c.month >= since[:7], ledger.c.day >= since)
        by_job = _sum_by_job(*days, *((ledger.c.month <= until[:7], ledger.c.day <= until) if until else ()))
        keys = {"job": by_job.c.job_id, "team": sa.func.coalesce(jobs.c.team, sa.literal_column("''"))}
        key = keys[by] if by in keys else _name_person() if by == "person" else by_job.c[by]
        rows = conn.execute(
            sa.select(key, *_list_amounts(by_job), *_list_own(by_job, by))
            .join(jobs, jobs.c.id == by_job.c.job_id)
            .outerjoin(people, people.c.id == jobs.c.principal)
            .where(by_job.c.held + by_job.c.spent > 0, sa.true() if principal is None else jobs.c.principal == principal)
            .where(IS_UNCLEAR if is_unclear else sa.true())
            .group_by(key)
            .order_by(*([] if by == "day" else [sa.func.sum(by_job.c.spent + by_job.c.held).desc()]), key)
            .limit(limit)
        )
        return tuple(_read_costs(tuple(row)) for row in rows)


def _read_costs(row: tuple[Any, ...]) -> Costs:
    of, videos, spent, held, unclear, unstated, finished, under_way, perhaps_charged, *own = row
    counts = {"finished": int(finished), "under_way": int(under_way), "perhaps_charged": int(perhaps_charged)}
    of_one: dict[str, Any] = dict(zip(OF_ONE, own, strict=False))
    spent, held, unclear, unstated = (Micros(int(micros)) for micros in (spent, held, unclear, unstated))
    return Costs(of, videos, spent, held, unclear, unstated, **counts, **of_one)


def _sum_by_job(*where: sa.ColumnElement[bool]) -> sa.Subquery:
    """Return a query for what these moves leave held and spent of each job on its day."""
    keys = (ledger.c.job_id, ledger.c.day, ledger.c.vendor, ledger.c.model)
    held, spent = _sum_moves(hold=1, settle=-1, release=-1), _sum_moves(settle=1, overrun=1, refund=-1)
    return sa.select(*keys, held.label("held"), spent.label("spent")).where(*where).group_by(*keys).subquery()


def _name_person() -> sa.ColumnElement[str]:
    """Return what a principal is called, as SQL: one address may be that of two people, so the id is told as well."""
    said = sa.func.coalesce(people.c.email, people.c.name)
    return sa.case(
        (sa.or_(said.is_(None), said == jobs.c.principal), jobs.c.principal),
        else_=said + sa.literal_column("' ('") + jobs.c.principal + sa.literal_column("')'"),
    )


def _list_amounts(by_job: sa.Subquery) -> tuple[sa.ColumnElement[int], ...]:
    """Return the columns of Costs that count: videos; what of them is spent, held, of jobs that may not have been charged, and spent by the
    quote alone; and how many of them came, are under way, and may not have been charged."""
    is_unstated = sa.and_(jobs.c.charged == "yes", jobs.c.actual.is_(None))
    spent, held, unclear = (
        sa.case((IS_UNCLEAR, unclear), else_=clear)
        for clear, unclear in ((by_job.c.spent, 0), (by_job.c.held, 0), (0, by_job.c.spent + by_job.c.held))
    )
    unstated = sa.case((is_unstated, by_job.c.spent), else_=0)
    kinds = (is_one_of(jobs.c.state, "completed"), is_one_of(jobs.c.state, *LIVE))
    counts = (sa.case((which, 1), else_=0) for which in (*(sa.and_(~IS_UNCLEAR, kind) for kind in kinds), IS_UNCLEAR))
    return sa.func.count(), *map(sa.func.sum, (spent, held, unclear, unstated, *counts))


def _list_own(by_job: sa.Subquery, by: Grouping) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns of Costs that only one job has, OF_ONE; none where several are summed."""
    own = (jobs.c.prompt, by_job.c.model, by_job.c.day, jobs.c.state, jobs.c.take, jobs.c.take_count)
    return tuple(map(sa.func.min, own)) if by == "job" else ()


def _sum_moves(**signs: int) -> sa.ColumnElement[int]:
    """Return the sum of these kinds of moves, each with its sign, as SQL."""
    return sa.func.sum(sa.case({kind: sign * ledger.c.micros for kind, sign in signs.items()}, value=ledger.c.kind, else_=0))


# Moving money, within a transaction


def hold(conn: sa.Connection, account: Account, micros: Micros, *, now: float) -> None:
    """Set the money aside."""
    _post(conn, account, "hold", micros, now=now)


def with_hold(insert: sa.Insert, account: Account, micros: Micros, *, now: float) -> tuple[sa.Insert, dict[str, Any]]:
    """Return the statement of PostgreSQL that writes down a new job and sets its money aside, and the parameters of the latter: others
    wait for these accounts, and two statements would keep them longer."""
    if micros <= 0:
        return insert, {}
    parameters = _describe_move(account, "hold", micros, now=now) | _name_sums(account, micros)
    return _add_hold(insert, len(account.payers) * 2), parameters


def settle_hold(conn: sa.Connection, account: Account, micros: Micros, *, now: float) -> Micros:
    """Spend `micros`, once: from the hold, the rest of which goes back; what exceeds it is booked as well, never refused.
    Return what was spent, now or the first time."""
    moved = _read_moves(conn, account.job_id)
    if _has_ended(moved):
        return _sum_spent(moved)
    spent, held = clamp_price(micros), moved.get("hold", 0)
    _post(conn, account, "settle", min(spent, held), now=now)
    _post(conn, account, "overrun", spent - held, now=now)
    _post(conn, account, "release", held - spent, now=now)
    return spent


def release_hold(conn: sa.Connection, account: Account, *, now: float) -> None:
    """Give everything back: the hold, or what was spent already."""
    moved = _read_moves(conn, account.job_id)
    if _has_ended(moved):
        _post(conn, account, "refund", _sum_spent(moved), now=now)
    else:
        _post(conn, account, "release", moved.get("hold", 0), now=now)


def is_settled(conn: sa.Connection, job_id: str) -> bool:
    """Return whether the job's hold was settled or released."""
    return _has_ended(_read_moves(conn, job_id))


def clamp_price(micros: int) -> Micros:
    """Return a vendor's sum within what a video can cost."""
    return Micros(min(max(micros, 0), MAX_PRICE))


def _has_ended(moved: dict[Kind, int]) -> bool:
    """Return whether these moves end with nothing held, although something moved."""
    return bool(moved.keys() - {"hold"})


def _read_moves(conn: sa.Connection, job_id: str) -> dict[Kind, int]:
    rows = conn.execute(sa.select(ledger.c.kind, ledger.c.micros).where(ledger.c.job_id == job_id))
    return {row.kind: row.micros for row in rows}


def _sum_spent(moved: dict[Kind, int]) -> Micros:
    return Micros(moved.get("settle", 0) + moved.get("overrun", 0) - moved.get("refund", 0))


def _post(conn: sa.Connection, account: Account, kind: Kind, micros: int, *, now: float) -> None:
    """Write a move of money; nothing else writes one. Zero or less moves nothing."""
    if micros <= 0:
        return
    conn.execute(INSERT_MOVE, _describe_move(account, kind, micros, now=now))
    if (sums := _name_sums(account, MOVES[kind].counts * micros))["sum"]:
        conn.execute(_add_to_sums(len(account.payers) * 2, conn.dialect.name), sums)


def _describe_move(account: Account, kind: Kind, micros: int, *, now: float) -> dict[str, Any]:
    """Return the parameters of INSERT_MOVE."""
    source, target = (side.format(job=account.job_id, vendor=account.vendor) for side in (MOVES[kind].source, MOVES[kind].target))
    day, offer = {"day": account.day, "month": account.day[:7]}, {"vendor": account.vendor, "model": account.model}
    values = {"job_id": account.job_id, "kind": kind, "from_account": source, "to_account": target, "micros": micros, "at": now}
    return {f"move_{name}": value for name, value in (values | day | offer).items()}


def _name_sums(account: Account, micros: int) -> dict[str, Any]:
    """Return the parameters of `_add_to_sums`: the sums of everybody who pays, in one order for all transactions. Two that changed them
    in different ones would wait for each other forever."""
    rows = sorted((window, payer) for window in (account.day, account.day[:7]) for payer in account.payers)
    named = {f"{name}{at}": value for at, row in enumerate(rows) for name, value in zip(("window", "account"), row, strict=True)}
    return {**named, "sum": micros}


INSERT_MOVE = sa.insert(ledger).values({column: sa.bindparam(f"move_{column.name}", type_=column.type) for column in ledger.c})


@functools.cache
def _add_to_sums(count: int, dialect: str) -> sa.Insert:
    """Return the statement that adds to so many sums. The rows are selected, because SQLAlchemy compiles one with several rows of values
    anew each time; and with a condition, after which SQLite takes ON to begin a clause of the insert."""
    rows = [
        sa.select(
            sa.bindparam(f"window{at}", type_=sa.Text),
            sa.bindparam(f"account{at}", type_=Words()),
            sa.cast(sa.bindparam("sum", type_=sa.BigInteger), sa.BigInteger),
        ).where(sa.text("true"))
        for at in range(count)
    ]
    named = [totals.c.window, totals.c.account, totals.c.micros]
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(totals).from_select(named, sa.union_all(*rows))
    return insert.on_conflict_do_update(index_elements=["window", "account"], set_={"micros": totals.c.micros + insert.excluded.micros})


@functools.cache
def _add_hold(insert: sa.Insert, count: int) -> sa.Insert:
    return insert.add_cte(INSERT_MOVE.cte("moved"), _add_to_sums(count, "postgresql").cte("added"))
