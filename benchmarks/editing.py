"""What a person waits for after the clip is there: sheets, frames and edits of a sample clip of 4 s in 1280x720."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sora_mcp.media import render, works
from sora_mcp.media.allowance import Allowance
from sora_mcp.media.edits import Edit
from sora_mcp.media.scene import Clip

from .figures import Figure, at_most

TIMES = 5
T = TypeVar("T")


def figures() -> Iterator[Figure]:
    """Looking, then changing."""
    with tempfile.TemporaryDirectory() as folder:
        clips = [Path(folder) / f"{name}.mp4" for name in ("first", "second")]
        for clip in clips:
            render.render(Clip(f"A paper boat drifts, the {clip.stem} shot", 1280, 720, 4), clip)
        target = Path(folder) / "made.part"
        took, view = timed(lambda: works.view(clips[0], None, Allowance()))
        yield at_most("contact sheet of a 4 s clip", took, 0.2, " s")
        yield at_most("its size", len(view.jpeg) / 1000, 90, " kB")
        took, raw = timed(lambda: works.frame(clips[0], None, Allowance()))
        yield at_most("last frame as a first frame", took, 0.5, " s", note=f"PNG of {len(raw) / 1000:.0f} kB")
        for what, edit, most in (
            ("join of two equal clips", Edit("join", tuple(clips)), 0.1),
            ("reframe to 9:16 over a blurred ground", Edit("reframe", (clips[0],)), 2.5),
            ("trim to 2 s", Edit("trim", (clips[0],), 1.0, 3.0), 2.5),
        ):
            took, _ = timed(lambda edit=edit: works.edit(edit, target, Allowance()))
            yield at_most(what, took, most, " s", note=f"{target.stat().st_size / 1000:.0f} kB")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The median of some runs after a first one, and what the last returned."""
    made, times = work(), list[float]()
    for _ in range(TIMES):
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return statistics.median(times), made
