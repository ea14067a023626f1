"""Remember up to which moment each principal was told of jobs that ended, so that the next chat can say what ended meanwhile."""

from __future__ import annotations

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.store.jobs import SELECT, make_job
from sora_mcp.store.locks import lock_named
from sora_mcp.store.query import Query
from sora_mcp.store.schema import is_one_of, jobs, meta
from sora_mcp.store.transactions import Repository, reads_loosely, writes

FORGOTTEN_S = 7 * 86_400.0
"""A job that was made longer ago is no news, also for somebody who was never told of any."""
MOST_FOUND = 100
PREFIX = "heard until "
"""Begins the name of a principal's moment in `meta`."""
ENDED = Query(
    SELECT.where(
        jobs.c.principal == sa.bindparam("whose"),
        jobs.c.created_at > sa.bindparam("oldest"),
        jobs.c.created_at < sa.bindparam("made_before"),
        jobs.c.finished_at > sa.bindparam("after"),
        ~is_one_of(jobs.c.state, *LIVE),
    )
    .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    .limit(MOST_FOUND)
)


class News(Repository):
    """Jobs that ended, and whether their principal heard of it."""

    @reads_loosely
    def get_heard_until(self, conn: sa.Connection, principal: str) -> float:
        """Return the moment up to which the principal was told; 0 of one who never was."""
        return float(conn.execute(sa.select(meta.c.value).where(meta.c.name == PREFIX + principal)).scalar() or 0)

    @writes
    def set_heard_until(self, conn: sa.Connection, principal: str, at: float) -> None:
        """Write down that the principal was told of every job that ended until then. The moment never goes back."""
        lock_named(conn, "person", principal)
        name = PREFIX + principal
        known = conn.execute(sa.select(meta.c.value).where(meta.c.name == name)).scalar()
        if known is None:
            conn.execute(sa.insert(meta).values(name=name, value=repr(at)))
        elif float(known) < at:
            conn.execute(sa.update(meta).where(meta.c.name == name).values(value=repr(at)))

    @reads_loosely
    def find_ended(self, conn: sa.Connection, principal: str, *, after: float, made_before: float) -> tuple[Job, ...]:
        """Return the jobs that ended after one moment and were made before another, the last that ended first."""
        bound = {"whose": principal, "oldest": (after or self.clock()) - FORGOTTEN_S, "after": after, "made_before": made_before}
        found = [make_job(row) for row in ENDED.get_all(conn, bound)]
        return tuple(sorted(found, key=lambda job: job.finished_at or 0, reverse=True))
