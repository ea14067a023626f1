"""Places for downloads, apart from all other work: slow ones leave room for quick ones, and one that others wait for gives its place up."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from sora_mcp.domain.errors import NotSent
from sora_mcp.net.download import read_partial

MAX_QUICK = 32
"""Downloads at once in their first SLOW_AFTER_S."""
MAX_SLOW = 48
"""Downloads at once that have lasted longer. Together they stay below the connections of a client and the descriptors of a process."""
SLOW_AFTER_S = 20.0
LONGEST_WHOLE_S = 7200.0
"""How long a download keeps its place although others wait, where its host cannot continue it: it would begin at its first byte again."""


@dataclass(eq=False)
class _Place:
    began: float
    part: Path | None = None
    scope: anyio.CancelScope | None = None
    """Cancelled to take the place back; None while nothing is being received."""


@dataclass
class DownloadPlaces:
    """The downloads of one process, by job."""

    clock: Callable[[], float] = time.monotonic
    _places: dict[str, _Place] = field(default_factory=dict[str, _Place])

    def __len__(self) -> int:
        return len(self._places)

    @property
    def is_full(self) -> bool:
        """True when no download may begin until one ends."""
        return len(self._places) >= MAX_QUICK + MAX_SLOW

    def count_free(self) -> int:
        """Return how many downloads may begin now."""
        slow = sum(self._is_older(place, SLOW_AFTER_S) for place in self._places.values())
        return max(0, min(MAX_QUICK - (len(self._places) - slow), MAX_QUICK + MAX_SLOW - len(self._places)))

    def take(self, job_id: str) -> None:
        """Give the job a place."""
        self._places[job_id] = _Place(self.clock())

    def free(self, job_id: str) -> None:
        """Take the job's place back, if it has one."""
        self._places.pop(job_id, None)

    @contextmanager
    def receive(self, job_id: str, part: Path) -> Generator[None]:
        """Surround the receiving of a file into `part`. Raises NotSent where the place went to another download meanwhile."""
        place = self._places.get(job_id) or _Place(self.clock())
        with anyio.CancelScope() as scope:
            place.part, place.scope = part, scope
            try:
                yield
            finally:
                place.scope = None
        if scope.cancelled_caught:
            raise NotSent("It is slow, and other files wait for its place.")

    def evict_slowest(self) -> None:
        """End the receiving of the download that has lasted longest among those that their hosts continue, or that had LONGEST_WHOLE_S."""
        evictable = [place for place in self._places.values() if place.scope is not None and self._can_give_up(place)]
        slowest = min(evictable, key=lambda place: place.began, default=None)
        if slowest is not None and slowest.scope is not None:
            slowest.scope.cancel()

    def _can_give_up(self, place: _Place) -> bool:
        if self._is_older(place, LONGEST_WHOLE_S):
            return True
        return self._is_older(place, SLOW_AFTER_S) and place.part is not None and bool(read_partial(place.part).headers)

    def _is_older(self, place: _Place, seconds: float) -> bool:
        return self.clock() - place.began >= seconds
