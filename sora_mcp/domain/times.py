"""Spans of time as people read them: a time of day would be in a zone that is not the reader's."""

from __future__ import annotations

SPANS = ((86_400, "d"), (3600, "h"), (60, "min"))
LONGEST_IN_MIN = 2 * 3600
"""Seconds up to which minutes are counted."""


def show_span(seconds: float) -> str:
    """Return a span in whole units, rounded down: "40 s", "15 min", "60 min", "3 h"."""
    for unit, name in SPANS:
        if seconds >= (LONGEST_IN_MIN if unit == 3600 else unit):
            return f"{int(seconds // unit)} {name}"
    return f"{max(int(seconds), 0)} s"


def show_left(until: float, now: float) -> str:
    """Return what is left until a moment. Less than a second counts as not passed: what was just promised for 15 min is still good for so
    long."""
    return show_span(until - now + 0.99)
