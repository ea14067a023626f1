"""Other processes on the same store, for tests to start, talk to and kill."""

from __future__ import annotations

import os

import anyio

from tests.waiting import PATIENCE_S, patience

from .forks import Forked


async def run(*words: str, env: dict[str, str]) -> Forked:
    """`python -m …` with these settings."""
    return await anyio.to_thread.run_sync(Forked, words, {**os.environ, **env})


async def line(process: Forked) -> bytes:
    """One line that it prints."""
    said = b""
    with patience("a line of the process"):
        while not said.endswith(b"\n"):
            said += await process.stdout.receive(1)
    return said


async def buying(count: int, name: str, env: dict[str, str]) -> Forked:
    """One that will make so many requests as soon as `go` is said."""
    process = await run("tests.played.driver", str(count), name, env=env)
    assert await line(process) == b"ready\n"
    return process


async def go(process: Forked) -> None:
    """Says the word."""
    await process.stdin.send(b"go\n")


async def ended(process: Forked, *, seconds: float = PATIENCE_S) -> int | None:
    """Its exit code; None when it had to be killed, because it did not end in time."""
    with anyio.move_on_after(seconds):
        return await process.wait()
    process.kill()
    await process.wait()
    return None


async def finish(env: dict[str, str]) -> int | None:
    """`watch --until-idle`, to its end."""
    return await ended(await run("sora_mcp", "watch", "--until-idle", env=env))
