"""What a person waits for once a clip is there: sheets, frames and edits of 4 s in 1280x720; and what others wait meanwhile."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import anyio

from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit
from sora_mcp.media.limits import Deadline
from sora_mcp.media.pool import MediaPool
from sora_mcp.media.sample import render
from sora_mcp.media.sample.scene import Clip

from .figures import Figure, at_most

TIMES, RUNS = 5, 3
TICK_S = 0.001
T = TypeVar("T")


def figures() -> Iterator[Figure]:
    """Looking, changing, and the loop beside both."""
    with tempfile.TemporaryDirectory() as folder:
        clips = [Path(folder) / f"{name}.mp4" for name in ("first", "second")]
        for clip in clips:
            render.render(Clip(f"A paper boat drifts, the {clip.stem} shot", 1280, 720, 4), clip)
        long = Path(folder) / "long.mp4"
        render.render(Clip("A paper boat drifts for long", 1920, 1080, 12), long)
        target = Path(folder) / "made.part"
        took, view = timed(lambda: api.view_clip(clips[0], None, Deadline()))
        yield at_most("contact sheet of a 4 s clip", took, 0.2, " s")
        yield at_most("its size", len(view.jpeg) / 1000, 90, " kB")
        took, raw = timed(lambda: api.extract_frame(clips[0], None, Deadline()))
        yield at_most("last frame as a first frame", took, 0.5, " s", note=f"PNG of {len(raw) / 1000:.0f} kB")
        for what, edit, most in (
            ("join of two equal clips", Edit("join", tuple(clips)), 0.1),
            ("reframe to 9:16 over a blurred ground", Edit("reframe", (clips[0],)), 2.5),
            ("trim to 2 s", Edit("trim", (clips[0],), 1.0, 3.0), 2.5),
            ("GIF of 4 s", Edit("gif", (clips[0],)), 2.5),
        ):
            took, _ = timed(lambda edit=edit: api.edit_clip(edit, target, Deadline()))
            yield at_most(what, took, most, " s", note=f"{target.stat().st_size / 1000:.0f} kB")
        works_ = {
            "a contact sheet of 12 s in 1080p": lambda deadline: api.view_clip(long, 16, deadline),
            "its last frame": lambda deadline: api.extract_frame(long, None, deadline),
            "a join of unequal clips": lambda deadline: api.edit_clip(Edit("join", (clips[0], long)), target, deadline),
            "a reframe": lambda deadline: api.edit_clip(Edit("reframe", (long,)), target, deadline),
            "a GIF": lambda deadline: api.edit_clip(Edit("gif", (clips[0],)), target, deadline),
            "a sample clip": lambda _: render.render(Clip("A paper boat drifts on", 1280, 720, 4), target),
        }
        # What stalls every time is ours, what stalls once is the machine's.
        gaps = {what: min(anyio.run(stalled, work) for _ in range(RUNS)) * 1000 for what, work in works_.items()}
        worst = max(gaps, key=lambda what: gaps[what])
        yield at_most("longest stall of the event loop while media work runs", gaps[worst], 100, " ms", note=f"during {worst}")


async def stalled(work: Callable[[Deadline], object]) -> float:
    """Seconds between two turns of the loop, the most while the studio does this work."""
    longest, before = 0.0, time.perf_counter()

    async def tick() -> None:
        nonlocal longest, before
        while True:
            await anyio.sleep(TICK_S)
            longest, before = max(longest, time.perf_counter() - before), time.perf_counter()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        await MediaPool().run(work)
        tasks.cancel_scope.cancel()
    return max(longest, time.perf_counter() - before)


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The median of some runs after a first one, and what the last returned."""
    made, times = work(), list[float]()
    for _ in range(TIMES):
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return statistics.median(times), made
