"""Many at once: threads and real processes reserve, claim and begin, and the caps and the claims hold."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.domain import Job
from sora_mcp.domain.errors import OverBudget
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from tests.played.forks import FORKS
from tests.waiting import PATIENCE_S

from .stored import CAPS, Clock, purchase, sending, spent

pytestmark = pytest.mark.slow

MONEY_FOR, PRICE = 10, "1.00"


def together(count: int, work: Callable[[], None]) -> None:
    """So many threads, let go at one moment."""
    gate = threading.Barrier(count)

    def one() -> None:
        gate.wait()
        work()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bought(store: Store, wishes: int) -> list[bool]:
    """Which of so many wishes the budget paid for."""
    ends: list[bool] = []

    def wish() -> None:
        try:
            store.reservations.reserve.sync(purchase(PRICE), CAPS)
            ends.append(True)
        except OverBudget:
            ends.append(False)

    together(wishes, wish)
    return ends


def test_sixty_four_threads_hold_what_the_budget_has_and_no_more(store: Store) -> None:
    ends = bought(store, 64)
    assert (len(ends), sum(ends)) == (64, MONEY_FOR)
    assert spent(store) == (usd("10"), usd("10"))


def race(url: str, home: Path, gate: threading.Barrier, ends: multiprocessing.Queue[int]) -> None:
    """One process: sixteen threads that want a video each."""
    store = Store(url, home, clock=Clock())
    gate.wait()
    ends.put(sum(bought(store, 16)))
    store.close()


def test_four_processes_hold_together_what_the_budget_has(store: Store, store_url: str, tmp_path: Path) -> None:
    gate, ends = FORKS.Barrier(4), FORKS.Queue()
    racers: list[Any] = [FORKS.Process(target=race, args=(store_url, tmp_path / "home", gate, ends)) for _ in range(4)]
    for racer in racers:
        racer.start()
    made = [ends.get(timeout=PATIENCE_S) for _ in racers]
    for racer in racers:
        racer.join()
    assert ([racer.exitcode for racer in racers], sum(made)) == ([0] * 4, MONEY_FOR)
    assert spent(store) == (usd("10"), usd("10"))


def test_the_same_request_at_the_same_moment_is_one_job(store: Store) -> None:
    wish, made = purchase(request_id="r"), list[Job]()
    together(16, lambda: made.append(store.reservations.reserve.sync(wish, CAPS)))
    assert (len({job.id for job in made}), sum(not job.deduplicated for job in made)) == (1, 1)
    assert spent(store)[0] == usd("1")


def test_every_job_is_claimed_by_one(store: Store) -> None:
    for _ in range(10):
        store.reservations.reserve.sync(purchase("0"), CAPS)
    claims: list[str] = []
    together(8, lambda: claims.extend(job.id for job in store.leases.claim.sync(threading.current_thread().name, limit=3, lease_s=60)))
    assert (len(claims), len(set(claims))) == (10, 10)


def test_no_more_than_four_submits_begin_at_once(store: Store, database: Database) -> None:
    for _ in range(12):
        store.reservations.reserve.sync(purchase("0"), CAPS)
    jobs, begun = list(store.leases.claim.sync("me", limit=12, lease_s=60)), list[bool]()
    together(12, lambda: begun.append(store.leases.begin_submit.sync(jobs.pop(), "t", lease_s=60)))
    assert (sum(begun), sending(database)) == (4, 4)


def test_every_change_is_seen_once_by_who_follows_them(store: Store) -> None:
    seen, stop = list[int](), threading.Event()
    _, begin = store.jobs.look.sync(None)

    def follow() -> None:
        cursor, is_last = begin, False
        while not is_last:
            is_last = stop.is_set()  # what changed before is seen in the look that follows
            changed, cursor = store.jobs.look.sync(cursor)
            seen.extend(job.version for job in changed)

    follower = threading.Thread(target=follow)
    follower.start()
    together(8, lambda: [store.reservations.reserve.sync(purchase("0"), CAPS) for _ in range(5)] and None)
    stop.set()
    follower.join()
    assert sorted(seen) == list(range(1, 41))
