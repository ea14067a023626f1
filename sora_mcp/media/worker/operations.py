"""All operations that need PyAV or Pillow. They run in a media worker: only `media.worker.child` imports this module."""

from __future__ import annotations

from pathlib import Path

from sora_mcp.media.edit.edit_clip import edit_clip
from sora_mcp.media.edit.to_mp4 import make_mp4
from sora_mcp.media.images.encode import encode_frame
from sora_mcp.media.images.transform import fit_image, turn_upright
from sora_mcp.media.limits import Deadline
from sora_mcp.media.other_containers import probe_animation, probe_video
from sora_mcp.media.safe_reader import open_video
from sora_mcp.media.view import frames
from sora_mcp.media.view.contact_sheet import draw_contact_sheet
from sora_mcp.media.view.measurements import View, compute_check_code
from sora_mcp.media.view.poster import make_poster

__all__ = [
    "edit_clip",
    "extract_frame",
    "fit_image",
    "make_mp4",
    "make_poster",
    "measure_seconds",
    "probe_animation",
    "probe_video",
    "turn_upright",
    "view_clip",
]

SHORT_S = 8.5
FRAMES_SHORT, FRAMES_LONG = 6, 9
"""Frames of a contact sheet by default, for a clip of up to SHORT_S and for a longer one."""
LONGEST_SIDE = 1000
"""Pixels of a frame on a sheet of few frames; half of it on one of many."""


def view_clip(path: Path, count: int | None, deadline: Deadline) -> View:
    """Return a contact sheet of `count` frames and the clip's measurements."""
    if count is None:
        count = FRAMES_SHORT if measure_seconds(path) <= SHORT_S else FRAMES_LONG
    longest = LONGEST_SIDE if count < FRAMES_SHORT else LONGEST_SIDE // 2
    samples = frames.sample_frames(path, count, deadline, longest=longest)
    code = compute_check_code(path, count)
    words = samples.measurements.words if samples.measurements else "too long to measure"
    words = f"{samples.size[0]}x{samples.size[1]}, {words}"
    if samples.is_hdr:
        words += ", HDR shown in the colours of ordinary screens"
    return View(draw_contact_sheet(samples.frames, code), len(samples.frames), samples.seconds, code, words)


def measure_seconds(path: Path) -> float:
    """Return the clip's length in seconds as the decoder sees it."""
    with open_video(path) as clip:
        return clip.seconds


def extract_frame(path: Path, moment: float | None, deadline: Deadline) -> bytes:
    """Return the frame that is shown at second `moment`, None being the last one, as PNG, or as JPEG when that would be too large."""
    return encode_frame(frames.extract_frame(path, moment, deadline)[1])
