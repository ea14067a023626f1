"""From an intent to a job: who has it already, what may be spent, whether a person agreed, and the hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import OverBudget, RequestIdConflict, SoraError
from sora_mcp.domain.money import Micros
from sora_mcp.store import jobs, ledger, quotes
from sora_mcp.store import paused_models as pauses
from sora_mcp.store import schema as tables
from sora_mcp.store.ids import new_id
from sora_mcp.store.records import Budget, Caps, Purchase, Said

SAME_WISH_S = 600
"""The same wish within this time, or while nobody knows its end, means the job that exists where it has no request_id."""
COPIED = ("principal", "fingerprint", "wish", "request_id", "vendor", "model", "prompt", "size", "seconds", "with_image", "call")
NEW = sa.insert(tables.jobs).values(version=jobs.next_version(), **jobs.free(0))
"""Of a job that is due at once; the rest comes from its intent."""


def _newest(column: sa.ColumnElement[str], *more: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The newest job with this in the column that still counts, unless it ended free of charge."""
    c = tables.jobs.c
    counts = sa.or_(c.created_at > sa.bindparam("after"), _is(c.state, *LIVE, "unknown"))
    free = sa.and_(_is(c.state, "failed", "cancelled", "expired"), _is(c.charged, "no"))
    mine = sa.select(c.id).where(c.principal == sa.bindparam("whose"), column == sa.bindparam(column.name), *more, counts, ~free)
    return mine.order_by(c.created_at.desc()).limit(sa.literal_column("1")).subquery().select()


def _is(column: sa.ColumnElement[str], *words: str) -> sa.ColumnElement[bool]:
    """One of these, which stand in the statement itself: as parameters they would be written into it anew each time."""
    return column.in_([sa.literal_column(f"'{word}'") for word in words])


# What was a free sample may mean a video by now, and no money was moved for it.
SAME = sa.union_all(_newest(tables.jobs.c.wish, tables.jobs.c.micros > sa.literal_column("0")), _newest(tables.jobs.c.fingerprint))
"""The newest of the same words, then of the same meaning: two looks into two indexes, which OR would not use."""


def reserve(conn: sa.Connection, purchase: Purchase, caps: Caps, now: float) -> Job | SoraError:
    """The job, new or known, or why there is none: returned, not raised, because a quote that was written down has to stay."""
    left, micros = ledger.budget(conn, caps, now), purchase.quote.micros
    if (found := foreseen(conn, purchase, caps, now, left=left)) is not None:
        return found
    job_id = new_id("v")
    if purchase.confirm and (no := quotes.use(conn, purchase, job_id, now)) is not None:
        return no
    day = ledger.today(conn, now, caps.zone)
    ledger.begin(conn, day)
    ledger.hold(conn, ledger.Account(job_id, purchase.vendor, purchase.model, day.name), micros, now)
    usual_s = jobs.usual_s(conn, purchase.model)
    expected_s = max(1, round(usual_s)) if usual_s else purchase.expected_s
    conn.execute(NEW, {"id": job_id, "day": day.name, "expected_s": expected_s, **_columns(purchase, now)})
    return replace(jobs.load(conn, job_id), day_left=Micros(left.day_left - micros))


def foreseen(conn: sa.Connection, purchase: Purchase, caps: Caps, now: float, *, left: Budget) -> Job | SoraError | None:
    """The job that exists, or what no yes would help against; None where a new job may begin. Writes nothing."""
    if (job := known(conn, Said(purchase.principal, purchase.request_id, purchase.wish, purchase.fingerprint), now)) is not None:
        return replace(job, day_left=left.day_left)
    if (over := ledger.refusal(conn, purchase.quote.micros, caps, now, left=left, what=purchase.model)) is not None:
        return OverBudget(over)
    return pauses.refusal(conn, purchase.model)


def known(conn: sa.Connection, said: Said, now: float) -> Job | None:
    """The job of the same request_id, or else of the same wish: by what it says, or by what it means. RequestIdConflict."""
    job = _recent(conn, said, now) if said.request_id is None else _named(conn, said)
    return None if job is None else replace(job, deduplicated=True)


def cancel_unsent(conn: sa.Connection, job: Job, now: float) -> Job | None:
    """The job, cancelled and free of charge; None when its call may have left."""
    unsent = (tables.jobs.c.state == "submitting", tables.jobs.c.submit_token.is_(None))
    row = jobs.first(conn, tables.jobs.c.id == job.id, *unsent)
    if row is None:
        return None
    ledger.release(conn, jobs.account(conn, row), now)
    return jobs.update(conn, row.id, now, state="cancelled", charged="no", finished_at=now, call=None, **jobs.free(None))


def _named(conn: sa.Connection, said: Said) -> Job | None:
    c = tables.jobs.c
    mine = (c.principal == said.principal, c.request_id == said.request_id)
    row = conn.execute(sa.select(c.id, c.fingerprint, c.wish).where(*mine)).first()
    if row is None or (said.fingerprint is None and row.wish is None):
        return None  # an older version wrote down what it meant only
    if row.fingerprint != said.fingerprint and (row.wish is None or row.wish != said.wish):
        raise RequestIdConflict(
            f"request_id {said.request_id!r} was used for {row.id} with other arguments: repeat those, or take a new request_id.",
            job_id=row.id,
        )
    return jobs.load(conn, row.id)


def _recent(conn: sa.Connection, said: Said, now: float) -> Job | None:
    prints = {"wish": said.wish or "", "fingerprint": said.fingerprint or ""}
    job_id = conn.execute(SAME, {"whose": said.principal, "after": now - SAME_WISH_S, **prints}).scalar()
    return None if job_id is None else jobs.load(conn, job_id)


def _columns(purchase: Purchase, now: float) -> dict[str, Any]:
    return {
        **{name: getattr(purchase, name) for name in COPIED},
        "options": dict(purchase.options),
        "warnings": purchase.warnings,
        "parents": purchase.parents,
        "words": purchase.prompt.casefold(),
        "state": "submitting",
        "charged": "held" if purchase.quote.micros > 0 else "no",
        "micros": purchase.quote.micros,
        "basis": purchase.quote.basis,
        "source": purchase.quote.source,
        "checked": purchase.quote.checked,
        "confidence": purchase.quote.confidence,
        "created_at": now,
        "updated_at": now,
    }
