"""What a sample clip shows and says, whichever program draws it."""

from __future__ import annotations

import colorsys
import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

FPS = 24
BADGE = "SAMPLE · nothing was charged"
COMMENT = "A sample clip of sora-mcp: no vendor was called, nothing was charged."
MOST_SHOWN = 600
"""Characters of a prompt; nobody reads more in four seconds."""
JOINERS = "\u200c\u200d"
"""Invisible, and part of the spelling in Persian, in Hindi and in emoji."""

TEXT_SIZES = (0.1, 0.078, 0.064, 0.052, 0.044, 0.037, 0.031)
"""Tried in this order until the prompt fits; like the lengths below, parts of the picture's shorter side."""
SMALL, MARGIN, LINE = 0.034, 0.055, 1.32
"""The badge's letters; the border; a line's height in letters."""
MOST_TEXT_HEIGHT = 0.56
"""Part of the picture's height."""

# A word with its blanks, or one ideograph with the marks that may not begin a line: lines are broken behind each.
PIECES = re.compile(r"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+\s*|\s+|.[、。，．！？）」』…]*\s*", re.DOTALL)


@dataclass(frozen=True)
class Clip:
    """What is asked of the sample vendor."""

    prompt: str
    width: int
    height: int
    seconds: int
    audio: bool = True
    seed: int | None = None

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        return self.seconds * FPS

    @property
    def unit(self) -> int:
        """The shorter side, which lengths are parts of."""
        return min(self.width, self.height)

    @property
    def caption(self) -> str:
        """Size, length and frame rate."""
        return f"{self.width}x{self.height} · {self.seconds} s · {FPS} fps"

    @property
    def title(self) -> str:
        """For the file's metadata."""
        return shown(self.prompt)[:80]

    @property
    def chance(self) -> int:
        """Colours and tone follow from it: the same for the same prompt, or for the same seed."""
        text = self.prompt if self.seed is None else str(self.seed)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    @property
    def palette(self) -> tuple[str, str, str, str]:
        """Four neighbouring colours, as FFmpeg spells them."""
        hue = self.chance % 360 / 360
        return _colour(hue, 0.30), _colour(hue + 0.07, 0.50), _colour(hue + 0.16, 0.38), _colour(hue + 0.93, 0.22)

    @property
    def tone(self) -> str:
        """A fifth that is struck once a second, as an expression of FFmpeg."""
        hertz = 196 + self.chance % 7 * 28
        return f"0.16*(sin({hertz}*2*PI*t)+0.5*sin({hertz * 1.5}*2*PI*t))*exp(-3*mod(t,1))"


def shown(prompt: str) -> str:
    """The prompt as one line that can be drawn: no control characters, no surrogates, not too long."""
    line = " ".join(prompt.split())
    line = "".join(char for char in line if char.isprintable() or char in JOINERS)
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 2].rstrip()} …"


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The text in lines that are not wider than `width`, as `measure` sees them."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and measure((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1]) > 1 and measure(lines[-1].rstrip()) > width:  # one word, wider than the picture
            word = lines[-1]
            fits = max(1, bisect_right(range(1, len(word)), width, key=lambda n, word=word: measure(word[:n])))
            lines[-1:] = [word[:fits], word[fits:]]
    return [line.rstrip() for line in lines]


def fitted(clip: Clip, measure: Callable[[str, int], float]) -> tuple[list[str], int]:
    """The prompt's lines and the size of its letters: the largest that fits, else the smallest, cut. `measure` takes a text and a size."""
    text = shown(clip.prompt)
    room = clip.width - 4 * MARGIN * clip.unit
    lines, size = [text], 1
    for part in TEXT_SIZES:
        size = max(8, round(part * clip.unit))
        lines = wrapped(text, room, lambda line, size=size: measure(line, size))
        if len(lines) * size * LINE <= clip.height * MOST_TEXT_HEIGHT:
            return lines, size
    most = max(1, int(clip.height * MOST_TEXT_HEIGHT / (size * LINE)))
    return [*lines[: most - 1], f"{lines[most - 1]} …"], size


def estimated(text: str, size: int) -> float:
    """A text's width without a font at hand, rather too large."""
    return size * sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.62 for char in text)


def _colour(hue: float, lightness: float) -> str:
    return "0x" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue % 1, lightness, 0.62))
