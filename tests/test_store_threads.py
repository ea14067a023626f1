"""Threads of the store: a short call is waited for in place, none stops the event loop for longer, and readings share a transaction."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from sora_mcp.domain.errors import StorageError
from sora_mcp.store.database import Database
from sora_mcp.store.threads import Threads

PATIENCE_S = 0.02
fact = ContextVar("fact", default="")


async def test_a_short_call_is_waited_for_in_place_and_others_have_their_turn_between_two() -> None:
    threads, others = Threads(1, patience_s=PATIENCE_S * 1000), list[str]()
    async with anyio.create_task_group() as tasks:
        assert await threads.run(threading.get_ident) != threading.get_ident()
        tasks.start_soon(_note, others)
        await threads.run(lambda: None)
        assert others == ["ran"]


async def test_a_call_that_hangs_leaves_the_event_loop_alone_and_so_do_those_after_it() -> None:
    threads, free = Threads(2, patience_s=PATIENCE_S), threading.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, free.wait)
        await anyio.lowlevel.checkpoint()
        with anyio.fail_after(PATIENCE_S * 1000):
            assert await threads.run(lambda: "another") == "another"
            began = time.monotonic()
            tasks.start_soon(_wait_and_set, free)
            await threads.run(free.wait)
        assert time.monotonic() - began < PATIENCE_S * 1000


async def test_without_patience_the_event_loop_goes_on_at_once() -> None:
    threads, others = Threads(1), list[str]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_note, others)
        await threads.run(lambda: time.sleep(PATIENCE_S))
        assert others == ["ran"]


async def test_cancelling_waits_for_the_end_of_the_call() -> None:
    threads, begun, ended = Threads(1), threading.Event(), list[str]()

    def write() -> None:
        begun.set()
        time.sleep(PATIENCE_S)
        ended.append("ended")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, write)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.cancel_scope.cancel()
    assert ended == ["ended"]


async def test_what_a_call_did_reaches_a_caller_that_is_cancelled_meanwhile() -> None:
    threads, begun, told = Threads(1), threading.Event(), list[str]()

    def write() -> str:
        begun.set()
        time.sleep(PATIENCE_S)
        return "bought"

    async def buy() -> None:
        told.append(await threads.run(write))
        await anyio.lowlevel.checkpoint()
        told.append("went on")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(buy)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.cancel_scope.cancel()
    assert told == ["bought"]


async def test_a_call_that_waits_its_turn_is_not_begun_once_its_caller_is_cancelled() -> None:
    threads, free, called = Threads(1), threading.Event(), list[str]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, free.wait)
        await anyio.lowlevel.checkpoint()
        with anyio.move_on_after(PATIENCE_S):
            await threads.run(lambda: called.append("called"))
        free.set()
    await threads.run(lambda: None)
    assert called == []


async def test_nothing_is_begun_for_a_caller_that_was_cancelled() -> None:
    threads, called = Threads(1, patience_s=PATIENCE_S), list[str]()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await threads.run(lambda: called.append("called"))
    await threads.run(lambda: None)
    assert called == []


@pytest.mark.parametrize("patience_s", (0.0, PATIENCE_S))
async def test_an_error_is_raised_to_the_caller_also_one_that_says_timeout(patience_s: float) -> None:
    def fail() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await Threads(1, patience_s=patience_s).run(fail)


async def test_a_call_knows_what_the_task_is_about() -> None:
    fact.set("a job")
    assert await Threads(1).run(fact.get) == "a job"


async def test_a_closed_store_runs_nothing() -> None:
    threads = Threads(1)
    threads.close()
    with pytest.raises(StorageError, match="closed"):
        await threads.run(lambda: None)


def test_a_reading_within_another_of_its_thread_is_part_of_it(database: Database) -> None:
    with database.reading() as conn:
        with database.reading() as inner:
            assert inner is conn
        assert database.read_loosely(lambda loose: loose) is conn
    with database.reading() as conn, ThreadPoolExecutor(1) as another:
        assert another.submit(database.read_loosely, lambda loose: loose is conn).result() is False


async def _wait_and_set(event: threading.Event) -> None:
    await anyio.sleep(PATIENCE_S / 10)
    event.set()


async def _note(others: list[str]) -> None:
    others.append("ran")
