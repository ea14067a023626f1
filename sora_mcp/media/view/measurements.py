"""Summarize in words what was measured of a clip, for models and people who cannot see it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CUT = 22.0
"""A change between two small frames, 0 to 255, larger than any movement makes."""
CUT_RATIO = 4.0
"""A cut's change is also so many times the median one."""
FAINT_CUT, FAINT_RATIO, FAINT_NEIGHBOURS = 6.0, 5.0, 6
"""A smaller change is a cut too where it is so many times any of so many before and after it: as between dark or pale pictures."""
SILENT_DB = -60.0
LOUDNESS = ((-32.0, "quiet sound"), (-10.0, "sound at a normal level"), (math.inf, "loud sound"))
"""By mean level over the whole clip, in dBFS."""
MOVEMENTS = ((0.35, "almost no movement"), (1.5, "little movement"), (5.0, "steady movement"), (math.inf, "much movement"))
LIGHTS = ((0.2, "dark"), (0.4, "rather dark"), (0.6, "medium bright"), (0.8, "bright"), (math.inf, "very bright"))
MOST_CUTS_LISTED = 6
CODE_LETTERS = "ACDEFHJKLMNPRTUVWXY"
"""Letters that nobody mistakes for a digit or for one another."""


@dataclass(frozen=True)
class View:
    """A contact sheet as JPEG, and what a model without eyes can know of the clip."""

    jpeg: bytes
    frames: int
    seconds: float
    code: str
    """The check code on the sheet, which shows whether the model received the picture."""
    words: str
    """The measurements, as part of a sentence."""


@dataclass(frozen=True)
class Measurements:
    """Measurements over every frame."""

    cuts: tuple[float, ...]
    """Times of cuts, in seconds."""
    motion: float
    """Mean difference between neighbouring frames, 0 to 255, without the cuts."""
    brightness: float
    """Mean, 0 to 1."""
    loudness_db: float | None
    """In dBFS; None without a sound track that can be decoded."""
    lost_sound: bool = False
    """True when its sound track cannot be decoded."""

    @property
    def words(self) -> str:
        """All measurements as part of a sentence."""
        movement = next(name for most, name in MOVEMENTS if self.motion < most)
        light = next(name for most, name in LIGHTS if self.brightness < most)
        return f"{_format_cuts(self.cuts)}, {movement}, {light}, {self._sound}"

    @property
    def _sound(self) -> str:
        if self.loudness_db is None:
            return "a sound track that cannot be decoded" if self.lost_sound else "no sound track"
        if self.loudness_db < SILENT_DB:
            return "a silent sound track"
        return next(name for most, name in LOUDNESS if self.loudness_db < most)


def summarize(times: Sequence[float], changes: Sequence[float], lights: Sequence[float], loudness_db: float | None) -> Measurements:
    """Return the measurements of a clip from its frames.

    `times` are in seconds; `lights` are mean brightnesses, 0 to 255; `changes` are between a frame and the next, one fewer.
    """
    median = sorted(changes)[len(changes) // 2] if changes else 0.0
    is_cut = [change > max(CUT, CUT_RATIO * median) or _stands_out(changes, at) for at, change in enumerate(changes)]
    cuts = tuple(round(time, 2) for time, cut in zip(times[1:], is_cut, strict=False) if cut)
    calm = [change for change, cut in zip(changes, is_cut, strict=True) if not cut]
    return Measurements(cuts, round(_mean(calm), 2), round(_mean(lights) / 255, 2), loudness_db)


def _stands_out(changes: Sequence[float], at: int) -> bool:
    """Return whether a change is far larger than any of those around it."""
    around = [*changes[max(0, at - FAINT_NEIGHBOURS) : at], *changes[at + 1 : at + 1 + FAINT_NEIGHBOURS]]
    return len(around) > 1 and changes[at] > max(FAINT_CUT, FAINT_RATIO * max(around))


def to_decibels(squares: int, count: int) -> float | None:
    """Return the mean loudness in dBFS, from the sum of the squares of `count` 16-bit samples; None without samples."""
    if not count:
        return None
    return round(10 * math.log10(max(squares / count, 0.1) / 32768**2), 1)


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return sum(every) / len(every) if every else 0.0


def _format_cuts(cuts: tuple[float, ...]) -> str:
    if not cuts:
        return "no cuts"
    listed = ", ".join(f"{cut:.1f} s" for cut in cuts[:MOST_CUTS_LISTED])
    more = f" and {len(cuts) - MOST_CUTS_LISTED} more" if len(cuts) > MOST_CUTS_LISTED else ""
    return f"{len(cuts)} cut{'' if len(cuts) == 1 else 's'} (at {listed}{more})"


def compute_check_code(path: Path, count: int) -> str:
    """Return a letter and two digits, the same for the same file and number of frames."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    number = int.from_bytes(digest[:4], "big") + count
    return f"{CODE_LETTERS[number % len(CODE_LETTERS)]}{number // len(CODE_LETTERS) % 90 + 10}"
