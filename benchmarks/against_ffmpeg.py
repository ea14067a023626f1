"""Edits of 1080p against the ffmpeg program: the same work on the same input with `veryfast`; nothing where there is no ffmpeg."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sora_mcp.media import api
from sora_mcp.media.edit.caption import draw_caption, draw_title
from sora_mcp.media.edit.edits import TITLE_S, Edit
from sora_mcp.media.limits import EDIT_S, Deadline
from sora_mcp.media.sample import render
from sora_mcp.media.sample.scene import Clip

from .figures import Figure, at_most

MOST_TIME, MOST_SIZE = 1.3, 1.2
SECONDS, CLIPS = 12, 5
TEXT = "A paper boat drifts for long"
CODEC = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-c:a", "aac", "-movflags", "+faststart")
FIT = "scale=1080:1920:force_original_aspect_ratio"
SMALL = "scale=134:240:force_original_aspect_ratio=increase,crop=134:240,gblur=sigma=4,scale=1080:1920"


def figures() -> Iterator[Figure]:
    """Caption, reframe and a minute's join, each as a ratio of times and of sizes."""
    if (ffmpeg := find_ffmpeg()) is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, other, layer, title = (folder / file for file in ("clip.mp4", "other.mp4", "caption.png", "title.png"))
        render.render(Clip(TEXT, 1920, 1080, SECONDS), clip)
        render.render(Clip("Another boat", 1920, 1080, SECONDS), other)
        draw_caption(TEXT, 1920, 1080).save(layer)
        draw_title(TEXT, 1920, 1080).save(title)
        clips = [clip, other] * CLIPS
        streams = "".join(f"[{at}:v][{at}:a]" for at in range(CLIPS))
        works: tuple[tuple[str, Edit, Sequence[str | Path]], ...] = (
            (f"caption of {SECONDS} s", Edit("caption", (clip,), text=TEXT), ("-i", clip, "-i", layer, "-filter_complex", "overlay")),
            (
                f"reframe of {SECONDS} s to 9:16",
                Edit("reframe", (clip,)),
                (
                    *("-i", clip, "-filter_complex"),
                    f"split[a][b];[a]{SMALL}[g];[b]{FIT}=decrease[f];[g][f]overlay=(W-w)/2:(H-h)/2",
                ),
            ),
            (
                f"join of {SECONDS * CLIPS} s with a title",
                Edit("join", tuple(clips[:CLIPS]), text=TEXT),
                (
                    *(part for one in clips[:CLIPS] for part in ("-i", one)),
                    *("-i", title, "-filter_complex"),
                    f"{streams}concat=n={CLIPS}:v=1:a=1[v][s];[v][{CLIPS}:v]overlay=enable='lt(t,{TITLE_S:g})'[o]",
                    *("-map", "[o]", "-map", "[s]"),
                ),
            ),
        )
        for what, edit, arguments in works:
            yield from compare(what, edit, [ffmpeg, "-v", "error", "-y", *map(str, arguments), *CODEC], folder)


def compare(what: str, edit: Edit, command: list[str], folder: Path) -> Iterator[Figure]:
    """One edit, made by both, one after the other."""
    ours, theirs = folder / "ours.mp4", folder / "theirs.mp4"
    took = timed(lambda: api.edit_clip(edit, ours, Deadline(EDIT_S)))
    took_theirs = timed(lambda: subprocess.run([*command, str(theirs)], check=True))
    note = f"{took:.1f} s, ffmpeg {took_theirs:.1f} s"
    yield at_most(f"{what} in 1080p, time against ffmpeg", took / took_theirs, MOST_TIME, " x", note=note)
    sizes = ours.stat().st_size, theirs.stat().st_size
    yield at_most("its size against ffmpeg", sizes[0] / sizes[1], MOST_SIZE, " x", note=f"{sizes[0] / 1e6:.1f} MB")


def find_ffmpeg() -> str | None:
    """The program on PATH, else the one of the package imageio-ffmpeg."""
    if (found := shutil.which("ffmpeg")) is not None:
        return found
    try:
        return importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None


def timed(work: Callable[[], object]) -> float:
    """The seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
