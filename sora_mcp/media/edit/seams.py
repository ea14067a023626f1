"""Find the clips of a join that begin with the last picture of the clip before, which would be shown twice."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from av.video.frame import VideoFrame
from PIL import Image, ImageChops, ImageStat

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.limits import NO_FRAME, Deadline
from sora_mcp.media.safe_reader import open_video
from sora_mcp.media.view.frames import TAIL_S, shrink

LIKE = 4.0
"""Mean difference of brightness, of 255, up to which two pictures may be the same: each was compressed by itself."""
LIKE_IF_KNOWN = 16.0
"""The same of a clip that is known to continue the one before: vendors change the colours of a first frame a little."""
STEP = 0.5
"""Of the difference between the last two pictures of a clip: a picture that is nearer than this to the last is no next one."""


def find_repeats(paths: Sequence[Path], firsts: Sequence[Image.Image], continues: Sequence[bool], deadline: Deadline) -> tuple[bool, ...]:
    """Return for each clip whether its first picture repeats the last one of the clip before. `firsts` are these pictures, small and grey;
    `continues` says of which clips that is known."""
    known = (*continues, *[False] * len(paths))
    return (False, *(_repeats(paths[at - 1], firsts[at], deadline, is_known=known[at]) for at in range(1, len(paths))))


def _repeats(before: Path, first: Image.Image, deadline: Deadline, *, is_known: bool) -> bool:
    earlier, last = _read_last_two(before, deadline)
    difference = _measure(last, first)
    if is_known:
        return difference <= LIKE_IF_KNOWN
    # Where nothing moves every picture repeats the one before, and none is too much.
    return difference <= LIKE and earlier is not None and difference < STEP * _measure(earlier, last)


def _read_last_two(path: Path, deadline: Deadline) -> tuple[Image.Image | None, Image.Image]:
    """Return the last two pictures of a clip, small and grey; None for the first of a clip that has only one."""
    last_two = deque[VideoFrame](maxlen=2)
    with open_video(path) as clip:
        last_two.extend(clip.decode_frames(deadline, start=max(0.0, clip.seconds - TAIL_S)))
    if len(last_two) < 2:  # it ends earlier than it states, or has few pictures
        with open_video(path) as clip:
            last_two.extend(clip.decode_frames(deadline))
    if not last_two:
        raise BadMedia(NO_FRAME)
    return None if len(last_two) < 2 else shrink(last_two[0]), shrink(last_two[-1])


def _measure(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
