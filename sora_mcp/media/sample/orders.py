"""The orders of the sample server, as files in a folder: whoever opens it later goes on."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sora_mcp.media.sample.scene import Clip

QUEUED_S = 0.3
KEPT_S = 24 * 3600.0
SLOW = re.compile(r"slow:([0-9]{1,3})")
FAULTS = {
    "fail:content": ("content_refused", "The prompt was refused, because it says fail:content."),
    "fail:timeout": ("timed_out", "The video took too long, because the prompt says fail:timeout."),
}
"""Words of a prompt that play a failure: for tests and demos."""


@dataclass(frozen=True)
class Take:
    """One order, as its file has it."""

    id: str
    clip: Clip
    created_at: float
    cancelled: bool = False

    @property
    def fault(self) -> tuple[str, str] | None:
        """The failure that the prompt asks for."""
        return next((fault for word, fault in FAULTS.items() if word in self.clip.prompt), None)

    @property
    def least_s(self) -> float:
        """How long it takes at least."""
        slow = SLOW.search(self.clip.prompt)
        return float(slow[1]) if slow else QUEUED_S


class JobFolder:
    """The folder: for each order its JSON, its clip, and a lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, take: Take, kind: str) -> Path:
        """Where something of an order lies."""
        return self._folder / f"{take.id}.{kind}"

    def read(self, id: str) -> Take | None:
        """An order; None where there is none that can be read."""
        try:
            fields = json.loads((self._folder / f"{id}.json").read_bytes())
            return Take(fields["id"], Clip(**fields["clip"]), fields["created_at"], fields["cancelled"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, take: Take) -> None:
        """Whole or not at all, whenever the process is killed."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.file(take, "json.part")
        part.write_text(json.dumps(asdict(take)), "utf-8")
        os.replace(part, self.file(take, "json"))

    def sweep(self, now: float) -> None:
        """Takes away what is older than a day: it was fetched long ago, or never will be."""
        for path in self._folder.glob("s_*"):
            try:
                if path.stat().st_mtime < now - KEPT_S:
                    path.unlink()
            except OSError:
                continue  # another process swept it


if sys.platform == "win32":

    @contextmanager
    def alone(path: Path) -> Generator[bool]:
        """Windows has no such lock: two processes may make the same clip, and the last one stays."""
        yield True

else:
    import fcntl

    @contextmanager
    def alone(path: Path) -> Generator[bool]:
        """Whether no other process makes this clip. The system frees the lock when a process dies."""
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
