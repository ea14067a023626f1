"""Wake calls that wait for a job. One watcher asks the store for all of them, however many wait."""

from __future__ import annotations

from collections.abc import Iterable

import anyio


class Changes:
    """Events of the jobs that somebody waits for."""

    def __init__(self) -> None:
        self._events: dict[str, anyio.Event] = {}
        self.is_closing = False
        """Whether the server ends: then nobody waits any more."""

    def expect(self, job_id: str) -> anyio.Event:
        """Return an event that is set by the job's next change. What is read after this call misses no change."""
        return self._events.setdefault(job_id, anyio.Event())

    def close(self) -> None:
        """End all waiting, now and from now on."""
        self.is_closing = True
        self.wake()

    def wake(self, job_ids: Iterable[str] | None = None) -> None:
        """Wake those who wait for one of these jobs; without `job_ids`, everybody."""
        for job_id in list(self._events) if job_ids is None else job_ids:
            if (event := self._events.pop(job_id, None)) is not None:
                event.set()
