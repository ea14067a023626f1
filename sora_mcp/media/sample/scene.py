"""Describe a sample clip: its text, colours and tone, for every renderer."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sora_mcp.media.text.layout import clean_text, wrap_text

FPS = 24
BADGE = "SAMPLE · nothing was charged"
COMMENT = "A sample clip of sora-mcp: no vendor was called, nothing was charged."
TEXT_SIZES = (0.1, 0.078, 0.064, 0.052, 0.044, 0.037, 0.031)
"""Heights of the prompt's letters, as parts of the picture's shorter side; the first that fits is taken."""
SMALL, MARGIN = 0.034, 0.055
"""The badge's letters; the border. Parts of the shorter side."""
LINE_HEIGHT = 1.32
"""In heights of letters."""
MOST_TEXT_HEIGHT = 0.56
"""Of the prompt, as a part of the picture's height."""


@dataclass(frozen=True)
class Clip:
    """The parameters of a sample clip. Sides in pixels; the same parameters give the same clip."""

    prompt: str
    width: int
    height: int
    seconds: int
    audio: bool = True
    seed: int | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.seconds * FPS

    @property
    def unit(self) -> int:
        """The shorter side in pixels, which all lengths are parts of."""
        return min(self.width, self.height)

    @property
    def caption(self) -> str:
        """Size, length and frame rate."""
        return f"{self.width}x{self.height} · {self.seconds} s · {FPS} fps"

    @property
    def title(self) -> str:
        """The title in the file's metadata."""
        return clean_text(self.prompt)[:80]

    @property
    def hash(self) -> int:
        """A 32-bit number that determines colours and tone; derived from the seed, else from the prompt."""
        text = self.prompt if self.seed is None else str(self.seed)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    @property
    def palette(self) -> tuple[str, str, str, str]:
        """Four neighbouring colours in FFmpeg's notation, such as `0x1f2e3d`."""
        hue = self.hash % 360 / 360
        return _colour(hue, 0.30), _colour(hue + 0.07, 0.50), _colour(hue + 0.16, 0.38), _colour(hue + 0.93, 0.22)

    @property
    def tone(self) -> str:
        """A fifth struck once a second, as an expression for FFmpeg's aevalsrc."""
        hertz = 196 + self.hash % 7 * 28
        return f"0.16*(sin({hertz}*2*PI*t)+0.5*sin({hertz * 1.5}*2*PI*t))*exp(-3*mod(t,1))"


def fit_prompt(clip: Clip, measure: Callable[[str, int], float]) -> tuple[list[str], int]:
    """Return the prompt's lines and the height of its letters in pixels: the largest that fits; at the smallest, the text is cut.

    `measure` takes a text and a height, and returns a width in pixels.
    """
    text = clean_text(clip.prompt)
    room = clip.width - 4 * MARGIN * clip.unit
    lines, size = [text], 1
    for part in TEXT_SIZES:
        size = max(8, round(part * clip.unit))
        lines = wrap_text(text, room, lambda line, size=size: measure(line, size))
        if len(lines) * size * LINE_HEIGHT <= clip.height * MOST_TEXT_HEIGHT:
            return lines, size
    most = max(1, int(clip.height * MOST_TEXT_HEIGHT / (size * LINE_HEIGHT)))
    return [*lines[: most - 1], f"{lines[most - 1]} …"], size


def _colour(hue: float, lightness: float) -> str:
    return "0x" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue % 1, lightness, 0.62))
