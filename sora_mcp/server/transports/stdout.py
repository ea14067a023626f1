"""Answers on standard output, in pieces that a pipe takes at once, so that a client that reads nothing keeps no process from its end."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio

PIECE = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes without waiting once it is ready."""


class Out:
    """What the SDK writes to. Waiting for the client can be cancelled, which a thread in `write` cannot."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.closed: Callable[[], None] = lambda: None
        """Told when the client has closed its side; what is written from then on is lost."""

    async def write(self, text: str) -> None:
        """The whole text, as fast as it is read."""
        rest = memoryview(text.encode())
        while rest:
            try:
                await anyio.wait_writable(self._descriptor)
                rest = rest[os.write(self._descriptor, rest[:PIECE]) :]
            except BlockingIOError:
                continue  # somebody else made it non-blocking, and it was full after all
            except OSError:
                self.closed()
                return

    async def flush(self) -> None:
        """Nothing waits here."""


@contextmanager
def claimed() -> Generator[Out | None]:
    """Standard output under a descriptor of its own; under number 1, stray words go to stderr. None where nobody can tell whether a
    write would wait: on Windows, and in a file, which never does."""
    if sys.platform == "win32" or stat.S_ISREG(os.fstat(1).st_mode):
        yield None
        return
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        yield Out(own)
    finally:
        os.dup2(own, 1)
        os.close(own)
