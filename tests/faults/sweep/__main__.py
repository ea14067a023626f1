"""`python -m tests.faults.sweep`: at least so many kills, and figures. Ends with 1 when something is wrong."""

from __future__ import annotations

import argparse
import functools
import itertools
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path

import anyio

from . import downloads as again
from . import older
from .kills import CALLS, at_call, at_each, by_chance, unfit
from .oracle import Figures

PARALLEL = 4
Run = Callable[[Path, Figures], Awaitable[None]]
Points = Callable[[str], Iterable[int]]
"""At the how manieth calls of a kind to kill, in order."""


async def sweep(runs: Iterator[Run], figures: Figures, *, kills: int, folder: Path, parallel: int = PARALLEL) -> None:
    """Run after run, a few at a time, until there were so many kills or no more runs."""

    async def some(number: int) -> None:
        while figures.kills < kills and (run := next(runs, None)) is not None:
            await run(folder / str(number), figures)

    async with anyio.create_task_group() as group:
        for number in range(parallel):
            group.start_soon(some, number)


def calls(points: Points) -> Iterator[Run]:
    """Kills of a purchase, at every kind of call of the kernel."""
    return (functools.partial(at_each, at_call, call, points(call)) for call in CALLS)


def migrations(points: Points, versions: Sequence[int] = older.VERSIONS) -> Iterator[Run]:
    """The same, while a store of each older version is opened."""
    works = [functools.partial(older.at_call, version) for version in versions]
    return (functools.partial(at_each, work, call, points(call)) for work in works for call in older.WRITES)


def downloads(points: Points) -> Iterator[Run]:
    """The same, while a download is continued, and while a lost file is fetched."""
    works = (again.resumed_at, again.fetched_at)
    return (functools.partial(at_each, work, call, points(call)) for call in again.WRITES for work in works)


def chances(seed: int) -> Iterator[Run]:
    """Seed after seed."""
    return (functools.partial(by_chance, following) for following in itertools.count(seed))


async def main() -> int:
    """What was asked for on the command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.sweep", description=__doc__)
    asked.add_argument("--kills", type=int, default=1000, help="how many at least, all told")
    asked.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the first run by chance; each further one adds 1")
    asked.add_argument("--stride", type=int, default=1, help="1 is every call of the kernel")
    asked.add_argument("--parallel", type=int, default=PARALLEL)
    given = asked.parse_args()
    print(f"seed {given.seed}; {(why := unfit()) or 'strace strikes ' + ', '.join(CALLS)}", flush=True)
    figures, points = Figures(), lambda call: itertools.count(1, given.stride)
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        if why is None:
            await sweep(calls(points), figures, kills=sys.maxsize, folder=Path(folder), parallel=given.parallel)
            print(f"kills at calls of the kernel: {figures.kills}", flush=True)
            bought = figures.kills
            await sweep(migrations(points), figures, kills=sys.maxsize, folder=Path(folder), parallel=given.parallel)
            print(f"kills while a store of an older version is opened: {figures.kills - bought}", flush=True)
            bought = figures.kills
            await sweep(downloads(points), figures, kills=sys.maxsize, folder=Path(folder), parallel=given.parallel)
            print(f"kills while a download is continued or fetched again: {figures.kills - bought}", flush=True)
        await sweep(chances(given.seed), figures, kills=given.kills, folder=Path(folder), parallel=given.parallel)
    print(figures)
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(anyio.run(main))
