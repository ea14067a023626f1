"""The public face of media: the functions that the rest of the package calls. They block; those that decode run in a worker process.

Each raises MissingMediaExtra without the media extra, BadMedia for a video and BrokenRules for an image that cannot be decoded,
and Refused once its deadline has passed. None of them charges anything. `make_mp4` raises none of these: it turns a download in
any other container into an MP4, or returns None.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from sora_mcp.domain.errors import BadMedia, BrokenRules, Refused
from sora_mcp.media.containers import DEMUXED, read_container
from sora_mcp.media.edit.edits import Edit, EditResult
from sora_mcp.media.images.probe import refuse_image
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.media.optional import has_media_extra, require_media_extra
from sora_mcp.media.view.measurements import View
from sora_mcp.media.worker.processes import POOL

POSTER_SIDE = 1280
"""Longest side of a poster in pixels."""
SHORT_S = 20.0
"""Seconds for work that has no deadline of its own: the length of a clip, one image."""
MAKE_MP4_S = 60.0
"""Seconds that a download may take to become an MP4; after that it is kept as it came."""


def view_clip(path: Path, frames: int | None, deadline: Deadline) -> View:
    """Return a contact sheet of so many frames, by default 6 or 9, and the clip's measurements."""
    require_media_extra("A contact sheet")
    return cast(View, POOL.run("view_clip", path, frames, deadline=deadline))


def measure_seconds(path: Path) -> float:
    """Return the clip's length in seconds: from an MP4's headers, or from the decoder when they do not state it."""
    if read_container(path) not in DEMUXED and (seconds := probe_mp4(path).duration_s) is not None:
        return seconds
    require_media_extra("The length of this clip")
    return cast(float, POOL.run("measure_seconds", path, deadline=Deadline(SHORT_S), takes_deadline=False))


def extract_frame(path: Path, moment: float | None, deadline: Deadline) -> bytes:
    """Return the frame that is shown at second `moment`, None being the last one, in full size: PNG, or JPEG when that is too large."""
    require_media_extra("A frame of a clip")
    return cast(bytes, POOL.run("extract_frame", path, moment, deadline=deadline))


def make_poster(path: Path, deadline: Deadline, *, longest: int = POSTER_SIDE) -> bytes:
    """Return a JPEG of at most 90 kB and `longest` pixels a side, of a clip's first frame that is not dark, or of an image."""
    require_media_extra("A poster")
    return cast(bytes, POOL.run("make_poster", path, longest, deadline=deadline))


def fit_image(raw: bytes, size: tuple[int, int], how: str, types: tuple[str, ...], most_bytes: int) -> bytes:
    """Return the image cropped or padded to exactly `size` pixels, in one of the media `types` of at most `most_bytes`."""
    require_media_extra("A first frame that is made to fit")
    return _transform_image("fit_image", raw, size, how, types, most_bytes)


def turn_upright(raw: bytes) -> bytes:
    """Return the image as its camera was held; a HEIC photo as JPEG."""
    require_media_extra("Turning a picture")
    return _transform_image("turn_upright", raw)


def edit_clip(edit: Edit, target: Path, deadline: Deadline) -> EditResult:
    """Write the edited file to `target`, whatever its name. Raises BrokenRules when no frame begins between start and end."""
    require_media_extra("edit_video")
    return cast(EditResult, POOL.run("edit_clip", edit, target, deadline=deadline))


def make_mp4(path: Path, target: Path, deadline: Deadline | None = None) -> EditResult | None:
    """Write a video in another container, or an animation, to `target` as an MP4 that browsers play.

    Packets are copied where MP4 has a place for their codecs; else they are encoded again, in at most MAKE_MP4_S seconds.
    The result's `note` says for the job's warnings what was encoded again; it is empty for a copy. Returns None, and leaves
    no `target`, when the file cannot be decoded, is a single picture, takes too long, or the media extra is missing.
    """
    if not has_media_extra():
        return None
    try:
        return cast(EditResult, POOL.run("make_mp4", path, target, deadline=deadline or Deadline(MAKE_MP4_S)))
    except (BadMedia, BrokenRules, Refused):
        target.unlink(missing_ok=True)
        return None


def as_uncharged(error: BadMedia) -> BadMedia:
    """Return the error for a file that is only looked at: nothing was bought."""
    return BadMedia(error.message, charged="no")


def _transform_image(operation: str, *arguments: object) -> bytes:
    deadline = Deadline(SHORT_S)
    try:
        return cast(bytes, POOL.run(operation, *arguments, deadline=deadline, takes_deadline=False))
    except Refused:
        if deadline.left_s < 0:
            refuse_image(f"one that takes longer than {SHORT_S:g} s to decode", allowed="a smaller picture, or the same one saved as JPEG")
        raise
    except BadMedia:  # the worker died of it, or had too little memory
        refuse_image("a damaged one")
