"""Limits of media work: what is decoded at most, and a deadline, which can also be cancelled."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from sora_mcp.domain.errors import Refused

EDIT_S = 100.0
"""Seconds that one edit may take: clients wait a minute or two."""
MOST_PIXELS = 36_000_000
"""Of one frame: 8K."""
DEMUX_OPTIONS = {"protocol_whitelist": "file", "enable_drefs": "0", "max_pixels": str(MOST_PIXELS)}
"""A file may refer to other files and addresses; none of them is opened. Opening a file already decodes its first frames."""
NO_FRAME = "It has no picture that can be decoded."


@dataclass
class Deadline:
    """Seconds from its creation on. Work calls `check` for each frame or packet."""

    seconds: float = EDIT_S
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it to cancel the work."""
    _began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float:
        """Seconds that are left; negative when the deadline has passed."""
        return self._began + self.seconds - time.monotonic()

    def check(self) -> None:
        """Raise Refused when the time is over or the work was cancelled."""
        if self.stop.is_set():
            raise Refused("The work was cancelled.")
        if self.left_s < 0:
            raise Refused(f"The work took more than {self.seconds:g} s and was ended: take a shorter or a smaller piece.")
