"""Read the days that callers name: `2026-11-20`, `7d`, `today`, `this week`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules

DAY = re.compile(r"(\d{4}-\d\d)(-\d\d)?(?:t.*)?")
AGO = re.compile(r"(\d{1,4})\s*d(?:ays?)?")
NAMED = {"today": 0, "yesterday": 1}
PERIOD = re.compile(r"(?:this )?(week|month)")
"""Named as a beginning, it is its first day; weeks begin on Monday."""
ALLOWED = "a day such as 2026-11-20, 7d (seven days ago), today or yesterday"
ALLOWED_SINCE = "a day such as 2026-11-20, 7d (seven days ago), today, yesterday, this week or this month"


def read_day(argument: str, text: str, today: date) -> date | None:
    """Return the day that a text names, the first one of a month; None for an empty text. Raise BrokenRules for any other.

    A week or a month has begun `since` its first day; as an end it would be unclear, so it is refused there.
    """
    words = text.strip().casefold()
    if argument == "since" and (period := PERIOD.fullmatch(words)) is not None:
        return today.replace(day=1) if period[1] == "month" else today - timedelta(today.weekday())
    day, ago = DAY.fullmatch(words), AGO.fullmatch(words)
    try:
        if day is not None:
            return date.fromisoformat(day[1] + (day[2] or "-01"))
        if ago is not None or words in NAMED:
            return today - timedelta(int(ago[1]) if ago else NAMED[words])
        if not words:
            return None
    except (ValueError, OverflowError):
        pass
    raise BrokenRules((BrokenRule(argument, text[:80], ALLOWED_SINCE if argument == "since" else ALLOWED, "invalid_argument"),))
