"""Limits of media work: what is decoded at most, and a deadline, which can also be cancelled."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sora_mcp.domain.errors import Refused

if sys.platform != "win32":
    import resource

LOOK_S = 100.0
"""Seconds that looking at a clip may take: clients wait a minute or two."""
EDIT_S = 1800.0
"""Seconds that one edit may take, which nobody has to wait for: many times what a minute of 1080p takes on a slow machine."""
REPORT_S = 0.5
"""Seconds between two reports of progress."""
MOST_PIXELS = 36_000_000
"""Of one frame: 8K."""
LEAST_ADDRESSES = 400 << 20
"""Bytes of addresses that decoding and encoding need on Linux; with fewer, a codec fails, whatever the file."""
DEMUX_OPTIONS = {"protocol_whitelist": "file", "enable_drefs": "0", "max_pixels": str(MOST_PIXELS)}
"""A file may refer to other files and addresses; none of them is opened. Opening a file already decodes its first frames."""
NO_FRAME = "It has no picture that can be decoded."


@dataclass
class Deadline:
    """Seconds from its creation on. Work calls `check` for each frame or packet."""

    seconds: float = LOOK_S
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it to cancel the work."""
    progress: float | None = None
    """How much of the work is done, from 0 to 1; None where the work does not tell."""
    on_progress: Callable[[float], None] | None = None
    """Is told of it, every REPORT_S at most."""
    _began: float = field(default_factory=time.monotonic)
    _reported: float = 0.0

    @property
    def left_s(self) -> float:
        """Seconds that are left; negative when the deadline has passed."""
        return self._began + self.seconds - time.monotonic()

    def check(self) -> None:
        """Raise Refused when the time is over or the work was cancelled."""
        if self.stop.is_set():
            raise Refused("The work was cancelled.")
        if self.left_s < 0:
            raise Refused(f"Stopped after {_format_limit(self.seconds)}. Try a shorter or smaller clip.")

    def report(self, progress: float) -> None:
        """Say how much of the work is done."""
        self.progress = min(max(progress, self.progress or 0.0), 1.0)  # work in several steps does not go back
        if self.on_progress is not None and time.monotonic() - self._reported >= REPORT_S:
            self._reported = time.monotonic()
            self.on_progress(self.progress)


def has_few_addresses() -> bool:
    """Return whether a limit on this process (`ulimit -v`) leaves too few addresses for a codec."""
    if sys.platform == "win32":
        return False
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return limit != resource.RLIM_INFINITY and limit < LEAST_ADDRESSES


def _format_limit(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 300 else f"{seconds:g} s"
