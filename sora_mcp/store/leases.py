"""Lease jobs to workers, with a fence; limit the submits in flight at a vendor; free what dead processes held."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from sora_mcp.domain import Job, JobError
from sora_mcp.store.database import as_storage_errors
from sora_mcp.store.job_rows import Later, without_lease, write_job
from sora_mcp.store.jobs import ALL_COLUMNS, STORED, find_job, lock_job
from sora_mcp.store.locks import lock_named
from sora_mcp.store.outcomes import conclude
from sora_mcp.store.paused_models import refuse_paused
from sora_mcp.store.processes import Processes
from sora_mcp.store.schema import db_now, jobs
from sora_mcp.store.transactions import Repository, reads_loosely, writes, writes_in_steps

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
_is_past, _is_too_far = jobs.c.due_at <= db_now(), jobs.c.due_at > db_now() + MAX_DUE_S
_is_download = jobs.c.media.is_not(None)
Kind = Literal["any", "other", "download"]
IS_OF: dict[Kind, sa.ColumnElement[bool]] = {"any": sa.true(), "other": ~_is_download, "download": _is_download}
MOST_LOOKED_AT = 1000
"""Jobs in the order of their due times among which the next one is looked for: more than are leased at a time."""
LEASING = sa.update(jobs).values(
    lease_owner=sa.bindparam("owner"), lease_until=db_now() + sa.bindparam("lease_s", type_=sa.Double), fence=jobs.c.fence + 1
)
_is_named = jobs.c.id.in_(sa.bindparam("due", expanding=True))
LEASE = LEASING.where(_is_named)
CLAIMED = sa.select(*ALL_COLUMNS, jobs.c.due_at).where(_is_named)


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
        if not (kinds := _list_kinds(limit, downloads)):
            return ()
        bound: dict[str, Any] = {"owner": owner, "lease_s": lease_s, "most": limit, "downloads": downloads}
        with self.database.writing() as conn:
            if self.database.on_one_machine:
                bound["due"] = list(conn.execute(_select_due(kinds), bound).scalars())
                conn.execute(LEASE, bound)
                rows = conn.execute(CLAIMED, bound).all()
            else:
                rows = conn.execute(_claim_due(kinds), bound).all()
        in_order: list[tuple[Any, ...]] = sorted(map(tuple, rows), key=lambda row: row[-1])
        return tuple(Job(**dict(zip(STORED, row[:-1], strict=True))) for row in in_order)

    @reads_loosely
    def has_waiting_download(self, conn: sa.Connection) -> bool:
        """Return whether a file is due to be downloaded and no worker does it."""
        return _has_due(conn, 0, 1)

    @reads_loosely
    def get_next_due_s(self, conn: sa.Connection, *, with_downloads: bool = True) -> float | None:
        """Return the seconds until a job can be claimed, 0 when one can be now, None when nothing waits. A leased job counts from the
        end of its lease. Without downloads, as where a worker has no place for one, only the other jobs count."""
        seconds = conn.execute(NEXT_DUE if with_downloads else NEXT_DUE_BUT_DOWNLOADS).scalar()
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
        free = {"lease_owner": None, "lease_until": None, "due_at": db_now() + seconds}
        conn.execute(sa.update(jobs).where(*live).values(fence=jobs.c.fence + 1, **free))

    @reads_loosely
    def is_abandoned(self, conn: sa.Connection, job: Job) -> bool:
        """Return whether the job's paid call may have left while no process waits for the answer any more, and nobody wrote that down."""
        return find_job(conn, jobs.c.id == job.id, jobs.c.state == "submitting", jobs.c.submit_token.is_not(None), _is_free) is not None

    @reads_loosely
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
        write_job(conn, job.id, submit_token=token, submitted_at=now, lease_until=Later(lease_s))
        return True


def count_in_flight(conn: sa.Connection, vendor: str) -> int:
    """Count the submits in flight at a vendor, over all processes."""
    sent = (jobs.c.state == "submitting", jobs.c.submit_token.is_not(None), jobs.c.vendor == vendor, is_leased)
    return conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*sent)).scalar_one()


def _has_due(conn: sa.Connection, limit: int, downloads: int | None) -> bool:
    """Return whether `claim` would find a job."""
    kinds = _list_kinds(limit, downloads)
    return bool(kinds) and conn.execute(_select_due(kinds), {"most": limit, "downloads": downloads}).first() is not None


def _list_kinds(limit: int, downloads: int | None) -> tuple[Kind, ...]:
    """Return the kinds of jobs for which there is room."""
    rooms: dict[Kind, int] = {"any": limit} if downloads is None else {"other": limit, "download": downloads}
    return tuple(kind for kind, room in rooms.items() if room > 0)


@functools.cache
def _select_due(kinds: tuple[Kind, ...]) -> sa.Select[Any]:
    """Return the query for due jobs that nobody works on, and that nobody else is locking: of each kind the longest due, as many as there
    is room for. It locks them.

    What is written down for a moment too far ahead is due too. It is looked for by itself, so that an index finds both ends.
    """
    found: list[sa.Select[Any]] = []
    for kind in kinds:
        most, is_of_kind = sa.bindparam("downloads" if kind == "download" else "most", type_=sa.Integer), IS_OF[kind]
        parts = [
            sa.select(jobs.c.id).where(end, _is_free, is_of_kind).order_by(jobs.c.due_at).limit(most).with_for_update(skip_locked=True)
            for end in (_is_past, _is_too_far)
        ]
        named = [part.cte(f"{kind}_{name}") for part, name in zip(parts, ("past", "ahead"), strict=True)]
        both = sa.union_all(*(sa.select(one.c.id) for one in named)).limit(most).subquery(kind)
        found.append(sa.select(both.c.id))
    return sa.select(sa.union_all(*found).subquery("due").c.id)


@functools.cache
def _claim_due(kinds: tuple[Kind, ...]) -> sa.Update:
    """Return the statement of PostgreSQL that leases these jobs, and returns them."""
    due = sa.func.array(_select_due(kinds).scalar_subquery(), type_=sa.ARRAY(sa.Text))
    return LEASING.where(jobs.c.id == sa.any_(due)).returning(*ALL_COLUMNS, jobs.c.due_at)


def _select_next_due(*of_kind: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for the seconds until a job can be claimed. Behind the first one on which nobody works none counts: it is not due
    before that one, leased or not. So few rows are read, however many there are."""
    is_kept = (jobs.c.due_at.is_not(None), *of_kind)
    first = sa.select(jobs.c.due_at).where(*is_kept, _is_free).order_by(jobs.c.due_at).limit(sa.literal_column("1")).scalar_subquery()
    ends = (jobs.c.due_at <= sa.func.coalesce(first, sa.literal_column("1e18")), _is_too_far)
    parts = [
        sa.select(jobs.c.due_at, jobs.c.lease_until)
        .where(*is_kept, end)
        .order_by(jobs.c.due_at)
        .limit(sa.literal_column(str(MOST_LOOKED_AT)))
        .subquery()
        for end in ends
    ]
    near = sa.union_all(*map(sa.select, parts)).subquery("near").c
    is_due = sa.or_(near.due_at <= db_now(), near.due_at > db_now() + MAX_DUE_S)
    due = sa.case((is_due, db_now()), else_=near.due_at)
    is_held = sa.and_(near.lease_until.between(db_now(), db_now() + MAX_LEASE_S), near.lease_until > due)
    return sa.select(sa.func.min(sa.case((is_held, near.lease_until), else_=due)) - db_now())


NEXT_DUE, NEXT_DUE_BUT_DOWNLOADS = _select_next_due(), _select_next_due(~_is_download)


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
