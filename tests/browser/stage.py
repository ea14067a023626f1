"""A Chromium that a test gives orders to, and the host of MCP Apps in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.waiting import patience

SCRIPT = Path(__file__).with_name("stage.cjs")
Answer = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""What the framed page asks its host for: a method and its parameters; `{"result": …}` or `{"error": …}`."""
MOST_LINE = 64 << 20


@cache
def found() -> tuple[str, str]:
    """Chromium and node. Skips the test where one of the three is missing, and says which."""
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    node = shutil.which("node")
    if chromium is None or node is None:
        pytest.skip("needs Chromium and node on the PATH")
    looked = subprocess.run([node, "-e", "require.resolve('playwright-core')"], capture_output=True, check=False, cwd=SCRIPT.parent)
    if looked.returncode != 0:
        pytest.skip("needs playwright-core: npm install playwright-core, and NODE_PATH set to its node_modules")
    return chromium, node


@cache
def _has_axe() -> bool:
    found_by = [found()[1], "-e", "require.resolve('axe-core/axe.min.js')"]
    return subprocess.run(found_by, capture_output=True, check=False, cwd=SCRIPT.parent).returncode == 0


def require_axe() -> None:
    """Skip the test where axe-core is missing."""
    if not _has_axe():
        pytest.skip("needs axe-core: npm install axe-core, and NODE_PATH set to its node_modules")


class Stage:
    """Orders go out one after the other; what the page asks meanwhile is answered beside them."""

    def __init__(self, process: Process, answer: Answer) -> None:
        self._process = process
        self._answer = answer
        self._count = 0
        self._done: dict[int, tuple[anyio.Event, dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def do(self, order: str, **given: Any) -> Any:
        """One order, once it is carried out."""
        self._count += 1
        event, reply = anyio.Event(), dict[str, Any]()
        self._done[self._count] = (event, reply)
        await self._send({"n": self._count, "do": order, **given})
        with patience("the browser to answer"):
            await event.wait()
        assert "failed" not in reply, reply["failed"]
        return reply["value"]

    async def listen(self, tasks: anyio.abc.TaskGroup) -> None:
        """Until the process ends."""
        assert self._process.stdout is not None
        lines = BufferedByteReceiveStream(self._process.stdout)
        while True:
            try:
                said = json.loads(await lines.receive_until(b"\n", MOST_LINE))
            except anyio.IncompleteRead:
                return
            if "did" in said:
                event, reply = self._done.pop(said["did"])
                reply.update(said)
                event.set()
            elif "asked" in said:
                tasks.start_soon(self._pass_on, said)

    async def _pass_on(self, said: dict[str, Any]) -> None:
        self.asked.append((said["method"], said.get("params") or {}))
        answer = await self._answer(said["method"], said.get("params") or {})
        with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):  # the page may be gone by now
            await self._send({"asked": said["asked"], "answer": answer})

    async def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send(json.dumps(message).encode() + b"\n")


async def nobody(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """For pages that have nothing to ask."""
    return {"error": {"code": -32601, "message": f"nobody answers {method}"}}


@asynccontextmanager
async def stage(answer: Answer = nobody) -> AsyncGenerator[Stage]:
    """A browser of its own."""
    chromium, node = found()
    process = await anyio.open_process([node, str(SCRIPT), chromium], cwd=SCRIPT.parent, env=dict(os.environ), stderr=None)
    async with process, anyio.create_task_group() as tasks:
        played = Stage(process, answer)
        tasks.start_soon(played.listen, tasks)
        try:
            yield played
        finally:
            assert process.stdin is not None
            await process.stdin.aclose()
            with anyio.move_on_after(10):
                await process.wait()
            tasks.cancel_scope.cancel()
