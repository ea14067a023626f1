"""A file that takes far longer than every limit arrives, and goes on where it stopped when the server is started again."""

from __future__ import annotations

import hashlib
import itertools
import struct
from pathlib import Path

import pytest

from sora_mcp.net import client, download

from .played import CLIP, Muvi
from .played.ranges import ResumingCdn
from .played.rig import rig
from .waiting import eventually

LIMIT_S = 0.5
"""What every limit of time is in this test; the file takes more than ten times as long."""
SIZE = 4 << 20
BYTES_PER_S = SIZE // 6


def a_large_clip(size: int) -> bytes:
    """Return a whole MP4 of so many bytes, most of which its player skips."""
    rest = size - len(CLIP)
    numbers = b"".join(struct.pack(">I", number) for number in range(rest // 4))
    return CLIP + struct.pack(">I4s", rest, b"free") + numbers[: rest - 8].ljust(rest - 8, b"\0")


@pytest.mark.slow
async def test_a_long_download_is_continued_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in itertools.product((client, download), ("IDLE_S", "REQUEST_S", "SLOW_S")):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, LIMIT_S)
    clip = a_large_clip(SIZE)
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.app = ResumingCdn(clip)
        at.cdn.arm("media", "trickle", times=-1, bytes_per_s=BYTES_PER_S)
        job = await at.bought(seconds=4)
        assert await eventually(lambda: _arrived(at.settings.output_dir) > SIZE // 3)
        await at.restart()
        done = await at.until(job.id, "completed", "failed", "expired")
        first, second, *more = at.cdn.heard
    assert (done.state, done.error, more) == ("completed", None, [])
    assert done.artifact is not None
    assert (done.artifact.bytes, done.artifact.sha256) == (SIZE, hashlib.sha256(clip).hexdigest())
    assert "range" not in first.headers
    assert int(second.headers["range"].removeprefix("bytes=").removesuffix("-")) > SIZE // 3
    assert second.headers["if-range"]
    assert second.at - first.at > 3 * LIMIT_S


def _arrived(folder: Path) -> int:
    """Return how many bytes of the file are there."""
    return max((path.stat().st_size for path in folder.glob(".*.part")), default=0)
