"""Render a sample clip with the best renderer at hand: PyAV, the ffmpeg program, or a bundled clip."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sora_mcp.media.limits import LEAST_ADDRESSES, has_few_addresses
from sora_mcp.media.optional import INSTALL, find_load_error, has_media_extra
from sora_mcp.media.sample import render_ffmpeg
from sora_mcp.media.sample.scene import Clip
from sora_mcp.media.text.missing_characters import describe_missing, find_missing, has_nothing_left

Renderer = Literal[
    "pyav",  # the media extra: everything as ordered
    "ffmpeg",  # the program: a camera move over a ready picture; without the caption when this build cannot draw text
    "bundled",  # neither, or too few addresses: one of three clips of 4 s
]
BUNDLED = (("landscape", 16 / 9), ("square", 1.0), ("portrait", 9 / 16))
"""Names of the bundled clips, each with its ratio of width to height."""
BUNDLED_NOTE = "This machine cannot make sample clips: a ready one of 4 s comes in their place, in another size than asked. "
_one_at_a_time = threading.Lock()
"""A render of 1080p takes 250 MB."""


def choose_renderer() -> Renderer:
    """Return the renderer that `render` uses by default."""
    if has_few_addresses():
        return "bundled"
    if has_media_extra() and find_load_error() is None:
        return "pyav"
    return "ffmpeg" if render_ffmpeg.find_ffmpeg() else "bundled"


def explain_bundled() -> str:
    """Return what to tell with a bundled clip: why it is one, and what would bring the clip as ordered."""
    if has_few_addresses():
        return f"{BUNDLED_NOTE}The real thing needs {LEAST_ADDRESSES >> 20} MB of addresses (`ulimit -v`)."
    return f"{BUNDLED_NOTE}{INSTALL} brings the real thing."


def describe_lost(prompt: str) -> str | None:
    """Return what a clip's caption will not show of this prompt, or why the clip is another; None where all is as ordered."""
    if choose_renderer() == "bundled":
        return explain_bundled()
    if not (missing := find_missing(prompt)):
        return None
    lost = "has none of the prompt in its caption" if has_nothing_left(prompt) else "leaves a part of the prompt out of its caption"
    return f"The sample clip {lost}: it has {describe_missing(missing)}."


def render(clip: Clip, path: Path, *, renderer: Renderer | None = None, on_progress: Callable[[float], None] = lambda _: None) -> None:
    """Write the clip to `path` as MP4, whatever its name. Blocks: about a second for 4 s of 720p. Calls `on_progress` with 0 to 1."""
    with _one_at_a_time:
        match renderer or choose_renderer():
            case "pyav":
                # Loading PyAV takes 0.2 s and 60 MB, and it may be missing: it is imported when it is needed.
                from sora_mcp.media.sample import render_pyav

                render_pyav.render(clip, path, on_progress)
            case "ffmpeg":
                ffmpeg = render_ffmpeg.find_ffmpeg()
                if ffmpeg is None or not render_ffmpeg.render(ffmpeg, clip, path, on_progress):
                    copy_bundled(clip, path)
            case "bundled":
                copy_bundled(clip, path)


def copy_bundled(clip: Clip, path: Path) -> None:
    """Copy the bundled clip of the nearest shape to `path`."""
    name, _ = min(BUNDLED, key=lambda shape: abs(shape[1] - clip.width / clip.height))
    shutil.copyfile(Path(__file__).parent / "clips" / f"{name}.mp4", path)
