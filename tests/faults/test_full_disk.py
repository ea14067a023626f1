"""Rows S41 to S43: before and after the paid call the store takes nothing: its disk, of two real megabytes, is full, or it is locked."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.domain.errors import StorageError
from sora_mcp.jobs import submit
from tests.faults.checks import ENDS
from tests.faults.servers import PRICES, WISH, ended_as, jobs_in
from tests.played import Muvi, Pixazo, Played, Wire, played
from tests.played.processes import ended, finish, run
from tests.played.rig import Rig, environment, held, rig, settled
from tests.played.stdio import Chat, chat
from tests.waiting import eventually

pytestmark = pytest.mark.slow

TROUBLE = "cannot be written down yet"
PIXAZO = {"model": "pixazo:sora-2-pro", "seconds": 4, "size": "1280x720"}
LOCKED_S = 25.0
"""Less than the half minute for which the store waits for another writer."""
PIXAZO_PRICES = '["pixazo:sora-2-pro"]\nper_second = "0.10"\n'


@dataclass
class Small:
    """A user whose store lies on a small disk, and the vendor."""

    wire: Wire
    env: dict[str, str]
    folder: Path

    def fill(self) -> None:
        """Not a block is left."""
        with (self.folder / "home" / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def free(self) -> None:
        """There is room again."""
        (self.folder / "home" / "ballast").unlink()

    @property
    def log(self) -> str:
        """What the server said on stderr."""
        return self.stderr.read_text("utf-8") if self.stderr.exists() else ""

    @property
    def stderr(self) -> Path:
        """Where it goes."""
        return self.folder / "stderr.txt"

    @property
    def posts(self) -> int:
        """Paid calls that came."""
        return len(self.wire.requests("submit"))

    def held(self) -> int:
        """Money that jobs hold."""
        return held(settled(self.folder, {}, ()).database_url)

    async def sent(self, spoken: Chat, **wish: Any) -> str:
        """The job of a paid call on its way, which the vendor has taken; the disk is full by then."""
        self.wire.arm("submit", "slow", seconds=0.3)
        self.wire.watch = lambda moment: self.fill() if moment == "submit:created" else None
        job = await spoken.call("create_video", prompt="a boat", **wish)
        assert await eventually(lambda: TROUBLE in self.log)
        self.wire.watch = lambda moment: None
        return job["job_id"]


@contextmanager
def small_disk(place: Path) -> Generator[None]:
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "sora-mcp-test", str(place)]
    if sys.platform != "linux" or shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no small disk: only root on Linux may mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@asynccontextmanager
async def small(folder: Path, vendor: Played, prices: str = PRICES) -> AsyncGenerator[Small]:
    name = type(vendor).__name__.lower()
    with small_disk(folder / "home"):
        async with played(vendor) as wire:
            yield Small(wire, environment(folder, {name: wire.address}, (wire.host,), prices=prices, LINGER="0"), folder)


@pytest.mark.fault("S41")
async def test_s41_a_disk_that_is_full_before_the_intent_refuses_and_nothing_is_sent(tmp_path: Path) -> None:
    async with small(tmp_path, Muvi()) as at, chat(at.env, stderr=at.stderr) as spoken:
        assert (await spoken.call("list_videos"))["videos"] == []
        at.fill()
        answer = (await spoken.ask("tools/call", name="create_video", arguments={"prompt": "a boat", **WISH}))["result"]
        full = "The store cannot be read or written: database or disk is full"
        refused = {"code": "storage_error", "message": full, "charged": "no"}
        assert (answer["isError"], answer["structuredContent"]["error"]) == (True, refused)
        assert answer["structuredContent"]["message"].startswith(f"Not sent, nothing charged. {full}")
        assert ((await spoken.call("list_videos"))["videos"], at.wire.accepted, at.held()) == ([], 0, 0)
        at.free()
        job = await spoken.call("create_video", prompt="a boat", **WISH)
        assert (await spoken.ended(job["job_id"]), at.posts) == ("completed", 1)


@pytest.mark.fault("S42")
async def test_s42_an_answer_that_a_full_disk_does_not_take_is_told_and_written_down_later(tmp_path: Path) -> None:
    async with small(tmp_path, Muvi()) as at, chat(at.env, stderr=at.stderr) as spoken:
        job_id = await at.sent(spoken, **WISH)
        job = await spoken.call("get_video_status", job_id=job_id, wait_seconds=0)
        vendor_id = at.wire.made[0].id
        assert (job["state"], job["charged"], vendor_id in job["message"], vendor_id in at.log) == ("submitting", "held", True, True)
        at.free()
        assert (await spoken.ended(job_id), at.posts, at.held()) == ("completed", 1, 0)
        assert [job.vendor_id for job in jobs_in(tmp_path)] == [vendor_id]


@pytest.mark.fault("S42")
async def test_s42_after_a_kill_on_a_full_disk_the_vendors_list_has_the_job(tmp_path: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    async with small(tmp_path, Muvi(created_at=now)) as at:
        async with chat(at.env, stderr=at.stderr) as spoken:
            job_id = await at.sent(spoken, **WISH)
            spoken.process.kill()
            await spoken.process.wait()
        at.free()
        async with chat(at.env) as spoken:
            assert await ended_as(tmp_path, "completed")
        assert [(job.id, job.state, job.vendor_id) for job in jobs_in(tmp_path)] == [(job_id, "completed", at.wire.made[0].id)]
        assert (at.posts, at.held()) == (1, 0)


@pytest.mark.fault("S42")
async def test_s42_without_a_list_it_is_unclear_and_held_and_the_log_names_the_way_out(tmp_path: Path) -> None:
    async with small(tmp_path, Pixazo(), PIXAZO_PRICES) as at:
        async with chat(at.env, stderr=at.stderr) as spoken:
            job_id = await at.sent(spoken, **PIXAZO)
            began = time.monotonic()
            assert await spoken.leave() == 0
            assert time.monotonic() - began < LOCKED_S
        way_out = f"resolve {job_id} --adopt {at.wire.made[0].id}"
        assert way_out in at.log
        at.free()
        assert await finish(at.env) == 0
        assert [(job.state, job.charged, job.micros) for job in jobs_in(tmp_path)] == [("unknown", "unknown", at.held())]
        assert at.held() > 0
        assert await ended(await run("sora_mcp", *way_out.split(), env=at.env)) == 2  # a person's word needs a terminal
        assert await ended(await run("sora_mcp", *way_out.split(), env=at.env | without_terminal(tmp_path))) == 0
        assert await finish(at.env) == 0
        assert [(job.id, job.state) for job in jobs_in(tmp_path)] == [(job_id, "completed")]
        assert (at.posts, at.held()) == (1, 0)


def without_terminal(folder: Path) -> dict[str, str]:
    """The environment of a person whose own config file lets scripts decide; config.toml is read on Linux from there."""
    config = folder / "config" / "sora-mcp" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("approve_without_terminal = true\n", "utf-8")
    return {"XDG_CONFIG_HOME": str(folder / "config")}


@contextmanager
def locked(at: Rig) -> Generator[None]:
    """Another connection writes and does not end; the store waits for it a moment, not half a minute."""
    database = at.service.store._database  # pyright: ignore[reportPrivateUsage]
    with database.write.connect() as conn:
        conn.exec_driver_sql("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(at.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.fault("S43")
async def test_s43_a_locked_store_refuses_and_nothing_is_sent(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        with locked(at), pytest.raises(StorageError, match="another process keeps it locked"):
            await at.create(seconds=4)
        assert (at.wire.accepted, at.held(), (await at.service.jobs(principal="local")).jobs) == (0, 0, ())
        job = await at.until((await at.create(seconds=4)).id, *ENDS)
        assert (job.state, len(at.posts)) == ("completed", 1)


@pytest.mark.fault("S43")
async def test_s43_who_leaves_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, (), LINGER="0")) as spoken:
        await spoken.call("list_videos")
        with closing(sqlite3.connect(tmp_path / "home" / "sora.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            assert (await spoken.leave(), time.monotonic() - began < LOCKED_S) == (0, True)


@pytest.mark.fault("S43")
async def test_s43_an_outcome_waits_for_a_locked_store_as_long_as_it_takes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "WRITE_WAITS_S", (0.01,))
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "slow", seconds=0.2)
        begun = await at.create(seconds=4)
        assert await eventually(lambda: at.wire.made != [])
        with locked(at):
            assert await eventually(lambda: caplog.text.count(TROUBLE) > 10)
            waiting = await at.job(begun.id)
        heard = f"was taken by muvi as {at.wire.made[0].id!r}"
        assert (waiting.state, waiting.charged, waiting.unwritten) == ("submitting", "held", heard)
        job = await at.until(begun.id, *ENDS)
        assert (job.state, job.unwritten, len(at.posts), at.held()) == ("completed", None, 1, 0)
