"""Moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def show_time(at: float) -> str:
    """Return a Unix time as people read it."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"
