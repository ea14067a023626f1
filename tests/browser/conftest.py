"""Every test here needs a browser; a skip is said before any task runs, where it can be heard."""

from __future__ import annotations

import pytest

from .stage import found


@pytest.fixture(autouse=True)
def browser() -> tuple[str, str]:
    """Chromium and node."""
    return found()
