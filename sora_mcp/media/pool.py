"""Run media work in a thread beside the event loop, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.api import as_uncharged
from sora_mcp.media.limits import LOOK_S, Deadline

T = TypeVar("T")


class MediaPool:
    """Runs one piece of work at a time; the next one waits without holding a thread."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)
        self.edits = anyio.CapacityLimiter(1)
        """Held while an edit is made, so that looking at a clip does not wait for it."""

    async def run(self, work: Callable[[Deadline], T], *, seconds: float = LOOK_S) -> T:
        """Return what `work` returns. Cancellation stops it at its next frame. A BadMedia is marked as not charged."""
        async with self._limiter:
            deadline = Deadline(seconds)
            try:
                return await anyio.to_thread.run_sync(work, deadline, abandon_on_cancel=True)
            except BadMedia as error:
                raise as_uncharged(error) from error.__cause__
            finally:
                deadline.stop.set()
