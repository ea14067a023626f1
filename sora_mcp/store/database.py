"""Open SQLite or PostgreSQL, with one writer at a time, and turn their errors into StorageError."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.store.migrations import MIGRATIONS, Migration
from sora_mcp.store.schema import meta
from sora_mcp.store.threads import Threads
from sora_mcp.telemetry import watch_lock

T = TypeVar("T")

# The write lock of SQLite comes first, so that nothing is read and then written on top of another process's change.
SQLITE_WRITE, SQLITE_READ = "BEGIN IMMEDIATE", "BEGIN"
# Each is sent in one round trip. A writer that hangs or vanished gives its locks back within the minute. Writers share this first lock:
# they lock what they change by itself. Only who changes the schema or a budget holds it alone; processes of earlier versions always do.
# A commit waits for the disk also where the server was told that none has to: a paid call whose line was lost would be sent again.
POSTGRES_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
POSTGRES_WRITE = (
    "BEGIN; SELECT set_config('lock_timeout', '8s', true), set_config('idle_in_transaction_session_timeout', '60s', true),"
    " set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), true),"
    " pg_advisory_xact_lock_shared(8295736101)"
)
POSTGRES_WRITE_ALONE = POSTGRES_WRITE.replace("_shared", "")
PRAGMAS = (
    # Nobody who waits for the lock can be called off, and a server that is told to end has to be gone within ten seconds.
    "busy_timeout = 8000",
    # WAL with several connections can corrupt the file in SQLite up to 3.51.2; the rollback journal is fast enough.
    "journal_mode = TRUNCATE",
    "synchronous = FULL",
    "foreign_keys = ON",
)
READERS = 4
"""Connections that read SQLite at the same time."""
PATIENCE_S = 0.005
"""How long the event loop may wait in place for a read of SQLite, which takes far less. PostgreSQL may be far away."""
SQLITE = "sqlite:///"
SQLITE_HEAD = b"SQLite format 3\0"
FILE = "file"
"""Where a connection to SQLite keeps which file it has open."""
STEPS = 1000
"""Steps of SQLite's machine between two looks at the clock."""
LOCKED = re.compile("database is locked|lock timeout", re.IGNORECASE)
# A dead peer is noticed within half a minute.
POSTGRES_OPTIONS = {
    "autocommit": True,  # transactions are begun by statements of their own
    "client_encoding": "UTF8",  # also of a database that was made without an encoding, whose text would come as bytes
    "prepare_threshold": None,  # see _prepare_statements
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
PREPARE_AFTER = 5
"""Times that a connection sends a statement before it is prepared, so that PostgreSQL plans it anew no more."""


class TookTooLong(Exception):
    """A reading was ended because it took too long."""


@dataclass(frozen=True)
class Database:
    """Two engines: on SQLite `write` holds the write lock from its first statement, `read` never needs it. Each has threads of its own."""

    write: sa.Engine
    read: sa.Engine
    write_threads: Threads
    read_threads: Threads
    _here: threading.local = field(default_factory=threading.local)
    """Of each thread: the connection on which it reads."""

    @property
    def on_one_machine(self) -> bool:
        """Return whether every process that shares the store runs on this machine."""
        return self.write.dialect.name == "sqlite"

    @contextmanager
    def writing(self, *, alone: bool = False) -> Generator[sa.Connection]:
        """Open a transaction that changes something: all of it, or nothing; with `alone`, while nobody else writes.

        Where the connection breaks as it is committed, nobody knows which of the two, and the StorageError says so in `charged`.
        """
        is_committing = False
        begin = SQLITE_WRITE if self.on_one_machine else POSTGRES_WRITE_ALONE if alone else POSTGRES_WRITE
        try:
            with as_storage_errors():
                with watch_lock("store"):
                    opened = _begin(self.write, begin)
                with opened as conn:
                    yield conn
                    is_committing = True
                    conn.commit()
        except StorageError as error:
            if is_committing and not self.on_one_machine:
                raise StorageError(error.message, charged="unknown") from error.__cause__
            raise

    @contextmanager
    def reading(self) -> Generator[sa.Connection]:
        """Open a transaction that sees one moment; within one of the same thread, go on in it."""
        if (conn := self._get_open()) is not None:
            yield conn
            return
        with self._begin_reading() as conn:
            self._here.conn = conn
            try:
                yield conn
            finally:
                self._here.conn = None

    def _get_open(self) -> sa.Connection | None:
        return getattr(self._here, "conn", None)

    @contextmanager
    def _begin_reading(self) -> Generator[sa.Connection]:
        """Open a transaction. On SQLite closing the connection ends it: nothing was written."""
        if self.on_one_machine:
            with as_storage_errors(), self.read.connect() as conn:
                get_driver(conn).execute(SQLITE_READ)
                yield conn
            return
        with as_storage_errors(), _begin(self.read, POSTGRES_READ) as conn:
            yield conn
            conn.commit()

    def write_at_once(self, write: Callable[[sa.Connection], T]) -> T:
        """Return what one statement gives that is a transaction by itself, on PostgreSQL in one round trip instead of three.

        It moves no money, as it does not wait for who changes budgets, and it may run twice: where a connection breaks, it is sent again.
        """
        if self.on_one_machine:
            with self.writing() as conn:
                return write(conn)
        with as_storage_errors():
            return _try_twice(lambda: _run(self.write, write))

    def read_loosely(self, read: Callable[[sa.Connection], T]) -> T:
        """Return what is read without a transaction: each statement sees a moment of its own. Within one it sees that moment."""
        if (conn := self._get_open()) is not None:
            return read(conn)
        with as_storage_errors():
            return _try_twice(lambda: _run(self.read, read))

    def close(self) -> None:
        """Close every connection."""
        self.write_threads.close()
        self.read_threads.close()
        self.write.dispose()
        self.read.dispose()


def _begin(engine: sa.Engine, statement: str) -> sa.Connection:
    """Return a connection on which this statement began a transaction, which closing it takes back."""

    def begin() -> sa.Connection:
        conn = engine.connect()
        try:
            conn.exec_driver_sql(statement)
        except BaseException:
            conn.close()
            raise
        return conn

    return _try_twice(begin)


def _run(engine: sa.Engine, read: Callable[[sa.Connection], T]) -> T:
    with engine.connect() as conn:
        return read(conn)


def _try_twice(call: Callable[[], T]) -> T:
    """Call again on another connection where the one at hand turns out to be broken. The call must change nothing."""
    try:
        return call()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return call()


def get_driver(conn: sa.Connection) -> Any:
    """Return the driver's own connection."""
    return conn.connection.driver_connection


@contextmanager
def as_storage_errors() -> Generator[None]:
    """Raise what the database or the disk refuses as a StorageError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        # Only the driver's first line: the rest may quote the statement and what was in it.
        lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        reason = "another process keeps it locked" if LOCKED.search(lines[0]) else lines[0][:200]
        raise StorageError(f"The store cannot be read or written: {reason}") from error


@contextmanager
def limit_time(conn: sa.Connection, seconds: float) -> Generator[None]:
    """Bound what the block reads. Raise TookTooLong: a reader that takes long keeps writers from committing (rollback journal)."""
    end = time.monotonic() + seconds
    driver = get_driver(conn)
    if conn.dialect.name == "sqlite":
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    else:
        conn.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000:.0f}")
    try:
        yield
    except OperationalError as error:
        if time.monotonic() > end:
            raise TookTooLong from error
        raise
    finally:
        if conn.dialect.name == "sqlite":
            driver.set_progress_handler(None, 0)


def connect(url: str, home: Path) -> Database:
    """Open the database at this address, with every table in it."""
    try:
        make_private_folder(home)
    except OSError as error:
        why = f"The store's folder {home} cannot be made ({error.strerror}). Set SORA_MCP_HOME to another one."
        raise StorageError(why) from error
    address = _address(url)
    database = _sqlite(address) if address.drivername == "sqlite" else _postgres(address)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _address(url: str) -> URL:
    if url.startswith(SQLITE) and (file := url.removeprefix(SQLITE)):
        if file == ":memory:":
            raise StorageError("SORA_MCP_DATABASE_URL must name a file: a database in memory would forget all jobs and spending.")
        return URL.create("sqlite", database=file)  # all of it: a folder's name may have a question mark
    try:
        address = sa.make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError("SORA_MCP_DATABASE_URL is not a database address.") from None  # whose text may hold a password
    if address.get_backend_name() in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    raise StorageError("SORA_MCP_DATABASE_URL must begin with postgresql:// or sqlite:///.")


def _sqlite(address: URL) -> Database:
    file = Path(address.database or "")
    with as_storage_errors():
        make_private_folder(file.parent)
        # Private before SQLite writes a byte; the journal takes over the file's mode.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        if _is_ours(file):
            file.chmod(0o600)
    write = _sqlite_engine(address, PRAGMAS, connections=1)
    read = _sqlite_engine(address, (*PRAGMAS, "query_only = ON"), connections=READERS)
    return Database(write, read, Threads(1), Threads(READERS, patience_s=PATIENCE_S))


def identify_file(path: str | Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that takes its place while it is open; None where there is none, or nothing does."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino) if stat.st_ino else None


def _is_ours(file: Path) -> bool:
    """Return whether the file is a database or still empty, and no link: the mode of anything else is not ours to change."""
    if file.is_symlink():
        return False
    with file.open("rb") as opened:
        return opened.read(len(SQLITE_HEAD)) in (b"", SQLITE_HEAD)


def _sqlite_engine(address: URL, pragmas: tuple[str, ...], *, connections: int) -> sa.Engine:
    engine = sa.create_engine(
        address,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        before, cursor = identify_file(address.database or ""), connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        entry.info[FILE] = before if before == identify_file(address.database or "") else None

    event.listen(engine, "connect", prepare)
    return engine


def _postgres(address: URL) -> Database:
    try:
        engine = sa.create_engine(address, pool_size=8, max_overflow=0, hide_parameters=True, connect_args=POSTGRES_OPTIONS)
    except ModuleNotFoundError:
        raise StorageError("PostgreSQL needs one more package: pip install 'sora-mcp[postgres]'.") from None
    event.listen(engine, "connect", _prepare_statements)
    return Database(engine, engine, Threads(4), Threads(4))


def _prepare_statements(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Let the driver prepare statements, unless a pooler stands between: its transaction mode changes servers under the connection, and
    another one does not know what was prepared. A pooler is told by the process id, which it makes up for its clients."""
    driver: Any = connection
    if driver.execute("SELECT pg_backend_pid()").fetchone() == (driver.info.backend_pid,):
        driver.prepare_threshold = PREPARE_AFTER


# The schema


def migrate(database: Database, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the schema up to date. StorageError when a newer version of this program made it."""
    with database.reading() as conn:
        if _version(conn) == len(migrations):
            return
    with database.writing(alone=True) as conn:
        version = _version(conn)
        if version > len(migrations):
            message = f"The store was made by a newer sora-mcp: its schema is {version}, and this one knows {len(migrations)}"
            raise StorageError(f"{message}. Update sora-mcp; nothing was changed.")
        for migration in migrations[version:]:
            migration(conn)
        _stamp(conn, len(migrations))


def _version(conn: sa.Connection) -> int:
    if not sa.inspect(conn).has_table(meta.name):
        return 0
    return int(conn.execute(sa.select(meta.c.value).where(meta.c.name == "schema")).scalar_one())


def _stamp(conn: sa.Connection, version: int) -> None:
    if not conn.execute(sa.update(meta).where(meta.c.name == "schema").values(value=str(version))).rowcount:
        conn.execute(sa.insert(meta).values(name="schema", value=str(version)))
