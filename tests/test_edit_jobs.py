"""An edit is a job: it goes on in the background, can be cancelled, and is made by the next process where one ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sora_mcp.domain import LIVE, Job, free_space
from sora_mcp.domain.errors import NotCancellable
from sora_mcp.jobs.service import VideoService
from sora_mcp.media.edit.edits import EditRequest

from .media.clips import a_clip
from .played.rig import opened, settled
from .waiting import eventually

STILL = EditRequest(("clip.mp4",), "frame", {"start": 1.0})


@asynccontextmanager
async def a_service(folder: Path) -> AsyncIterator[VideoService]:
    async with opened(settled(folder, {}, ())) as service:
        yield service


def a_folder(folder: Path) -> Path:
    (folder / "videos").mkdir()
    a_clip(folder / "videos" / "clip.mp4")
    return folder / "videos"


async def ended(service: VideoService, job: Job) -> Job:
    async def has_ended() -> bool:
        return (await service.job(job.id, principal="local")).state not in LIVE

    await eventually(has_ended)
    return await service.job(job.id, principal="local")


async def begun(service: VideoService, edit: EditRequest = STILL) -> Job:
    """An edit that the worker has and that waits for another one."""
    job = await service.edit(edit, principal="local")

    async def is_claimed() -> bool:
        return (await service.store.jobs.get(job.id, None)).fence > 0

    await eventually(is_claimed)
    return job


async def test_an_edit_is_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    async with a_service(tmp_path) as service:
        async with service.media_pool.edits:
            job = await begun(service)
            cancelled = await service.cancel(job.id, principal="local")
        other = await ended(service, await service.edit(EditRequest(("clip.mp4",), "frame"), principal="local"))
        with pytest.raises(NotCancellable):
            await service.cancel(other.id, principal="local")
        after = await service.job(job.id, principal="local")
    assert (cancelled.state, cancelled.charged, after.state, other.state) == ("cancelled", "no", "cancelled", "completed")
    assert not list(folder.glob(f"*{job.id}*")) and not list(folder.glob(".*"))


async def test_an_edit_leaves_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path)
    monkeypatch.setattr(free_space, "LEAST_FREE_BYTES", 1 << 60)
    async with a_service(tmp_path) as service:
        job = await ended(service, await service.edit(STILL, principal="local"))
    assert (job.state, job.error and job.error.code) == ("failed", "storage_error")
    assert "nearly full" in str(job.error)
    assert [path.name for path in folder.iterdir()] == ["clip.mp4"]


async def test_an_edit_of_a_process_that_ended_is_made_by_the_next_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    async with a_service(tmp_path) as service, service.media_pool.edits:
        job = await begun(service)
    (folder / f".{job.id}.1.part").write_text("half of it")
    async with a_service(tmp_path) as service:
        done = await ended(service, job)
        again = await service.edit(STILL, principal="local")
    assert (done.state, done.artifact is not None and Path(done.artifact.path).parent, again.id) == ("completed", folder, job.id)
    assert not list(folder.glob(".*"))


async def test_an_edit_is_not_begun_again_with_other_files(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    async with a_service(tmp_path) as service, service.media_pool.edits:
        job = await begun(service)
    a_clip(folder / "clip.mp4", colours=("lime", "red"))
    async with a_service(tmp_path) as service:
        done = await ended(service, job)
    assert (done.state, done.error and done.error.message) == (
        "failed",
        "It was interrupted, and its files are not the same any more. Ask for it again.",
    )


async def test_progress_is_written_down_until_the_job_is_anothers(tmp_path: Path) -> None:
    a_folder(tmp_path)
    async with a_service(tmp_path) as service, service.media_pool.edits:
        job = await begun(service)
        mine = await service.store.jobs.get(job.id, None)
        seen = await service.store.outcomes.report_progress(mine, 0.4)
        await service.cancel(job.id, principal="local")
        late = await service.store.outcomes.report_progress(mine, 0.5)
    assert (seen is not None and seen.progress, late) == (0.4, None)
