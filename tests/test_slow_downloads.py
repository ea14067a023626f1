"""Slow downloads hold up nothing else: no submit, no poll, no quick download, and no place for ever."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from sora_mcp.domain.errors import NotSent
from sora_mcp.jobs.download_places import LONGEST_WHOLE_S, MAX_QUICK, MAX_SLOW, SLOW_AFTER_S, DownloadPlaces
from sora_mcp.net import download
from sora_mcp.net.download import LEAST_BYTES_PER_S

from .each import each
from .played import Muvi
from .played.ranges import ResumingCdn
from .played.rig import rig
from .test_long_downloads import a_large_clip
from .waiting import eventually, patience

MANY = 40
FASTER = 40
"""How many times faster than the day the clock of the places runs in these tests."""


@pytest.mark.slow
async def test_forty_slow_downloads_leave_room_for_a_new_purchase(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "completed")), tmp_path) as at:
        places = at.service.download_places
        places.clock = lambda: time.monotonic() * FASTER
        at.cdn.app = ResumingCdn(a_large_clip(1 << 20))
        at.cdn.arm("media", "trickle", times=MANY, bytes_per_s=2 * LEAST_BYTES_PER_S)
        slow = [await at.bought("muvi:sora-2", prompt=f"A boat, {number}", seconds=4) for number in range(MANY)]
        assert await eventually(lambda: len(at.cdn.heard) >= MANY), "those that waited began in their turn"
        quick = await at.bought("muvi:sora-2", prompt="A kite", seconds=4)
        job = await at.until(quick.id, "completed", "failed", "expired")
        assert (job.state, {(await at.job(other.id)).saving for other in slow}) == ("completed", {True})
        assert await eventually(lambda: len(places) == MANY)


async def test_places_are_free_again_when_downloads_turn_out_to_be_slow() -> None:
    now = 0.0
    places = DownloadPlaces(lambda: now)
    for number in range(MAX_QUICK):
        places.take(str(number))
    assert places.count_free() == 0
    now = SLOW_AFTER_S
    assert places.count_free() == MAX_QUICK
    for number in range(MAX_QUICK, MAX_SLOW + MAX_QUICK):
        now += SLOW_AFTER_S
        places.take(str(number))
    assert (places.is_full, places.count_free()) == (True, 0)
    places.free("0")
    assert (places.is_full, places.count_free()) == (False, 1)


async def receive_two(folder: Path, *, whole_s: float, then: Callable[[DownloadPlaces], Awaitable[None]]) -> list[str]:
    """Return which of two downloads lost its place: `a`, which its host does not continue, or the younger `b`, which it does."""
    now, lost = 0.0, list[str]()
    places = DownloadPlaces(lambda: now)
    for name in ("a", "b"):
        (folder / name).write_bytes(b"begun")
    (folder / "b.etag").write_text('"v1"')

    async def receive(name: str) -> None:
        try:
            with places.receive(name, folder / name):
                await anyio.sleep_forever()
        except NotSent:
            lost.append(name)

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b"):
            places.take(name)
            tasks.start_soon(receive, name)
        await anyio.wait_all_tasks_blocked()
        now = whole_s
        await then(places)
        tasks.cancel_scope.cancel()
    return lost


@each(("seconds", "lost"), [(0.0, []), (SLOW_AFTER_S, ["b"]), (LONGEST_WHOLE_S, ["a"])], ids=["quick", "slow", "for hours"])
async def test_a_download_that_others_wait_for_gives_its_place_up_where_its_host_continues_it(
    seconds: float, lost: list[str], tmp_path: Path
) -> None:
    async def evict(places: DownloadPlaces) -> None:
        places.evict_slowest()
        await anyio.wait_all_tasks_blocked()

    with patience("the eviction"):
        assert await receive_two(tmp_path, whole_s=seconds, then=evict) == lost


@pytest.mark.slow
async def test_a_host_that_drips_byte_by_byte_loses_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SLOW_S", 0.3)
    async with rig(Muvi(walk=("completed",)), tmp_path) as at:
        at.cdn.arm("media", "drip", body=True, every_s=0.02)
        job = await at.bought("muvi:sora-2", seconds=4)
        done = await at.until(job.id, "completed", "failed", "expired")
        assert (done.state, len(at.cdn.heard)) == ("completed", 2)
        assert await eventually(lambda: len(at.service.download_places) == 0)
