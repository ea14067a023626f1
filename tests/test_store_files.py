"""What lies under the store: files, schema, locks, and errors that become ours."""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.database import MIGRATIONS, Database, migrate
from sora_mcp.store.processes import Processes
from sora_mcp.store.records import Identity, QuoteTerms
from sora_mcp.store.transactions import Operation
from tests.each import each

from .stored import CAPS, FILE, claimed, empty_schema, purchase, reserve, running, spent

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and locks of POSIX")


@contextmanager
def opened(folder: Path) -> Generator[Store]:
    """A store on SQLite."""
    with closing(Store(f"sqlite:///{folder / 'sora.db'}", folder)) as store:
        yield store


def modes(folder: Path) -> dict[str, str]:
    """Who may read what."""
    return {path.name: stat.filemode(path.stat().st_mode) for path in (folder, *folder.iterdir())}


# Files


@POSIX
def test_what_a_store_writes_is_its_users_alone_and_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with opened(home) as store:
        store.leases.sign_on.sync("a")
        reserve(store)
        assert modes(home) == {"home": "drwx------", "sora.db": "-rw-------", "sora.db-journal": "-rw-------", "owners": "drwx------"}
        assert modes(home / "owners") == {"owners": "drwx------", "a": "-rw-------"}
    tmp_path.chmod(0o755)
    (tmp_path / "sora.db").touch(mode=0o644)
    with opened(tmp_path):
        assert (modes(tmp_path)["sora.db"], modes(tmp_path)[tmp_path.name]) == ("-rw-------", "drwxr-xr-x")


def test_sqlite_writes_through_a_rollback_journal_and_waits_for_the_disk(waits_for_disk: None, tmp_path: Path) -> None:
    settings: list[tuple[Any, ...]] = []
    with opened(tmp_path) as store:
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            with store._database.writing() as conn:  # pyright: ignore[reportPrivateUsage]
                settings.append(tuple(conn.exec_driver_sql(f"PRAGMA {name}").one()))
    assert settings == [("truncate",), (2,), (8_000,)]


def test_a_store_outlives_its_process(store: Store, store_url: str, tmp_path: Path) -> None:
    job = running(store)
    store.close()
    again = Store(store_url, tmp_path / "home")
    assert again.jobs.get.sync(job.id, "local") == job
    again.close()


# The schema


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store: Store, store_url: str, database: Database, tmp_path: Path) -> None:
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE meta SET value = '99' WHERE name = 'schema'"))
    with pytest.raises(StorageError) as refused:
        Store(store_url, tmp_path / "home")
    made = f"The store was made by a newer sora-mcp: its schema is 99, and this one knows {len(MIGRATIONS)}."
    assert refused.value.message == f"{made} Update sora-mcp; nothing was changed."


def test_an_older_store_gets_what_it_lacks_once(database: Database) -> None:
    def add(conn: sa.Connection) -> None:
        conn.execute(sa.text("CREATE TABLE added (id INTEGER)"))

    for _ in range(2):
        migrate(database, (*MIGRATIONS, add))
    with database.reading() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM added")).scalar_one() == 0
        assert conn.execute(sa.text("SELECT value FROM meta")).scalar_one() == str(len(MIGRATIONS) + 1)


def test_a_migration_that_fails_changes_nothing(database: Database) -> None:
    def stumble(conn: sa.Connection) -> None:
        conn.execute(sa.text("CREATE TABLE added (id INTEGER)"))
        conn.execute(sa.text("SELECT * FROM nowhere"))

    with pytest.raises(StorageError):
        migrate(database, (*MIGRATIONS, stumble))
    with database.reading() as conn:
        assert not sa.inspect(conn).has_table("added")


def test_many_can_open_a_new_store_at_once(store_url: str, tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def open_and_close() -> None:
        try:
            Store(store_url, tmp_path / "home").close()
        except StorageError as error:
            failed.append(error)

    threads = [threading.Thread(target=open_and_close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# Errors


@each(
    ("url", "message"),
    [
        ("mysql://u:secret@h/d", "SORA_MCP_DATABASE_URL must begin with postgresql:// or sqlite:///."),
        ("sqlite://", "SORA_MCP_DATABASE_URL must begin with postgresql:// or sqlite:///."),
        ("sqlite:///", "SORA_MCP_DATABASE_URL must begin with postgresql:// or sqlite:///."),
        ("sqlite:///:memory:", "SORA_MCP_DATABASE_URL must name a file: a database in memory would forget all jobs and spending."),
        ("u:secret@h", "SORA_MCP_DATABASE_URL is not a database address."),
        ("postgresql://u:secret@h:port/d", "SORA_MCP_DATABASE_URL is not a database address."),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        Store(url, tmp_path)
    assert refused.value.message == message


@each("name", ["a?b", "50%20c", "h#x", "50 % c"])
def test_the_store_lies_in_its_folder_whatever_that_is_called(name: str, tmp_path: Path) -> None:
    with opened(tmp_path / name):
        assert ([path.name for path in tmp_path.iterdir()], (tmp_path / name / "sora.db").is_file()) == ([name], True)


def test_what_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read or written") as refused:
        Store("postgresql://u:secret@127.0.0.1:1/d", tmp_path)
    assert "secret" not in refused.value.message
    (tmp_path / "sora.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError) as refused, opened(tmp_path):
        pass
    assert refused.value.message == "The store cannot be read or written: file is not a database"
    (tmp_path / "folder" / "sora.db").mkdir(parents=True)
    with pytest.raises(StorageError), opened(tmp_path / "folder"):
        pass


@pytest.mark.fault("R09")
def test_a_disk_that_is_full_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        with store._database.writing() as conn:  # pyright: ignore[reportPrivateUsage]
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError) as refused:
            reserve(store, prompt="a" * 100_000)
        assert refused.value.message == "The store cannot be read or written: database or disk is full"
        assert (spent(store), store.jobs.get_version.sync()) == ((0, 0), 0)


BREAKING = (
    "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'",
    "CREATE CONSTRAINT TRIGGER breaking AFTER INSERT ON jobs DEFERRABLE INITIALLY {} FOR EACH ROW EXECUTE FUNCTION break_off()",
)


@pytest.mark.slow
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(("when", "charged"), [("IMMEDIATE", "no"), ("DEFERRED", "unknown")], ids=["before the commit", "in the commit"])
def test_a_connection_that_breaks_as_it_commits_leaves_it_open_whether_anything_is_held(
    when: str, charged: str, store: Store, database: Database
) -> None:
    with database.writing() as conn:
        for statement in BREAKING:
            conn.exec_driver_sql(statement.format(when))
    with pytest.raises(StorageError) as broken:
        reserve(store)
    assert broken.value.charged == charged


def test_an_error_of_the_store_quotes_no_row(store: Store, database: Database) -> None:
    with pytest.raises(StorageError) as refused, database.writing() as conn:
        conn.execute(sa.text("INSERT INTO meta (name, value) VALUES ('schema', :secret)"), {"secret": "hush"})
    assert "hush" not in refused.value.message
    assert "INSERT" not in refused.value.message


# Locks


def reads(store: Store) -> dict[str, Callable[[], object]]:
    """Every operation in the lane of reads, as a call."""
    job = store.jobs.search.sync(None, limit=1).jobs[0]
    terms = QuoteTerms("local", "f", job.model, job.size, job.seconds, usd("1"))
    quote_id = store.approvals.request.sync(terms)
    return {
        "approvals.find_of_job": lambda: store.approvals.find_of_job.sync(job),
        "approvals.get": lambda: store.approvals.get.sync(quote_id),
        "approvals.find_waiting": lambda: store.approvals.find_waiting.sync(terms),
        "budgets.check": lambda: store.budgets.check.sync(usd("1"), CAPS),
        "budgets.list_accounts": lambda: store.budgets.list_accounts.sync(CAPS),
        "budgets.get": lambda: store.budgets.get.sync(CAPS),
        "files.find_keys": lambda: store.files.find_keys.sync([job.id]),
        "files.find_old": lambda: store.files.find_old.sync(before=1.0),
        "files.get_deleted": lambda: store.files.get_deleted.sync(since=0.0),
        "gauges.read": lambda: store.gauges.read.sync(CAPS),
        "jobs.count_live": store.jobs.count_live.sync,
        "jobs.find_edit": lambda: store.jobs.find_edit.sync("local", "f"),
        "jobs.get": lambda: store.jobs.get.sync(job.id, None),
        "jobs.look": lambda: store.jobs.look.sync(None),
        "jobs.get_paid_call": lambda: store.jobs.get_paid_call.sync(job),
        "jobs.get_takes": lambda: store.jobs.get_takes.sync(job),
        "jobs.get_version": store.jobs.get_version.sync,
        "jobs.list_refusers": lambda: store.jobs.list_refusers.sync(job),
        "jobs.search": lambda: store.jobs.search.sync(None, limit=5),
        "leases.get_blocked_until": lambda: store.leases.get_blocked_until.sync(job, 120.0),
        "leases.get_next_due_s": store.leases.get_next_due_s.sync,
        "leases.has_waiting_download": store.leases.has_waiting_download.sync,
        "leases.is_abandoned": lambda: store.leases.is_abandoned.sync(job),
        "ledger.sum_by_day": store.ledger.sum_by_day.sync,
        "ledger.sum_costs": lambda: store.ledger.sum_costs.sync("job"),
        "news.find_ended": lambda: store.news.find_ended.sync("local", after=0.0, made_before=1.0),
        "news.get_heard_until": lambda: store.news.get_heard_until.sync("local"),
        "paused_models.get_all": store.paused_models.get_all.sync,
        "people.find": lambda: store.people.find.sync("ben"),
        "people.get_all": store.people.get_all.sync,
        "purchase_mark.find_loss": lambda: store.purchase_mark.find_loss.sync(CAPS.zone),
        "questions.get": lambda: store.questions.get.sync(quote_id),
        "reservations.check": lambda: store.reservations.check.sync(purchase(), CAPS),
        "reservations.find": lambda: store.reservations.find.sync(Identity("local", None, "w")),
        "unclear.count_rivals": lambda: store.unclear.count_rivals.sync(job, 1.0),
        "unclear.find_unclaimed": lambda: store.unclear.find_unclaimed.sync("muvi", ["a"]),
        "webhooks.are_arriving": lambda: store.webhooks.are_arriving.sync("muvi"),
        "vendor_lists.load": store.vendor_lists.load.sync,
    }


def lanes(store: Store) -> dict[str, str]:
    """By operation: its lane."""
    return {
        f"{room}.{name}": operation.lane
        for room, repository in vars(store).items()
        for name, operation in vars(type(repository)).items()
        if isinstance(operation, Operation)
    }


def test_reads_do_not_wait_for_a_writer(store: Store, database: Database) -> None:
    reserve(store)
    every = reads(store)
    assert every.keys() == {name for name, lane in lanes(store).items() if lane == "reads"}
    with database.writing():
        for read in every.values():
            read()
        assert store.leases.claim.sync("me", limit=0, lease_s=60) == ()


async def test_every_lane_has_threads_of_its_own(store: Store, database: Database) -> None:
    for name, lane in lanes(store).items():
        room, operation = name.split(".")
        threads = getattr(getattr(store, room), operation).threads
        assert threads.most == (4 if lane == "reads" or not database.on_one_machine else 1), name


def test_reads_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError), database.reading() as conn:
        conn.execute(sa.text("UPDATE meta SET value = '7'"))


def test_an_idle_worker_takes_no_write_lock(store: Store, database: Database) -> None:
    store.leases.sign_on.sync("me")
    with database.writing():
        assert store.leases.claim.sync("me", limit=9, lease_s=60) == ()
        store.leases.sign_off.sync("me")


async def test_the_store_is_asked_in_a_thread(store: Store) -> None:
    job = await store.reservations.reserve(purchase(), CAPS)
    assert await store.jobs.get(job.id, principal="local") == job


async def test_cancelling_tears_no_transaction(store: Store) -> None:
    with anyio.move_on_after(0) as scope:
        await store.reservations.reserve(purchase(), CAPS)
    assert scope.cancelled_caught
    assert store.jobs.get_version.sync() in (0, 1)
    assert spent(store)[0] == store.jobs.get_version.sync() * usd("1")


# Owners


@contextmanager
def dying_and_living(folder: Path) -> Generator[tuple[Store, Store]]:
    """Two processes on one store; the first one has the only job."""
    with opened(folder) as dying, opened(folder) as living:
        reserve(dying)
        dying.leases.sign_on.sync("a")
        claimed(dying, "a", lease_s=100)
        yield dying, living


@POSIX
def test_the_jobs_of_a_dead_process_are_free_at_once(tmp_path: Path) -> None:
    with dying_and_living(tmp_path) as (dying, living):
        living.leases.sign_on.sync("b")
        assert (living.leases.free_dead.sync("b"), living.leases.count_other_processes()) == (0, 1)
        dying.close()  # which lets the lock go, as the kernel does
        assert [living.leases.free_dead.sync("b") for _ in range(2)] == [1, 0]
        assert (living.leases.count_other_processes(), claimed(living, "b").fence) == (0, 2)
        assert [path.name for path in (tmp_path / "owners").iterdir()] == ["b"]
        for _ in range(2):
            living.leases.sign_on.sync("b")
        for _ in range(2):
            living.leases.sign_off.sync("b")
        assert list((tmp_path / "owners").iterdir()) == [], "who signs off leaves no file"


@POSIX
def test_a_file_that_was_taken_for_a_dead_ones_is_made_again(tmp_path: Path) -> None:
    path, holder, newcomer = tmp_path / "a", Processes(tmp_path), Processes(tmp_path)
    holder.sign_on("a")
    waiting = threading.Thread(target=newcomer.sign_on, args=("a",))
    waiting.start()
    holder.sign_off("a")
    waiting.join()
    assert (path.exists(), holder.count_others(), list(holder.find_dead())) == (True, 1, [])
    newcomer.close()
    assert list(holder.find_dead()) == ["a"]


@POSIX
def test_a_dead_process_stays_to_be_buried_while_the_store_is_away(tmp_path: Path) -> None:
    with dying_and_living(tmp_path) as (dying, living):
        dying.close()
        (tmp_path / "sora.db").rename(tmp_path / "away.db")
        living._database.write.dispose()  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(StorageError):
            living.leases.free_dead.sync("b")
        (tmp_path / "away.db").replace(tmp_path / "sora.db")
        living._database.write.dispose()  # pyright: ignore[reportPrivateUsage]
        assert living.leases.free_dead.sync("b") == 1


@pytest.mark.slow
def test_leases_alone_tell_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    with empty_schema(postgres_url) as url, closing(Store(url, tmp_path)) as store:
        store.leases.sign_on.sync("a")
        assert (store.leases.free_dead.sync("a"), store.leases.count_other_processes(), list(tmp_path.iterdir())) == (0, 0, [])


# Size


def plans(store: Store, database: Database, ask: Callable[[], object], how: str = "EXPLAIN") -> list[str]:
    """How the database finds what a call asks for."""
    asked: list[tuple[str, Any]] = []

    def note(conn: object, cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def trace(driver: Any, *_: object) -> None:
        driver.set_trace_callback(lambda said: note(driver, None, said, ()))

    engines = {store._database.read, store._database.write}  # pyright: ignore[reportPrivateUsage]
    listening = (
        [(engine, "checkout", trace) for engine in engines] if database.on_one_machine else [(sa.Engine, "before_cursor_execute", note)]
    )
    for one in listening:
        event.listen(*one)
    try:
        ask()
    finally:
        for one in listening:
            event.remove(*one)
    with database.reading() as conn:
        if database.on_one_machine:
            return [row.detail for said, values in asked for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)]
        for way in ("seqscan", "bitmapscan", "sort"):  # cheapest for a few rows, so that no plan would show the indexes
            conn.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return [row[0].strip() for said, values in asked for row in conn.exec_driver_sql(f"{how} {said}", values)]


GROWS = re.compile(r"SCAN (jobs|quotes)$|TEMP B-TREE|Seq Scan on (jobs|quotes)|Sort|ledger")
"""A table that is read whole, or sorted; and the ledger, of which the sums are enough."""


def test_no_read_grows_with_the_number_of_jobs(store: Store, database: Database) -> None:
    for _ in range(3):
        store.outcomes.complete.sync(running(store, "0"), FILE)
    cursor = store.jobs.search.sync("local", limit=1).next_cursor
    every = reads(store) | {
        "page of one": lambda: store.jobs.search.sync("local", limit=5),
        "page of one state": lambda: store.jobs.search.sync("local", states=("completed",), limit=5),
        "next page": lambda: store.jobs.search.sync("local", limit=5, cursor=cursor),
        "next page of all": lambda: store.jobs.search.sync(None, limit=5, cursor=cursor),
        "claim": lambda: store.leases.claim.sync("me", limit=1, lease_s=60),
        "reserve": lambda: reserve(store, "0"),
        "reserve by request_id": lambda: reserve(store, "0", request_id="r"),
    }
    del every["ledger.sum_by_day"], every["ledger.sum_costs"], every["gauges.read"]  # a report reads its month, metrics all that live
    found = {name: [line for line in plans(store, database, ask) if GROWS.search(line)] for name, ask in every.items()}
    assert found == {name: [] for name in every}


def test_a_page_reads_no_more_rows_than_it_shows(store: Store, database: Database) -> None:
    """Counted by the database itself, on PostgreSQL, which can."""
    if database.on_one_machine:
        pytest.skip("SQLite counts no rows")
    for _ in range(60):
        reserve(store, "0")
    with database.writing() as conn:
        conn.exec_driver_sql("ANALYZE jobs")
    asked = plans(store, database, lambda: store.jobs.search.sync("local", limit=5), how="EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF)")
    assert next(line for line in asked if "Index Scan" in line).endswith("(actual rows=6.00 loops=1)")
