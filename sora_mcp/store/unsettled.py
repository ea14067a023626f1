"""Money that counts as spent this month and may still be given back: reserved for jobs under way, or perhaps charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE
from sora_mcp.domain.money import SETTLED, Micros, Unsettled
from sora_mcp.store.budget_levels import Level, Levels
from sora_mcp.store.query import Query
from sora_mcp.store.schema import is_one_of, jobs

MARGIN_S = 2 * 86_400
"""Between the days of all time zones."""
ENDED = ("failed", "cancelled", "expired")


@dataclass(frozen=True)
class UnsettledJobs:
    """This month's jobs whose money is not settled: who pays, day, state, what is known of the charge, and what counts as spent."""

    rows: Sequence[Any]

    def sum_of(self, level: Level, day: str | None = None) -> Unsettled:
        """Return what is unsettled of an account, on one day or in the month."""
        if not self.rows:
            return SETTLED
        mine = [row for row in self.rows if level.pays_for(row.principal, row.team) and day in (None, row.day)]
        unclear = sum(row.micros for row in mine if _is_unclear(row))
        return Unsettled(Micros(sum(row.micros for row in mine) - unclear), Micros(unclear))


def read_unsettled_jobs(conn: sa.Connection, levels: Levels) -> UnsettledJobs:
    """Return the jobs of this month whose money is not settled: few are alive, and few ended without a file."""
    month = levels.day.month
    since = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC).timestamp() - MARGIN_S
    return UnsettledJobs(UNSETTLED.get_all(conn, {"since": since, "of_month": month}))


def _is_unclear(row: Any) -> bool:
    return row.state == "unknown" or row.charged == "unknown"


def _name_amount() -> sa.ColumnElement[int]:
    """Return what counts for a job: what was booked once it ended, before that the larger of the hold and the sum that a vendor named."""
    named = sa.func.coalesce(jobs.c.actual, jobs.c.micros)
    return sa.case((sa.and_(named < jobs.c.micros, ~is_one_of(jobs.c.state, *ENDED)), jobs.c.micros), else_=named)


_KEYS = (jobs.c.principal, jobs.c.team, jobs.c.day, jobs.c.state, jobs.c.charged)
# Not grouped: they are few, and a database would sort them for it.
UNSETTLED = Query(
    sa.select(*_KEYS, _name_amount().label("micros")).where(
        is_one_of(jobs.c.state, *LIVE, "unknown", *ENDED),
        jobs.c.created_at >= sa.bindparam("since"),
        sa.or_(is_one_of(jobs.c.charged, "unknown"), sa.and_(is_one_of(jobs.c.charged, "held"), ~is_one_of(jobs.c.state, *ENDED))),
        sa.func.substr(jobs.c.day, sa.literal_column("1"), sa.literal_column("7")) == sa.bindparam("of_month"),
    )
)
