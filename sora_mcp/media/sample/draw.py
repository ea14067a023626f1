"""Draws with Pillow: the words over a sample clip, and the light behind them."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from sora_mcp.domain.errors import BrokenRule, BrokenRules
from sora_mcp.media.sample.fonts import BUNDLED, Run, fonts_for, runs
from sora_mcp.media.sample.scene import BADGE, LINE, MARGIN, SMALL, Clip, fitted, shown, wrapped

CLEAR = (0, 0, 0, 0)
WHITE = (255, 255, 255, 255)
CARD = (12, 14, 24, 150)
RED = (196, 40, 52, 235)
CAPTIONS = (0.055, 0.047, 0.04, 0.034, 0.03)
"""A caption's letters, as parts of the shorter side: the largest that fits."""
LEAST_CAPTION, MOST_CAPTION_HEIGHT = 10, 0.36
"""Pixels of a letter that can still be read; part of the picture's height."""
CAPTION_LINE = 1.5
BITMAP_SIZE = 109
"""The one size that Noto's colour emoji exist in."""


def words(clip: Clip) -> Image.Image:
    """The transparent layer with prompt, badge and caption."""
    layer = Image.new("RGBA", (clip.width, clip.height), CLEAR)
    fonts = fonts_for(clip.prompt)
    lines, size = fitted(clip, lambda text, size: _width(text, fonts, size))
    margin, height = MARGIN * clip.unit, size * LINE * len(lines)
    top = (clip.height - height) / 2
    card = (margin, top - margin * 0.7, clip.width - margin, top + height + margin * 0.7)
    ImageDraw.Draw(layer).rounded_rectangle(card, radius=margin * 0.6, fill=CARD)
    for at, line in enumerate(lines):
        x = (clip.width - _width(line, fonts, size)) / 2
        _write(layer, line, (x, top + size * LINE * (at + 0.76)), fonts, size)
    _pill(layer, BADGE, clip, colour=RED, at_top=True)
    _pill(layer, clip.caption, clip, colour=CARD, at_top=False)
    return layer


def caption(text: str, width: int, height: int) -> Image.Image:
    """The transparent layer with a line or a few of text at the bottom, each on a dark ground. BrokenRules where it does not fit."""
    layer, fonts = Image.new("RGBA", (width, height), CLEAR), fonts_for(text)
    lines, size = captioned(shown(text), width, height, fonts)
    bottom = height - MARGIN * 1.2 * height
    for at, line in enumerate(lines):
        wide = _width(line, fonts, size)
        base = bottom - (len(lines) - 1 - at) * size * CAPTION_LINE
        ground = ((width - wide) / 2 - size * 0.5, base - size * 1.05, (width + wide) / 2 + size * 0.5, base + size * 0.4)
        ImageDraw.Draw(layer).rounded_rectangle(ground, radius=size * 0.25, fill=CARD)
        _write(layer, line, ((width - wide) / 2, base), fonts, size)
    return layer


def captioned(text: str, width: int, height: int, fonts: tuple[Path, ...]) -> tuple[list[str], int]:
    """The whole text in lines, and the size of its letters."""
    lines, most = [text], 1
    for part in CAPTIONS:
        size = max(LEAST_CAPTION, round(part * min(width, height)))
        lines = wrapped(text, width * 0.86, lambda line, size=size: _width(line, fonts, size))
        most = max(1, int(height * MOST_CAPTION_HEIGHT / (size * CAPTION_LINE)))
        if len(lines) <= most:
            return lines, size
    fits = f"shorter: about {sum(map(len, lines[:most]))} characters fit on a picture of {width}x{height}"
    raise BrokenRules((BrokenRule("text", f"{len(text)} characters", fits, "invalid_argument"),))


def light(side: int) -> Image.Image:
    """A soft white disc that fades to nothing."""
    disc = Image.radial_gradient("L").point(
        [max(0, round(120 * (1 - distance / 181) ** 2)) if distance < 181 else 0 for distance in range(256)]
    )
    picture = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    picture.putalpha(disc.resize((side, side)))
    return picture


def _pill(layer: Image.Image, text: str, clip: Clip, *, colour: tuple[int, int, int, int], at_top: bool) -> None:
    """A short text on a rounded ground: above at the left, or below at the right."""
    draw, margin, size = ImageDraw.Draw(layer), MARGIN * clip.unit, max(8, round(SMALL * clip.unit))
    wide, high = _width(text, (BUNDLED,), size) + size * 1.4, size * 1.9
    x, y = (margin, margin) if at_top else (clip.width - margin - wide, clip.height - margin - high)
    draw.rounded_rectangle((x, y, x + wide, y + high), radius=high / 2, fill=colour)
    _write(layer, text, (x + size * 0.7, y + high * 0.68), (BUNDLED,), size)


def _write(layer: Image.Image, text: str, at: tuple[float, float], fonts: tuple[Path, ...], size: int) -> None:
    """White letters on the base line `at`; pieces of a right-to-left line go from the right."""
    x, y = at
    pieces = runs(text, fonts)
    for run in reversed(pieces) if _right_to_left(text) else pieces:
        font = _font(run.font, size)
        if font is None:
            picture = _bitmap(run, size)
            layer.alpha_composite(picture, (max(0, round(x)), max(0, round(y - picture.height * 0.82))))
        else:
            ImageDraw.Draw(layer).text((x, y), run.text, font=font, fill=WHITE, anchor="ls")
        x += _run_width(run, size)


def _width(text: str, fonts: tuple[Path, ...], size: int) -> float:
    return sum(_run_width(run, size) for run in runs(text, fonts))


def _run_width(run: Run, size: int) -> float:
    font = _font(run.font, size)
    return font.getlength(run.text) if font else _sized(run.font, BITMAP_SIZE).getlength(run.text) * size / BITMAP_SIZE


def _bitmap(run: Run, size: int) -> Image.Image:
    """Coloured letters, drawn at their one size and made smaller."""
    font = _sized(run.font, BITMAP_SIZE)
    wide, high = max(1, round(font.getlength(run.text))), round(BITMAP_SIZE * 1.2)
    picture = Image.new("RGBA", (wide, high), CLEAR)
    ImageDraw.Draw(picture).text((0, high * 0.82), run.text, font=font, embedded_color=True, anchor="ls")
    return picture.resize((max(1, wide * size // BITMAP_SIZE), max(1, high * size // BITMAP_SIZE)))


def _font(path: Path, size: int) -> ImageFont.FreeTypeFont | None:
    """None where the font consists of pictures of another size."""
    try:
        return _sized(path, size)
    except OSError:
        return None


@lru_cache(maxsize=128)
def _sized(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def _right_to_left(text: str) -> bool:
    """By the first letter that has a direction."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"
