"""What was measured of a clip, in words, for those who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CUT = 22.0
"""A change of the small grey picture, of 255, that no movement makes; and so many times the usual change."""
TIMES = 4.0
SILENT_DB = -60.0
MOVEMENTS = ((0.35, "almost no movement"), (1.5, "little movement"), (5.0, "steady movement"), (math.inf, "much movement"))
LIGHTS = ((0.2, "dark"), (0.4, "rather dark"), (0.6, "medium bright"), (0.8, "bright"), (math.inf, "very bright"))
MOST_CUTS_SAID = 6


@dataclass(frozen=True)
class Digest:
    """Measured over every frame."""

    cuts: tuple[float, ...]
    """Seconds at which the picture changes at once."""
    motion: float
    """How much a frame differs from the one before, 0 to 255, without the cuts."""
    brightness: float
    """0 to 1."""
    loudness_db: float | None
    """Against full scale; None without a sound track."""

    @property
    def words(self) -> str:
        """One sentence's worth."""
        movement = next(name for most, name in MOVEMENTS if self.motion < most)
        light = next(name for most, name in LIGHTS if self.brightness < most)
        return f"{_cuts(self.cuts)}, {movement}, {light} ({self.brightness:.2f}), {self._sound}"

    @property
    def _sound(self) -> str:
        if self.loudness_db is None:
            return "no sound track"
        return "a silent sound track" if self.loudness_db < SILENT_DB else f"sound at {self.loudness_db:.0f} dBFS"


def digest(times: Sequence[float], changes: Sequence[float], lights: Sequence[float], loudness_db: float | None) -> Digest:
    """`changes` are those between one frame and the next; `times` and `lights` are the frames' own."""
    usual = sorted(changes)[len(changes) // 2] if changes else 0.0
    is_cut = [change > max(CUT, TIMES * usual) for change in changes]
    cuts = tuple(round(time, 2) for time, cut in zip(times[1:], is_cut, strict=False) if cut)
    calm = [change for change, cut in zip(changes, is_cut, strict=True) if not cut]
    return Digest(cuts, round(_mean(calm), 2), round(_mean(lights) / 255, 2), loudness_db)


def decibels(squares: int, count: int) -> float | None:
    """Of the sum of the squares of so many 16-bit samples."""
    if not count:
        return None
    return round(10 * math.log10(max(squares / count, 0.1) / 32768**2), 1)


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return sum(every) / len(every) if every else 0.0


def _cuts(cuts: tuple[float, ...]) -> str:
    if not cuts:
        return "no cuts"
    said = ", ".join(f"{cut:.1f} s" for cut in cuts[:MOST_CUTS_SAID])
    more = f" and {len(cuts) - MOST_CUTS_SAID} more" if len(cuts) > MOST_CUTS_SAID else ""
    return f"{len(cuts)} cut{'' if len(cuts) == 1 else 's'} (at {said}{more})"
