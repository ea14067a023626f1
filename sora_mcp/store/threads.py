"""Threads in which the store is read and written, beside the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import anyio

from sora_mcp.domain.errors import StorageError

T = TypeVar("T")
AGAIN_S = 0.1
"""How long no call is waited for in place after one that took too long."""


class Threads:
    """A few threads, in which calls run that may block.

    A call that ends within `patience_s` is waited for in place: to go back to the event loop and be woken takes more CPU than a short
    read. One that hangs, on a lock or on the disk, stops the loop for no longer than that, and those of the next AGAIN_S do not at all.
    """

    def __init__(self, most: int, *, patience_s: float = 0.0) -> None:
        self.most = most
        self._turns = anyio.CapacityLimiter(most)
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="store")
        self._patience_s = patience_s
        self._patient_from = 0.0

    async def run(self, call: Callable[[], T]) -> T:
        """Run the call in one of the threads. A caller that is cancelled before its turn has nothing run; later it gets the result of the
        call, and is cancelled at its next step. StorageError once the threads are closed."""
        async with self._turns:  # others have their turn, too, between calls that are waited for in place
            try:
                future = self._pool.submit(copy_context().run, call)
            except RuntimeError:
                raise StorageError("The store is closed.") from None
            if self._patience_s and time.monotonic() >= self._patient_from:
                try:
                    return future.result(self._patience_s)
                except TimeoutError:
                    if future.done():
                        return future.result()  # it ended just now, or the error is its own
                    self._patient_from = time.monotonic() + AGAIN_S
            running = asyncio.wrap_future(future)
            with anyio.CancelScope(shield=True):
                await asyncio.wait([running])
            return running.result()

    def close(self) -> None:
        """Let the threads end once they have nothing to do."""
        self._pool.shutdown(wait=False)
