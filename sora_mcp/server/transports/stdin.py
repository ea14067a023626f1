"""Lines of standard input, read by a thread of their own, so that a signal can end them although nobody wrote any."""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
import os
import re
import select
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectSendStream

log = logging.getLogger(__name__)
CHUNK = 1 << 16
LOOK_S = 1.0
"""How often it looks whether the process that started this one still lives."""
MOST_LINE = 34 << 20
"""Characters of one message: more than the largest picture in base64. What is longer is thrown away as it comes, and refused."""
EDGE = 1000
"""Characters at either end of such a message, where its id is looked for."""
ID = r'"id"\s*:\s*(-?\d+|"(?:[^"\\]|\\.)*")\s*'
WORD = r'"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*'
START = rf"\s*\{{\s*(?:{WORD},\s*)*"
REQUEST = re.compile(rf'{START}(?:{ID},\s*(?:{WORD},\s*)*)?"params"')
TAIL = re.compile(rf",\s*{ID}(?:,\s*{WORD})*\}}\s*\Z")
"""Both see the outermost object only: quotes inside of a text would be escaped. What answers a question of ours is no request."""
FAULTS = (
    ("hex escape", "a text in it has half of a character (a \\ud... escape without its other half); cut texts between characters"),
    ("recursion limit", "its values are nested too deeply; send fewer levels"),
    ("out of range", "a number in it has too many digits; send a shorter one, or a text"),
)
"""What the SDK's parser says of a message that is whole, and what there is to change."""


class Lines:
    """What the SDK reads from. The thread is a daemon: it may wait in `read` for ever, and holds no lock meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parent = os.getppid()
        self._loop = asyncio.get_running_loop()
        self.refuse: Callable[[TooLong], Awaitable[None]] = _unheard
        """Told of each message that was too long, so that nobody waits for its answer."""
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
                    line.add("\n")
                    async for whole in self._taken(line):
                        yield whole
                line.add(rest)
        async for whole in self._taken(line):
            yield whole

    async def _taken(self, line: Line) -> AsyncIterator[str]:
        """The line, if there is one that is not too long."""
        whole = line.ended()
        if isinstance(whole, TooLong):
            log.warning("a message of %d characters was dropped: the most is %d", whole.characters, MOST_LINE)
            await self.refuse(whole)
        elif whole:
            yield whole

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


@dataclass(frozen=True)
class TooLong:
    """A message that was thrown away."""

    characters: int
    id: int | str | None
    """What its answer would be known by; None where it wants none, or where it stands in the middle."""


async def _unheard(message: TooLong) -> None:
    del message


class Line:
    """One line as it grows, and never beyond the limit."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._parts: list[str] = []
        self._size, self._head, self._tail = 0, "", ""

    def add(self, part: str) -> None:
        """The next characters of it; they are dropped once it is too long."""
        self._size += len(part)
        self._head += part[: EDGE - len(self._head)]
        self._tail = (self._tail + part[-EDGE:])[-EDGE:]
        if self._size > MOST_LINE:
            self._parts.clear()
        else:
            self._parts.append(part)

    def ended(self) -> str | TooLong:
        """The whole line, and a new one begins."""
        found = "".join(self._parts) if self._size <= MOST_LINE else TooLong(self._size, _id(self._head, self._tail))
        self._begin()
        return found


def unread(line: str, error: str) -> tuple[int | str | None, str]:
    """The id of a request that the parser failed on, None where nobody waits for an answer; and what to change."""
    says = next((says for sign, says in FAULTS if sign in error), None)
    # Of what was broken off, the end may stand anywhere: an id there may be a parameter.
    tail = line[-EDGE:] if says else ""
    return _id(line[:EDGE], tail), f"The message cannot be read: {says or 'it is no JSON'} ({error})."


def _id(head: str, tail: str) -> int | str | None:
    """The id of a request that begins and ends like this. None where it has none that an answer could repeat."""
    if (begins := REQUEST.match(head)) is None:
        return None
    ends = TAIL.search(tail)
    said = begins[1] or (ends and ends[1])
    try:
        found: int | str | None = json.loads(said) if said else None
        str(found).encode()
    except ValueError:
        return None
    return found


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
