"""Servers over stdio that buy from Muvi, and what is left of them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from sora_mcp.domain import Job
from sora_mcp.store import Store
from tests.played import Muvi, Wire, played
from tests.played.rig import environment, settled
from tests.played.stdio import Chat, chat
from tests.waiting import eventually

PRICES = '["muvi:sora-2"]\nper_second = "0.10"\n'
WISH = {"model": "muvi:sora-2", "seconds": 4}
MOST_S = 60.0
"""Less than the paid call may take by itself (`SUBMIT_S`): who waits for its end is later. The graces themselves add up to ten seconds."""


def settings(folder: Path, wire: Wire, **env: str) -> dict[str, str]:
    """The environment of a user of this vendor, whose server leaves no watch behind unless told to."""
    return environment(folder, {"muvi": wire.address}, (wire.host,), prices=PRICES, **{"LINGER": "0", **env})


@asynccontextmanager
async def talking(vendor: Muvi, folder: Path, **env: str) -> AsyncGenerator[tuple[Wire, Chat]]:
    """The vendor, and a server over stdio that buys from it."""
    async with played(vendor) as wire, chat(settings(folder, wire, **env)) as spoken:
        yield wire, spoken


@contextmanager
def store_in(folder: Path) -> Generator[Store]:
    """The user's store, which its servers may be working on."""
    given = settled(folder, {}, ())
    with closing(Store(given.database_url, given.home)) as store:
        yield store


def jobs_in(folder: Path) -> tuple[Job, ...]:
    """All jobs, the newest first."""
    with store_in(folder) as store:
        return store.jobs.search.sync(None, limit=100).jobs


async def ended_as(folder: Path, *states: str) -> bool:
    """Whether the jobs come to be in these states, the newest first."""
    with store_in(folder) as store:
        return await eventually(lambda: tuple(job.state for job in store.jobs.search.sync(None, limit=100).jobs) == states)


def speaking_of(folder: Path) -> list[str]:
    """Processes whose environment names this folder, but for this one."""
    found = list[str]()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.name != str(os.getpid()) and os.fsencode(folder) in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found
