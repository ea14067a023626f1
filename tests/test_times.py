"""Spans of time as people read them."""

from __future__ import annotations

from sora_mcp.domain.times import show_left, show_span

from .each import each


@each(
    ("seconds", "text"),
    [(-1, "0 s"), (0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (899, "14 min"), (3600, "60 min"), (7200, "2 h"), (90_000, "1 d")],
)
def test_a_span_is_rounded_down(seconds: float, text: str) -> None:
    assert show_span(seconds) == text


@each(("now", "text"), [(1000.0, "15 min"), (1000.5, "15 min"), (1002.0, "14 min"), (1870.0, "30 s")])
def test_what_was_just_promised_is_still_good_for_so_long(now: float, text: str) -> None:
    assert show_left(1900.0, now) == text
