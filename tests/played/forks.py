"""Processes forked from one that has imported everything: a start costs milliseconds instead of a second."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

FORKS = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    FORKS.set_forkserver_preload(["tests.played.preload"])


class _Writer(anyio.abc.ByteSendStream):
    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd, self._lock = fd, anyio.Lock()

    async def send(self, item: bytes) -> None:
        left = memoryview(item)
        async with self._lock:
            while left:
                try:
                    left = left[os.write(self._fd, left) :]
                except BlockingIOError:
                    await anyio.wait_writable(self._fd)
                except BrokenPipeError:
                    raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


class _Reader(anyio.abc.ByteReceiveStream):
    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def receive(self, max_bytes: int = 65536) -> bytes:
        await anyio.wait_readable(self._fd)
        if not (content := os.read(self._fd, max_bytes)):
            raise anyio.EndOfStream
        return content

    async def aclose(self) -> None:
        os.close(self._fd)


class Forked:
    """`python -m WORDS` in this environment, with pipes as standard input and output."""

    def __init__(self, words: tuple[str, ...], env: dict[str, str], stderr: Path = Path(os.devnull)) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ends = (Connection(theirs_in, writable=False), Connection(theirs_out, readable=False))
        self._process: Any = FORKS.Process(target=_become, args=(words, env, *ends, stderr), daemon=True)
        self._process.start()
        for end in ends:
            end.close()
        self.stdin, self.stdout = _Writer(ours_in), _Reader(ours_out)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, -9 after a kill; None while it lives."""
        return self._process.exitcode

    def send_signal(self, signal: int) -> None:
        """Send the signal, unless the process has ended."""
        if self._process.exitcode is None:
            os.kill(self.pid, signal)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        while self._process.exitcode is None:
            await anyio.wait_readable(self._process.sentinel)
        return self._process.exitcode


def _become(words: tuple[str, ...], env: dict[str, str], stdin: Connection, stdout: Connection, stderr: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    errors = os.open(stderr, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number, fd in enumerate((stdin.fileno(), stdout.fileno(), errors)):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
