"""Fit the prompt below a sample clip's scene, in at most two small lines."""

from __future__ import annotations

from collections.abc import Callable

from sora_mcp.media.sample.scene import Clip
from sora_mcp.media.text.layout import wrap_text

SMALL, MARGIN = 0.03, 0.045
"""The caption's letters; the border. Parts of the shorter side."""
LINE_HEIGHT = 1.4
"""In heights of letters."""
MOST_LINES = 2
BADGE_SHAPE = 1.55
"""The badge's height in heights of the caption's letters."""


def find_sizes(clip: Clip) -> tuple[int, float]:
    """Return the height of the caption's letters and the border, in pixels."""
    return max(8, round(SMALL * clip.unit)), MARGIN * clip.unit


def fit_caption(text: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """Return the text as at most MOST_LINES lines that fit; the last one ends in an ellipsis where the text is longer."""
    lines = wrap_text(text, room, measure)
    if len(lines) <= MOST_LINES:
        return lines
    last = lines[MOST_LINES - 1]
    while last and measure(f"{last} …") > room:
        last = last[:-1].rstrip()
    return [*lines[: MOST_LINES - 1], f"{last} …"]
