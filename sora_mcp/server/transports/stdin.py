"""Lines of standard input, read by a thread of their own, so that a signal can end the server while the client is silent."""

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import anyio

log = logging.getLogger(__name__)
CHUNK = 1 << 16
LOOK_S = 1.0
"""Seconds between two checks that the parent process still lives."""
MOST_LINE = 34 << 20
"""Characters of one message: more than the largest picture in base64. A longer message is dropped as it arrives, and refused."""
EDGE = 1000
"""Characters at either end of a dropped message in which its id is looked for."""
ID = r'"id"\s*:\s*(-?\d+|"(?:[^"\\]|\\.)*")\s*'
WORD = r'"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*'
START = rf"\s*\{{\s*(?:{WORD},\s*)*"
REQUEST = rf'{START}(?:{ID},\s*(?:{WORD},\s*)*)?"params"'
TAIL = rf",\s*{ID}(?:,\s*{WORD})*\}}\s*\Z"
"""Both match the outermost object only, because quotes inside a text are escaped. A response to a request of ours does not match. Each is
compiled with the first message that cannot be read."""
FAULTS = (
    ("hex escape", "a text in it has half of a character (a \\ud... escape without its other half); cut texts between characters"),
    ("recursion limit", "its values are nested too deeply; send fewer levels"),
    ("out of range", "a number in it has too many digits; send a shorter one, or a text"),
)
"""Words in the parser's error for valid-looking JSON, and the advice to give."""


class Lines:
    """The lines that the SDK reads. The thread is a daemon: it may block in `read` for ever, and holds no lock meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parent = os.getppid()
        self._loop = asyncio.get_running_loop()
        self.refuse: Callable[[TooLong], Awaitable[None]] = _ignore
        """Called for each message that was too long, so that nobody waits for its answer."""
        self._send, self._receive = anyio.create_memory_object_stream[bytes](1)
        self._has_room = threading.Semaphore()
        threading.Thread(target=self._pump, name="stdin", daemon=True).start()

    def end(self) -> None:
        """End the lines as if the client had closed its side."""
        self._send.close()

    async def __aiter__(self) -> AsyncIterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        line = Line()
        async with self._receive:
            async for chunk in self._receive:
                self._has_room.release()
                *ends, rest = decoder.decode(chunk).split("\n")
                for end in ends:
                    line.add(end)
                    line.add("\n")
                    if (text := await self._finish(line)) is not None:
                        yield text
                line.add(rest)
        if (text := await self._finish(line)) is not None:
            yield text

    async def _finish(self, line: Line) -> str | None:
        """Return the line; refuse one that is too long; None where there is nothing to read."""
        text = line.finish()
        if isinstance(text, TooLong):
            log.warning("a message of %d characters was dropped: the most is %d", text.characters, MOST_LINE)
            await self.refuse(text)
            return None
        return text or None

    def _pump(self) -> None:
        try:
            while chunk := self._read():
                self._has_room.acquire()
                self._loop.call_soon_threadsafe(self._take, chunk)
            self._loop.call_soon_threadsafe(self.end)
        except RuntimeError:
            return  # the event loop has ended

    def _take(self, chunk: bytes) -> None:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):  # nobody reads any more
            self._send.send_nowait(chunk)

    def _read(self) -> bytes:
        """Return the next bytes; none at the end of the input, or when the client died."""
        try:
            return os.read(self._descriptor, CHUNK) if self._wait_readable() else b""
        except OSError:
            return b""

    def _wait_readable(self) -> bool:
        """Wait for input. Return False when the client died while another process holds its pipe open; Windows cannot tell."""
        while sys.platform != "win32" and not select.select([self._descriptor], [], [], LOOK_S)[0]:
            if os.getppid() != self._parent:
                return False
        return True


@dataclass(frozen=True)
class TooLong:
    """A message that was dropped."""

    characters: int
    id: int | str | None
    """The request's id; None for a notification, or where the id stands in the dropped middle."""


async def _ignore(message: TooLong) -> None:
    del message


class Line:
    """One line as it arrives; its memory is bounded."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._parts: list[str] = []
        self._size, self._head, self._tail = 0, "", ""

    def add(self, part: str) -> None:
        """Append characters; drop them all once the line is too long."""
        self._size += len(part)
        self._head += part[: EDGE - len(self._head)]
        self._tail = (self._tail + part[-EDGE:])[-EDGE:]
        if self._size > MOST_LINE:
            self._parts.clear()
        else:
            self._parts.append(part)

    def finish(self) -> str | TooLong:
        """Return the whole line and begin a new one."""
        found = "".join(self._parts) if self._size <= MOST_LINE else TooLong(self._size, _find_id(self._head, self._tail))
        self._reset()
        return found


def explain_unreadable(line: str, error: str) -> tuple[int | str | None, str]:
    """Return the id of a request that the parser failed on (None where no answer is due), and what to change."""
    advice = next((advice for words, advice in FAULTS if words in error), None)
    # A message that was cut off may end anywhere: an id at its end may be a parameter.
    tail = line[-EDGE:] if advice else ""
    return _find_id(line[:EDGE], tail), f"The message cannot be read: {advice or 'it is no JSON'} ({error})."


def _find_id(head: str, tail: str) -> int | str | None:
    """Return the id of a request that begins and ends like this; None where it has none that an answer could repeat."""
    if (start := re.match(REQUEST, head)) is None:
        return None
    end = re.search(TAIL, tail)
    text = start[1] or (end and end[1])
    try:
        found: int | str | None = json.loads(text) if text else None
        str(found).encode()
    except ValueError:
        return None
    return found


@contextmanager
def claim() -> Generator[int]:
    """Move standard input to a descriptor of its own; descriptor 0, which child processes inherit, reads as empty."""
    own, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        yield own
    finally:
        os.dup2(own, 0)
