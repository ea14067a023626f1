"""Clean a text for drawing and break it into lines."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

MOST_CHARACTERS = 600
"""Of a drawn text: nobody reads more in four seconds."""
JOINERS = "\u200c\u200d"
"""Zero-width characters that are part of the spelling in Persian, in Hindi and in emoji."""

# A word with its blanks, or one ideograph with the marks that may not begin a line: a line may be broken after each.
PIECES = re.compile(r"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+\s*|\s+|.[、。，．！？）」』…]*\s*", re.DOTALL)


def clean_text(text: str) -> str:
    """Return the text as one drawable line: no control characters, no surrogates, at most MOST_CHARACTERS."""
    line = " ".join(text.split())
    line = "".join(char for char in line if char.isprintable() or char in JOINERS)
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 2].rstrip()} …"


def wrap_text(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break the text into lines no wider than `width`, in the unit of `measure`. A word wider than that is split."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and measure((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1]) > 1 and measure(lines[-1].rstrip()) > width:
            word = lines[-1]
            fits = max(1, bisect_right(range(1, len(word)), width, key=lambda n, word=word: measure(word[:n])))
            lines[-1:] = [word[:fits], word[fits:]]
    return [line.rstrip() for line in lines]


def estimate_width(text: str, size: int) -> float:
    """Estimate a line's width in pixels without a font at hand, rather too large. `size` is the letters' height in pixels."""
    return size * sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.62 for char in text)
