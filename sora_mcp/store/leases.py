"""Lease jobs to workers, with a fence; limit the submits in flight at a vendor; free what dead processes held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import Job, JobError
from sora_mcp.store.database import as_storage_errors
from sora_mcp.store.jobs import ALL_COLUMNS, find_job, lock_job, without_lease, write_job
from sora_mcp.store.locks import lock_named
from sora_mcp.store.outcomes import conclude
from sora_mcp.store.paused_models import refuse_paused
from sora_mcp.store.processes import Processes
from sora_mcp.store.schema import db_now, jobs
from sora_mcp.store.transactions import Repository, reads, writes, writes_in_steps

VENDOR_BUSY_S = 0.2
"""When a job is due again that found too many submits in flight at its vendor."""
MODEL_UNCLEAR_S = 1.0
"""When a job is due again that must not be mistaken for one whose submit is unclear."""
STALE_S = 3600.0
"""A job that was not sent for so long is not sent any more: neither its price nor its approval was meant for later."""
MAX_LEASE_S = 120.0
MAX_DUE_S = 7200.0
"""No lease and no pause is as long: a moment further ahead was written down before the clock was set back, and counts as past."""

is_leased = jobs.c.lease_until.between(db_now(), db_now() + MAX_LEASE_S)
_is_free = sa.or_(jobs.c.lease_until.is_(None), ~is_leased)
_is_due = sa.or_(jobs.c.due_at <= db_now(), jobs.c.due_at > db_now() + MAX_DUE_S)
_is_download = jobs.c.media.is_not(None)


@dataclass(frozen=True)
class Leases(Repository):
    """Leases of jobs by workers. On one machine `processes` tells which workers are alive; on PostgreSQL leases just run out."""

    processes: Processes | None

    @writes_in_steps
    def sign_on(self, owner: str) -> None:
        """Show the other processes on this machine that the owner lives, until `sign_off` or the end of the process."""
        if self.processes is not None:
            with as_storage_errors():
                self.processes.sign_on(owner)

    @writes_in_steps
    def sign_off(self, owner: str) -> None:
        """Free the owner's leases. An owner without one takes no write lock: who leaves does not wait for who writes."""
        with self.database.reading() as conn:
            has_lease = conn.execute(sa.select(jobs.c.id).where(jobs.c.lease_owner == owner).limit(1)).first() is not None
        if has_lease:
            with self.database.writing() as conn:
                _free_leases(conn, owner)
        if self.processes is not None:
            with as_storage_errors():
                self.processes.sign_off(owner)

    @writes_in_steps
    def free_dead(self, owner: str) -> int:
        """Free at once the leases of dead owners on this machine, except this one's, and return how many."""
        freed = 0
        with as_storage_errors():
            for dead in self.processes.find_dead() if self.processes is not None else ():
                with self.database.writing() as conn:
                    freed += _free_leases(conn, dead) if dead != owner else 0
        return freed

    def count_other_processes(self) -> int:
        """Count the other processes of this machine that work on this store, also when this one has closed it. On PostgreSQL nobody
        knows: 0."""
        with as_storage_errors():
            return self.processes.count_others() if self.processes is not None else 0

    @writes_in_steps
    def claim(self, owner: str, *, limit: int, lease_s: float, downloads: int | None = None) -> tuple[Job, ...]:
        """Lease due jobs that nobody works on to the owner, longest due first: each with a new fence and its paid call.

        `limit` at most; where `downloads` is given, so many that download a file, and besides `limit` of all others.
        """
        if self.database.on_one_machine:
            with self.database.reading() as conn:
                if not _has_due(conn, limit, downloads):
                    return ()  # an idle worker takes no write lock
        with self.database.writing() as conn:
            due = _find_due(conn, limit, downloads)
            if not due:
                return ()
            lease = {"lease_owner": owner, "lease_until": db_now() + lease_s, "fence": jobs.c.fence + 1}
            conn.execute(sa.update(jobs).where(jobs.c.id.in_(due)).values(**lease))
            claimed = sa.select(*ALL_COLUMNS).where(jobs.c.id.in_(due)).order_by(jobs.c.due_at)
            return tuple(Job(**row) for row in conn.execute(claimed).mappings())

    @reads
    def has_waiting_download(self, conn: sa.Connection) -> bool:
        """Return whether a file is due to be downloaded and no worker does it."""
        return _has_due(conn, 0, 1)

    @reads
    def get_next_due_s(self, conn: sa.Connection, *, with_downloads: bool = True) -> float | None:
        """Return the seconds until a job can be claimed, 0 when one can be now, None when nothing waits. A leased job counts from the
        end of its lease. Without downloads, as where a worker has no place for one, only the other jobs count."""
        due = sa.case((_is_due, db_now()), else_=jobs.c.due_at)
        when = sa.case((sa.and_(is_leased, jobs.c.lease_until > due), jobs.c.lease_until), else_=due)
        counted = (jobs.c.due_at.is_not(None),) if with_downloads else (jobs.c.due_at.is_not(None), ~_is_download)
        seconds = conn.execute(sa.select(sa.func.min(when) - db_now()).where(*counted)).scalar()
        return None if seconds is None else max(float(seconds), 0.0)

    @writes
    def renew(self, conn: sa.Connection, owner: str, job_ids: Sequence[str], *, lease_s: float) -> None:
        """Prolong the owner's leases on these jobs; those that others took over stay theirs."""
        mine = _lock_rows(conn, jobs.c.id.in_(job_ids), jobs.c.lease_owner == owner)
        conn.execute(sa.update(jobs).where(jobs.c.id.in_(mine)).values(lease_until=db_now() + lease_s))

    @writes
    def make_due(self, conn: sa.Connection, job: Job) -> None:
        """Make a live job due now. The current lease holder keeps it."""
        conn.execute(sa.update(jobs).where(jobs.c.id == job.id, jobs.c.due_at.is_not(None)).values(due_at=db_now()))

    @writes
    def suspend(self, conn: sa.Connection, job: Job, *, seconds: float) -> None:
        """Keep every worker off a live job for so long: a step that is under way cannot write its answer down any more."""
        live = (jobs.c.id == job.id, jobs.c.due_at.is_not(None))
        conn.execute(sa.update(jobs).where(*live).values(fence=jobs.c.fence + 1, **without_lease(seconds)))

    @reads
    def is_abandoned(self, conn: sa.Connection, job: Job) -> bool:
        """Return whether the job's paid call may have left while no process waits for the answer any more, and nobody wrote that down."""
        return find_job(conn, jobs.c.id == job.id, jobs.c.state == "submitting", jobs.c.submit_token.is_not(None), _is_free) is not None

    @reads
    def get_blocked_until(self, conn: sa.Connection, job: Job, alone_s: float) -> float | None:
        """Return when the last unclear submit of the job's model will be `alone_s` old; None when none holds the job up now."""
        return _get_blocked_until(conn, job, self.clock(), alone_s=alone_s)

    @writes
    def begin_submit(self, conn: sa.Connection, job: Job, token: str, *, lease_s: float, most: int = 4, alone_s: float = 0.0) -> bool:
        """Write the token down before a byte is sent. False means that nothing may be sent:

        the job is another worker's or was begun before; or it has to wait and is due again soon, because `most` submits are in flight
        at its vendor or one of its model became unclear less than `alone_s` ago; or its model is paused or it is older than STALE_S,
        and then it has failed, free of charge.
        """
        unsent = (jobs.c.id == job.id, jobs.c.fence == job.fence, jobs.c.state == "submitting", jobs.c.submit_token.is_(None))
        row, now = lock_job(conn, *unsent), self.clock()
        if row is None:
            return False
        if (error := _refuse_outdated(conn, row, now)) is not None:
            conclude(conn, row, "failed", error, now=now)
            return False
        lock_named(conn, "vendor", job.vendor)
        if count_in_flight(conn, job.vendor) >= most:
            write_job(conn, job.id, **without_lease(VENDOR_BUSY_S))
            return False
        if _get_blocked_until(conn, job, now, alone_s=alone_s) is not None:
            write_job(conn, job.id, **without_lease(MODEL_UNCLEAR_S))
            return False
        write_job(conn, job.id, submit_token=token, submitted_at=now, lease_until=db_now() + lease_s)
        return True


def count_in_flight(conn: sa.Connection, vendor: str) -> int:
    """Count the submits in flight at a vendor, over all processes."""
    sent = (jobs.c.state == "submitting", jobs.c.submit_token.is_not(None), jobs.c.vendor == vendor, is_leased)
    return conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*sent)).scalar_one()


def _find_due(conn: sa.Connection, limit: int, downloads: int | None) -> list[str]:
    """Lock due jobs that nobody works on, and that nobody else is locking, and return their ids: `limit` of all kinds, or of each kind as
    many as there is room for."""
    queries = _select_due(limit, downloads)
    return [
        job_id
        for query, most in queries
        for job_id in conn.execute(query.order_by(jobs.c.due_at).limit(most).with_for_update(skip_locked=True)).scalars()
    ]


def _has_due(conn: sa.Connection, limit: int, downloads: int | None) -> bool:
    """Return whether `_find_due` would find one."""
    return any(conn.execute(query.limit(1)).first() is not None for query, _ in _select_due(limit, downloads))


def _select_due(limit: int, downloads: int | None) -> list[tuple[sa.Select[Any], int]]:
    """Return the queries for due jobs that nobody works on, each with the number for which there is room."""
    due = sa.select(jobs.c.id).where(_is_due, _is_free)
    kinds = ((due, limit),) if downloads is None else ((due.where(~_is_download), limit), (due.where(_is_download), downloads))
    return [(query, most) for query, most in kinds if most > 0]


def _free_leases(conn: sa.Connection, owner: str) -> int:
    held = _lock_rows(conn, jobs.c.lease_owner == owner)
    return conn.execute(sa.update(jobs).where(jobs.c.id.in_(held)).values(lease_owner=None, lease_until=None)).rowcount


def _lock_rows(conn: sa.Connection, *where: sa.ColumnElement[bool]) -> list[str]:
    """Return the ids of these jobs once they are locked, in one order: transactions that lock several never wait for each other."""
    return list(conn.execute(sa.select(jobs.c.id).where(*where).order_by(jobs.c.id).with_for_update()).scalars())


def _refuse_outdated(conn: sa.Connection, job: Job, now: float) -> JobError | None:
    """Return why a job that was reserved some time ago would not be sent today."""
    if (paused := refuse_paused(conn, job.model)) is not None:
        return JobError(paused.code, paused.message, "no")
    if now - job.created_at > STALE_S:
        why = "Not sent within an hour, so it is not sent any more; nothing was charged. Ask for it again."
        return JobError("vendor_unavailable", why, "no")
    return None


def _get_blocked_until(conn: sa.Connection, job: Job, now: float, *, alone_s: float) -> float | None:
    unclear = (jobs.c.id != job.id, jobs.c.model == job.model, jobs.c.state == "unknown", jobs.c.vendor_id.is_(None))
    # Another computer's clock may be a little ahead; what is further ahead was sent before the clock was set back.
    near = (jobs.c.submitted_at > now - alone_s, jobs.c.submitted_at < now + alone_s)
    last = conn.execute(sa.select(sa.func.max(jobs.c.submitted_at)).where(*unclear, *near)).scalar()
    return None if last is None else last + alone_s
