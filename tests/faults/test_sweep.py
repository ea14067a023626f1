"""Some seventy kills: at every so many calls of the kernel, and by chance. `make chaos` does a thousand and more."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from .sweep import older
from .sweep.__main__ import Points, calls, chances, downloads, migrations, sweep
from .sweep.downloads import WRITES
from .sweep.kills import CALLS, unfit
from .sweep.oracle import Figures

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")]
WHY_NOT = unfit() if sys.platform != "win32" else None
BUYING = {"pwrite64": 250, "recvfrom": 90, "openat": 110, "sendto": 60, "fdatasync": 45, "ftruncate": 10, "mkdir": 4, "write": 4}
BUYING |= {"connect": 3, "fsync": 3, "unlink": 2, "linkat": 1, "rename": 1}
"""About how many calls of each kind one thread of a purchase makes: strace counts by thread, and the work is shared out anew each time."""
FETCHING = {call: count // 2 or 1 for call, count in BUYING.items()}
OPENING = {"pwrite64": 14, "openat": 23, "fdatasync": 5, "mkdir": 2, "ftruncate": 1}
"""How many calls the opening of an older store makes at least, and of which kinds."""


def some(counts: dict[str, int], *, one_of: int) -> Points:
    """Picks the first call of every kind, which always comes, and by chance one of so many later ones, which may not."""
    return lambda call: (1, *sorted(random.sample(range(2, counts[call] + 2), counts[call] // one_of))) if call in counts else ()


@pytest.mark.fault("S40", "D17")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_at_calls_of_the_kernel_buy_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    await sweep(calls(some(BUYING, one_of=20)), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= len(CALLS)) == ([], True)


@pytest.mark.fault("R13")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_while_an_older_store_is_opened_lose_nothing_and_buy_nothing_twice(tmp_path: Path) -> None:
    versions = random.sample(older.VERSIONS, 3)
    await sweep(migrations(some(OPENING, one_of=30), versions), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 2 * len(OPENING)) == ([], True)


@pytest.mark.fault("S40", "R13")
@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
async def test_kills_while_a_download_is_continued_or_fetched_again_lose_nothing(tmp_path: Path) -> None:
    await sweep(downloads(some(FETCHING, one_of=125)), figures := Figures(), kills=sys.maxsize, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= len(WRITES), figures.resumed > 0) == ([], True, True)


@pytest.mark.fault("S40", "S45")
async def test_kills_by_chance_buy_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    await sweep(chances(random.randrange(10**6)), figures := Figures(), kills=20, folder=tmp_path)
    print(figures)
    assert (figures.wrong, figures.kills >= 20, figures.creates > 0) == ([], True, True)
