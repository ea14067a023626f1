"""The first picture of a finished video."""

from __future__ import annotations

from pathlib import Path

from . import extra

MOST_BYTES = 90_000
LONGEST_SIDE = 1280


def poster(path: Path, *, longest: int = LONGEST_SIDE) -> bytes:
    """A JPEG of at most 90 kB. MissingMediaExtra without PyAV and Pillow; BadMedia when nothing can be decoded."""
    extra.need("A poster")
    from . import with_pyav  # see render.py

    return with_pyav.jpeg(with_pyav.first_frame(path), most_bytes=MOST_BYTES, longest=longest)
