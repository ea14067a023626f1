"""Who works on what: leases with a fence, and at most a few submits in flight at a vendor."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sora_mcp.domain import Job, JobError
from sora_mcp.store import jobs, outcomes
from sora_mcp.store import paused_models as pauses
from sora_mcp.store.schema import db_now
from sora_mcp.store.schema import jobs as rows

SOON_S = 0.2
"""When a job looks again that found too many submits in flight."""

SOME_S = 1.0
"""When a job looks again that must not be mistaken for one whose submit is unclear."""

STALE_S = 3600.0
"""A wish that was not sent for so long is not sent any more: neither its price nor its yes was meant for later."""

LEASE_MOST_S = 120.0
PAUSE_MOST_S = 7200.0
"""No lease and no pause is as long: a moment further ahead was written down before the clock was set back, and counts as past."""

_leased = rows.c.lease_until.between(db_now(), db_now() + LEASE_MOST_S)
_free = sa.or_(rows.c.lease_until.is_(None), ~_leased)
_due = sa.or_(rows.c.due_at <= db_now(), rows.c.due_at > db_now() + PAUSE_MOST_S)


def is_due(conn: sa.Connection) -> bool:
    """Whether there is something to claim."""
    return conn.execute(sa.select(rows.c.id).where(_due, _free).limit(1)).first() is not None


def claim(conn: sa.Connection, owner: str, *, limit: int, lease_s: float) -> tuple[Job, ...]:
    """Due jobs that nobody works on, longest due first: leased to the owner, each with a new fence, with the paid call."""
    due = sa.select(rows.c.id).where(_due, _free).order_by(rows.c.due_at).limit(limit)
    ids = conn.execute(due).scalars().all()
    mine = rows.c.id.in_(ids)
    conn.execute(sa.update(rows).where(mine).values(lease_owner=owner, lease_until=db_now() + lease_s, fence=rows.c.fence + 1))
    found = conn.execute(sa.select(*jobs.WHOLE).where(mine).order_by(rows.c.due_at)).mappings()
    return tuple(Job(**row) for row in found)


def next_due(conn: sa.Connection) -> float | None:
    """Seconds until something can be claimed: a leased job counts from the end of its lease."""
    due = sa.case((_due, db_now()), else_=rows.c.due_at)
    when = sa.case((sa.and_(_leased, rows.c.lease_until > due), rows.c.lease_until), else_=due)
    seconds = conn.execute(sa.select(sa.func.min(when) - db_now()).where(rows.c.due_at.is_not(None))).scalar()
    return None if seconds is None else max(float(seconds), 0.0)


def renew(conn: sa.Connection, owner: str, job_ids: Sequence[str], *, lease_s: float) -> None:
    """Prolongs the owner's leases on these jobs; those that others took over stay theirs."""
    conn.execute(sa.update(rows).where(rows.c.id.in_(job_ids), rows.c.lease_owner == owner).values(lease_until=db_now() + lease_s))


def is_leased(conn: sa.Connection, owner: str) -> bool:
    """Whether the owner has a lease."""
    return conn.execute(sa.select(rows.c.id).where(rows.c.lease_owner == owner).limit(1)).first() is not None


def let_go(conn: sa.Connection, owner: str) -> int:
    """Frees every lease of an owner who is gone."""
    return conn.execute(sa.update(rows).where(rows.c.lease_owner == owner).values(lease_owner=None, lease_until=None)).rowcount


def hurry(conn: sa.Connection, job: Job) -> None:
    """A live job is due now. Who works on it keeps it."""
    conn.execute(sa.update(rows).where(rows.c.id == job.id, rows.c.due_at.is_not(None)).values(due_at=db_now()))


def keep_off(conn: sa.Connection, job: Job, seconds: float) -> None:
    """Nobody works on a live job for so long, and what a step under way still hears of it is not written down."""
    live = (rows.c.id == job.id, rows.c.due_at.is_not(None))
    conn.execute(sa.update(rows).where(*live).values(fence=rows.c.fence + 1, **jobs.free(seconds)))


def is_forsaken(conn: sa.Connection, job_id: str) -> bool:
    """Whether its paid call may have left, and nobody waits for the answer any more."""
    sent = (rows.c.id == job_id, rows.c.state == "submitting", rows.c.submit_token.is_not(None), _free)
    return jobs.first(conn, *sent) is not None


def sending(conn: sa.Connection, vendor: str) -> int:
    """Submits in flight at a vendor, over all processes."""
    sent = (rows.c.state == "submitting", rows.c.submit_token.is_not(None), rows.c.vendor == vendor, _leased)
    return conn.execute(sa.select(sa.func.count()).select_from(rows).where(*sent)).scalar_one()


def begin(conn: sa.Connection, job: Job, token: str, now: float, *, lease_s: float, most: int, alone_s: float) -> bool:
    """Writes the token down before a byte is sent. False, and nothing may be sent, when the job is another's, was begun before,
    or has to wait: because `most` submits are in flight at its vendor, or one of its model became unclear less than `alone_s` ago.
    False also when it must not be sent any more, and then it has failed, free of charge."""
    unsent = (rows.c.id == job.id, rows.c.fence == job.fence, rows.c.state == "submitting", rows.c.submit_token.is_(None))
    row = jobs.first(conn, *unsent)
    if row is None:
        return False
    if (error := _outdated(conn, row, now)) is not None:
        outcomes.refuse(conn, row, None, error, now, micros=None, said=None)
        return False
    if sending(conn, job.vendor) >= most:
        jobs.write(conn, job.id, **jobs.free(SOON_S))
        return False
    if alone_until(conn, job, now, alone_s=alone_s) is not None:
        jobs.write(conn, job.id, **jobs.free(SOME_S))
        return False
    jobs.write(conn, job.id, submit_token=token, submitted_at=now, lease_until=db_now() + lease_s)
    return True


def _outdated(conn: sa.Connection, job: Job, now: float) -> JobError | None:
    """Why a job that was reserved some time ago would not be sent today."""
    if (paused := pauses.refusal(conn, job.model)) is not None:
        return JobError(paused.code, paused.message, "no")
    if now - job.created_at > STALE_S:
        why = "Not sent within an hour, so it is not sent any more; nothing was charged. Ask for it again."
        return JobError("vendor_unavailable", why, "no")
    return None


def alone_until(conn: sa.Connection, job: Job, now: float, *, alone_s: float) -> float | None:
    """When the last submit of the same model that has no known outcome will be `alone_s` old, if it is not yet."""
    lost = (rows.c.id != job.id, rows.c.model == job.model, rows.c.state == "unknown", rows.c.vendor_id.is_(None))
    # Another computer's clock may be a little ahead; what is further ahead was sent before the clock was set back.
    near = (rows.c.submitted_at > now - alone_s, rows.c.submitted_at < now + alone_s)
    last = conn.execute(sa.select(sa.func.max(rows.c.submitted_at)).where(*lost, *near)).scalar()
    return None if last is None else last + alone_s
