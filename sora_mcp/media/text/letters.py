"""Draw lines of text with Pillow, each run of characters in a font that has them."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from sora_mcp.media.text.fonts import Run, split_runs

CLEAR = (0, 0, 0, 0)
WHITE = (255, 255, 255, 255)
DARK = (12, 14, 24, 150)
"""The half transparent ground behind letters."""
BITMAP_SIZE = 109
"""The only size that Noto's colour emoji exist in."""


def draw_line(layer: Image.Image, text: str, at: tuple[float, float], fonts: tuple[Path, ...], size: int) -> None:
    """Draw white letters, `size` pixels high, with their baseline starting at `at`. A right-to-left text's runs go from the right."""
    x, y = at
    pieces = split_runs(text, fonts)
    for run in reversed(pieces) if _is_right_to_left(text) else pieces:
        font = _load(run.font, size)
        if font is None:
            picture = _draw_bitmap(run, size)
            layer.alpha_composite(picture, (max(0, round(x)), max(0, round(y - picture.height * 0.82))))
        else:
            ImageDraw.Draw(layer).text((x, y), run.text, font=font, fill=WHITE, anchor="ls")
        x += _measure_run(run, size)


def measure_line(text: str, fonts: tuple[Path, ...], size: int) -> float:
    """Return the text's width in pixels."""
    return sum(_measure_run(run, size) for run in split_runs(text, fonts))


def _measure_run(run: Run, size: int) -> float:
    font = _load(run.font, size)
    return font.getlength(run.text) if font else _load_exact(run.font, BITMAP_SIZE).getlength(run.text) * size / BITMAP_SIZE


def _draw_bitmap(run: Run, size: int) -> Image.Image:
    """Draw coloured letters at their only size, and shrink the picture."""
    font = _load_exact(run.font, BITMAP_SIZE)
    wide, high = max(1, round(font.getlength(run.text))), round(BITMAP_SIZE * 1.2)
    picture = Image.new("RGBA", (wide, high), CLEAR)
    ImageDraw.Draw(picture).text((0, high * 0.82), run.text, font=font, embedded_color=True, anchor="ls")
    return picture.resize((max(1, wide * size // BITMAP_SIZE), max(1, high * size // BITMAP_SIZE)))


def _load(path: Path, size: int) -> ImageFont.FreeTypeFont | None:
    """Return the font; None when it consists of bitmaps of another size."""
    try:
        return _load_exact(path, size)
    except OSError:
        return None


@lru_cache(maxsize=128)
def _load_exact(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def _is_right_to_left(text: str) -> bool:
    """Judge by the first letter that has a direction."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"
