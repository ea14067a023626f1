"""What became of a call: of the one that costs, by its token; of those that follow, by the fence. Each frees the lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Artifact, Call, Charged, Done, Failed, Job, JobError, Pending, State
from sora_mcp.domain.money import Micros
from sora_mcp.store import jobs, ledger
from sora_mcp.store import paused_models as pauses
from sora_mcp.store.schema import jobs as rows
from sora_mcp.store.schema import orphans

log = logging.getLogger(__name__)

OPEN = (*LIVE, "unknown")
VISIBLE = ("state", "said", "progress", "actual", "warnings", "error")
"""What a client can see of a step."""


# Of the submit: whoever sent it may say what came of it, even after its lease ran out and another process called it unknown


def bind(conn: sa.Connection, job: Job, token: str, pending: Pending, now: float, *, due_s: float) -> Job:
    """The vendor has it, under this id. An id that cannot be the row's is written down as an orphan, so that nothing paid is lost."""
    row = _sent(conn, job, token)
    if row is None or _is_taken(conn, row, pending.id):
        return _orphan(conn, job, token, pending.id, now)
    told = _told(conn, row, pending, now)
    return jobs.update(conn, row.id, now, vendor_id=pending.id, **_bound(row), **told, tries=0, **jobs.free(due_s))


def bind_done(conn: sa.Connection, job: Job, token: str, done: Done, vendor_id: str | None, now: float, *, ask: Call | None) -> Job:
    """The vendor's first answer is already the end: bound and settled at once. `ask` is for another link."""
    row = _sent(conn, job, token)
    if row is None or (vendor_id is not None and _is_taken(conn, row, vendor_id)):
        return _orphan(conn, job, token, vendor_id, now)
    return jobs.update(conn, row.id, now, vendor_id=vendor_id, next=ask, **(_bound(row) | _settled(conn, row, done, now)))


def bind_failed(conn: sa.Connection, job: Job, token: str, failed: Failed, error: JobError, now: float) -> Job:
    """The vendor's first answer is already its no to a job that it made: bound, and ended as the error says of its money."""
    row = _sent(conn, job, token)
    if row is None or failed.id is None or _is_taken(conn, row, failed.id):
        return _orphan(conn, job, token, failed.id, now)
    bound = jobs.write(conn, row.id, vendor_id=failed.id, **_bound(row))
    return _conclude(conn, bound, failed.state, error, now, micros=failed.micros, said=failed.said)


def put_back(conn: sa.Connection, job: Job, token: str, *, due_s: float) -> None:
    """Provably not sent: it may be sent again."""
    row = _sent(conn, job, token)
    if row is not None:
        again = {"state": "submitting", "charged": _held(row), "error": None, "submit_token": None, "submitted_at": None}
        jobs.write(conn, row.id, **again, tries=row.tries + 1, **jobs.free(due_s))


def refuse(
    conn: sa.Connection, job: Job, token: str | None, error: JobError, now: float, *, micros: Micros | None, said: str | None
) -> Job:
    """The vendor did not take it, or we did not send it. Where the error cannot tell about the money, the job is unknown."""
    row = _sent(conn, job, token)
    if row is None:
        return jobs.load(conn, job.id)
    return _conclude(conn, row, "failed" if error.charged in ("no", "yes") else "unknown", error, now, micros=micros, said=said)


def unclear(conn: sa.Connection, job: Job, token: str | None, error: JobError, now: float, *, look_s: float | None) -> Job:
    """Nobody can tell whether the vendor has it: the hold stays, and nothing is sent until the vendor's list or a person decides."""
    row = _sent(conn, job, token)
    if row is None or row.state == "unknown":
        return jobs.load(conn, job.id)
    _conclude(conn, row, "unknown", replace(error, charged="unknown"), now)
    return jobs.write(conn, row.id, tries=0, **jobs.free(look_s))


def _sent(conn: sa.Connection, job: Job, token: str | None) -> Job | None:
    """The row, as long as this very submit has no outcome."""
    unbound = (rows.c.vendor_id.is_(None), rows.c.state.in_(("submitting", "unknown")))
    return jobs.first(conn, rows.c.id == job.id, rows.c.submit_token.is_(None) if token is None else rows.c.submit_token == token, *unbound)


def _is_taken(conn: sa.Connection, row: Job, vendor_id: str) -> bool:
    return jobs.first(conn, rows.c.vendor == row.vendor, rows.c.vendor_id == vendor_id) is not None


def _bound(row: Job) -> dict[str, Any]:
    """A fence above every claim's, so that a process that still thinks it has the job changes nothing."""
    return {"call": None, "error": None, "charged": _held(row), "fence": row.fence + 1}


def _orphan(conn: sa.Connection, job: Job, token: str, vendor_id: str | None, now: float) -> Job:
    row = jobs.load(conn, job.id)
    if vendor_id is None or (row.submit_token == token and row.vendor_id == vendor_id):
        return row
    key = {"vendor": job.vendor, "vendor_id": vendor_id, "job_id": job.id}
    if conn.execute(sa.select(orphans).filter_by(**key)).first() is None:
        conn.execute(sa.insert(orphans).values(at=now, **key))
        log.error("%s took %s a second time, as %r: look at that vendor's own list", job.vendor, job.id, vendor_id)
    return row


# Of what follows: only for the newest fence


def step(
    conn: sa.Connection,
    job: Job,
    pending: Pending | None,
    now: float,
    *,
    due_s: float | None,
    tries: int,
    said: str | None,
    error: JobError | None,
) -> Job | None:
    """Still going on; with no `pending`, nothing new was heard. Only what a client can see makes a new version."""
    row = _mine(conn, job)
    if row is None:
        return None
    told: dict[str, Any] = {} if pending is None else _told(conn, row, pending, now)
    told |= {name: value for name, value in (("said", said), ("error", error)) if value is not None}
    seen = any(name in VISIBLE and getattr(row, name) != value for name, value in told.items())
    return jobs.write(conn, row.id, **told, **(jobs.news(now) if seen else {}), tries=tries, **jobs.free(due_s))


def settle(conn: sa.Connection, job: Job, done: Done, now: float) -> Job | None:
    """The vendor made it: the money is spent now, whatever happens to the file. A second time only renews the link."""
    row = _mine(conn, job)
    return None if row is None else jobs.update(conn, row.id, now, **_settled(conn, row, done, now))


def renew_link(conn: sa.Connection, job: Job, *, due_s: float, dead_links: int) -> Job | None:
    """The vendor is to be asked for another link; the money stays spent."""
    row = _mine(conn, job)
    return None if row is None else jobs.write(conn, row.id, media=None, dead_links=dead_links, **jobs.free(due_s))


def finish(conn: sa.Connection, job: Job, artifact: Artifact, now: float) -> Job | None:
    """The file is on disk."""
    row = _mine(conn, job)
    if row is None:
        return None
    charged = _spend(conn, row, row.actual, now)
    progress = None if row.progress is None else 1.0
    done = {"state": "completed", "charged": charged, "artifact": artifact, "progress": progress, "finished_at": now}
    return jobs.update(conn, row.id, now, **done, media=None, next=None, tries=0, **jobs.free(None))


def end(conn: sa.Connection, job: Job, state: State, error: JobError, now: float, *, micros: Micros | None, said: str | None) -> Job | None:
    """It ended without a file, or nobody can tell. What became of the money is what the error says."""
    row = _mine(conn, job)
    return None if row is None else _conclude(conn, row, state, error, now, micros=micros, said=said)


def call_back(conn: sa.Connection, job: Job, error: JobError, now: float, *, micros: Micros, said: str) -> Job | None:
    """The vendor called it off and named what it keeps, whoever works on the job now. None when it has ended."""
    row = _whosever(conn, job, LIVE)
    return None if row is None else _conclude(conn, row, "cancelled", error, now, micros=micros, said=said)


# Of an unclear submit


def rivals(conn: sa.Connection, job: Job, window_s: float) -> int:
    """How many other submits of the model, sent about then, have no outcome either: a row of the vendor's list may be theirs."""
    sent = job.submitted_at or 0.0
    near = rows.c.submitted_at.between(sent - window_s, sent + window_s)
    open_ = (rows.c.state.in_(("submitting", "unknown")), rows.c.submit_token.is_not(None), rows.c.vendor_id.is_(None))
    return conn.execute(
        sa.select(sa.func.count()).select_from(rows).where(rows.c.id != job.id, rows.c.model == job.model, near, *open_)
    ).scalar_one()


def unclaimed(conn: sa.Connection, vendor: str, vendor_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the vendor's ids that belong to no job here."""
    asked = [sa.select(each.c.vendor_id).where(each.c.vendor == vendor, each.c.vendor_id.in_(vendor_ids)) for each in (rows, orphans)]
    taken = {vendor_id for select in asked for vendor_id in conn.execute(select).scalars()}
    return tuple(vendor_id for vendor_id in dict.fromkeys(vendor_ids) if vendor_id not in taken)


def adopt(conn: sa.Connection, job: Job, vendor_id: str, ask: Call, now: float, *, due_s: float) -> Job | None:
    """The unclear job is the vendor's of this id, and is followed from here on. None when it is not unclear any more, was claimed by
    another since, or the id belongs to another job."""
    row = jobs.first(conn, rows.c.id == job.id, rows.c.fence == job.fence, rows.c.state == "unknown", rows.c.vendor_id.is_(None))
    if row is None or _is_taken(conn, row, vendor_id):
        return None
    going_on = {"state": "queued", "next": ask, "said": None, "tries": 0}
    return jobs.update(conn, row.id, now, vendor_id=vendor_id, **_bound(row), **going_on, **jobs.free(due_s))


def resolve(conn: sa.Connection, job: Job, error: JobError, now: float) -> Job | None:
    """A person's word about the money of an unclear job: it has ended. None when it is not unclear any more."""
    row = _whosever(conn, job, ("unknown",))
    return None if row is None else _conclude(conn, row, "failed", error, now)


def _whosever(conn: sa.Connection, job: Job, states: tuple[State, ...]) -> Job | None:
    """The row in one of these states, with a fence above that of whoever works on it."""
    row = jobs.first(conn, rows.c.id == job.id, rows.c.state.in_(states))
    return None if row is None else jobs.write(conn, row.id, fence=row.fence + 1)


def _mine(conn: sa.Connection, job: Job) -> Job | None:
    """The row, as long as nobody claimed it since and it has not ended."""
    return jobs.first(conn, rows.c.id == job.id, rows.c.fence == job.fence, rows.c.state.in_(OPEN))


def _told(conn: sa.Connection, row: Job, pending: Pending, now: float) -> dict[str, Any]:
    return {
        "state": pending.state,
        "said": pending.said,
        "progress": pending.progress,
        "next": pending.next,
        "media": None,
        "actual": _named(conn, row, pending.micros),
        "warnings": pauses.alarm(conn, row, pending.micros, now),
    }


def _settled(conn: sa.Connection, row: Job, done: Done, now: float) -> dict[str, Any]:
    news: dict[str, Any] = {"state": "running", "media": done.media, "said": done.said, "tries": 0}
    news["warnings"] = pauses.alarm(conn, row, row.actual if done.micros is None else done.micros, now)
    if not ledger.is_settled(conn, row.id):
        actual = _named(conn, row, done.micros)
        news |= {"actual": actual, "charged": _spend(conn, row, actual, now)}
    return news | jobs.free(0)


def _conclude(
    conn: sa.Connection, row: Job, state: State, error: JobError, now: float, *, micros: Micros | None = None, said: str | None = None
) -> Job:
    """The end without a file, and of its money: given back, spent, or, while the state is unknown, still held."""
    charged: Charged
    actual = _named(conn, row, micros)
    if error.charged == "no" and state != "unknown":
        ledger.release(conn, jobs.account(conn, row), now)
        charged = "no"
    elif ledger.is_settled(conn, row.id):
        charged = row.charged  # what was known before stays known
    elif state == "unknown":
        charged = "unknown" if row.micros > 0 else "no"
    else:
        spent = _spend(conn, row, actual, now)  # what nobody can tell counts as spent
        charged = spent if error.charged == "yes" or spent == "no" else "unknown"
    values = {"state": state, "charged": charged, "error": replace(error, charged=charged), "said": said or row.said, "media": None}
    if state != "unknown":
        values |= {"call": None, "next": None, "finished_at": now}
    warnings = pauses.alarm(conn, row, None if error.charged == "no" else micros, now)
    return jobs.update(conn, row.id, now, **values, actual=actual, warnings=warnings, **jobs.free(None))


def _named(conn: sa.Connection, row: Job, micros: Micros | None) -> Micros | None:
    """The sum that the vendor names, else the one that it named before. Once money is spent, it stays the ledger's."""
    return row.actual if micros is None or ledger.is_settled(conn, row.id) else ledger.bookable(micros)


def _spend(conn: sa.Connection, row: Job, micros: Micros | None, now: float) -> Charged:
    """Settles this sum, or the hold where nobody named one."""
    spent = ledger.settle(conn, jobs.account(conn, row), row.micros if micros is None else micros, now)
    return "yes" if spent > 0 else "no"


def _held(row: Job) -> Charged:
    """What is charged as long as the vendor has it: nobody need ask any more whether it does."""
    return "held" if row.charged == "unknown" else row.charged
