"""Where media work is done: in a thread beside the event loop, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.api import uncharged
from sora_mcp.media.limits import MOST_WORK_S, Allowance

T = TypeVar("T")


class MediaPool:
    """Has one place; who comes second waits without holding a thread."""

    def __init__(self) -> None:
        self._place = anyio.CapacityLimiter(1)
        self.edits = anyio.Lock()
        """Held from the question whether an edit is there already until it is: who asks for the same gets the same."""

    async def run(self, work: Callable[[Allowance], T], *, seconds: float = MOST_WORK_S) -> T:
        """What the work returns. Cancelling tells it to stop at its next frame. A bad file is nobody's charge."""
        async with self._place:
            allowance = Allowance(seconds)
            try:
                return await anyio.to_thread.run_sync(work, allowance, abandon_on_cancel=True)
            except BadMedia as error:
                raise uncharged(error) from error.__cause__
            finally:
                allowance.stop.set()
