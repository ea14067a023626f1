"""Rows and jobs: finding them, paging through them, hearing of their changes."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import math
from collections.abc import Sequence
from dataclasses import fields
from statistics import median
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, UNSTORED, Call, Job, State
from sora_mcp.domain.errors import BrokenRule, BrokenRules, NotFound, quote_value
from sora_mcp.security.text import is_storable_text
from sora_mcp.store.ids import canonical
from sora_mcp.store.ledger import Account
from sora_mcp.store.records import Page
from sora_mcp.store.schema import db_now, jobs

WHOLE = [jobs.c[field.name] for field in fields(Job) if field.name not in UNSTORED]
SEEN = [column for column in WHOLE if column is not jobs.c.call]
"""All but the paid call, which can carry megabytes and is for the worker only."""
# Made once: making a statement takes longer than the rest of a read.
SELECTED = sa.select(*SEEN)
BY_ID = SELECTED.where(jobs.c.id == sa.bindparam("job_id"))
LASTED = (
    sa.select(jobs.c.finished_at - jobs.c.submitted_at)
    .where(jobs.c.model == sa.bindparam("of_model"), jobs.c.state == "completed", jobs.c.submitted_at.is_not(None))
    .order_by(jobs.c.finished_at.desc())
    .limit(20)
)
CHANGES_AT_ONCE = 1000
MOST_WORDS, MOST_QUERY = 500, 5000
"""Words and characters of a query: half of what SQLite takes, whatever is in it."""


# Reading


def get(conn: sa.Connection, job_id: str, principal: str | None) -> Job:
    """The job of this id, if it is the principal's; None is anybody's."""
    job = first(conn, jobs.c.id == canonical(job_id), *_whose(principal))
    if job is None:
        raise NotFound(f"There is no job {quote_value(job_id)}.")
    return job


def load(conn: sa.Connection, job_id: str) -> Job:
    """The job of an id that we gave out."""
    return Job(**conn.execute(BY_ID, {"job_id": job_id}).mappings().one())


def paid_call(conn: sa.Connection, job_id: str) -> Call | None:
    """What was sent for the job, until it was answered."""
    return conn.execute(sa.select(jobs.c.call).where(jobs.c.id == job_id)).scalar_one()


def first(conn: sa.Connection, *where: sa.ColumnElement[bool], newest: bool = False) -> Job | None:
    """A job of which all this is true."""
    row = conn.execute(SELECTED.where(*where).order_by(*([jobs.c.created_at.desc()] if newest else [])).limit(1)).mappings().first()
    return None if row is None else Job(**row)


def page(conn: sa.Connection, principal: str | None, *, state: State | None, query: str | None, limit: int, cursor: str | None) -> Page:
    """Newest first. It walks an index from the cursor on, so that a page costs the same however many jobs there are."""
    where = [*_whose(principal), *(jobs.c.words.contains(word, autoescape=True) for word in _sought(query or ""))]
    if state is not None:
        where.append(jobs.c.state == state)
    if cursor is not None:
        where.append(sa.tuple_(jobs.c.created_at, jobs.c.id) < sa.tuple_(*_place(cursor)))
    found = _jobs(conn, SELECTED.where(*where).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit + 1))
    return Page(found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None)


def version(conn: sa.Connection) -> int:
    """The highest version of a job; 0 in an empty store."""
    return conn.execute(sa.select(sa.func.max(jobs.c.version))).scalar() or 0


def changed(conn: sa.Connection, since: int) -> tuple[Job, ...]:
    """Jobs that changed after this version, in order, a thousand at most."""
    return _jobs(conn, SELECTED.where(jobs.c.version > since).order_by(jobs.c.version).limit(CHANGES_AT_ONCE))


def alive(conn: sa.Connection) -> int:
    """How many jobs the worker still has something to do for."""
    return conn.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state.in_(LIVE))).scalar_one()


def usual_s(conn: sa.Connection, model: str) -> float | None:
    """How long the model's last videos took, from the paid call to the file: the median of twenty; None of fewer than three."""
    lasted = conn.execute(LASTED, {"of_model": model}).scalars().all()
    return median(lasted) if len(lasted) >= 3 else None


def account(conn: sa.Connection, job: Job) -> Account:
    """Where the job's money is booked."""
    return Account(job.id, job.vendor, job.model, conn.execute(sa.select(jobs.c.day).where(jobs.c.id == job.id)).scalar_one())


def _jobs(conn: sa.Connection, select: sa.Select[Any]) -> tuple[Job, ...]:
    return tuple(Job(**row) for row in conn.execute(select).mappings())


def _whose(principal: str | None) -> Sequence[sa.ColumnElement[bool]]:
    return () if principal is None else (jobs.c.principal == principal,)


def _sought(query: str) -> list[str]:
    """The words that a prompt has to have."""
    words = query.casefold().split()
    if len(words) > MOST_WORDS or len(query) > MOST_QUERY:
        got, most = f"{len(words)} words of {len(query)} characters", f"at most {MOST_WORDS} words of {MOST_QUERY} characters in all"
        raise BrokenRules((BrokenRule("query", got, most, "invalid_argument"),))
    return words


def _cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(json.dumps([job.created_at, job.id]).encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[float, str]:
    try:
        created_at, job_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not math.isfinite(created_at) or not is_storable_text(job_id):
            raise ValueError("no place in a list")
        return float(created_at), job_id
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise BrokenRules((BrokenRule("cursor", cursor[:80], "the next_cursor of an earlier answer", "invalid_argument"),)) from None


# Writing


def update(conn: sa.Connection, job_id: str, now: float, **values: Any) -> Job:
    """A change that a client can see."""
    return write(conn, job_id, **news(now), **values)


def write(conn: sa.Connection, job_id: str, **values: Any) -> Job:
    """A change that only workers can see."""
    conn.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))
    return load(conn, job_id)


def news(now: float) -> dict[str, Any]:
    """What makes a change one that clients hear of. Versions become visible in order, because writers take turns."""
    return {"updated_at": now, "version": next_version()}


@functools.cache
def next_version() -> sa.ScalarSelect[int]:
    """One above the highest."""
    every = jobs.alias()
    return sa.select(sa.func.coalesce(sa.func.max(every.c.version), 0) + 1).scalar_subquery()


def free(due_s: float | None) -> dict[str, Any]:
    """The columns of a job that nobody works on: due in so many seconds, or never again."""
    return {"lease_owner": None, "lease_until": None, "due_at": None if due_s is None else db_now() + due_s}
