"""kill -9 at every moment of a purchase and of a download: never a second POST, never a paid job forgotten, never half a file."""

from __future__ import annotations

import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import anyio
import pytest

from sora_mcp.config.settings import load
from sora_mcp.domain import Job
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest, VideoService
from sora_mcp.store import Store
from tests.each import each
from tests.played import CLIP, Muvi, Wire, played
from tests.played.driver import WITH_FRAME
from tests.played.forks import Forked
from tests.played.processes import buying, ended, finish, go, run
from tests.played.rig import environment, leaks, settled
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

OWN_PRICE = '["muvi:sora-2"]\nper_second = "0.10"\n'
LARGE = CLIP + (4 << 20).to_bytes(4, "big") + b"free" + bytes((4 << 20) - 8)
"""The clip with 4 MiB of nothing behind it: no socket's buffer swallows it whole."""
AT_ONCE = 4

SUBMIT = ("accept", *(f"submit:{part}" for part in ("head", "body", "created", "headers", "25%", "50%", "100%")))
UPLOAD = ("presign:head", "presign:created", "presign:100%", "upload:head", "upload:body", "upload:created", "upload:headers")
STATUS = tuple(f"status:{part}" for part in ("body", "created", "headers", "50%", "100%", "100% 2", "100% 3"))
MEDIA = tuple(f"media:{part}" for part in ("head", "body", "headers", "25%", "50%", "75%", "100%"))
LATER_MS = (0, 5, 15, 50, 120, 200)
"""Counted from the moment of the wish, between the moments above; the sweeps of tests/faults kill at calls of the kernel."""
SURE = ("status:headers", "status:50%", "status:100%", "status:100% 2", "status:100% 3", *MEDIA)
"""By then the job's id must be written down, so that it is finished and not unclear."""


class Moment:
    """Does something at the n-th time that the vendor comes to a moment."""

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self.name, _, count = name.partition(" ")
        self._left = int(count or "1")
        self._act = act
        self.came = anyio.Event()

    def __call__(self, name: str) -> None:
        if name == self.name and not self.came.is_set():
            self._left -= 1
            if self._left == 0:
                self._act()
                self.came.set()


def wrong(folder: Path, wire: Wire) -> list[str]:
    """What was promised and does not hold, after the last process ended."""
    settings = settled(folder, {"muvi": wire.address}, (wire.host,))
    store = Store(settings.database_url, settings.home)
    jobs = store.jobs.search.sync(None, limit=10).jobs
    store.close()
    files = sorted(path.name for path in settings.output_dir.glob("*")) if settings.output_dir.exists() else []
    states = [job.state for job in jobs]
    whole = [job.artifact is not None and Path(job.artifact.path).read_bytes() == LARGE for job in jobs if job.state == "completed"]
    found = [
        ("a second POST", len(wire.requests("submit")) > 1 or len(wire.made) > 1),
        ("a paid job that nobody knows", len(wire.made) > 0 and states not in (["completed"], ["unknown"])),
        ("a job that has no end", not set(states) <= {"completed", "unknown"}),
        ("a file that is not whole", not all(whole)),
        (f"strange files {files}", len(files) != 2 * len(whole)),
        ("the key", leaks(folder) != []),
    ]
    return [f"{what} ({states}, {len(wire.made)} made)" for what, is_so in found if is_so]


async def killed_at(moment: str, folder: Path, *, again: str | None = None) -> list[str]:
    """A purchase, killed at this moment of the vendor, or so many `ms` after the wish; then `watch`, killed where `again` says so."""
    folder.mkdir()
    async with played(Muvi(clip=LARGE)) as wire:
        env = environment(folder, {"muvi": wire.address}, (wire.host,), prices=OWN_PRICE, LINGER="0")
        process = await buying(1, WITH_FRAME if moment in UPLOAD else "killed", env)
        if moment.endswith("ms"):
            await go(process)
            await anyio.sleep(float(moment.removesuffix("ms")) / 1000)
            process.kill()
        else:
            wire.watch = struck = Moment(moment, lambda: process.kill())
            await go(process)
            with anyio.move_on_after(PATIENCE_S):
                await struck.came.wait()
            if not struck.came.is_set():
                process.kill()
                return [f"{moment}: never came"]
        await process.wait()
        if again is not None:
            watcher = await run("sora_mcp", "watch", "--until-idle", env=env)
            wire.watch = Moment(again, watcher.kill)
            await watcher.wait()
        wire.watch = lambda name: None
        code = await finish(env)
        found = wrong(folder, wire) + ([f"watch ended with {code}"] if code != 0 else [])
        if moment in (*SURE, *UPLOAD) and again is None and not list((folder / "videos").glob("*.mp4")):
            found.append("a job that was known is unclear")
        return [f"{moment}{f', then {again}' if again else ''}: {what}" for what in found]


async def strike(folder: Path, moments: list[tuple[str, str | None]]) -> list[str]:
    """All that is wrong, a few purchases at a time."""
    found: list[str] = []
    limit = anyio.CapacityLimiter(AT_ONCE)

    async def one(number: int, moment: str, again: str | None) -> None:
        async with limit:
            found.extend(await killed_at(moment, folder / str(number), again=again))

    async with anyio.create_task_group() as group:
        for number, (moment, again) in enumerate(moments):
            group.start_soon(one, number, moment, again)
    return found


@pytest.mark.fault("S38", "D17")
@pytest.mark.parametrize("moments", [SUBMIT, UPLOAD, STATUS, MEDIA], ids=["the paid call", "an upload", "a question", "a download"])
async def test_killed_at_any_moment_the_next_process_buys_nothing_twice_and_loses_nothing(moments: tuple[str, ...], tmp_path: Path) -> None:
    assert await strike(tmp_path, [(moment, None) for moment in moments]) == []


@pytest.mark.fault("S38")
async def test_killed_some_time_after_the_request(tmp_path: Path) -> None:
    assert await strike(tmp_path, [(f"{ms}ms", None) for ms in LATER_MS]) == []


async def test_killed_twice(tmp_path: Path) -> None:
    twice = [("status:100%", "media:50%"), ("media:25%", "media:50%"), ("media:100%", "media:100%"), ("0ms", "submit:body")]
    assert await strike(tmp_path, list(twice)) == []


@asynccontextmanager
async def watched(folder: Path, fault: str, how: signal.Signals) -> AsyncGenerator[tuple[VideoService, Wire, Forked, dict[str, str]]]:
    """A `watch` whose paid call meets this fault, and which is asked to stop as soon as the vendor has taken it."""
    async with played(Muvi(clip=LARGE)) as wire:
        env = environment(folder, {"muvi": wire.address}, (wire.host,), prices=OWN_PRICE, LINGER="0")
        async with open_service(load(env, today=date.today(), config=folder / "none.toml"), work=False) as service:
            await service.create(VideoRequest("A boat", "muvi:sora-2", seconds=4), principal="local")
            wire.arm("submit", fault, seconds=0.4)
            watcher = await run("sora_mcp", "watch", env=env)
            wire.watch = Moment("submit:created", lambda: watcher.send_signal(how))
            yield service, wire, watcher, env


async def only_job(service: VideoService) -> Job:
    """The one job that there is."""
    (job,) = (await service.jobs(principal="local")).jobs
    return job


@pytest.mark.fault("S37")
@each("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_watch_that_is_asked_to_stop_waits_for_the_answer_to_its_paid_call(how: signal.Signals, tmp_path: Path) -> None:
    async with watched(tmp_path, "slow", how) as (service, wire, watcher, env):
        assert (await ended(watcher), len(wire.made)) == (0, 1)
        wire.watch = lambda name: None
        known = await only_job(service)
        assert (known.state in ("queued", "running"), known.vendor_id) == (True, wire.made[0].id)
        assert (await finish(env), wrong(tmp_path, wire)) == (0, [])


async def test_a_watch_that_is_asked_to_stop_ends_although_the_vendor_hangs(tmp_path: Path) -> None:
    async with watched(tmp_path, "hang", signal.SIGTERM) as (service, wire, watcher, _):
        code = await ended(watcher, seconds=60)
        assert (code, (await only_job(service)).state, len(wire.made)) == (0, "unknown", 1)
