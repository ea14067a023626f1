"""Run media work in a thread beside the event loop, one piece at a time: what is shown of clips and pictures, and any other work."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.api import as_uncharged, make_poster, view_clip
from sora_mcp.media.limits import LOOK_S, Deadline
from sora_mcp.media.view.measurements import View

T = TypeVar("T")
VIEW_S = 20.0
"""Seconds that reading the frames of a clip may take."""
PREVIEW_S, PREVIEW_SIDE = 10.0, 960


class MediaPool:
    """Runs one piece of work at a time; the next one waits without holding a thread."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)
        self.edits = anyio.CapacityLimiter(1)
        """Held while an edit is made, so that looking at a clip does not wait for it."""

    async def view_clip(self, path: Path, frames: int | None) -> View:
        """Return a contact sheet of so many frames, by default 6 or 9, and the clip's measurements."""
        return await self.run(lambda deadline: view_clip(path, frames, deadline), seconds=VIEW_S)

    async def make_poster(self, path: Path) -> bytes:
        """Return a JPEG of a clip's first frame that is not dark, or of an image."""
        return await self.run(lambda deadline: make_poster(path, deadline), seconds=VIEW_S)

    async def make_preview(self, uri: str) -> bytes:
        """Return a small JPEG of a picture in a `data:` URI. Raises also ValueError where that is damaged."""
        return await self.run(lambda deadline: _make_preview(uri, deadline), seconds=PREVIEW_S)

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


def _make_preview(uri: str, deadline: Deadline) -> bytes:
    with tempfile.TemporaryDirectory(prefix="sora-mcp-") as folder:
        file = Path(folder) / "picture"
        file.write_bytes(base64.b64decode(uri.partition(",")[2]))
        return make_poster(file, deadline, longest=PREVIEW_SIDE)
