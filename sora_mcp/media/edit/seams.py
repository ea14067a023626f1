"""Find the clips of a join that begin with the last picture of the clip before, which would be shown twice."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from sora_mcp.media.limits import Deadline
from sora_mcp.media.safe_reader import open_video
from sora_mcp.media.view.frames import TAIL_S, shrink

LIKE = 4.0
"""Mean difference of brightness, of 255, up to which two pictures may be the same: each was compressed by itself."""
LIKE_IF_KNOWN = 16.0
"""The same of a clip that is known to continue the one before: vendors change the colours of a first frame a little."""
STEP = 0.5
"""Of the difference between the last two pictures of a clip: a picture that is nearer than this to the last is no next one."""


def find_repeats(paths: Sequence[Path], continues: Sequence[bool], deadline: Deadline) -> tuple[bool, ...]:
    """Return for each clip whether its first picture repeats the last one of the clip before. `continues` says of which that is known."""
    known = (*continues, *[False] * len(paths))
    return (False, *(_repeats(paths[at - 1], paths[at], deadline, is_known=known[at]) for at in range(1, len(paths))))


def _repeats(before: Path, after: Path, deadline: Deadline, *, is_known: bool) -> bool:
    earlier, last = _read_last_two(before, deadline)
    with open_video(after) as clip:
        first = shrink(clip.decode_first(deadline))
    difference = _measure(last, first)
    if is_known:
        return difference <= LIKE_IF_KNOWN
    # Where nothing moves every picture repeats the one before, and none is too much.
    return difference <= LIKE and earlier is not None and difference < STEP * _measure(earlier, last)


def _read_last_two(path: Path, deadline: Deadline) -> tuple[Image.Image | None, Image.Image]:
    """Return the last two pictures of a clip, small and grey; None for the first of a clip that has only one."""
    with open_video(path) as clip:
        earlier, last = None, clip.decode_first(deadline)
    with open_video(path) as clip:
        for frame in clip.decode_frames(deadline, start=max(0.0, clip.seconds - TAIL_S)):
            earlier, last = last, frame
    return None if earlier is None else shrink(earlier), shrink(last)


def _measure(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
