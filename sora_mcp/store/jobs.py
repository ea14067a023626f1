"""Jobs: find them, page through them, follow their changes, and change their rows."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, UNSTORED, Call, Job, State
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, NoSuchJob, TooManyAtOnce
from sora_mcp.domain.text import is_storable_text
from sora_mcp.store.database import TookTooLong, limit_time
from sora_mcp.store.ids import canonical
from sora_mcp.store.locks import lock_named
from sora_mcp.store.query import Query
from sora_mcp.store.records import Account, Cursor, Page
from sora_mcp.store.schema import db_now, is_one_of, jobs, next_version, transaction_id
from sora_mcp.store.transactions import Repository, reads, reads_loosely, writes

STORED = tuple(field.name for field in fields(Job) if field.name not in UNSTORED)
ALL_COLUMNS = [jobs.c[name] for name in STORED]
# Statements are built once, because building one takes longer than the rest of a read. The paid call can carry megabytes and is for
# workers only.
SHOWN_COLUMNS = [column for column in ALL_COLUMNS if column is not jobs.c.call]
SHOWN = tuple(column.name for column in SHOWN_COLUMNS)
SELECT = sa.select(*SHOWN_COLUMNS)
SELECT_BY_ID = SELECT.where(jobs.c.id == sa.bindparam("job_id"))
BY_ID, BY_ID_OF = Query(SELECT_BY_ID), Query(SELECT_BY_ID.where(jobs.c.principal == sa.bindparam("whose")))
NEWEST_VERSION = Query(sa.select(sa.func.max(jobs.c.version)))
SELECT_PAYERS = sa.select(jobs.c.day, jobs.c.team).where(jobs.c.id == sa.bindparam("job_id"))
MAX_CHANGES = 1000
MAX_QUERY_WORDS, MAX_QUERY_CHARACTERS = 10, 500
QUERY_S = 1.0
"""Seconds that a query may take: while it reads, no purchase can be written down."""
REFUSED_S, MOST_REFUSALS = 86_400.0, 20
"""How long, and how many, refusals of one prompt count."""


# Of one snapshot: transactions below `start` are over, and those from the last one on have not begun. Without news there is one row without
# a job.
CHANGED = sa.text("""
WITH now AS (
    SELECT CAST(CAST(pg_snapshot_xmin(s) AS text) AS bigint) AS start, CAST(CAST(pg_snapshot_xmax(s) AS text) AS bigint) AS last
    FROM pg_current_snapshot() AS s
)
SELECT now.start, id, version, changed_xid FROM now
LEFT JOIN jobs ON changed_xid >= least(CAST(:position AS bigint), now.start) AND changed_xid < now.last ORDER BY version
""")


class Jobs(Repository):
    """Jobs as callers read them, and edits, which move no money."""

    @reads_loosely
    def get(self, conn: sa.Connection, job_id: str, principal: str | None) -> Job:
        """Return the principal's job, however its id was typed. NotFound for others' jobs too; None as principal sees all."""
        query = BY_ID if principal is None else BY_ID_OF
        row = query.get_first(conn, {"job_id": canonical(job_id), "whose": principal})
        if row is None:
            raise NoSuchJob(job_id)
        return make_job(row)

    @reads
    def get_takes(self, conn: sa.Connection, job: Job) -> tuple[Job, ...]:
        """Return all takes that were bought together with this job; only the job where it was bought alone."""
        return with_takes(conn, job).takes or (job,)

    @reads_loosely
    def list_refusers(self, conn: sa.Connection, job: Job) -> tuple[str, ...]:
        """Return the vendors that refused the content of the job's prompt within a day before it, the first one first, and its own."""
        recent = sa.and_(jobs.c.principal == job.principal, jobs.c.state == "failed", jobs.c.created_at > job.created_at - REFUSED_S)
        query = sa.select(jobs.c.vendor, jobs.c.error).where(recent, jobs.c.created_at <= job.created_at, jobs.c.prompt == job.prompt)
        found = conn.execute(query.order_by(jobs.c.created_at).limit(MOST_REFUSALS))
        vendors = (vendor for vendor, error in found if error is not None and error.code == "content_refused")
        return tuple(dict.fromkeys((*vendors, job.vendor)))

    @reads
    def search(
        self,
        conn: sa.Connection,
        principal: str | None,
        *,
        states: Sequence[State] = (),
        query: str | None = None,
        since: float | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page:
        """Return jobs, newest first, whose prompt has every word of the query: in one of these states, where any is named, and made
        `since` a moment. BrokenRules for a cursor that is not ours.

        It walks an index from the cursor on, so that a page costs the same however many jobs there are. BrokenRules too for a query
        that takes longer than QUERY_S.
        """
        bound: dict[str, Any] = {"whose": principal, "since": since, "most": limit + 1}
        if cursor is not None:
            bound |= zip(("made_at", "made_id"), _decode_cursor(cursor), strict=True)
        asked = {"of_one": principal is not None, "since": since is not None, "goes_on": cursor is not None}
        try:
            if words := _split_query(query or ""):
                with limit_time(conn, QUERY_S):
                    has_words = (jobs.c.words.contains(word, autoescape=True) for word in words)
                    found = _read_jobs(conn, _select_page(tuple(states), **asked).where(*has_words), bound)
            else:
                found = tuple(map(make_job, _query_page(tuple(states), **asked).get_all(conn, bound)))
        except TookTooLong:
            rule = BrokenRule(
                "query", f"a search of more than {QUERY_S:g} s", "fewer or shorter words, or a state", "invalid_argument", is_quoted=False
            )
            raise BrokenRules((rule,)) from None
        return Page(found[:limit], _encode_cursor(found[limit - 1]) if len(found) > limit else None)

    @reads_loosely
    def get_version(self, conn: sa.Connection) -> int:
        """Return the highest version of a job; 0 in an empty store."""
        return NEWEST_VERSION.get_value(conn) or 0

    @reads_loosely
    def look(self, conn: sa.Connection, cursor: Cursor | None) -> tuple[tuple[Job, ...], Cursor]:
        """Return the jobs that changed since the last look, by any process, and where the next look begins; without one, only that.

        On PostgreSQL a change with a lower version may become visible after one with a higher version. So what counts is whether its
        transaction was over at the last look: all that began since the oldest one that was not are looked at once more.
        """
        if conn.dialect.name == "sqlite":
            return _look_by_version(conn, cursor)
        found = conn.execute(CHANGED, {"position": None if cursor is None else cursor.position}).all()
        start, rows = found[0].start, [row for row in found if row.id is not None]
        new = [] if cursor is None else [row.id for row in rows if (row.id, row.version) not in cursor.seen]
        parts = [_read_jobs(conn, SELECT.where(jobs.c.id.in_(new[at : at + MAX_CHANGES]))) for at in range(0, len(new), MAX_CHANGES)]
        ordered = tuple(sorted((job for part in parts for job in part), key=lambda job: job.version))
        seen = {(row.id, row.version) for row in rows if row.changed_xid >= start}
        return ordered, Cursor(start, frozenset(seen | {(job.id, job.version) for job in ordered}))  # which may have changed once more

    @reads_loosely
    def count_live(self, conn: sa.Connection) -> int:
        """Count the jobs that a worker still has something to do for."""
        return conn.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state.in_(LIVE))).scalar_one()

    @reads_loosely
    def get_paid_call(self, conn: sa.Connection, job: Job) -> Call | None:
        """Return the call that was sent for the job; None once it was answered."""
        return conn.execute(sa.select(jobs.c.call).where(jobs.c.id == job.id)).scalar_one()

    @reads_loosely
    def find_edit(self, conn: sa.Connection, principal: str, fingerprint: str) -> Job | None:
        """Return the newest finished edit with this fingerprint."""
        job = _find_edit(conn, principal, fingerprint, ("completed",))
        return None if job is None else replace(job, deduplicated=True)

    @writes
    def begin_edit(self, conn: sa.Connection, job: Job, fingerprint: str, *, most: int, lost: str | None) -> Job:
        """Write down an edit that is to be made now. Return the one with this fingerprint that is under way or finished, but not `lost`,
        whose file is gone. TooManyAtOnce where the principal has `most` under way."""
        lock_named(conn, "person", job.principal)
        same = _find_edit(conn, job.principal, fingerprint, (*LIVE, "completed"))
        if same is not None and same.id != lost:
            return replace(same, deduplicated=True)
        live = (jobs.c.principal == job.principal, jobs.c.model == job.model, jobs.c.state.in_(LIVE))
        if (count := conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*live)).scalar_one()) >= most:
            raise TooManyAtOnce("edits", count)
        return _insert_edit(conn, job, fingerprint, due_at=db_now())

    @writes
    def add_edit(self, conn: sa.Connection, job: Job, fingerprint: str) -> Job:
        """Write down a finished edit, which this computer did itself for free, and return it as the store has it."""
        return _insert_edit(conn, job, fingerprint, due_at=None)


# Reading, within a transaction


def make_job(row: Iterable[Any]) -> Job:
    """Return the job of a row of the shown columns, in their order: its class holds the defaults of what is not stored.

    A frozen class sets its fields one after the other, which takes ten times as long, and a page has a hundred jobs.
    """
    job = object.__new__(Job)
    vars(job).update(zip(SHOWN, row, strict=True))
    return job


def load_job(conn: sa.Connection, job_id: str) -> Job:
    """Return the job with an id that the store gave out."""
    return make_job(BY_ID.get_first(conn, {"job_id": job_id}))


def find_job(conn: sa.Connection, *where: sa.ColumnElement[bool], newest: bool = False) -> Job | None:
    """Return a job that meets all conditions; with `newest`, the newest of them."""
    row = conn.execute(SELECT.where(*where).order_by(*([jobs.c.created_at.desc()] if newest else [])).limit(1)).first()
    return None if row is None else make_job(row)


def lock_job(conn: sa.Connection, *where: sa.ColumnElement[bool]) -> Job | None:
    """Return the job that meets all conditions once no other transaction changes it, and let none until this one ends."""
    row = conn.execute(SELECT.where(*where).limit(1).with_for_update()).first()
    return None if row is None else make_job(row)


def with_takes(conn: sa.Connection, job: Job, **changes: Any) -> Job:
    """Return the job with these changes; of several that were bought together the first, with all of them."""
    if job.batch is None:
        return replace(job, **changes)
    takes = _read_jobs(conn, SELECT.where(jobs.c.batch == job.batch).order_by(jobs.c.id))
    return replace(takes[0], takes=tuple(replace(take, **changes) for take in takes), **changes)


def get_account(conn: sa.Connection, job: Job) -> Account:
    """Return the account to which the job's money is booked."""
    day, team = conn.execute(SELECT_PAYERS, {"job_id": job.id}).one()
    return Account(job.id, job.vendor, job.model, day, job.principal, team)


def _find_edit(conn: sa.Connection, principal: str, fingerprint: str, states: tuple[State, ...]) -> Job | None:
    mine = (jobs.c.principal == principal, jobs.c.fingerprint == fingerprint, jobs.c.state.in_(states))
    return find_job(conn, *mine, newest=True)


def _insert_edit(conn: sa.Connection, job: Job, fingerprint: str, *, due_at: Any) -> Job:
    columns: dict[str, Any] = {name: getattr(job, name) for name in STORED}
    day = datetime.fromtimestamp(job.created_at, UTC).date().isoformat()
    own = {"options": dict(job.options), "words": job.prompt.casefold(), "day": day, "fingerprint": fingerprint, "due_at": due_at}
    conn.execute(sa.insert(jobs).values(**columns | own | {"version": next_version(), "changed_xid": transaction_id()}))
    return load_job(conn, job.id)


def _look_by_version(conn: sa.Connection, cursor: Cursor | None) -> tuple[tuple[Job, ...], Cursor]:
    """Look as where writers take turns: versions become visible in their order."""
    newest = NEWEST_VERSION.get_value(conn) or 0
    if cursor is None or newest <= cursor.position:
        return (), Cursor(newest)
    found = _read_jobs(conn, SELECT.where(jobs.c.version > cursor.position).order_by(jobs.c.version).limit(MAX_CHANGES))
    return found, Cursor(max((job.version for job in found), default=newest))


def _read_jobs(conn: sa.Connection, select: sa.Select[Any], bound: Mapping[str, Any] | None = None) -> tuple[Job, ...]:
    return tuple(make_job(row) for row in conn.execute(select, bound))


@functools.lru_cache(maxsize=64)
def _query_page(states: tuple[State, ...], **asked: bool) -> Query:
    return Query(_select_page(states, **asked))


@functools.lru_cache(maxsize=64)
def _select_page(states: tuple[State, ...], *, of_one: bool, since: bool, goes_on: bool) -> sa.Select[Any]:
    """Return the query for a page: in one of these states, where any is named, of one principal, since a moment, from a cursor on."""
    c, where = jobs.c, list[sa.ColumnElement[bool]]()
    if of_one:
        where.append(c.principal == sa.bindparam("whose"))
    if states:
        where.append(is_one_of(c.state, *states))
    if since:
        where.append(c.created_at >= sa.bindparam("since"))
    if goes_on:
        where.append(sa.tuple_(c.created_at, c.id) < sa.tuple_(sa.bindparam("made_at", type_=c.created_at.type), sa.bindparam("made_id")))
    return SELECT.where(*where).order_by(c.created_at.desc(), c.id.desc()).limit(sa.bindparam("most"))


def _split_query(query: str) -> list[str]:
    words = query.casefold().split()
    if len(words) > MAX_QUERY_WORDS or len(query) > MAX_QUERY_CHARACTERS:
        got = f"{len(words)} words of {len(query)} characters"
        allowed = f"at most {MAX_QUERY_WORDS} words of {MAX_QUERY_CHARACTERS} characters in all"
        raise BrokenRules((BrokenRule("query", got, allowed, "invalid_argument"),))
    return words


def _encode_cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(json.dumps([job.created_at, job.id]).encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[float, str]:
    try:
        created_at, job_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not math.isfinite(created_at) or not is_storable_text(job_id):
            raise ValueError("no place in a list")
        return float(created_at), job_id
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise BrokenRules((BrokenRule("cursor", cursor[:80], "the next_cursor of an earlier answer", "invalid_argument"),)) from None
