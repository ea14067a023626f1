"""The first picture of a finished video."""

from __future__ import annotations

from pathlib import Path

from sora_mcp.media import optional as extra
from sora_mcp.media.limits import Allowance

MOST_BYTES = 90_000
LONGEST_SIDE = 1280


def poster(path: Path, allowance: Allowance, *, longest: int = LONGEST_SIDE) -> bytes:
    """A JPEG of at most 90 kB. MissingMediaExtra without PyAV and Pillow; BadMedia or BrokenRules when nothing can be decoded."""
    extra.need("A poster")
    from sora_mcp.media.images import transform as pictures
    from sora_mcp.media.sample import render_pyav as with_pyav
    from sora_mcp.media.view import frames as looking

    is_clip = path.suffix == ".mp4"  # an edit may be a picture
    picture = looking.still(path, 0.0, allowance)[1] if is_clip else pictures.decoded(path.read_bytes(), (longest, longest))
    return with_pyav.jpeg(picture, most_bytes=MOST_BYTES, longest=longest)
