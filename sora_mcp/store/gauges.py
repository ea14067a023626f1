"""Read the figures of the whole store that metrics show: living jobs, money that is held, and what day and month have spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

import sqlalchemy as sa

from sora_mcp.domain import LIVE
from sora_mcp.domain.money import Micros
from sora_mcp.store.database import limit_time
from sora_mcp.store.days import get_today
from sora_mcp.store.schema import jobs, totals
from sora_mcp.store.transactions import Repository, reads

READ_S = 2.0
"""Seconds that all of it may take."""
HELD = sa.case((jobs.c.charged.in_(("held", "unknown")), jobs.c.micros), else_=0)
COUNTS = (
    sa.select(jobs.c.state, jobs.c.vendor, sa.func.count(), sa.func.sum(HELD))
    .where(jobs.c.state.in_((*LIVE, "unknown")))
    .group_by(jobs.c.state, jobs.c.vendor)
)
SPENT = (
    sa.select(totals.c.window, sa.func.sum(totals.c.micros).label("micros"))
    .where(totals.c.window.in_([sa.bindparam("day"), sa.bindparam("month")]), totals.c.account.like(sa.literal_column("'person:%'")))
    .group_by(totals.c.window)
)


@dataclass(frozen=True)
class JobCount:
    """The jobs of one vendor in one state, and what is held for them."""

    state: str
    vendor: str
    jobs: int
    held: Micros


@dataclass(frozen=True)
class StoreGauges:
    """Figures of one moment. Held money counts as spent."""

    counts: tuple[JobCount, ...]
    day_spent: Micros
    month_spent: Micros


class Gauges(Repository):
    """Figures for metrics."""

    @reads
    def read(self, conn: sa.Connection, zone: tzinfo) -> StoreGauges:
        """Return the figures of jobs that have not ended, by an index, and of today. Raise TookTooLong after READ_S."""
        with limit_time(conn, READ_S):
            counts = [JobCount(state, vendor, number, Micros(int(held))) for state, vendor, number, held in conn.execute(COUNTS)]
            day = get_today(conn, self.clock(), zone)
            spent = {row.window: int(row.micros) for row in conn.execute(SPENT, {"day": day.name, "month": day.month})}
        return StoreGauges(tuple(counts), Micros(spent.get(day.name, 0)), Micros(spent.get(day.month, 0)))
