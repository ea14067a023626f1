"""What webhooks save: polls a job, and how soon its end is seen, with a server, a vendor and its webhooks over real sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

import anyio

from tests.cli.test_webhooks import PUBLIC, Clip, make_clips, stage

from .figures import Figure, at_most


def figures() -> Iterator[Figure]:
    """Yield how often a job is polled where its vendor tells of its end, and how long after the end a poll heard of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        clips = anyio.run(_make, Path(name) / "told")
    polls, seen_s = mean(clip.polls for clip in clips), median(clip.seen_at - clip.ended_at for clip in clips)
    yield at_most("polls a job, with webhooks", polls, 1.5, "")
    yield at_most("its end is seen after, with webhooks", seen_s, 2.0, " s")


async def _make(folder: Path) -> list[Clip]:
    async with stage(folder, PUBLIC_URL=PUBLIC) as at:
        return await make_clips(at, is_told=True)
