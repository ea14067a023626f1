"""Other processes on the same store, for tests to start, talk to and kill."""

from __future__ import annotations

import os
import subprocess
import sys

import anyio
import anyio.abc

from tests.waiting import PATIENCE_S, patience


async def run(*words: str, env: dict[str, str]) -> anyio.abc.Process:
    """`python -m …` with these settings, its output in a pipe, what it complains about unseen."""
    command = [sys.executable, "-m", *words]
    pipe = subprocess.PIPE
    return await anyio.open_process(command, env={**os.environ, **env}, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


async def line(process: anyio.abc.Process) -> bytes:
    """One line that it prints."""
    assert process.stdout is not None
    said = b""
    with patience("a line of the process"):
        while not said.endswith(b"\n"):
            said += await process.stdout.receive(1)
    return said


async def buying(count: int, name: str, env: dict[str, str]) -> anyio.abc.Process:
    """One that will make so many wishes as soon as `go` is said."""
    process = await run("tests.played.driver", str(count), name, env=env)
    assert await line(process) == b"ready\n"
    return process


async def go(process: anyio.abc.Process) -> None:
    """Says the word."""
    assert process.stdin is not None
    await process.stdin.send(b"go\n")


async def ended(process: anyio.abc.Process, *, seconds: float = PATIENCE_S) -> int | None:
    """Its exit code; None when it had to be killed, because it did not end in time."""
    with anyio.move_on_after(seconds):
        return await process.wait()
    process.kill()
    await process.wait()
    return None


async def finish(env: dict[str, str]) -> int | None:
    """`watch --until-idle`, to its end."""
    return await ended(await run("sora_mcp", "watch", "--until-idle", env=env))
