"""Make the poster of a finished file."""

from __future__ import annotations

from pathlib import Path

from sora_mcp.media.images.encode import encode_preview
from sora_mcp.media.images.transform import decode_image
from sora_mcp.media.limits import Deadline
from sora_mcp.media.view.frames import extract_frame

MOST_BYTES = 90_000


def make_poster(path: Path, longest: int, deadline: Deadline) -> bytes:
    """Return a JPEG of at most MOST_BYTES and `longest` pixels a side: an MP4's first frame, or the image that an edit made.

    Raises BadMedia or BrokenRules when nothing can be decoded.
    """
    is_clip = path.suffix == ".mp4"
    picture = extract_frame(path, 0.0, deadline)[1] if is_clip else decode_image(path.read_bytes(), (longest, longest))
    return encode_preview(picture, most_bytes=MOST_BYTES, longest=longest)
