"""Read the figures of the whole store that metrics show: living jobs, money that is held, what all spent today and this month, and may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from sora_mcp.domain import LIVE, LOCAL
from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import Micros
from sora_mcp.store.budget_levels import read_levels
from sora_mcp.store.database import TookTooLong, limit_time
from sora_mcp.store.records import Caps
from sora_mcp.store.schema import jobs
from sora_mcp.store.transactions import Repository, reads

READ_S = 2.0
"""Seconds that all of it may take."""
HELD = sa.case((jobs.c.charged.in_(("held", "unknown")), jobs.c.micros), else_=0)
COUNTS = (
    sa.select(jobs.c.state, jobs.c.vendor, sa.func.count(), sa.func.sum(HELD))
    .where(jobs.c.state.in_((*LIVE, "unknown")))
    .group_by(jobs.c.state, jobs.c.vendor)
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
    spent: Mapping[str, Micros]
    """By window, `day` and `month`."""
    caps: Mapping[str, Micros]
    """The same of what all may spend; a window without a limit is left out."""


class Gauges(Repository):
    """Figures for metrics."""

    @reads
    def read(self, conn: sa.Connection, caps: Caps) -> StoreGauges:
        """Return the figures of jobs that have not ended, by an index, and of today. Raise StorageError after READ_S."""
        try:
            with limit_time(conn, READ_S):
                counts = [JobCount(state, vendor, number, Micros(int(held))) for state, vendor, number, held in conn.execute(COUNTS)]
                everybody = read_levels(conn, caps, LOCAL, self.clock()).each[0]
        except TookTooLong:
            raise StorageError(f"The store's figures took longer than {READ_S:g} s.") from None
        limits = {"day": everybody.limits.day, "month": everybody.limits.month}
        spent = {"day": everybody.day_spent, "month": everybody.month_spent}
        return StoreGauges(tuple(counts), spent, {window: limit for window, limit in limits.items() if limit is not None})
