"""Make the poster of a finished file."""

from __future__ import annotations

from pathlib import Path

from sora_mcp.media.containers import read_container
from sora_mcp.media.images.encode import encode_preview
from sora_mcp.media.images.transform import decode_image
from sora_mcp.media.limits import Deadline
from sora_mcp.media.view.frames import find_light_frame

MOST_BYTES = 90_000


def make_poster(path: Path, longest: int, deadline: Deadline) -> bytes:
    """Return a JPEG of at most MOST_BYTES and `longest` pixels a side: a clip's first frame that is not dark, or an image.

    Raises BadMedia or BrokenRules when nothing can be decoded.
    """
    is_image = read_container(path).family == "image"
    picture = decode_image(path.read_bytes(), (longest, longest)) if is_image else find_light_frame(path, deadline)[1]
    return encode_preview(picture, most_bytes=MOST_BYTES, longest=longest)
