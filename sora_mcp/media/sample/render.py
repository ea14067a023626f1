"""Makes a sample clip by the best means at hand: PyAV, the ffmpeg program, or a clip that comes along."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sora_mcp.media import optional as extra
from sora_mcp.media.sample import render_ffmpeg as with_ffmpeg
from sora_mcp.media.sample.scene import Clip

Means = Literal[
    "pyav",  # the media extra: everything as asked
    "ffmpeg",  # the program: as asked; the words are missing where it cannot draw text
    "shipped",  # neither: one of three clips of 4 s
]
SHIPPED = (("landscape", 16 / 9), ("square", 1.0), ("portrait", 9 / 16))
SHIPPED_NOTE = (
    "This machine cannot make sample clips: a ready one of 4 s comes in their place, in another size than asked. "
    f"{extra.INSTALL} brings the real thing."
)
_one_at_a_time = threading.Lock()
"""A render of 1080p takes 250 MB."""


def available() -> Means:
    """What `render` will use."""
    if extra.present():
        return "pyav"
    return "ffmpeg" if with_ffmpeg.find() else "shipped"


def render(clip: Clip, path: Path, *, means: Means | None = None, on_progress: Callable[[float], None] = lambda _: None) -> None:
    """Writes the clip to `path`, which may have any name. Blocks; takes a second for 4 s of 720p. Calls `on_progress` with 0 to 1."""
    with _one_at_a_time:
        match means or available():
            case "pyav":
                # Loading PyAV takes 0.2 s and 60 MB, and it may not be there: so this one import waits until it is needed.
                from sora_mcp.media.sample import render_pyav as with_pyav

                with_pyav.render(clip, path, on_progress)
            case "ffmpeg":
                ffmpeg = with_ffmpeg.find()
                if ffmpeg is None or not with_ffmpeg.render(ffmpeg, clip, path, on_progress):
                    shipped(clip, path)
            case "shipped":
                shipped(clip, path)


def shipped(clip: Clip, path: Path) -> None:
    """Copies the ready clip of the nearest shape."""
    name, _ = min(SHIPPED, key=lambda shape: abs(shape[1] - clip.width / clip.height))
    shutil.copyfile(Path(__file__).parent / "clips" / f"{name}.mp4", path)
