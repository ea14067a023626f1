"""What can be made of finished clips, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Action = Literal["join", "trim", "reframe", "caption", "frame", "gif"]
Fill = Literal["crop", "pad", "blur"]
RATIOS: Mapping[str, tuple[int, int]] = {"9:16": (9, 16), "1:1": (1, 1), "16:9": (16, 9)}
FILLS: tuple[Fill, ...] = ("crop", "pad", "blur")
MOST_GIF_S = 15.0
ENDINGS: Mapping[str, str] = {"frame": "png", "gif": "gif"}
"""Of the file; every other action makes an mp4."""


@dataclass(frozen=True)
class Asked:
    """An edit as the caller says it; what is not said is left out."""

    inputs: tuple[str, ...]
    """Job ids and paths."""
    action: Action
    said: Mapping[str, str | float] = field(default_factory=dict[str, str | float])


@dataclass(frozen=True)
class Edit:
    """One edit, with everything that was left open filled in."""

    action: Action
    paths: tuple[Path, ...]
    start: float = 0.0
    end: float | None = None
    ratio: str = "9:16"
    fill: Fill = "blur"
    text: str = ""

    @property
    def ending(self) -> str:
        """What the file's name ends with."""
        return ENDINGS.get(self.action, "mp4")


@dataclass(frozen=True)
class Made:
    """What came out, and how."""

    width: int
    height: int
    duration_s: float | None
    note: str = ""
    """A sentence about what was not to be expected."""


def reshaped(width: int, height: int, ratio: str) -> tuple[int, int]:
    """The sides of another shape with the same shorter side, even as H.264 wants them."""
    wide, high = RATIOS[ratio]
    short = min(width, height)
    sides = (short * wide / min(wide, high), short * high / min(wide, high))
    return even(sides[0]), even(sides[1])


def even(side: float) -> int:
    """The nearest even number, 2 at least."""
    return max(2, round(side / 2) * 2)
