"""Change the row of a job: visibly to clients or not, and with or without a lease afterwards."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from sora_mcp.domain import LIVE, Job, State
from sora_mcp.store.jobs import SHOWN_COLUMNS, load_job, make_job
from sora_mcp.store.schema import db_now, is_one_of, jobs, next_version, transaction_id

NOT_ENDED: tuple[State, ...] = (*LIVE, "unknown")
VISIBLE = ("state", "said", "progress", "actual", "warnings", "error")
"""Columns of a step that a client can see."""
Announced = Literal["always", "never", "if new"]
"""When a change becomes a new version, of which clients hear: with `if new`, where it changes what a client can see."""


@dataclass(frozen=True)
class Later:
    """A moment so many seconds from now by the database's clock; with `unless_woken`, that of a webhook that came meanwhile, if earlier."""

    seconds: float
    unless_woken: bool = False


def update_job(conn: sa.Connection, job_id: str, now: float, **values: Any) -> Job:
    """Make a change that clients can see, and return the job."""
    return _change(conn, values, {"job_id": job_id, "now": now}, announced="always")


def write_job(conn: sa.Connection, job_id: str, **values: Any) -> Job:
    """Make a change that only workers can see, and return the job."""
    return _change(conn, values, {"job_id": job_id}, announced="never")


def step_job(conn: sa.Connection, job: Job, now: float, **values: Any) -> Job | None:
    """Change the job as long as no other worker claimed it and it has not ended, and return it; else None. Clients hear of it where there
    is something new to see."""
    announced: Announced = "if new" if any(name in values for name in VISIBLE) else "never"
    bound = {"job_id": job.id, "now": now, "fence_now": job.fence}
    return _find_changed(conn, values, bound, announced=announced, is_fenced=True)


def without_lease(due_s: float | None) -> dict[str, Any]:
    """Return the columns of a job without a lease: due in so many seconds, or never again."""
    return {"lease_owner": None, "lease_until": None, "due_at": None if due_s is None else Later(due_s)}


def unless_woken(due_s: float | None) -> dict[str, Any]:
    """Return the same for a job of which its vendor was asked: due earlier where a webhook came while that question was on its way."""
    return without_lease(due_s) | ({} if due_s is None else {"due_at": Later(due_s, unless_woken=True)})


def _change(conn: sa.Connection, values: dict[str, Any], bound: dict[str, Any], *, announced: Announced) -> Job:
    job = _find_changed(conn, values, bound, announced=announced)
    assert job is not None, bound["job_id"]
    return job


def _find_changed(
    conn: sa.Connection, values: dict[str, Any], bound: dict[str, Any], *, announced: Announced, is_fenced: bool = False
) -> Job | None:
    shape = tuple((name, value.unless_woken if isinstance(value, Later) else None) for name, value in values.items())
    new = {f"new_{name}": value.seconds if isinstance(value, Later) else value for name, value in values.items()}
    returns = conn.dialect.name == "postgresql"  # one round trip less, while others may wait
    changed = conn.execute(_build_update(shape, announced, is_fenced=is_fenced, returns=returns), bound | new)
    if returns:
        row = changed.first()
        return None if row is None else make_job(row)
    return load_job(conn, bound["job_id"]) if changed.rowcount else None


@functools.lru_cache(maxsize=256)
def _build_update(shape: tuple[tuple[str, bool | None], ...], announced: Announced, *, is_fenced: bool, returns: bool) -> sa.Update:
    """Return the statement that changes these columns. It is built once: that takes longer than to run it."""
    c, values = jobs.c, dict[str, Any]()
    for name, woken in shape:
        values[name] = sa.bindparam(f"new_{name}", type_=c[name].type)
        if woken is not None:
            values[name] = moment = db_now() + values[name]
            if woken:
                values[name] = sa.case((sa.and_(c.woken_fence == c.fence, c.woken_at < moment), c.woken_at), else_=moment)
    if announced != "never":
        version: dict[str, Any] = {
            "updated_at": sa.bindparam("now", type_=sa.Double),
            "version": next_version(),
            "changed_xid": transaction_id(),
        }
        if announced == "if new":
            is_new = sa.or_(*(c[name].is_distinct_from(values[name]) for name, _ in shape if name in VISIBLE))
            version = {name: sa.case((is_new, value), else_=c[name]) for name, value in version.items()}
        values |= version
    update = sa.update(jobs).where(c.id == sa.bindparam("job_id")).values(values)
    if is_fenced:
        update = update.where(c.fence == sa.bindparam("fence_now"), is_one_of(c.state, *NOT_ENDED))
    return update.returning(*SHOWN_COLUMNS) if returns else update
