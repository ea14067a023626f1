"""Draw the layer of a caption or a title."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw

from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.media.edit.edits import TITLE_S, Edit
from sora_mcp.media.edit.transcode import Shape
from sora_mcp.media.text.fonts import choose_fonts
from sora_mcp.media.text.layout import clean_text, wrap_text
from sora_mcp.media.text.letters import CLEAR, DARK, draw_line, measure_line
from sora_mcp.media.text.missing_characters import describe_missing, find_missing

SIZES = (0.055, 0.047, 0.04, 0.034, 0.03)
"""Heights of letters, as parts of the picture's shorter side; the largest that fits is taken."""
TITLE_SIZES = (0.15, 0.125, 0.1, 0.08, 0.065, 0.055, 0.045)
LEAST_SIZE = 10
"""The smallest legible letters, in pixels."""
MOST_HEIGHT = 0.36
"""Of the caption, as a part of the picture's height."""
MOST_TITLE_HEIGHT = 0.76
LINE_HEIGHT = 1.5
"""In heights of letters."""
LINE_WIDTH = 0.86
"""As a part of the picture's width."""
BOTTOM = 0.066
"""From the lowest baseline to the picture's edge, as a part of its height."""


def add_caption(shape: Shape, edit: Edit) -> Shape:
    """Return the shape with the edit's text at the bottom, for the edit's time."""
    caption = draw_caption(edit.text, shape.width, shape.height)
    return replace(shape, caption=caption, caption_start=edit.start, caption_end=edit.end)


def add_title(shape: Shape, edit: Edit) -> Shape:
    """Return the shape with the edit's text, large, in the middle: until `end`, or for TITLE_S."""
    title = draw_title(edit.text, shape.width, shape.height)
    return replace(shape, caption=title, caption_start=edit.start, caption_end=edit.end or edit.start + TITLE_S)


def draw_caption(text: str, width: int, height: int) -> Image.Image:
    """Return a transparent layer of `width` x `height` pixels with the text at the bottom, each line on a dark ground.

    Raises BrokenRules when the text does not fit at the smallest legible size, or has characters that no font here writes.
    """
    lines, size = fit_text(text, width, height)
    return _draw_lines(text, lines, (width, height), size=size, bottom=height - BOTTOM * height)


def draw_title(text: str, width: int, height: int) -> Image.Image:
    """Return a layer like that of `draw_caption`, with large letters in the middle."""
    lines, size = fit_text(text, width, height, sizes=TITLE_SIZES, most_height=MOST_TITLE_HEIGHT)
    # The middle of the block lies between the first line's top, 1.05 above its baseline, and 0.4 below the last baseline.
    bottom = height / 2 + ((len(lines) - 1) * LINE_HEIGHT + 1.05 - 0.4) * size / 2
    return _draw_lines(text, lines, (width, height), size=size, bottom=bottom)


def _draw_lines(text: str, lines: list[str], sides: tuple[int, int], *, size: int, bottom: float) -> Image.Image:
    """Draw the lines on a transparent layer of `sides`, the baseline of the last one at `bottom`."""
    layer, fonts, width = Image.new("RGBA", sides, CLEAR), choose_fonts(text), sides[0]
    for at, line in enumerate(lines):
        wide = measure_line(line, fonts, size)
        base = bottom - (len(lines) - 1 - at) * size * LINE_HEIGHT
        ground = ((width - wide) / 2 - size * 0.5, base - size * 1.05, (width + wide) / 2 + size * 0.5, base + size * 0.4)
        ImageDraw.Draw(layer).rounded_rectangle(ground, radius=size * 0.25, fill=DARK)
        draw_line(layer, line, ((width - wide) / 2, base), fonts, size)
    return layer


def fit_text(
    text: str, width: int, height: int, *, sizes: tuple[float, ...] = SIZES, most_height: float = MOST_HEIGHT
) -> tuple[list[str], int]:
    """Return the lines of the whole text and the height of its letters in pixels.

    Raises BrokenRules when it does not fit, or has characters that no font here writes.
    """
    if missing := find_missing(text):
        allowed = f"written in characters that this machine has fonts for. It has {describe_missing(missing)}"
        raise BrokenRules((BrokenRule("text", None, allowed, "invalid_argument"),))
    return fit_caption(clean_text(text), width, height, choose_fonts(text), sizes=sizes, most_height=most_height)


def fit_caption(
    text: str,
    width: int,
    height: int,
    fonts: tuple[Path, ...],
    *,
    sizes: tuple[float, ...] = SIZES,
    most_height: float = MOST_HEIGHT,
) -> tuple[list[str], int]:
    """Return the lines of a text and the height of its letters in pixels. Raises BrokenRules when it does not fit."""
    lines, most = [text], 1
    for part in sizes:
        size = max(LEAST_SIZE, round(part * min(width, height)))
        lines = wrap_text(text, width * LINE_WIDTH, lambda line, size=size: measure_line(line, fonts, size))
        most = max(1, int(height * most_height / (size * LINE_HEIGHT)))
        if len(lines) <= most:
            return lines, size
    fits = f"shorter: about {sum(map(len, lines[:most]))} characters fit on a picture of {width}x{height}"
    raise BrokenRules((BrokenRule("text", f"{len(text)} characters", fits, "invalid_argument", is_quoted=False),))
