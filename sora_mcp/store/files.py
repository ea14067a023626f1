"""Finished files, as far as the store knows of them: which are old, which were deleted, and which keys in the bucket jobs name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.store.job_rows import update_job
from sora_mcp.store.jobs import SELECT, find_job
from sora_mcp.store.schema import HAS_FILE, deleted_files, jobs
from sora_mcp.store.transactions import Repository, reads, writes

A_PAGE = 100
NOT_OVER = (*LIVE, "unknown", "expired")
"""States after which a file may still come."""
REMEMBERED_S = 30 * 86_400.0
"""How long a deleted file's name is kept, for machines that have a copy and are switched off."""


class Files(Repository):
    """Finished files of jobs."""

    @reads
    def find_old(self, conn: sa.Connection, *, before: float, after: Job | None = None, limit: int = A_PAGE) -> tuple[Job, ...]:
        """Return jobs that have a file and finished before a moment, the oldest first; with `after`, those behind that job."""
        where = [HAS_FILE, jobs.c.finished_at < before]
        if after is not None:
            where.append(sa.tuple_(jobs.c.finished_at, jobs.c.id) > sa.tuple_(after.finished_at, after.id))
        rows = conn.execute(SELECT.where(*where).order_by(jobs.c.finished_at, jobs.c.id).limit(limit)).mappings()
        return tuple(Job(**row) for row in rows)

    @writes
    def record_deletion(self, conn: sa.Connection, job: Job, *, name: str, kept_days: int | None) -> Job | None:
        """Record that the job's file was deleted, of which copies are called `name`. None where that was done before. What the job cost
        stays as it is."""
        row, now = find_job(conn, jobs.c.id == job.id), self.clock()
        if row is None or row.artifact is None or job.artifact is None or row.artifact.sha256 != job.artifact.sha256:
            return None
        conn.execute(sa.delete(deleted_files).where(sa.or_(deleted_files.c.name == name, deleted_files.c.at < now - REMEMBERED_S)))
        conn.execute(sa.insert(deleted_files).values(name=name, at=now))
        return update_job(conn, job.id, now, artifact=None, deleted_at=now, kept_days=kept_days)

    @reads
    def get_deleted(self, conn: sa.Connection, *, since: float) -> tuple[str, ...]:
        """Return the names of copies of the files that were deleted since a moment."""
        return tuple(conn.execute(sa.select(deleted_files.c.name).where(deleted_files.c.at >= since)).scalars())

    @reads
    def find_keys(self, conn: sa.Connection, job_ids: Sequence[str]) -> dict[str, str | None]:
        """Return the key in the bucket of each of these jobs that the store has: None of one without a file there, and an empty text
        while that is not decided, as the job is not over."""
        found = conn.execute(sa.select(jobs.c.id, jobs.c.state, jobs.c.artifact).where(jobs.c.id.in_(job_ids)))
        return {job_id: "" if state in NOT_OVER else None if artifact is None else artifact.key for job_id, state, artifact in found}
