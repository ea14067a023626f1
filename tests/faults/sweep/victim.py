"""What is killed: forked from a server that has imported everything, so that a life costs milliseconds."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from sora_mcp.cli.fetch import fetch_file
from sora_mcp.config.settings import Settings, load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest
from sora_mcp.store import Store
from tests.played.forks import FORKS
from tests.waiting import eventually

MODEL = "muvi:sora-2"
PR_SET_PTRACER, ANYBODY = 0x59616D61, -1
LIFE_S = 60.0
Life = Callable[[Settings, tuple[str, ...]], Awaitable[None]]


class Victim:
    """One process, which waits for the word and then lives this life."""

    def __init__(self, env: dict[str, str], prompts: Sequence[str] = (), *, life: Life | None = None) -> None:
        self._ours, theirs = FORKS.Pipe()
        self.process: Any = FORKS.Process(target=_live, args=(life or working, env, tuple(prompts), theirs), daemon=True)
        self.process.start()
        theirs.close()

    async def ready(self) -> int:
        """Its number, once it waits for the word."""
        return await anyio.to_thread.run_sync(self._ours.recv)

    def go(self) -> None:
        """The word."""
        self._ours.send("go")

    async def ended(self) -> int | None:
        """Its exit code, -9 after a kill; None when it outlived its time."""
        await anyio.to_thread.run_sync(self.process.join, LIFE_S)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            await anyio.to_thread.run_sync(self.process.join)
        self._ours.close()
        return code


async def working(settings: Settings, prompts: tuple[str, ...]) -> None:
    """Wishes for these prompts, and works until nothing is alive any more."""
    async with open_service(settings) as service, anyio.create_task_group() as group:
        for prompt in prompts:
            group.start_soon(
                lambda prompt=prompt: service.create(VideoRequest(prompt, MODEL, seconds=4, request_id=prompt), principal="local")
            )
        await eventually(lambda: _over(service.store, len(prompts)), seconds=LIFE_S)


async def fetching(settings: Settings, prompts: tuple[str, ...]) -> None:
    """Does what `sora-mcp fetch` does, for the one job that there is."""
    store = Store(settings.database_url, settings.home)
    (job,) = store.jobs.search.sync(None, limit=1).jobs
    store.close()
    fetched = await fetch_file(settings, job.id)
    if fetched.artifact is None:
        raise SystemExit(f"{job.id} is {fetched.state}")


async def opening(settings: Settings, prompts: tuple[str, ...]) -> None:
    """Only opens the store, which brings its schema to the newest version."""
    Store(settings.database_url, settings.home).close()


def _live(life: Life, env: dict[str, str], prompts: tuple[str, ...], word: Connection) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - what it prints and complains about goes unseen
    word.send(os.getpid())
    word.recv()
    settings = load(env, today=date.today(), config=Path(env["SORA_MCP_HOME"]) / "none.toml")
    anyio.run(life, settings, prompts)


async def _over(store: Store, count: int) -> bool:
    """Whether all wishes are known and none is alive."""
    return len((await store.jobs.search(None, limit=100)).jobs) >= count and await store.jobs.count_live() == 0
