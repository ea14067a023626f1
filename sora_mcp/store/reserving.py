"""From an intent to a job: who has it already, what may be spent, whether a person agreed, and the hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ..domain import Job
from ..errors import OverBudget, RequestIdConflict, SoraError
from ..money import Micros
from . import jobs, ledger, pauses, quotes, tables
from .ids import new_id
from .nouns import Budget, Caps, Intent

SAME_WISH_S = 600
"""The same wish within this time, without a request_id, means the job that exists."""
COPIED = ("principal", "fingerprint", "request_id", "vendor", "model", "prompt", "size", "seconds", "with_image", "call")
RECENT = (
    jobs.SELECTED.where(
        tables.jobs.c.principal == sa.bindparam("whose"),
        tables.jobs.c.fingerprint == sa.bindparam("print"),
        tables.jobs.c.created_at > sa.bindparam("after"),
        ~sa.and_(tables.jobs.c.state.in_(("failed", "cancelled", "expired")), tables.jobs.c.charged == "no"),
    )
    .order_by(tables.jobs.c.created_at.desc())
    .limit(1)
)
"""The newest job of the same wish, unless it ended free of charge."""
NEW = sa.insert(tables.jobs).values(version=jobs.next_version(), **jobs.free(0))
"""Of a job that is due at once; the rest comes from its intent."""


def reserve(conn: sa.Connection, intent: Intent, caps: Caps, now: float) -> Job | SoraError:
    """The job, new or known, or why there is none: returned, not raised, because a quote that was written down has to stay."""
    left, micros = ledger.budget(conn, caps, now), intent.quote.micros
    if (found := foreseen(conn, intent, caps, now, left=left)) is not None:
        return found
    job_id = new_id("v")
    if intent.confirm and (no := quotes.use(conn, intent, job_id, now)) is not None:
        return no
    day = ledger.today(conn, now, caps.zone)
    ledger.begin(conn, day)
    ledger.hold(conn, ledger.Account(job_id, intent.vendor, intent.model, day.name), micros, now)
    usual_s = jobs.usual_s(conn, intent.model)
    expected_s = max(1, round(usual_s)) if usual_s else intent.expected_s
    conn.execute(NEW, {"id": job_id, "day": day.name, "expected_s": expected_s, **_columns(intent, now)})
    return replace(jobs.load(conn, job_id), day_left=Micros(left.day_left - micros))


def foreseen(conn: sa.Connection, intent: Intent, caps: Caps, now: float, *, left: Budget) -> Job | SoraError | None:
    """The job that exists, or what no yes would help against; None where a new job may begin. Writes nothing."""
    if (known := _known(conn, intent) if intent.request_id is not None else _recent(conn, intent, now)) is not None:
        return replace(known, deduplicated=True, day_left=left.day_left)
    if (over := ledger.refusal(conn, intent.quote.micros, caps, now, left=left, what=intent.model)) is not None:
        return OverBudget(over)
    return pauses.refusal(conn, intent.model)


def cancel_unsent(conn: sa.Connection, job: Job, now: float) -> Job | None:
    """The job, cancelled and free of charge; None when its call may have left."""
    unsent = (tables.jobs.c.state == "submitting", tables.jobs.c.submit_token.is_(None))
    row = jobs.first(conn, tables.jobs.c.id == job.id, *unsent)
    if row is None:
        return None
    ledger.release(conn, jobs.account(conn, row), now)
    return jobs.update(conn, row.id, now, state="cancelled", charged="no", finished_at=now, call=None, **jobs.free(None))


def _known(conn: sa.Connection, intent: Intent) -> Job | None:
    mine = (tables.jobs.c.principal == intent.principal, tables.jobs.c.request_id == intent.request_id)
    job = jobs.first(conn, *mine)
    if job is None:
        return None
    if jobs.first(conn, tables.jobs.c.id == job.id, tables.jobs.c.fingerprint == intent.fingerprint) is None:
        raise RequestIdConflict(
            f"request_id {intent.request_id!r} was used for {job.id} with other arguments: repeat those, or take a new request_id.",
            job_id=job.id,
        )
    return job


def _recent(conn: sa.Connection, intent: Intent, now: float) -> Job | None:
    same = {"whose": intent.principal, "print": intent.fingerprint, "after": now - SAME_WISH_S}
    row = conn.execute(RECENT, same).mappings().first()
    return None if row is None else Job(**row)


def _columns(intent: Intent, now: float) -> dict[str, Any]:
    return {
        **{name: getattr(intent, name) for name in COPIED},
        "options": dict(intent.options),
        "warnings": intent.warnings,
        "parents": intent.parents,
        "words": intent.prompt.casefold(),
        "state": "submitting",
        "charged": "held" if intent.quote.micros > 0 else "no",
        "micros": intent.quote.micros,
        "basis": intent.quote.basis,
        "source": intent.quote.source,
        "checked": intent.quote.checked,
        "confidence": intent.quote.confidence,
        "created_at": now,
        "updated_at": now,
    }
