"""The first picture of a finished video."""

from __future__ import annotations

from pathlib import Path

from . import extra
from .allowance import Allowance

MOST_BYTES = 90_000
LONGEST_SIDE = 1280


def poster(path: Path, allowance: Allowance, *, longest: int = LONGEST_SIDE) -> bytes:
    """A JPEG of at most 90 kB. MissingMediaExtra without PyAV and Pillow; BadMedia or BrokenRules when nothing can be decoded."""
    extra.need("A poster")
    from . import looking, pictures, with_pyav  # see render.py

    is_clip = path.suffix == ".mp4"  # an edit may be a picture
    picture = looking.still(path, 0.0, allowance)[1] if is_clip else pictures.decoded(path.read_bytes(), (longest, longest))
    return with_pyav.jpeg(picture, most_bytes=MOST_BYTES, longest=longest)
