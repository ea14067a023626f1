"""What holds for every test of a fault."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _every_word_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
