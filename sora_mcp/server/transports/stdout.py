"""Standard output, written in pieces that a pipe takes at once: a client that reads nothing cannot keep the process from ending."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio
import anyio.lowlevel

PIECE = getattr(select, "PIPE_BUF", 512)
"""Bytes that a ready pipe takes without blocking."""


class Output:
    """The stream that the SDK writes to. Waiting for the client can be cancelled here; a thread blocked in `write` could not be."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.on_closed: Callable[[], None] = lambda: None
        """Called when the client has closed its side; anything written after that is lost."""

    async def write(self, text: str) -> None:
        """Write the whole text, as fast as the client reads it."""
        rest = memoryview(text.encode())
        while rest:
            try:
                if not select.select([], [self._descriptor], [], 0)[1]:  # nearly always ready: cheaper than to ask the event loop
                    await anyio.wait_writable(self._descriptor)
                rest = rest[os.write(self._descriptor, rest[:PIECE]) :]
                if rest:
                    await anyio.lowlevel.checkpoint()
            except BlockingIOError:
                continue  # a process that shares the pipe made it non-blocking, and it was full after all
            except OSError:
                self.on_closed()
                return

    async def flush(self) -> None:
        """Do nothing: `write` buffers nothing."""


@contextmanager
def claim() -> Generator[Output | None]:
    """Move standard output to a descriptor of its own and point descriptor 1 at stderr, so that no stray print reaches the wire.

    Yield None where readiness cannot be waited for: on Windows, and for a regular file, which never blocks.
    """
    if sys.platform == "win32" or stat.S_ISREG(os.fstat(1).st_mode):
        yield None
        return
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        yield Output(own)
    finally:
        os.dup2(own, 1)
        os.close(own)
