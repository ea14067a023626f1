"""A hundred damaged files cost an answer each: none hangs, kills or fills the process that asks. `make fuzz` does twenty thousand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz


@pytest.mark.slow
def test_a_hundred_damaged_files_are_answered(tmp_path: Path) -> None:
    result = fuzz(100, random.randrange(10**6), tmp_path)
    print(result)
    assert (result.wrong, result.files) == ([], 100)
