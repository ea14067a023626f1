"""Finished files that are deleted: everywhere and for good, while the job and what it cost stay."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from sora_mcp.domain import Job
from sora_mcp.domain.errors import NotFinished, Refused, StorageError
from sora_mcp.jobs.retention import DAY_S, delete_file, delete_old_files, delete_orphans, drop_copies, find_orphans, keep_tidy
from sora_mcp.server.messages import describe_job
from sora_mcp.server.resources import list_files
from sora_mcp.server.tools.list_videos import format_result
from sora_mcp.store import Store

from .played import Muvi
from .played.rig import NOON, Rig, opened, rig, settled
from .s3 import S3, needs_s3
from .stored import DONE, FILE, Clock, claimed, running
from .waiting import eventually

ORPHAN = "team/v/zz/v_zzzzzzzzzz/0123456789abcdef.mp4"


def bucket_of(s3: S3) -> dict[str, str]:
    """The bucket, as a rig takes it."""
    return {name.removeprefix("SORA_MCP_"): value for name, value in s3.environ.items()}


@asynccontextmanager
async def finished(folder: Path, **env: str) -> AsyncGenerator[tuple[Rig, Job]]:
    """A rig with one finished clip."""
    async with rig(Muvi(), folder, **env) as at:
        job = await at.bought()
        yield at, await at.until(job.id, "completed")


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix in (".mp4", ".json", ".jpg"))


async def books(at: Rig) -> Any:
    """What was spent, and what is left."""
    return await at.service.budget(), await at.service.costs("job", since=date(2026, 11, 1), until=None, principal="local"), at.held()


@needs_s3
async def test_a_deleted_file_is_gone_everywhere_and_its_job_and_money_stay(s3: S3, tmp_path: Path) -> None:
    async with finished(tmp_path, **bucket_of(s3)) as (at, job):
        path = await at.service.find_file(job)
        path.with_suffix(".jpg").write_bytes(b"a poster")
        aside = path.rename(tmp_path / "aside.mp4")
        copy = await at.service.find_file(job)
        assert (copy.parent, len(s3.list_keys())) == (at.settings.home / "cache", 1)
        aside.rename(path)
        before = await books(at)
        assert await delete_file(at.service, job) is not None
        assert (s3.list_keys(), files_in(at.settings.output_dir), files_in(copy.parent)) == ([], [], [])
        gone = await at.job(job.id)
        assert (gone.state, gone.artifact, gone.charged, gone.price) == ("completed", None, "yes", job.price)
        assert gone.version > job.version, "clients are told"
        assert await books(at) == before
        with pytest.raises(NotFinished, match=rf"The file of {job.id} was deleted on 2026-11-20\.$"):
            await at.service.find_file(gone)
        assert describe_job(gone, now=NOON) == f"{job.id} is completed, but its file was deleted on 2026-11-20. $1.20 was charged."
        page, budget = await at.service.jobs(principal="local"), await at.service.budget()
        listed = format_result(page, budget, UTC, now=at.clock()).structured_content
        assert listed is not None and "path" not in listed["videos"][0]
        assert listed["message"].endswith("(its file was deleted on 2026-11-20)")
        assert (len(list_files([job])), list_files([gone])) == (1, [])
        with pytest.raises(NotFinished):
            await delete_file(at.service, gone)


async def test_files_are_deleted_once_they_are_older_than_wanted(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(), tmp_path, clock=clock, KEEP_DAYS="30") as at:
        old = await at.until((await at.bought()).id, "completed")
        clock.at += 20 * DAY_S
        new = await at.until((await at.bought(prompt="another")).id, "completed")
        clock.at += 10 * DAY_S - 1
        assert await delete_old_files(at.service) == 0
        clock.at += 2
        assert [await delete_old_files(at.service) for _ in range(2)] == [1, 0]
        gone = await at.job(old.id)
        assert (gone.kept_days, "its file was deleted on 2026-12-20, after 30 days." in describe_job(gone, now=clock.at)) == (30, True)
        assert (await at.service.find_file(await at.job(new.id))).is_file()
        assert len([name for name in files_in(at.settings.output_dir) if old.id in name]) == 0


async def test_without_the_setting_every_file_is_kept(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(), tmp_path, clock=clock) as at:
        job = await at.until((await at.bought()).id, "completed")
        clock.at += 1000 * DAY_S
        assert await delete_old_files(at.service) == 0
        assert (await at.service.find_file(job)).is_file()


@needs_s3
async def test_while_s3_is_away_nothing_is_deleted_and_later_all_of_it(s3: S3, tmp_path: Path) -> None:
    async with finished(tmp_path, **bucket_of(s3)) as (at, job):
        s3.go()
        with pytest.raises(StorageError, match="cannot be deleted from S3"):
            await delete_file(at.service, job)
        assert (await at.service.find_file(await at.job(job.id))).is_file()
        s3.come()
        assert await delete_file(at.service, job) is not None
        assert s3.list_keys() == []


async def test_what_somebody_put_in_a_files_place_stays(tmp_path: Path) -> None:
    async with finished(tmp_path) as (at, job):
        path = await at.service.find_file(job)
        path.write_bytes(b"my own cut")
        assert await delete_file(at.service, job) is None
        assert path.read_bytes() == b"my own cut"
        path.unlink()
        assert await delete_file(at.service, job) is None, "it may be on another machine"
        assert (await at.job(job.id)).artifact is not None


@needs_s3
async def test_other_machines_drop_their_copies(s3: S3, tmp_path: Path) -> None:
    async with finished(tmp_path, **bucket_of(s3)) as (at, job):
        (tmp_path / "b").mkdir()
        there = settled(tmp_path / "b", {}, (), DATABASE_URL=at.settings.database_url, **bucket_of(s3))
        (await at.service.find_file(job)).rename(tmp_path / "aside.mp4")
        async with opened(there) as other:
            copy = await other.find_file(await other.job(job.id, principal="local"))
            await delete_file(at.service, job)
            assert copy.is_file()
            await drop_copies(other, since=NOON - 1)
            assert not copy.exists()


@needs_s3
async def test_the_worker_deletes_old_files_by_itself_and_goes_on_after_an_error(
    s3: S3, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(), tmp_path, clock=clock, KEEP_DAYS="1", **bucket_of(s3)) as at:
        job = await at.until((await at.bought()).id, "completed")
        clock.at += 2 * DAY_S
        s3.go()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(keep_tidy, at.service, first_s=0.0, pause_s=0.1))
            assert await eventually(lambda: "old files are deleted later" in caplog.text)
            s3.come()

            async def is_deleted() -> bool:
                return (await at.job(job.id)).kept_days == 1

            assert await eventually(is_deleted)
            tasks.cancel_scope.cancel()
        assert s3.list_keys() == []


def test_the_store_finds_old_files_in_pages_and_remembers_what_was_deleted(store: Store, clock: Clock) -> None:
    made = list[Job]()
    for number in range(5):
        clock.at += 1
        job = running(store)
        store.outcomes.settle.sync(job, DONE)
        kept = replace(FILE, sha256=f"{number:064x}", key=f"v/{number}")
        made.append(store.outcomes.complete.sync(claimed(store), kept) or job)
    waiting = running(store)
    found, last = list[Job](), None
    while page := store.files.find_old.sync(before=made[3].finished_at or 0, after=last, limit=2):
        found, last = [*found, *page], page[-1]
    assert [job.id for job in found] == [job.id for job in made[:3]]
    names = {job.id: f"{number}.mp4" for number, job in enumerate(made)}
    gone = store.files.record_deletion.sync(made[0], name=names[made[0].id], kept_days=30)
    assert gone is not None and (gone.artifact, gone.deleted_at, gone.kept_days) == (None, clock.at, 30)
    assert store.files.record_deletion.sync(made[0], name=names[made[0].id], kept_days=30) is None
    assert store.files.get_deleted.sync(since=clock.at) == (names[made[0].id],)
    assert store.files.get_deleted.sync(since=clock.at + 1) == ()
    keys = store.files.find_keys.sync([made[0].id, made[1].id, waiting.id, "v_0000000000"])
    assert keys == {made[0].id: None, made[1].id: "v/1", waiting.id: ""}
    assert [job.id for job in store.files.find_old.sync(before=clock.at + 1)] == [job.id for job in made[1:]]


@needs_s3
async def test_only_old_objects_that_no_job_names_are_orphans(s3: S3, tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(), tmp_path, clock=clock, **bucket_of(s3)) as at:
        job = await at.until((await at.bought()).id, "completed")
        (own,) = s3.list_keys()
        live = await at.bought(prompt="another")
        strange = f"{own.rpartition('/')[0]}/fedcba9876543210.mp4"
        unfinished = f"team/v/{live.id[2:4]}/{live.id}/0123456789abcdef.mp4"
        foreign = ("team/notes.txt", "team/v/readme.md", "other/v/zz/v_zzzzzzzzzz/0123456789abcdef.mp4", f"{ORPHAN}.bak", "team/check/1")
        await at.until(live.id, "completed")
        kept = {*s3.list_keys(), *foreign}
        for key in (ORPHAN, strange, *foreign):
            s3.put(key, b"bytes")
        clock.at = s3.put_at(ORPHAN) + DAY_S - 60
        assert (await find_orphans(at.service)).files == ()
        clock.at += 120
        found = await find_orphans(at.service)
        assert ({f"team/{file.key}" for file in found.files}, found.named, found.bytes) == ({ORPHAN, strange}, 2, 10)
        await delete_orphans(at.service, found.files)
        assert {*s3.list_keys()} == kept
        assert (await find_orphans(at.service)).files == ()
        assert job.artifact is not None and unfinished not in kept


async def test_without_a_bucket_there_are_no_orphans(tmp_path: Path) -> None:
    async with finished(tmp_path) as (at, _):
        with pytest.raises(Refused, match="No bucket is set"):
            await find_orphans(at.service)
