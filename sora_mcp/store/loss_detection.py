"""Notice that a store vanished before more is bought: a mark outside of it remembers its id, a month, and what was bought in it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import sqlalchemy as sa

from sora_mcp.domain.errors import UnwritableFile
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.store.budget_days import get_today
from sora_mcp.store.database import FILE, identify_file
from sora_mcp.store.locks import lock_named
from sora_mcp.store.query import Query
from sora_mcp.store.schema import is_one_of, jobs, ledger, meta
from sora_mcp.store.transactions import Repository, reads, writes

log = logging.getLogger(__name__)
ID = "store"
"""Name of the row that holds the store's own id."""
SELECT_ID = Query(sa.select(meta.c.value).where(meta.c.name == ID))
# PostgreSQL counts up with each change of a job: an older copy has counted less far, which is seen without adding up a month.
SELECT_STATE = sa.text("SELECT (SELECT value FROM meta WHERE name = :name) AS id, last_value AS version FROM job_versions").bindparams(
    name=ID
)
RESTART = "start this program again"
MEND_COUNTER = "SELECT setval('job_versions', (SELECT max(version) FROM jobs))"
"""For a copy that has the rows of all tables but not the counter, as logical replication makes one."""
GIVEN_BACK = "including what was given back since"
"""The sum of a mark never falls, so it may be more than `spend` said."""
SELECT_NEWEST = sa.select(sa.func.coalesce(sa.func.max(jobs.c.version), 0))
# Holds and overruns only: they are never taken back, so this sum never falls, whatever is released or refunded.
BOUGHT = Query(
    sa.select(sa.func.sum(ledger.c.micros)).where(ledger.c.month == sa.bindparam("month"), is_one_of(ledger.c.kind, "hold", "overrun"))
)


@dataclass(frozen=True)
class Mark:
    """The state of a store when something was last bought."""

    store: str
    """Its id."""
    month: str
    micros: int
    """Sum of everything that was ever set aside in the month; on PostgreSQL of what this mark has seen of it."""
    version: int = 0
    """How far the store had counted its changes; 0 on SQLite, where a month is quickly added up."""


@dataclass(frozen=True)
class Loss:
    """Spending of this month that the store does not have any more."""

    micros: Micros
    why: str
    remedy: str | None = None
    """The one thing that helps, where forgetting what is lost would not."""

    def describe(self) -> str:
        """Return the loss as sentences that name the way out."""
        if self.remedy is not None:
            return f"{self.why} Nothing is bought before you {self.remedy}."
        back = "Put that store back (is its disk mounted, was its folder moved?)."
        return f"{self.why} Nothing is bought until a person decides. {back} To go on without it, run {describe_command('forget')}."


@dataclass(frozen=True)
class PurchaseMark(Repository):
    """The mark of one store, as callers check and replace it."""

    file: Path | None = None
    """None where nothing is remembered."""

    @reads
    def find_loss(self, conn: sa.Connection, zone: tzinfo) -> Loss | None:
        """Return which spending of this month the store has lost; None when it has all of it."""
        return find_loss(conn, self.file, month=get_today(conn, self.clock(), zone).month, in_whole=True)

    @writes
    def forget(self, conn: sa.Connection, zone: tzinfo) -> None:
        """Take the store as it is now for the right one, by a person's decision. Raise StorageError where the mark cannot be written."""
        mark = measure(conn, month=get_today(conn, self.clock(), zone).month)
        if self.file is None:
            return
        try:
            _replace(self.file, mark)
        except OSError as error:
            raise UnwritableFile(self.file.parent, error) from error


def locate_mark(folder: Path | None, address: sa.URL) -> Path | None:
    """Return the file of the mark of the store at this address: each has its own."""
    if folder is None:
        return None
    name = hashlib.sha256(address.render_as_string(hide_password=True).encode()).hexdigest()[:16]
    return folder / f"{name}.json"


def find_loss(conn: sa.Connection, file: Path | None, *, month: str, in_whole: bool = False) -> Loss | None:
    """Return which spending of the month the store has lost, by its mark; None when it has all of it, or when there is no mark.

    A PostgreSQL store's month is added up only `in_whole`: a purchase looks whether the store is an older copy.
    """
    if file is None:
        return None
    store_id, version = _read_state(conn)
    if store_id is not None and (loss := _find_replaced(conn, store_id)) is not None:
        return loss
    mark = read_mark(file)
    if mark is None or mark.month < month:
        return None  # the month that it speaks of is over, and so are its caps
    place = _describe_place(conn)
    if mark.store != store_id:
        what = f"{format_dollars(mark.micros)} was set aside for videos in {mark.month}"
        return Loss(Micros(mark.micros), f"The store in {place} is not the one in which {what}, {GIVEN_BACK}.")
    is_older = version < mark.version
    if mark.version and not is_older and not in_whole:
        return None
    if (lost := mark.micros - _sum_bought(conn, mark.month)) > 0:
        return Loss(Micros(lost), f"The store in {place} has lost {format_dollars(lost)} of what was set aside for videos in {mark.month}.")
    if not is_older:
        return None
    if conn.execute(SELECT_NEWEST).scalar_one() >= mark.version:
        why = f"The store in {place} was copied without its counter job_versions."
        return Loss(Micros(0), why, remedy=f"run in that database: {MEND_COUNTER}")
    return Loss(Micros(0), f"The store in {place} is an older copy: what was done last is missing.")


def measure(conn: sa.Connection, *, month: str) -> Mark:
    """Return what the store holds now, within a write transaction; a store without an id gets one."""
    store_id, version = _read_state(conn)
    if store_id is None:
        lock_named(conn, "list", ID)
        store_id, version = _read_state(conn)
    if store_id is None:
        store_id = uuid4().hex
        conn.execute(sa.insert(meta).values(name=ID, value=store_id))
    return Mark(store_id, month, _sum_bought(conn, month), version)


def count_further(file: Path, *, month: str, micros: int, version: int) -> Mark | None:
    """Return the mark after a purchase before which no loss was found; None where it speaks of no such month, so that one is measured."""
    before = read_mark(file)
    if before is None or before.month != month:
        return None
    return replace(before, micros=before.micros + micros, version=version)


def write_mark(file: Path | None, mark: Mark) -> None:
    """Remember what a committed purchase left; never less than another process did. A folder that takes no file is only logged."""
    if file is None:
        return
    before = read_mark(file)
    if before is not None and before.store == mark.store and _get_order(before) >= _get_order(mark):
        return
    try:
        _replace(file, mark)
    except OSError as error:
        log.warning("%s cannot be written (%s): a store that vanishes would not be noticed", file, error.strerror)


def read_mark(file: Path) -> Mark | None:
    """Return the mark; None where there is none that can be read."""
    with suppress(OSError, ValueError):
        parsed: Any = json.loads(file.read_text("utf-8"))
        if isinstance(parsed, dict):
            match cast("dict[str, Any]", parsed):
                case {"store": str(store), "month": str(month), "micros": int(micros), **rest}:
                    version = rest.get("version")
                    return Mark(store, month, micros, version if isinstance(version, int) else 0)
                case _:
                    pass
    return None


def _get_order(mark: Mark) -> tuple[str, int, int]:
    return mark.month, mark.version, mark.micros


def _replace(file: Path, mark: Mark) -> None:
    """Write the file whole or not at all, readable by the user only."""
    make_private_folder(file.parent)
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            writing.write(json.dumps(asdict(mark)) + "\n")
            writing.flush()
            os.fsync(writing.fileno())
        os.replace(part, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def _read_state(conn: sa.Connection) -> tuple[str | None, int]:
    """Return the store's id, and how far it has counted its changes."""
    if conn.dialect.name == "sqlite":
        return SELECT_ID.get_value(conn), 0
    row = conn.execute(SELECT_STATE).one()
    return row.id, row.version


def _sum_bought(conn: sa.Connection, month: str) -> int:
    return int(BOUGHT.get_value(conn, {"month": month}) or 0)


def _describe_place(conn: sa.Connection) -> str:
    return str(conn.engine.url.database) if conn.dialect.name == "sqlite" else "the database that SORA_MCP_DATABASE_URL names"


def _find_replaced(conn: sa.Connection, store_id: str) -> Loss | None:
    """Return the loss where the open SQLite file is not the one at its path any more: what is written into it is lost at the end."""
    if conn.dialect.name != "sqlite":
        return None
    file = Path(str(conn.engine.url.database))
    if (opened := conn.info.get(FILE)) is not None and opened == identify_file(file):
        return None
    if not file.exists():
        return Loss(Micros(0), f"{file}, the store, was removed while this program used it.", remedy=RESTART)
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as beside:
            row = beside.execute("SELECT value FROM meta WHERE name = ?", (ID,)).fetchone()
    except sqlite3.Error:
        return None  # only what is known for sure stops a purchase
    if row is not None and row[0] == store_id:
        return None
    return Loss(Micros(0), f"{file}, the store, was replaced while this program used it.", remedy=RESTART)
