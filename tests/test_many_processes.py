"""Several processes on one store: each job is sent once, asked for by one at a time, fetched once; who slept too long changes nothing."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import anyio
import pytest

from sora_mcp.config.settings import load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest
from sora_mcp.jobs.worker import Worker
from sora_mcp.store import Store
from sora_mcp.store.database import connect
from sora_mcp.store.schema import jobs as rows
from tests.waiting import eventually, patience, wait_until

from .played import Muvi, Wire, played
from .played.forks import Forked
from .played.processes import buying, ended, go, line, run
from .played.rig import environment, held

pytestmark = pytest.mark.slow

OWN_PRICE = '["muvi:sora-2"]\nper_second = "0.10"\n'
EACH = 3


async def crowded(folder: Path, wire: Wire, url: str, count: int) -> list[bytes]:
    """So many processes with a service and a worker each, which wish at the same moment; what they say of it."""
    env = environment(folder, {"muvi": wire.address}, (wire.host,), prices=OWN_PRICE, DATABASE_URL=url)
    processes = [await buying(EACH, f"process {number}", env) for number in range(count)]
    for process in processes:
        await go(process)
    said = [await line(process) for process in processes]
    codes = [await ended(process) for process in processes]
    assert codes == [0] * count
    return said


def states(url: str, folder: Path) -> Counter[str]:
    """How many jobs are in which state."""
    store = Store(url, folder / "home")
    jobs = store.jobs.search.sync(None, limit=100).jobs
    store.close()
    return Counter(job.state for job in jobs)


def twice(wire: Wire, role: str) -> list[str]:
    """What was asked for more than once."""
    asked = Counter(heard.raw_path for heard in wire.requests(role))
    return [path for path, times in asked.items() if times > 1]


@pytest.mark.fault("D18")
@pytest.mark.parametrize(("store_url", "count"), [("sqlite", 4), ("postgres", 4)], indirect=["store_url"])
async def test_each_job_is_sent_once_and_fetched_once(store_url: str, count: int, tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        said = await crowded(tmp_path, wire, store_url, count)
        assert said == [b'{"made": 3}\n'] * count
        assert states(store_url, tmp_path) == {"completed": EACH * count}
        assert (len(wire.requests("submit")), len(wire.made)) == (EACH * count, EACH * count)
        assert (len(wire.requests("media")), twice(wire, "media"), held(store_url)) == (EACH * count, [], 0)
        # Pending, processing, completed: nobody asked beside another.
        assert len(wire.requests("status")) == 3 * EACH * count


@pytest.mark.fault("S39", "R14")
@pytest.mark.skipif(sys.platform != "linux", reason="reads the state of a process in /proc")
@pytest.mark.parametrize("moment", ["submit:created", "status:created", "media:headers"])
async def test_a_process_that_slept_past_its_lease_writes_nothing_over_its_successor(moment: str, store_url: str, tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        env = environment(tmp_path, {"muvi": wire.address}, (wire.host,), prices=OWN_PRICE, DATABASE_URL=store_url)
        settings = load(env, today=date.today(), config=tmp_path / "none.toml")
        async with open_service(settings, work=False) as service:
            job = await service.create(VideoRequest("A boat", "muvi:sora-2", seconds=4), principal="local")
            sleeper = await run("sora_mcp", "watch", env=env)
            asleep = anyio.Event()

            def sleep(name: str) -> None:
                if name == moment and not asleep.is_set():
                    stop(sleeper, store_url)
                    asleep.set()

            wire.watch = sleep
            with patience("the process to fall asleep"):
                await asleep.wait()
            lapse(store_url, tmp_path)
            await Worker(service).run(until_idle=True)
            after = await service.job(job.id, principal="local")
            assert (after.state, len(wire.made)) == ("unknown" if moment == "submit:created" else "completed", 1)
            sleeper.send_signal(signal.SIGCONT)
            if moment == "submit:created":
                # The answer to the paid call was under way: who sent it may still say what came of it.
                await Worker(service).run(until_idle=True)
                assert await eventually(lambda: states(store_url, tmp_path) == Counter(completed=1))
            sleeper.send_signal(signal.SIGTERM)
            assert await ended(sleeper) == 0
            woken = await service.job(job.id, principal="local")
            assert woken == after or moment == "submit:created"
        assert (len(wire.requests("submit")), len(wire.made), held(store_url)) == (1, 1, 0)
        assert len(list((tmp_path / "videos").glob("*.mp4"))) == 1


def stop(process: Forked, url: str) -> None:
    """Puts it to sleep between two transactions: SQLite's lock is the process's, and who sleeps with it lets nobody write."""
    state = Path(f"/proc/{process.pid}/stat")
    while True:
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
        if is_free(url):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.005)


def is_free(url: str) -> bool:
    """Whether nobody reads or writes; readers on PostgreSQL are in nobody's way."""
    if not url.startswith("sqlite:///"):
        return True
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return False
    return True


def lapse(url: str, folder: Path) -> None:
    """Time goes by: every lease has run out."""
    database = connect(url, folder / "home")
    with database.writing() as conn:
        conn.execute(rows.update().where(rows.c.lease_until.is_not(None)).values(lease_until=0.0))
    database.close()


async def test_nobody_is_told_that_the_database_is_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'home' / 'sora.db'}"
    async with played(Muvi()) as wire:
        env = environment(tmp_path, {"muvi": wire.address}, (wire.host,), prices=OWN_PRICE, DATABASE_URL=url)
        buyers = [await buying(EACH, f"buyer {number}", env) for number in range(2)]
        database = connect(url, tmp_path / "home")
        with database.writing():
            for buyer in buyers:
                await go(buyer)
            await anyio.sleep(1.0)
        database.close()
        assert [await line(buyer) for buyer in buyers] == [b'{"made": 3}\n'] * 2
        assert [await ended(buyer) for buyer in buyers] == [0, 0]
