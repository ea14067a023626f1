"""Many processes on PostgreSQL, which do not take turns: no budget is passed, nobody waits forever, and no news is missed."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sora_mcp.domain import Job
from sora_mcp.domain.errors import OverBudget
from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store
from sora_mcp.store.database import connect
from sora_mcp.store.records import Caps, Limits, Person
from tests.played.forks import FORKS
from tests.waiting import PATIENCE_S

from .stored import CAPS, DONE, Clock, empty_schema, no, reserve

pytestmark = pytest.mark.slow

PROCESSES, CALLERS = 3, 64
PRICE = usd("0.40")
LIFTED = Limits(NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT)
NO_CAPS = Caps(NO_LIMIT, NO_LIMIT, NO_LIMIT, CAPS.zone)
PEOPLE = tuple(f"p{number}" for number in range(5))
RACES: dict[str, tuple[dict[str, Limits], int]] = {
    "person": ({"all": LIFTED, "person:*": Limits(day=usd("6"))}, 15 * len(PEOPLE)),
    "team": ({"all": LIFTED, "team:film": Limits(month=usd("20"))}, 50),
    "all": ({"all": Limits(NO_LIMIT, usd("20"), NO_LIMIT, NO_LIMIT)}, 50),
    "all three": (
        {
            "all": Limits(NO_LIMIT, usd("20"), NO_LIMIT, NO_LIMIT),
            "team:film": Limits(day=usd("30")),
            "person:*": Limits(usd("5"), usd("6")),
        },
        50,
    ),
}
"""Budgets, and how many purchases they pay for together."""


def race(work: Callable[..., Any], *args: Any, count: int = PROCESSES) -> list[Any]:
    """Run the work in processes that begin at one moment, and return what each puts into the queue."""
    gate, ends = FORKS.Barrier(count), FORKS.Queue()
    racers: list[Any] = [FORKS.Process(target=work, args=(*args, number, gate, ends)) for number in range(count)]
    for racer in racers:
        racer.start()
    found = [ends.get(timeout=2 * PATIENCE_S) for _ in racers]
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0] * count
    return found


def together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def buy(url: str, home: Path, number: int, gate: threading.Barrier, ends: multiprocessing.Queue[Counter[str]]) -> None:
    """One process: sixty-four callers who want a video each."""
    store, said = Store(url, home, clock=Clock()), Counter[str]()

    def want(caller: int) -> None:
        try:
            reserve(store, "0.40", caps=NO_CAPS, principal=PEOPLE[(caller + number) % len(PEOPLE)])
            said["bought"] += 1
        except OverBudget:
            said["over budget"] += 1
        except Exception as error:
            said[repr(error)] += 1

    gate.wait()
    together([lambda caller=caller: want(caller) for caller in range(CALLERS)])
    ends.put(said)
    store.close()


def test_no_budget_is_passed_by_three_processes_of_sixty_four_callers(postgres_url: str, tmp_path: Path) -> None:
    for name, (limits, money_for) in RACES.items():
        with empty_schema(postgres_url) as url:
            with closing(Store(url, tmp_path / "home", clock=Clock())) as store:
                store.budgets.set.sync(limits)
                for person in PEOPLE:
                    store.people.meet.sync(Person(person, "file", person))
                    store.people.set_team.sync(person, "film")
            began = time.monotonic()
            said = sum(race(buy, url, tmp_path / "home"), Counter[str]())
            took = time.monotonic() - began
            assert said == {"bought": money_for, "over budget": PROCESSES * CALLERS - money_for}, name
            most = check_sums(url, tmp_path)
            print(f"{name}: {said['bought']} of {PROCESSES * CALLERS} bought in {took:.1f} s, overshoot 0, errors 0, {most}")


def check_sums(url: str, folder: Path) -> dict[str, int]:
    """Return what each account spent; it is what the ledger says."""
    database = connect(url, folder / "home")
    with database.reading() as conn:
        totals = {row.account: row.micros for row in conn.execute(sa.text("SELECT * FROM totals")) if len(row.window) > 7}
        moves = conn.execute(sa.text("SELECT l.*, j.principal, j.team FROM ledger l JOIN jobs j ON j.id = l.job_id")).all()
    database.close()
    sums = Counter[str]()
    for move in moves:
        sign = (move.from_account == "budget") - (move.to_account == "budget")
        for account in (f"person:{move.principal}", f"team:{move.team}"):
            sums[account] += sign * move.micros
    assert totals == {account: micros for account, micros in sums.items() if micros}
    return totals


def work_on(url: str, home: Path, seconds: float, number: int, gate: threading.Barrier, ends: multiprocessing.Queue[Counter[str]]) -> None:
    """One process that buys, polls, settles, cancels, and changes teams, in several threads."""
    store, said, dice = Store(url, home, clock=Clock()), Counter[str](), random.Random(number)

    def act(name: str, step: Callable[[], object]) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                step()
                said[name] += 1
            except OverBudget:
                said["over budget"] += 1
            except Exception as error:
                said[f"{name}: {error.__cause__ or error!r}"[:200]] += 1

    def buy_one() -> None:
        reserve(store, "0.01", caps=NO_CAPS, principal=dice.choice(PEOPLE), clips=dice.choice((1, 1, 2)))

    def follow() -> None:
        for job in store.leases.claim.sync(f"{number}-{threading.get_ident()}", limit=4, lease_s=60):
            end_job(store, job, dice)

    gate.wait()
    steps = {"buy": buy_one, "buy too": buy_one, "follow": follow, "follow too": follow, "renew": lambda: renew(store, number)}
    together([lambda name=name, step=step: act(name, step) for name, step in steps.items()])
    ends.put(said)
    store.close()


def renew(store: Store, number: int) -> None:
    jobs = store.jobs.search.sync(None, states=("submitting", "running"), limit=50).jobs
    store.leases.renew.sync(f"{number}", [job.id for job in jobs], lease_s=60)


def end_job(store: Store, job: Job, dice: random.Random) -> None:
    match dice.randrange(4):
        case 0:
            store.reservations.cancel_unsent.sync(job)
        case 1:
            store.outcomes.settle.sync(job, DONE)
        case 2:
            store.outcomes.end.sync(job, "failed", no("no"))
        case _:
            store.outcomes.step.sync(job, due_s=0)


def test_nobody_waits_forever_for_another(postgres_url: str, tmp_path: Path) -> None:
    with empty_schema(postgres_url) as url:
        with closing(Store(url, tmp_path / "home", clock=Clock())) as store:
            store.budgets.set.sync({"all": Limits(NO_LIMIT, usd("5000"), NO_LIMIT, NO_LIMIT), "team:film": Limits(month=usd("5000"))})
            for person in PEOPLE[:3]:
                store.people.meet.sync(Person(person, "file", person))
                store.people.set_team.sync(person, "film")
        said = sum(race(work_on, url, tmp_path / "home", 8.0), Counter[str]())
        check_all = connect(url, tmp_path / "home")
        with check_all.reading() as conn:
            deadlocks = conn.execute(sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).scalar_one()
        check_all.close()
        assert set(said) <= {"buy", "buy too", "follow", "follow too", "renew", "over budget"}, said
        print(f"{dict(said)}, deadlocks {deadlocks}")
        assert deadlocks == 0
        assert said["buy"] > 0 and said["follow"] > 0


def write_news(url: str, home: Path, count: int, number: int, gate: threading.Barrier, ends: multiprocessing.Queue[int]) -> None:
    """One process: eight writers, whose transactions take unlike times."""
    database, dice = connect(url, home), random.Random(number)

    def write() -> None:
        with closing(Store(url, home, clock=Clock())) as store:
            for _ in range(count // 8):
                with database.writing() as conn:
                    conn.execute(sa.text("SELECT nextval('job_versions')"))  # a version that is never used
                job = reserve(store, "0", principal=f"{number}-{threading.get_ident()}")
                time.sleep(dice.random() * 0.002)
                store.reservations.cancel_unsent.sync(job)

    gate.wait()
    together([write] * 8)
    ends.put(count // 8 * 8)
    database.close()


def test_no_news_is_missed(postgres_url: str, tmp_path: Path) -> None:
    with empty_schema(postgres_url) as url, closing(Store(url, tmp_path / "home", clock=Clock())) as store:
        seen, twice, stop = dict[str, int](), 0, threading.Event()
        _, cursor = store.jobs.look.sync(None)

        def follow() -> None:
            nonlocal cursor, twice
            is_last = False
            while not is_last:
                is_last = stop.is_set()
                changed, cursor = store.jobs.look.sync(cursor)
                for job in changed:
                    twice += seen.get(job.id, 0) == job.version
                    seen[job.id] = job.version
                time.sleep(0.01)

        follower = threading.Thread(target=follow)
        follower.start()
        written = sum(race(write_news, url, tmp_path / "home", 672))
        stop.set()
        follower.join()
        with store._database.reading() as conn:  # pyright: ignore[reportPrivateUsage]
            last = {row.id: row.version for row in conn.execute(sa.text("SELECT id, version FROM jobs"))}
        missed = sum(seen.get(job_id) != version for job_id, version in last.items())
        print(f"{2 * written} changes, missed {missed}, told twice {twice}")
        assert (len(last), missed, twice) == (written, 0, 0)
