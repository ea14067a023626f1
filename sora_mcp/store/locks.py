"""Locks of PostgreSQL by name, held until the transaction ends. On SQLite one write lock is enough, and these do nothing.

A transaction takes them in the order of KINDS, and at most one of each kind, so that no two wait for each other. They come before the
rows of `totals` and after the row of a job, which is all that a transaction locks besides.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

from sora_mcp.store.schema import Words
from sora_mcp.telemetry import watch_lock

Kind = Literal["person", "team", "all", "vendor", "list"]
KINDS: dict[Kind, int] = {"person": 1, "team": 2, "all": 3, "vendor": 4, "list": 5}
_LOCK = sa.text("SELECT pg_advisory_xact_lock(CAST(:kind AS integer), hashtext(:name))").bindparams(sa.bindparam("name", type_=Words()))


def lock_named(conn: sa.Connection, kind: Kind, name: str = "") -> None:
    """Wait until no other transaction holds this lock, and hold it."""
    if conn.dialect.name == "postgresql":
        with watch_lock(kind):
            conn.execute(_LOCK, {"kind": KINDS[kind], "name": name})
