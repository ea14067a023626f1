"""The signals that stop a process, also on loops that hear none."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any, NoReturn

import anyio
import pytest

from sora_mcp.cli.demo import run_until_stopped
from sora_mcp.server.transports.signals import wait_for_stop
from sora_mcp.server.transports.stdio import run_stdio
from tests.each import each
from tests.waiting import patience

from .server.counter import PlayedService, a_server
from .server.test_protocol import standard_input

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


class Deaf(asyncio.SelectorEventLoop):
    """As on Windows."""

    def add_signal_handler(self, *_: Any) -> NoReturn:
        raise NotImplementedError


DEAF = {"loop_factory": Deaf}


@posix
@each("number", [signal.SIGINT, signal.SIGTERM])
async def test_work_ends_at_a_signal(number: signal.Signals) -> None:
    done = list[str]()

    async def work() -> None:
        await anyio.wait_all_tasks_blocked()  # so that somebody listens
        os.kill(os.getpid(), number)
        await anyio.sleep(10)
        done.append("what was to be left")

    with patience("the worker to stop"):
        await run_until_stopped(work)
    assert done == []


def test_work_goes_on_to_its_end_where_the_loop_hears_no_signals() -> None:
    done = list[str]()

    async def work() -> None:
        await anyio.wait_all_tasks_blocked()
        done.append("all")

    anyio.run(run_until_stopped, work, backend_options=DEAF)
    assert done == ["all"]


def test_nobody_is_asked_to_stop_where_the_loop_hears_no_signals() -> None:
    async def asked() -> bool:
        with anyio.move_on_after(0.05):
            await wait_for_stop()
            return True
        return False

    assert anyio.run(asked, backend_options=DEAF) is False


@posix
def test_the_server_ends_with_its_client_where_the_loop_hears_no_signals() -> None:
    async def served() -> None:
        with standard_input() as writing, patience("the server to end"):
            os.close(writing)
            await run_stdio(a_server(PlayedService()))

    anyio.run(served, backend_options=DEAF)
