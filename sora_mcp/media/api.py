"""The media functions that the rest of the package calls. They block; those that decode run one at a time.

Each raises MissingMediaExtra without the media extra, BadMedia for a video and BrokenRules for an image that cannot be decoded,
and Refused once its deadline has passed.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.edit.actions import Edit, EditResult
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.media.optional import require_media_extra
from sora_mcp.media.view.measurements import View

POSTER_SIDE = 1280
"""Longest side of a poster in pixels."""
_one_at_a_time = threading.Lock()
"""Decoding a clip of 1080p takes 250 MB."""


def view_clip(path: Path, frames: int | None, deadline: Deadline) -> View:
    """Return a contact sheet of so many frames, by default 6 or 9, and the clip's measurements."""
    operations = _load_operations("A contact sheet")
    with _one_at_a_time:
        return operations.view_clip(path, frames, deadline)


def measure_seconds(path: Path) -> float:
    """Return the clip's length in seconds: from its headers, or from the decoder when a fragmented file does not state it."""
    if (seconds := probe_mp4(path).duration_s) is not None:
        return seconds
    return _load_operations("The length of this clip").measure_seconds(path)


def extract_frame(path: Path, moment: float | None, deadline: Deadline) -> bytes:
    """Return the frame that is shown at second `moment`, None being the last one, in full size: PNG, or JPEG when that is too large."""
    operations = _load_operations("A frame of a clip")
    with _one_at_a_time:
        return operations.extract_frame(path, moment, deadline)


def make_poster(path: Path, deadline: Deadline, *, longest: int = POSTER_SIDE) -> bytes:
    """Return a JPEG of at most 90 kB and `longest` pixels a side, of an MP4's first frame or of an image."""
    return _load_operations("A poster").make_poster(path, longest, deadline)


def fit_image(raw: bytes, size: tuple[int, int], how: str, types: tuple[str, ...], most_bytes: int) -> bytes:
    """Return the image cropped or padded to exactly `size` pixels, in one of the media `types` of at most `most_bytes`."""
    operations = _load_operations("A first frame that is made to fit")
    with _one_at_a_time:
        return operations.fit_image(raw, size, how, types, most_bytes)


def turn_upright(raw: bytes) -> bytes:
    """Return the image as its camera was held; a HEIC photo as JPEG."""
    operations = _load_operations("Turning a picture")
    with _one_at_a_time:
        return operations.turn_upright(raw)


def edit_clip(edit: Edit, target: Path, deadline: Deadline) -> EditResult:
    """Write the edited file to `target`, whatever its name. Raises BrokenRules when no frame begins between start and end."""
    operations = _load_operations("edit_video")
    with _one_at_a_time:
        return operations.edit_clip(edit, target, deadline)


def as_uncharged(error: BadMedia) -> BadMedia:
    """Return the error for a file that is only looked at: nothing was bought."""
    copy = BadMedia(error.message)
    copy.charged = "no"
    return copy


def _load_operations(feature: str):
    """Return `media.operations`. Raises MissingMediaExtra, whose message begins with `feature`."""
    require_media_extra(feature)
    # PyAV and Pillow take 0.2 s and 60 MB to load, and may be missing: this is the only import of them outside of their own modules.
    from sora_mcp.media import operations

    return operations
