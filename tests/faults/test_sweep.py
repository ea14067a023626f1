"""Some seventy kills: at every so many calls of the kernel, and by chance. `make chaos` does a thousand and more."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from .sweep import older
from .sweep.__main__ import calls, chances, downloads, migrations, sweep
from .sweep.kills import unfit
from .sweep.oracle import Figures

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")]
WHY_NOT = unfit() if sys.platform != "win32" else None


@pytest.mark.fault("S40", "D17")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_at_calls_of_the_kernel_buy_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    await sweep(calls(stride=random.randint(22, 25)), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 25) == ([], True)


@pytest.mark.fault("R13")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_while_an_older_store_is_opened_lose_nothing_and_buy_nothing_twice(tmp_path: Path) -> None:
    versions = random.sample(older.VERSIONS, 3)
    await sweep(migrations(stride=random.randint(76, 84), versions=versions), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 5) == ([], True)


@pytest.mark.fault("S40", "R13")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_while_a_download_is_continued_or_fetched_again_lose_nothing(tmp_path: Path) -> None:
    await sweep(downloads(stride=random.randint(160, 180)), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 10, figures.resumed > 0) == ([], True, True)


@pytest.mark.fault("S40", "S45")
async def test_kills_by_chance_buy_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    await sweep(chances(random.randrange(10**6)), figures := Figures(), kills=20, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 20) == ([], True)
