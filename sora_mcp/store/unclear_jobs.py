"""Jobs that may have been charged or not: compare them with the vendor's list, take them up again, and settle their money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from sora_mcp.domain import Call, Job, JobError
from sora_mcp.store.job_rows import update_job, without_lease
from sora_mcp.store.jobs import get_account, lock_job
from sora_mcp.store.ledger import release_hold
from sora_mcp.store.outcomes import as_bound, conclude, is_taken, take_over
from sora_mcp.store.schema import is_one_of, jobs, orphans
from sora_mcp.store.transactions import Repository, reads, writes

ENDED = ("failed", "cancelled", "expired")


class UnclearSubmits(Repository):
    """Jobs of which nobody knows whether the vendor took or charged them."""

    @reads
    def count_rivals(self, conn: sa.Connection, job: Job, window_s: float) -> int:
        """Count the other submits of the model, sent less than the window before or after, that have no known outcome either: a row of
        the vendor's list may be theirs."""
        sent = job.submitted_at or 0.0
        near = jobs.c.submitted_at.between(sent - window_s, sent + window_s)
        without_outcome = (jobs.c.state.in_(("submitting", "unknown")), jobs.c.submit_token.is_not(None), jobs.c.vendor_id.is_(None))
        others = (jobs.c.id != job.id, jobs.c.model == job.model)
        return conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*others, near, *without_outcome)).scalar_one()

    @reads
    def find_unclaimed(self, conn: sa.Connection, vendor: str, vendor_ids: Sequence[str]) -> tuple[str, ...]:
        """Return those of the vendor's ids that belong to no job here."""
        queries = (sa.select(each.c.vendor_id).where(each.c.vendor == vendor, each.c.vendor_id.in_(vendor_ids)) for each in (jobs, orphans))
        taken = {vendor_id for query in queries for vendor_id in conn.execute(query).scalars()}
        return tuple(vendor_id for vendor_id in dict.fromkeys(vendor_ids) if vendor_id not in taken)

    @writes
    def adopt(self, conn: sa.Connection, job: Job, vendor_id: str, ask: Call, *, due_s: float) -> Job | None:
        """Bind the unclear job to the vendor's id, so that it is followed from here on. None when it is not unclear any more, was claimed
        by another since, or the id belongs to another job."""
        mine = (jobs.c.id == job.id, jobs.c.fence == job.fence)
        row = lock_job(conn, *mine, jobs.c.state == "unknown", jobs.c.vendor_id.is_(None))
        if row is None or is_taken(conn, row, vendor_id):
            return None
        queued = {"state": "queued", "next": ask, "said": None, "tries": 0}
        return update_job(conn, row.id, self.clock(), vendor_id=vendor_id, **as_bound(row), **queued, **without_lease(due_s))

    @writes
    def resolve(self, conn: sa.Connection, job: Job, error: JobError) -> Job | None:
        """Settle a doubtful charge by a person's word, `error.charged`: an unclear job fails by it, and one that has ended keeps its own
        reason. None when it is not in doubt any more."""
        row = take_over(conn, job, ("unknown",))
        if row is not None:
            return conclude(conn, row, "failed", error, now=self.clock())
        row = lock_job(conn, jobs.c.id == job.id, jobs.c.charged == "unknown", is_one_of(jobs.c.state, *ENDED))
        if row is None:
            return None
        if error.charged == "no":
            release_hold(conn, get_account(conn, row), now=self.clock())
        reason = None if row.error is None else replace(row.error, charged=error.charged)
        return update_job(conn, row.id, self.clock(), charged=error.charged, error=reason)
