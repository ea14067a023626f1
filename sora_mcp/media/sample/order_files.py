"""Store the sample server's orders as files in a folder, so that any later process can continue them."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.media.sample.scene import Clip

QUEUED_S = 0.3
KEPT_S = 24 * 3600.0
MOST_PACKED = 6000
"""Characters of an order in an address."""
SLOW = re.compile(r"slow:([0-9]{1,3})")
FAULTS = {
    "fail:content": ("content_refused", "The prompt was refused, because it says fail:content."),
    "fail:timeout": ("timed_out", "The video took too long, because the prompt says fail:timeout."),
}
"""Words in a prompt that simulate a failure, for tests and demos, each with error code and message."""


@dataclass(frozen=True)
class SampleOrder:
    """One order, as stored in its JSON file. `created_at` is a Unix time in seconds."""

    id: str
    clip: Clip
    created_at: float
    cancelled: bool = False

    @property
    def fault(self) -> tuple[str, str] | None:
        """Code and message of the failure that the prompt asks for, or None."""
        return next((fault for word, fault in FAULTS.items() if word in self.clip.prompt), None)

    @property
    def least_seconds(self) -> float:
        """Seconds before the order may be completed."""
        slow = SLOW.search(self.clip.prompt)
        return float(slow[1]) if slow else QUEUED_S


def pack_order(order: SampleOrder) -> str:
    """Return the whole order as a word for an address, so that a server on another machine can go on with it; empty for a very long one."""
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(asdict(order), ensure_ascii=False).encode())).decode()
    return packed if len(packed) <= MOST_PACKED else ""


def unpack_order(packed: str) -> SampleOrder | None:
    """Return the order in such a word; None where it is none."""
    try:
        return _read_order(zlib.decompress(base64.urlsafe_b64decode(packed)))
    except (ValueError, zlib.error):
        return None


def _read_order(text: bytes) -> SampleOrder | None:
    try:
        fields = json.loads(text)
        return SampleOrder(fields["id"], Clip(**fields["clip"]), fields["created_at"], fields["cancelled"])
    except (ValueError, KeyError, TypeError):
        return None


class OrderFolder:
    """A folder with a JSON file, a clip and a lock file for each order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, order: SampleOrder, kind: str) -> Path:
        """Return the path of the order's file with this ending: "json", "mp4", "lock"."""
        return self._folder / f"{order.id}.{kind}"

    def read(self, id: str) -> SampleOrder | None:
        """Return the order; None when its file is missing or damaged."""
        try:
            return _read_order((self._folder / f"{id}.json").read_bytes())
        except OSError:
            return None

    def write(self, order: SampleOrder) -> None:
        """Write the order's JSON file atomically."""
        make_private_folder(self._folder)
        part = self.path_of(order, "json.part")
        part.write_text(json.dumps(asdict(order)), "utf-8")
        os.replace(part, self.path_of(order, "json"))

    def delete_old(self, now: float) -> None:
        """Delete files older than KEPT_S. `now` is a Unix time in seconds."""
        for path in self._folder.glob("s_*"):
            try:
                if path.stat().st_mtime < now - KEPT_S:
                    path.unlink()
            except OSError:
                continue  # another process deleted it


if sys.platform == "win32":

    @contextmanager
    def lock_clip(path: Path) -> Generator[bool]:
        """Yield True. Windows has no such lock: two processes may render the same clip, and the last one stays."""
        yield True

else:
    import fcntl

    @contextmanager
    def lock_clip(path: Path) -> Generator[bool]:
        """Yield whether this process holds the lock on rendering the clip. The system frees it when a process dies."""
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
