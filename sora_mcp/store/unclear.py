"""What callers ask of the store about submits with no known outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sora_mcp.domain import Call, Job, JobError
from sora_mcp.store import jobs, outcomes
from sora_mcp.store import leases as claims
from sora_mcp.store.database import Database


@dataclass(frozen=True)
class LostCall:
    """Jobs of which nobody knows whether the vendor took them. Each call is one transaction, as the store's own."""

    database: Database
    clock: Callable[[], float]

    def rivals(self, job: Job, window_s: float) -> int:
        """How many other submits of the model, sent less than the window before or after, have no known outcome either."""
        with self.database.reading() as conn:
            return outcomes.rivals(conn, job, window_s)

    def is_forsaken(self, job: Job) -> bool:
        """Whether its call may have left, and no process waits for the answer any more: it is unclear, and nobody wrote that down."""
        with self.database.reading() as conn:
            return claims.is_forsaken(conn, job.id)

    def alone_until(self, job: Job, alone_s: float) -> float | None:
        """When the job may be sent at the latest, as far as other submits of its model go; None is now."""
        with self.database.reading() as conn:
            return claims.alone_until(conn, job, self.clock(), alone_s=alone_s)

    def unclaimed(self, vendor: str, vendor_ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the vendor's ids that belong to no job here."""
        with self.database.reading() as conn:
            return outcomes.unclaimed(conn, vendor, vendor_ids)

    def paid_call(self, job: Job) -> Call | None:
        """The call that was sent for it, until it was answered."""
        with self.database.reading() as conn:
            return jobs.paid_call(conn, job.id)

    def adopt(self, job: Job, vendor_id: str, ask: Call, *, due_s: float) -> Job | None:
        """The job is the vendor's of this id. None when it is not unclear any more, was claimed since, or the id is another job's."""
        with self.database.writing() as conn:
            return outcomes.adopt(conn, job, vendor_id, ask, self.clock(), due_s=due_s)

    def resolve(self, job: Job, error: JobError) -> Job | None:
        """A person's word on the job's money, as `error.charged`. None when it is not unclear any more."""
        with self.database.writing() as conn:
            return outcomes.resolve(conn, job, error, self.clock())
