"""Lines of standard input, read by a thread of their own, so that a signal can end them although nobody wrote any."""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import select
import sys
import threading
from collections.abc import AsyncIterator, Generator
from concurrent import futures
from contextlib import contextmanager

import anyio
from anyio.streams.memory import MemoryObjectSendStream

log = logging.getLogger(__name__)
CHUNK = 1 << 16
LOOK_S = 1.0
"""How often it looks whether the process that started this one still lives."""
MOST_LINE = 16 << 20
"""Characters of one message: more than the largest picture in base64. What is longer is thrown away as it comes."""


class Lines:
    """What the SDK reads from. The thread is a daemon: it may wait in `read` for ever, and holds no lock meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parent = os.getppid()
        self._loop = asyncio.get_running_loop()
        self._send, self._receive = anyio.create_memory_object_stream[bytes](0)
        threading.Thread(target=self._pump, name="stdin", daemon=True).start()

    def end(self) -> None:
        """As if the client had closed its side."""
        self._send.close()

    async def __aiter__(self) -> AsyncIterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        line = Line()
        async with self._receive:
            async for chunk in self._receive:
                *ends, rest = decoder.decode(chunk).split("\n")
                for end in ends:
                    line.add(end)
                    if (whole := line.ended()) is not None:
                        yield whole + "\n"
                line.add(rest)
        if last := line.ended():
            yield last

    def _pump(self) -> None:
        try:
            while chunk := self._read():
                asyncio.run_coroutine_threadsafe(_put(self._send, chunk), self._loop).result()
            self._loop.call_soon_threadsafe(self.end)
        except (RuntimeError, futures.CancelledError):
            return  # the server is gone

    def _read(self) -> bytes:
        """What came; nothing at the end, and nothing when the other side is gone in a worse way."""
        try:
            return os.read(self._descriptor, CHUNK) if self._comes() else b""
        except OSError:
            return b""

    def _comes(self) -> bool:
        """Waits for something to read. False when the client died, although somebody else holds its pipe open; Windows cannot tell."""
        while sys.platform != "win32" and not select.select([self._descriptor], [], [], LOOK_S)[0]:
            if os.getppid() != self._parent:
                return False
        return True


class Line:
    """One line as it grows, and never beyond the limit."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def add(self, part: str) -> None:
        """The next characters of it; they are dropped once it is too long."""
        self._size += len(part)
        if self._size > MOST_LINE:
            self._parts.clear()
        else:
            self._parts.append(part)

    def ended(self) -> str | None:
        """The whole line, and a new one begins; None for one that was too long."""
        size, whole = self._size, "".join(self._parts)
        self._parts, self._size = [], 0
        if size > MOST_LINE:
            log.warning("a message of %d characters was dropped: the most is %d", size, MOST_LINE)
            return None
        return whole


async def _put(stream: MemoryObjectSendStream[bytes], chunk: bytes) -> None:
    try:
        await stream.send(chunk)
    except (anyio.ClosedResourceError, anyio.BrokenResourceError):
        raise RuntimeError("nobody reads any more") from None


@contextmanager
def claimed() -> Generator[int]:
    """Standard input under a descriptor of its own; under number 0, children find nothing to read."""
    own, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        yield own
    finally:
        os.dup2(own, 0)
