"""A client that speaks lines to a server process of its own, and may say anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from scripts.house import ROOT
from tests.waiting import patience

from .forks import Forked

CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@dataclass
class Chat:
    """One server over stdio. Questions may overlap; answers come by their numbers."""

    process: anyio.abc.Process | Forked
    said: bytearray = field(default_factory=bytearray)
    """All that came on stdout."""
    answers: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    _waiting: dict[int, anyio.Event] = field(default_factory=dict[int, anyio.Event])
    _asked: int = 0

    @property
    def pid(self) -> int:
        """The server's number."""
        return self.process.pid

    async def write(self, content: bytes) -> None:
        """Whatever bytes."""
        assert self.process.stdin is not None
        await self.process.stdin.send(content)

    async def tell(self, method: str, **params: Any) -> None:
        """A notification."""
        await self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    async def begin(self, method: str, **params: Any) -> int:
        """A question that nobody waits for yet: its number."""
        self._asked = number = self._asked + 1
        self._waiting[number] = anyio.Event()
        await self.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        return number

    async def answer(self, number: int) -> dict[str, Any]:
        """The whole answer to it."""
        with patience(f"the answer to {number}"):
            await self._waiting[number].wait()
        return self.answers[number]

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """A question, and its whole answer."""
        return await self.answer(await self.begin(method, **params))

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool's structured result."""
        answer = await self.ask("tools/call", name=tool, arguments=arguments)
        assert "structuredContent" in answer.get("result", {}), answer
        return answer["result"]["structuredContent"]

    async def ended(self, job_id: str) -> str:
        """The job's state once it is none that goes on."""
        with patience(f"the end of {job_id}"):
            while (state := (await self.call("get_video_status", job_id=job_id, wait_seconds=5))["state"]) in LIVE:
                pass
        return state

    async def leave(self) -> int:
        """As a client leaves: the exit code."""
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        with patience("the server to end"):
            return await self.process.wait()

    async def hear(self) -> None:
        """Reads to the end of stdout."""
        assert self.process.stdout is not None
        rest = b""
        async for piece in self.process.stdout:
            self.said += piece
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if (number := (answer := json.loads(line)).get("id")) in self._waiting:
                    self.answers[number] = answer
                    self._waiting[number].set()


LIVE = ("submitting", "queued", "running")


@asynccontextmanager
async def chat(env: dict[str, str], *, stderr: Path | None = None, before: tuple[str, ...] = ()) -> AsyncGenerator[Chat]:
    """The server, after its handshake, forked or started by the words `before`; killed at the end where it still lives."""
    environ, unseen = {**os.environ, **env, "PYTHONPATH": str(ROOT)}, stderr or Path(os.devnull)
    if before:
        with unseen.open("ab") as errors:
            process = await anyio.open_process(
                [*before, sys.executable, "-m", "sora_mcp"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
    else:
        process = await anyio.to_thread.run_sync(Forked, ("sora_mcp",), environ, unseen)
    async with anyio.create_task_group() as group:
        group.start_soon((spoken := Chat(process)).hear)
        try:
            await spoken.ask("initialize", **CLIENT)
            await spoken.tell("notifications/initialized")
            yield spoken
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
            group.cancel_scope.cancel()


def resident(pid: int) -> int:
    """Bytes of memory that a process holds at this moment."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
