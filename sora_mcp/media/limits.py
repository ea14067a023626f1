"""How long a piece of media work may take, and how it is stopped."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from sora_mcp.domain.errors import Refused

MOST_WORK_S = 100.0
"""Of one edit. A client waits a minute or two."""


@dataclass
class Allowance:
    """Asked for every frame."""

    seconds: float = MOST_WORK_S
    stop: threading.Event = field(default_factory=threading.Event)
    _began: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Refused when the time is over, or when nobody waits any more."""
        if self.stop.is_set():
            raise Refused("The work was called off.")
        if time.monotonic() - self._began > self.seconds:
            raise Refused(f"The work took more than {self.seconds:g} s and was ended: take a shorter or a smaller piece.")
