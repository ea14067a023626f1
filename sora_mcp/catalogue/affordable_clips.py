"""Count what the caps leave room for: nothing that they forbid is suggested."""

from __future__ import annotations

from dataclasses import dataclass

from sora_mcp.domain.money import Micros, format_dollars

NO_CAP = Micros(10**15)


def say_fitting(count: int, clips: int, left: Micros) -> str:
    """Return that only so many of the clips can be bought now, as a clause."""
    return f"only {count} of {clips} {'fits' if count == 1 else 'fit'} the {format_dollars(left)} left"


@dataclass(frozen=True)
class Room:
    """The most that one video may cost, and what is left of day and month."""

    per_video: Micros = NO_CAP
    left: Micros = NO_CAP

    def count(self, each: int, clips: int) -> int:
        """Return how many of so many clips at this price can be bought now."""
        if each > self.per_video:
            return 0
        return clips if each * clips <= self.left else self.left // each

    def describe(self, each: int, clips: int) -> str:
        """Say how many of the clips fit, as a clause behind their price; empty where all do."""
        fitting = self.count(each, clips)
        if fitting == clips:
            return ""
        if fitting:
            return f", {say_fitting(fitting, clips, self.left)}"
        if each > self.per_video:
            return f", above your limit of {format_dollars(self.per_video)} per clip"
        return f", above the {format_dollars(self.left)} that you have left"
