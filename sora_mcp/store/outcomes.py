"""Outcomes of a job's calls: of the paid one, by its token; of those that follow, by the fence. Each frees the lease."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, LOST_FILE, Artifact, Call, Charged, Done, Failed, Job, JobError, Pending, State, can_fetch
from sora_mcp.domain.job import COUNTS_AS_SPENT
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.store.job_rows import NOT_ENDED, step_job, unless_woken, update_job, without_lease, write_job
from sora_mcp.store.jobs import find_job, get_account, load_job, lock_job
from sora_mcp.store.ledger import clamp_price, is_settled, release_hold, settle_hold
from sora_mcp.store.paused_models import pause_if_dearer
from sora_mcp.store.schema import jobs, orphans
from sora_mcp.store.transactions import Repository, writes, writes_in_steps
from sora_mcp.telemetry import note_end

log = logging.getLogger(__name__)


class Outcomes(Repository):
    """Records of what became of calls. After a StorageError the same outcome may be recorded again: a second time changes nothing."""

    # Of the submit, by its token: the sender may record it even after its lease ran out and another process called it unknown

    @writes
    def bind(self, conn: sa.Connection, job: Job, token: str, pending: Pending, *, due_s: float) -> Job:
        """Bind the job to the id under which the vendor has it. An id that cannot be this job's is written down as an orphan, so that
        nothing paid is lost, and the job comes back as it is."""
        row, now = _find_submit(conn, job, token), self.clock()
        if row is None or is_taken(conn, row, pending.id):
            return _add_orphan(conn, job, token, pending.id, now=now)
        progress = _list_progress(pending) | _list_sum(conn, row, pending.micros, now=now)
        return update_job(conn, row.id, now, vendor_id=pending.id, **as_bound(row), **progress, tries=0, **unless_woken(due_s))

    @writes
    def bind_done(self, conn: sa.Connection, job: Job, token: str, done: Done, vendor_id: str | None, *, ask: Call | None = None) -> Job:
        """Bind and settle a job of which the vendor's first answer is already the end. `ask` asks for another link, where that can be."""
        row, now = _find_submit(conn, job, token), self.clock()
        if row is None or (vendor_id is not None and is_taken(conn, row, vendor_id)):
            return _add_orphan(conn, job, token, vendor_id, now=now)
        return update_job(conn, row.id, now, vendor_id=vendor_id, next=ask, **(as_bound(row) | _as_settled(conn, row, done, now=now)))

    @writes
    def bind_failed(self, conn: sa.Connection, job: Job, token: str, failed: Failed, error: JobError) -> Job:
        """Bind and end a job of which the vendor's first answer is already its refusal of a job with this id; of the money as in `end`."""
        row, now = _find_submit(conn, job, token), self.clock()
        if row is None or failed.id is None or is_taken(conn, row, failed.id):
            return _add_orphan(conn, job, token, failed.id, now=now)
        bound = write_job(conn, row.id, vendor_id=failed.id, **as_bound(row))
        return conclude(conn, bound, failed.state, error, now=now, micros=failed.micros, said=failed.said)

    @writes
    def requeue(self, conn: sa.Connection, job: Job, token: str, *, due_s: float) -> None:
        """Take the token back from a job that was provably not sent, so that it may be sent again."""
        row = _find_submit(conn, job, token)
        if row is not None:
            unsent = {"state": "submitting", "charged": _as_held(row), "error": None, "submit_token": None, "submitted_at": None}
            write_job(conn, row.id, **unsent, tries=row.tries + 1, **without_lease(due_s))

    @writes
    def refuse(
        self, conn: sa.Connection, job: Job, token: str | None, error: JobError, *, micros: Micros | None = None, said: str | None = None
    ) -> Job:
        """End a job that the vendor did not take. `error.charged` "no" releases the hold, "yes" spends `micros` or the hold; with anything
        else the job is unknown, and held."""
        row = _find_submit(conn, job, token)
        if row is None:
            return load_job(conn, job.id)
        state: State = "failed" if error.charged in ("no", "yes") else "unknown"
        return conclude(conn, row, state, error, now=self.clock(), micros=micros, said=said)

    @writes
    def mark_unclear(self, conn: sa.Connection, job: Job, token: str | None, error: JobError, *, look_s: float | None = None) -> Job:
        """Mark a submit of which nobody can tell whether the vendor took it: unknown, held, never sent again until the vendor's list,
        read again in `look_s`, or a person decides."""
        row = _find_submit(conn, job, token)
        if row is None or row.state == "unknown":
            return load_job(conn, job.id)
        conclude(conn, row, "unknown", replace(error, charged="unknown"), now=self.clock())
        return write_job(conn, row.id, tries=0, **without_lease(look_s))

    # Of what follows, by the fence: None when another worker claimed the job since, or it has ended

    @writes_in_steps
    def step(
        self,
        job: Job,
        pending: Pending | None = None,
        *,
        due_s: float | None,
        tries: int = 0,
        said: str | None = None,
        error: JobError | None = None,
    ) -> Job | None:
        """Record that the job goes on; without `pending`, that nothing new was heard. With `due_s` None nothing more is done until a
        person decides. Only what a client can see makes a new version."""
        heard = {name: value for name, value in (("said", said), ("error", error)) if value is not None}
        changes, now = (dict[str, Any]() if pending is None else _list_progress(pending)) | heard, self.clock()
        waiting = {"tries": tries, **unless_woken(due_s)}
        if pending is None or pending.micros is None:
            return self.database.write_at_once(lambda conn: step_job(conn, job, now, **changes, **waiting))
        with self.database.writing() as conn:
            if (row := _find_mine(conn, job)) is None:
                return None
            return step_job(conn, job, now, **changes, **_list_sum(conn, row, pending.micros, now=now), **waiting)

    @writes
    def settle(self, conn: sa.Connection, job: Job, done: Done) -> Job | None:
        """Spend the money of a video that the vendor made: what it says, else the hold. The file is due to be fetched now. A second time
        only renews the link."""
        row, now = _find_mine(conn, job), self.clock()
        return None if row is None else update_job(conn, row.id, now, **_as_settled(conn, row, done, now=now))

    @writes
    def renew_link(self, conn: sa.Connection, job: Job, *, due_s: float, dead_links: int) -> Job | None:
        """Drop the link, so that the vendor is asked for another; the money stays spent."""
        row = _find_mine(conn, job)
        return None if row is None else write_job(conn, row.id, media=None, dead_links=dead_links, **without_lease(due_s))

    @writes
    def complete(self, conn: sa.Connection, job: Job, artifact: Artifact) -> Job | None:
        """Complete a job whose file is on disk."""
        row, now = _find_mine(conn, job), self.clock()
        if row is None:
            return None
        charged = _spend(conn, row, row.actual, now=now)
        progress = None if row.progress is None else 1.0
        completed = {"state": "completed", "charged": charged, "artifact": artifact, "progress": progress, "finished_at": now}
        note_end(row.vendor, "completed")
        return update_job(conn, row.id, now, **completed, error=None, media=None, next=None, tries=0, **without_lease(None))

    @writes
    def report_progress(self, conn: sa.Connection, job: Job, progress: float | None) -> Job | None:
        """Record how much of an edit is done; its lease holder keeps it."""
        row, now = _find_mine(conn, job), self.clock()
        return row if row is None or row.progress == progress else update_job(conn, row.id, now, progress=progress)

    @writes
    def complete_edit(self, conn: sa.Connection, job: Job, file: Artifact) -> Job | None:
        """Complete an edit whose file is on disk. It moves no money."""
        row, now = _find_mine(conn, job), self.clock()
        if row is None:
            return None
        done = {"state": "completed", "artifact": file, "progress": 1.0, "finished_at": now, "call": None}
        note_end(row.vendor, "completed")
        measured = {"size": f"{file.width}x{file.height}", "seconds": math.ceil(file.duration_s or 0)}
        return update_job(conn, row.id, now, **done, **measured, **without_lease(None))

    @writes
    def end(
        self, conn: sa.Connection, job: Job, state: State, error: JobError, *, micros: Micros | None = None, said: str | None = None
    ) -> Job | None:
        """End a job without a file. `error.charged` "no" gives everything back, "yes" spends `micros` or the hold. What nobody can tell
        stays held while the state is unknown, and counts as spent in any other."""
        row = _find_mine(conn, job)
        return None if row is None else conclude(conn, row, state, error, now=self.clock(), micros=micros, said=said)

    @writes
    def reopen(self, conn: sa.Connection, job: Job) -> Job | None:
        """Let the worker fetch the file of a paid job again that ended without it. None where there is no way to the file. The money
        stays as it is: it was spent before."""
        row, now = lock_job(conn, jobs.c.id == job.id), self.clock()
        if row is None or not can_fetch(row):
            return None
        media = row.media if row.next is None else None
        reopened = {"state": "running", "error": None, "finished_at": None, "media": media, "dead_links": 0, "tries": 0}
        return update_job(conn, row.id, now, **reopened, fence=row.fence + 1, **without_lease(0))

    @writes
    def note_cancel(self, conn: sa.Connection, job: Job) -> None:
        """Record that the vendor was asked to cancel a live job, whoever works on it now, and did not refuse."""
        if (row := lock_job(conn, jobs.c.id == job.id, jobs.c.state.in_(LIVE))) is not None:
            update_job(conn, row.id, now := self.clock(), cancel_asked_at=row.cancel_asked_at or now)

    @writes
    def cancel(self, conn: sa.Connection, job: Job, error: JobError, *, micros: Micros, said: str) -> Job | None:
        """End a job that the vendor cancelled and for which it keeps `micros`, whoever works on it now. None when it has ended."""
        row, now = take_over(conn, job, LIVE), self.clock()
        if row is None:
            return None
        write_job(conn, row.id, cancel_asked_at=now)
        return conclude(conn, row, "cancelled", error, now=now, micros=micros, said=said)


# Finding the row that an outcome may change


def _find_submit(conn: sa.Connection, job: Job, token: str | None) -> Job | None:
    """Return the row, as long as this very submit has no outcome."""
    has_token = jobs.c.submit_token.is_(None) if token is None else jobs.c.submit_token == token
    return lock_job(conn, jobs.c.id == job.id, has_token, jobs.c.vendor_id.is_(None), jobs.c.state.in_(("submitting", "unknown")))


def _find_mine(conn: sa.Connection, job: Job) -> Job | None:
    """Return the row, as long as no other worker claimed it and it has not ended."""
    return lock_job(conn, jobs.c.id == job.id, jobs.c.fence == job.fence, jobs.c.state.in_(NOT_ENDED))


def take_over(conn: sa.Connection, job: Job, states: tuple[State, ...]) -> Job | None:
    """Return the row in one of these states, with a fence above that of the current lease holder."""
    row = lock_job(conn, jobs.c.id == job.id, jobs.c.state.in_(states))
    return None if row is None else write_job(conn, row.id, fence=row.fence + 1)


def is_taken(conn: sa.Connection, row: Job, vendor_id: str) -> bool:
    """Return whether the vendor's id belongs to a job already."""
    return find_job(conn, jobs.c.vendor == row.vendor, jobs.c.vendor_id == vendor_id) is not None


def _add_orphan(conn: sa.Connection, job: Job, token: str, vendor_id: str | None, *, now: float) -> Job:
    row = load_job(conn, job.id)
    if vendor_id is None or (row.submit_token == token and row.vendor_id == vendor_id):
        return row
    key = {"vendor": job.vendor, "vendor_id": vendor_id, "job_id": job.id}
    if conn.execute(sa.select(orphans).filter_by(**key)).first() is None:
        conn.execute(sa.insert(orphans).values(at=now, **key))
        log.error("%s took %s a second time, as %r: look at that vendor's own list", job.vendor, job.id, vendor_id)
    return row


# Ending


def conclude(
    conn: sa.Connection, row: Job, state: State, error: JobError, *, now: float, micros: Micros | None = None, said: str | None = None
) -> Job:
    """End the job without a file; its money is given back, spent, or, while the state is unknown, still held."""
    charged: Charged
    actual = _get_actual(conn, row, micros)
    warnings = pause_if_dearer(conn, row, None if error.charged == "no" else micros, now=now)  # before sums are locked
    if error.charged == "no" and state != "unknown":
        release_hold(conn, get_account(conn, row), now=now)
        charged = "no"
    elif is_settled(conn, row.id):
        charged = row.charged  # what was known before stays known
    elif state == "unknown":
        charged = "unknown" if row.micros > 0 else "no"
    else:
        spent = _spend(conn, row, actual, now=now)  # what nobody can tell counts as spent
        charged = spent if error.charged == "yes" or spent == "no" else "unknown"
    values: dict[str, Any] = {"state": state, "charged": charged, "error": replace(error, charged=charged), "said": said or row.said}
    if error.code != LOST_FILE or state == "unknown":  # the way to a paid file is kept
        values |= {"media": None} if state == "unknown" else {"media": None, "next": None}
    if state != "unknown":
        values |= {"call": None, "finished_at": now}
        note_end(row.vendor, state)
    return update_job(conn, row.id, now, **values, actual=actual, warnings=warnings, **without_lease(None))


# Columns


def as_bound(row: Job) -> dict[str, Any]:
    """Return the columns of a job that the vendor has, with a fence above every claim's: a process that still thinks it has the job
    changes nothing."""
    return {"call": None, "error": None, "charged": _as_held(row), "fence": row.fence + 1}


def _list_progress(pending: Pending) -> dict[str, Any]:
    return {"state": pending.state, "said": pending.said, "progress": pending.progress, "next": pending.next, "media": None}


def _list_sum(conn: sa.Connection, row: Job, micros: Micros | None, *, now: float) -> dict[str, Any]:
    """Return the columns of the sum that the vendor names for a job that goes on; as they are where it names none."""
    return {"actual": _get_actual(conn, row, micros), "warnings": pause_if_dearer(conn, row, micros, now=now)}


def _as_settled(conn: sa.Connection, row: Job, done: Done, *, now: float) -> dict[str, Any]:
    columns: dict[str, Any] = {"state": "running", "media": done.media, "said": done.said, "tries": 0}
    columns["warnings"] = pause_if_dearer(conn, row, row.actual if done.micros is None else done.micros, now=now)
    if not is_settled(conn, row.id):
        actual = _get_actual(conn, row, done.micros)
        if actual is not None and _is_too_little(row, actual):
            columns["warnings"] += (_describe_too_little(row, actual),)
            actual = None
        columns |= {"actual": actual, "charged": _spend(conn, row, actual, now=now)}
    return columns | without_lease(0)


def _get_actual(conn: sa.Connection, row: Job, micros: Micros | None) -> Micros | None:
    """Return the sum that the vendor names, else the one that it named before. Once money is spent, it stays the ledger's."""
    return row.actual if micros is None or is_settled(conn, row.id) else clamp_price(micros)


def _is_too_little(row: Job, micros: Micros) -> bool:
    """Return whether a vendor names nothing for a video, or less than half of a price that a source states: that gives no budget back."""
    return row.confidence != "derived" and micros * 2 < row.micros


def _describe_too_little(row: Job, micros: Micros) -> str:
    """Return a warning about a sum that is not believed."""
    price = format_dollars(row.micros)
    return f"{row.vendor} reports {format_dollars(micros)} for a price of {price}: {price} {COUNTS_AS_SPENT}"


def _spend(conn: sa.Connection, row: Job, micros: Micros | None, *, now: float) -> Charged:
    """Settle this sum, or the hold where nobody named one."""
    spent = settle_hold(conn, get_account(conn, row), row.micros if micros is None else micros, now=now)
    return "yes" if spent > 0 else "no"


def _as_held(row: Job) -> Charged:
    """Return `charged` as long as the vendor has the job: it is not in doubt any more."""
    return "held" if row.charged == "unknown" else row.charged
