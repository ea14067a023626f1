"""The edits that exist, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Action = Literal["join", "trim", "reframe", "caption", "title", "speed", "mute", "sound", "frame", "gif"]
Fill = Literal["crop", "pad", "blur"]
Ratio = Literal["9:16", "1:1", "16:9"]
Transition = Literal["cut", "fade"]
RATIOS: Mapping[Ratio, tuple[int, int]] = {"9:16": (9, 16), "1:1": (1, 1), "16:9": (16, 9)}
SAME_RATIO = "same"
"""Says that the shape stays: for clients that have to send a ratio with every action."""
FILLS: tuple[Fill, ...] = ("crop", "pad", "blur")
TRANSITIONS: tuple[Transition, ...] = ("cut", "fade")
MOST_GIF_S = 15.0
SPEEDS = (0.25, 4.0)
"""The slowest and the fastest, as multiples of the clip's own speed."""
TITLE_S = 3.0
"""Seconds that a title is shown where nothing else is said."""
ENDINGS: Mapping[str, str] = {"frame": "png", "gif": "gif"}
"""File name endings; every other action makes an mp4."""


@dataclass(frozen=True)
class EditRequest:
    """An edit as the caller gave it; omitted arguments are left out."""

    inputs: tuple[str, ...]
    """Job ids and paths."""
    action: Action
    arguments: Mapping[str, str | float] = field(default_factory=dict[str, str | float])


@dataclass(frozen=True)
class Edit:
    """One edit with every default filled in. `start` and `end` are seconds; an `end` of None is the clip's end."""

    action: Action
    paths: tuple[Path, ...]
    start: float = 0.0
    end: float | None = None
    ratio: Ratio = "9:16"
    fill: Fill = "blur"
    text: str = ""
    """Of a caption or a title; of a join, the title at its start."""
    speed: float = 1.0
    sound: Path | None = None
    """A sound file that is laid under the new clip."""
    transition: Transition = "cut"
    continues: tuple[bool, ...] = ()
    """Of a join: for each clip, whether it is known to begin with the last frame of the one before."""

    @property
    def ending(self) -> str:
        """The ending of the new file's name, without a dot."""
        return ENDINGS.get(self.action, "mp4")


@dataclass(frozen=True)
class EditResult:
    """Size in pixels and length in seconds of the new file; a still picture has no length."""

    width: int
    height: int
    duration_s: float | None
    note: str = ""
    """Sentences about what the arguments do not say, for the job's warnings."""


def reshape(width: int, height: int, ratio: Ratio) -> tuple[int, int]:
    """Return width and height of another ratio with the same shorter side, both even, as H.264 requires."""
    wide, high = RATIOS[ratio]
    short = min(width, height)
    sides = (short * wide / min(wide, high), short * high / min(wide, high))
    return round_even(sides[0]), round_even(sides[1])


def round_even(side: float) -> int:
    """Return the nearest even number, at least 2."""
    return max(2, round(side / 2) * 2)
