"""Jobs that this computer did itself: they are written down when they are done, and move no money."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import UNSTORED, Job
from sora_mcp.store import jobs
from sora_mcp.store import schema as tables


def known(conn: sa.Connection, principal: str, fingerprint: str) -> Job | None:
    """The newest finished job of this fingerprint."""
    c = tables.jobs.c
    job = jobs.first(conn, c.principal == principal, c.fingerprint == fingerprint, c.state == "completed", newest=True)
    return None if job is None else replace(job, deduplicated=True)


def add(conn: sa.Connection, job: Job, fingerprint: str) -> Job:
    """The finished job, as the store has it from now on."""
    columns: dict[str, Any] = {field.name: getattr(job, field.name) for field in fields(Job) if field.name not in UNSTORED}
    day = datetime.fromtimestamp(job.created_at, UTC).date().isoformat()
    own = {"options": dict(job.options), "words": job.prompt.casefold(), "day": day, "fingerprint": fingerprint}
    conn.execute(sa.insert(tables.jobs).values(**columns | own | {"version": jobs.next_version()}))
    return jobs.load(conn, job.id)
