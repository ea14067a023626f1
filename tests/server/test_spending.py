"""get_spend over a real service: what was spent since a day, and what is left."""

from __future__ import annotations

from pathlib import Path

from .test_estimates import client


async def test_what_was_spent_this_week_is_one_call(tmp_path: Path) -> None:
    async with client(tmp_path, {}) as at:
        result = await at.call_tool("get_spend", {"since": "7d", "by": "model"})
        week = await at.call_tool("get_spend", {"since": "this week"})
        wrong = await at.call_tool("get_spend", {"until": "this week"})
    found = result.structured_content or {}
    assert found["message"].startswith("Since 2026-11-14: 0 paid clips, $0.00 spent.\nLeft today $10.00 of $10.00; the day ends")
    assert (found["spent_usd"], found["held_usd"], found["budget"]["day_left_usd"]) == (0, 0, 10)
    assert (week.structured_content or {})["message"].startswith("Since 2026-11-16: ")  # a Monday
    assert (wrong.is_error, (wrong.structured_content or {})["error"]["broken"][0]["argument"]) == (True, "until")
