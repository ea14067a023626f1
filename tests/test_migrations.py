"""From one version of the schema to the next: whole or not at all, on both databases, with everything that was there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store import database as databases
from sora_mcp.store.database import Database, connect, migrate
from sora_mcp.store.migrations import FIRST, MIGRATIONS, SECOND
from sora_mcp.store.schema import metadata

from .stored import CAPS, Clock, empty_schema, no

OLD = Path(__file__).with_name("version_1.sql")
"""A store as the first version left it, with a job in every state; written by that version itself."""
STATES = {"submitting": 1, "queued": 1, "completed": 1, "failed": 1, "cancelled": 1, "unknown": 1}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store of version 1."""
    home = tmp_path / "home"
    home.mkdir()
    sqlite = f"sqlite:///{home / 'sora.db'}"
    with sqlite3.connect(home / "sora.db") as conn:
        conn.executescript(OLD.read_text("utf-8"))
    conn.close()
    if request.param == "sqlite":
        yield sqlite
        return
    with empty_schema(request.getfixturevalue("postgres_url")) as url:
        copied(sqlite, url.replace("postgresql://", "postgresql+psycopg://"))
        (home / "sora.db").unlink()
        yield url


def copied(source: str, target: str) -> None:
    """Version 1's tables and their rows, on another database."""
    old, new = sa.create_engine(source), sa.create_engine(target)
    with old.connect() as reading, new.begin() as writing:
        MIGRATIONS[0](writing)
        tables = sa.MetaData()
        tables.reflect(writing)
        for table in tables.sorted_tables:
            for line in reading.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings():
                values: dict[str, Any] = dict(line)
                if table.name == "jobs":
                    values["with_image"] = bool(values["with_image"])
                writing.execute(sa.insert(table).values(**values))
    old.dispose()
    new.dispose()


@pytest.mark.fault("R13")
def test_a_store_of_the_first_version_opens_with_all_its_jobs_and_money(old_url: str, tmp_path: Path) -> None:
    store = Store(old_url, tmp_path / "home")
    jobs = store.jobs.search.sync(None, limit=100).jobs
    assert {state: sum(job.state == state for job in jobs) for state in STATES} == STATES
    assert sum(row.held for row in store.ledger.sum_by_day.sync()) == usd("3")
    (unclear,) = [job for job in jobs if job.state == "unknown"]
    assert (unclear.charged, unclear.micros, store.jobs.get_paid_call.sync(unclear) is not None) == ("unknown", usd("1"), True)
    assert {job.id for job in store.leases.claim.sync("me", limit=100, lease_s=60.0)} >= {unclear.id}
    assert store.paused_models.get_all.sync() == ()
    store.close()


def test_a_fresh_store_and_a_migrated_one_have_the_tables_that_the_code_knows(old_url: str, tmp_path: Path) -> None:
    database = connect(old_url, tmp_path / "home")
    with database.reading() as conn:
        found = sa.inspect(conn)
        have = {name: {column["name"]: column["nullable"] for column in found.get_columns(name)} for name in found.get_table_names()}
        indexes = {name: {str(index["name"]) for index in found.get_indexes(name)} for name in found.get_table_names()}
    database.close()
    assert have == {name: {column.name: bool(column.nullable) for column in table.columns} for name, table in metadata.tables.items()}
    missing = {name: {str(index.name) for index in table.indexes} - indexes[name] for name, table in metadata.tables.items()}
    assert missing == {name: set() for name in metadata.tables}


def test_the_first_version_is_what_it_was(tmp_path: Path) -> None:
    """What this code makes as version 1, and what version 1 made, are the same on SQLite."""

    def shape(script: Callable[[sqlite3.Connection], object]) -> dict[str, Any]:
        conn = sqlite3.connect(":memory:")
        script(conn)
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        columns = {name: [row[1:4] for row in conn.execute(f'PRAGMA table_info("{name}")')] for name in names}
        indexes = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name")]
        return {
            "columns": {name: [(n, t.replace("DOUBLE PRECISION", "DOUBLE"), k) for n, t, k in rows] for name, rows in columns.items()},
            "indexes": indexes,
        }

    made = shape(lambda conn: [conn.execute(statement) for statement in FIRST])
    assert made == shape(lambda conn: conn.executescript(OLD.read_text("utf-8")))


@pytest.mark.fault("R13")
def test_a_migration_that_is_killed_at_any_statement_changes_nothing_and_runs_again(old_url: str, tmp_path: Path) -> None:
    database = unmigrated(old_url)
    for step in range(len(SECOND) + 1):
        before = version(database)
        with killed_at(database, step), pytest.raises(Killed):
            migrate(database)
        assert (before, version(database), has_pauses(database)) == ("1", "1", False), step
    migrate(database)
    assert (version(database), has_pauses(database)) == (str(len(MIGRATIONS)), True)
    with pytest.raises(StorageError, match="newer sora-mcp"):
        migrate(database, MIGRATIONS[:1])
    assert version(database) == str(len(MIGRATIONS))
    database.close()
    with closing(Store(old_url, tmp_path / "home")) as store:
        assert store.budgets.get.sync(CAPS).month_limit == CAPS.monthly


LAST_WITH_ONE_BUDGET = 8


def test_a_store_with_one_budget_for_all_keeps_every_sum(old_url: str, tmp_path: Path) -> None:
    database = unmigrated(old_url)
    migrate(database, MIGRATIONS[:LAST_WITH_ONE_BUDGET])
    with database.writing() as conn:
        conn.exec_driver_sql("UPDATE jobs SET principal = 'ben' WHERE state = 'unknown'")
        before = {row.window: row.micros for row in conn.execute(sa.text("SELECT * FROM totals")) if row.micros}
        ends = conn.execute(sa.text("SELECT * FROM totals WHERE ends_at IS NOT NULL")).all()
        moves = conn.execute(sa.text("SELECT * FROM ledger ORDER BY job_id, kind")).all()
    database.close()
    day = max(row.window for row in ends)
    clock = Clock(max(row.ends_at for row in ends) - 1)
    with closing(Store(old_url, tmp_path / "home", clock=clock)) as store:
        budget = store.budgets.get.sync(CAPS)
        assert (budget.day_spent, budget.month_spent, budget.day_limit) == (before[day], before[day[:7]], CAPS.daily)
        assert budget.resets_at.timestamp() == clock.at + 1
        assert (budget.limited_by, budget.own) == (None, None), "nothing is told of levels that nobody set"
        ben = store.budgets.get.sync(CAPS, "ben")
        assert (ben.own and ben.own.day_spent, ben.day_spent, ben.day_left) == (usd("1"), usd("1"), budget.day_left)
        (unclear,) = store.jobs.search.sync("ben", limit=5).jobs
        assert store.unclear.resolve.sync(unclear, no("no")) is not None
        assert store.budgets.get.sync(CAPS).day_spent == before[day] - usd("1")
        with unmigrated(old_url).reading() as conn:
            kept = conn.execute(sa.text("SELECT * FROM ledger ORDER BY job_id, kind")).all()
            assert [tuple(row) for row in moves if row.job_id != unclear.id] == [tuple(row) for row in kept if row.job_id != unclear.id]


LAST_WITHOUT_TAKES = 14


def test_takes_that_were_bought_before_know_which_one_they_are(old_url: str, tmp_path: Path) -> None:
    database = unmigrated(old_url)
    migrate(database, MIGRATIONS[:LAST_WITHOUT_TAKES])
    with database.writing() as conn:
        ids = list(conn.execute(sa.text("SELECT id FROM jobs ORDER BY id LIMIT 3")).scalars())
        conn.execute(sa.text("UPDATE jobs SET batch = :first WHERE id <= :last"), {"first": ids[0], "last": ids[-1]})
    database.close()
    with closing(Store(old_url, tmp_path / "home")) as store:
        takes = {job.id: job.which_take for job in store.jobs.search.sync(None, limit=100).jobs}
    assert {job_id: take for job_id, take in takes.items() if take} == {ids[n - 1]: f"take {n} of 3" for n in (1, 2, 3)}


def unmigrated(url: str) -> Database:
    """The database, as it is."""
    address = databases._address(url)  # pyright: ignore[reportPrivateUsage]
    return (databases._sqlite if address.drivername == "sqlite" else databases._postgres)(address)  # pyright: ignore[reportPrivateUsage]


def version(database: Database) -> str:
    with database.reading() as conn:
        return conn.execute(sa.text("SELECT value FROM meta WHERE name = 'schema'")).scalar_one()


def has_pauses(database: Database) -> bool:
    with database.reading() as conn:
        return sa.inspect(conn).has_table("pauses")


class killed_at:
    """The process is gone before the n-th changing statement of the migration."""

    def __init__(self, database: Database, step: int) -> None:
        self.database, self.left = database, step

    def strike(self, conn: object, cursor: object, statement: str, *_: object) -> None:
        if statement.strip().startswith(("CREATE", "UPDATE", "INSERT", "ALTER")):
            if self.left == 0:
                raise Killed
            self.left -= 1

    def __enter__(self) -> None:
        event.listen(self.database.write, "before_cursor_execute", self.strike)

    def __exit__(self, *_: object) -> None:
        event.remove(self.database.write, "before_cursor_execute", self.strike)
