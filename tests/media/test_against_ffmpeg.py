"""Pictures beside those that the ffmpeg program makes of the same clip; skipped where there is none."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from sora_mcp.media import api
from sora_mcp.media.edit.edits import Edit
from sora_mcp.media.limits import Deadline
from tests.each import each
from tests.waiting import PATIENCE_S

from .clips import a_turned_clip

FFMPEG = shutil.which("ffmpeg") or ""
SECOND = 0.52
"""Between two frames of 25 a second, so that rounding chooses none."""
LEAST_DB, LEAST_EDITED_DB, MOST_SHIFT = 50.0, 28.0, 1.0
"""A frame is the same picture. An edit was encoded again, with fewer colours than pixels; on the whole they stay."""
pytestmark = pytest.mark.skipif(not FFMPEG, reason="no ffmpeg program")


def run(*arguments: str | Path) -> bytes:
    return subprocess.run([FFMPEG, "-v", "error", "-y", *map(str, arguments)], check=True, capture_output=True, timeout=PATIENCE_S).stdout


def a_filmed_clip(path: Path, tags: str, *more: str) -> Path:
    """A second of a moving test picture, with range, matrix, primaries and transfer as they are named."""
    shown, matrix, primaries, transfer = tags.split()
    source = f"testsrc2=s=320x180:r=25:d=1,scale=out_color_matrix={matrix}:out_range={shown},format={more[0] if more else 'yuv420p'}"
    colours = ("-color_range", shown, "-colorspace", matrix, "-color_primaries", primaries, "-color_trc", transfer)
    run("-f", "lavfi", "-i", source, "-c:v", "libx264", "-crf", "16", *colours, path)
    return path


def frame_by_ffmpeg(path: Path, second: float) -> Image.Image:
    raw = run("-i", path, "-vf", f"select=gte(t\\,{second - 0.02})", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-")
    return Image.open(io.BytesIO(raw)).convert("RGB")


def measure_psnr(one: Image.Image, other: Image.Image) -> float:
    """Return how alike two pictures of one size are, in decibels."""
    assert one.size == other.size
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    error = sum(squares) / (3 * one.width * one.height)
    return math.inf if not error else 10 * math.log10(255**2 / error)


@each(
    "tags",
    [
        "tv bt709 bt709 bt709",
        "tv smpte170m smpte170m smpte170m",
        "pc bt709 bt709 bt709",
        "tv bt709 bt709 bt709 yuv422p",
        "tv bt709 bt709 bt709 yuv444p10le",
    ],
)
def test_a_frame_and_an_edit_have_the_colours_that_ffmpeg_shows(tags: str, tmp_path: Path) -> None:
    *colours, form = (*tags.split(), "yuv420p")[:5]
    clip = a_filmed_clip(tmp_path / "clip.mp4", " ".join(colours), form)
    shown = frame_by_ffmpeg(clip, SECOND)
    frame = Image.open(io.BytesIO(api.extract_frame(clip, SECOND, Deadline()))).convert("RGB")
    assert measure_psnr(frame, shown) > LEAST_DB, tags
    target = tmp_path / "edited.mp4"
    api.edit_clip(Edit("trim", (clip,), start=0.0, end=0.8), target, Deadline())
    made = frame_by_ffmpeg(target, SECOND)
    shift = max(abs(one - other) for one, other in zip(ImageStat.Stat(made).mean, ImageStat.Stat(shown).mean, strict=True))
    assert (measure_psnr(made, shown) > LEAST_EDITED_DB, shift < MOST_SHIFT) == (True, True), (tags, measure_psnr(made, shown), shift)


@each("signs", [(0, 1, -1, 0), (-1, 0, 0, -1), (-1, 0, 0, 1), (0, 1, 1, 0)], ids=["turned", "upside down", "mirrored", "mirrored, turned"])
def test_a_clip_that_was_turned_or_mirrored_is_shown_as_ffmpeg_does(signs: tuple[int, int, int, int], tmp_path: Path) -> None:
    clip = a_turned_clip(tmp_path / "clip.mp4", signs)
    frame = Image.open(io.BytesIO(api.extract_frame(clip, 0.0, Deadline()))).convert("RGB")
    assert measure_psnr(frame, frame_by_ffmpeg(clip, 0.0)) > LEAST_DB
