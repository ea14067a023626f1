"""Rows R03, R04 and R05: a client that reads nothing more, a log that nobody reads, and a terminal that is closed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from scripts.house import ROOT
from tests.each import each
from tests.faults.servers import MOST_S, WISH, ended_as, jobs_in, settings, speaking_of
from tests.played import Muvi, played
from tests.played.stdio import CLIENT, Chat
from tests.waiting import eventually, patience

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="pipes and processes as Linux has them")]
MANY = 200
"""Questions whose answers no pipe holds."""


@asynccontextmanager
async def deaf(env: dict[str, str], *, stderr: int = subprocess.DEVNULL) -> AsyncGenerator[tuple[Chat, int]]:
    """A server that was greeted, and the end of its stdout that only the test itself reads and closes."""
    environ = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
    reading, writing = os.pipe()
    words = [sys.executable, "-m", "sora_mcp"]
    process = await anyio.open_process(words, env=environ, stdin=subprocess.PIPE, stdout=writing, stderr=stderr)
    os.close(writing)
    try:
        spoken = Chat(process)
        await spoken.begin("initialize", **CLIENT)
        await spoken.tell("notifications/initialized")
        yield spoken, reading
    finally:
        if process.returncode is None:
            process.kill()
        with anyio.CancelScope(shield=True):
            await process.wait()
        os.close(reading)


def shut(reading: int) -> None:
    """Nobody reads the pipe any more. Its number stays taken: a socket that got it would be closed with it at the end."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, reading)
    os.close(nothing)


@contextmanager
def full() -> Iterator[int]:
    """The writing end of a pipe that takes no byte more."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while os.write(writing, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def broken() -> Iterator[int]:
    """The writing end of a pipe that nobody will ever read."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


async def create(spoken: Chat) -> None:
    await spoken.begin("tools/call", name="create_video", arguments={"prompt": "a boat", **WISH})


async def flood(spoken: Chat, reading: int) -> int:
    """Questions until the pipe holds no more answers: the number of the last one."""
    number = 0
    with anyio.move_on_after(1):
        for _ in range(MANY):
            number = await spoken.begin("tools/list")
    assert await eventually(lambda: is_full(reading))
    return number


def is_full(reading: int) -> bool:
    """Whether the pipe takes nothing more, asked at its other end."""
    writing = os.open(f"/proc/self/fd/{reading}", os.O_WRONLY)
    waiting = select.poll()
    waiting.register(writing, select.POLLOUT)
    try:
        return not waiting.poll(0)
    finally:
        os.close(writing)


def read_to(reading: int, number: int) -> list[int]:
    """The ids of all answers up to this one, in the order in which they came."""
    ids = list[int]()
    with os.fdopen(os.dup(reading), "rb") as lines:
        while number not in ids:
            ids.append(json.loads(lines.readline()).get("id"))
    return ids


@pytest.mark.fault("R03")
async def test_r03_a_client_that_reads_nothing_holds_up_no_job_and_hears_all_when_it_reads_again(tmp_path: Path) -> None:
    async with played(Muvi()) as wire, deaf(settings(tmp_path, wire)) as (spoken, reading):
        wire.arm("status", "slow", seconds=2.0)
        await create(spoken)
        assert await eventually(lambda: wire.made != [])
        last = await flood(spoken, reading)
        assert await ended_as(tmp_path, "completed")
        with patience("the answers", MOST_S):
            ids = await anyio.to_thread.run_sync(read_to, reading, last, abandon_on_cancel=True)
        assert sorted(ids) == list(range(1, last + 1))


@pytest.mark.fault("R03")
async def test_r03_a_client_that_reads_nothing_and_leaves_holds_nobody_up(tmp_path: Path) -> None:
    async with played(Muvi(walk=("pending",))) as wire, deaf(settings(tmp_path, wire)) as (spoken, reading):
        await create(spoken)
        assert await eventually(lambda: wire.made != [])
        await flood(spoken, reading)
        assert spoken.process.stdin is not None
        await spoken.process.stdin.aclose()
        with patience("the server to end", MOST_S):
            await spoken.process.wait()


@pytest.mark.fault("R03")
async def test_r03_a_client_that_closes_its_side_has_left_and_its_job_is_finished_without_it(tmp_path: Path) -> None:
    async with played(Muvi(walk=("pending",) * 30 + ("completed",))) as wire:
        async with deaf(settings(tmp_path, wire, LINGER="1")) as (spoken, reading):
            await create(spoken)
            assert await eventually(lambda: wire.made != [])
            shut(reading)
            await spoken.begin("ping")
            with patience("the server to end", MOST_S):
                assert await spoken.process.wait() == 0
        assert await ended_as(tmp_path, "completed")
        assert await eventually(lambda: speaking_of(tmp_path) == [])


@pytest.mark.fault("R04")
@each("end", [full, broken])
async def test_r04_a_log_that_nobody_reads_holds_up_no_answer_and_no_job(
    end: Callable[[], AbstractContextManager[int]], tmp_path: Path
) -> None:
    async with played(Muvi()) as wire:
        with end() as stderr:
            async with deaf(settings(tmp_path, wire, LOG="debug"), stderr=stderr) as (spoken, reading):
                await create(spoken)
                last = await spoken.begin("ping")
                with patience("the answers", MOST_S):
                    await anyio.to_thread.run_sync(read_to, reading, last, abandon_on_cancel=True)
                assert await ended_as(tmp_path, "completed")
                with patience("the server to end", MOST_S):
                    assert await spoken.leave() == 0


@pytest.fixture
def heeding() -> Iterator[None]:
    """Processes that heed SIGHUP, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.fault("R05")
@pytest.mark.usefixtures("heeding")
async def test_r05_a_terminal_that_closes_gives_the_paid_call_its_last_while(tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        wire.arm("submit", "slow", seconds=1.0)
        async with deaf(settings(tmp_path, wire)) as (spoken, _):
            await create(spoken)
            assert await eventually(lambda: wire.made != [])
            spoken.process.send_signal(signal.SIGHUP)
            with patience("the server to end", MOST_S):
                assert await spoken.process.wait() == 0
        assert [job.vendor_id for job in jobs_in(tmp_path)] == [wire.made[0].id]
