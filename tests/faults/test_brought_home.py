"""Row D17: a file that is whole in its folder, and of which the store heard nothing, before its link dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from sora_mcp.domain import Artifact, Job
from sora_mcp.domain.errors import StorageError
from tests.faults.checks import ENDS, sound
from tests.played import Muvi
from tests.played.ranges import ResumingCdn
from tests.played.rig import Rig, rig
from tests.waiting import eventually

pytestmark = pytest.mark.slow


async def unwritten(at: Rig) -> Job:
    """A job whose file and note lie in their folder, while the store took no word of it."""

    async def full(job: Job, artifact: Artifact) -> Job | None:
        raise StorageError("The store is full.")

    at.service.store.outcomes.complete = full
    job = await at.bought(seconds=4)
    assert await eventually(lambda: [path.suffix for path in sorted(at.settings.output_dir.glob("[!.]*"))] == [".json", ".mp4"])
    at.cdn.arm("media", "instead", times=-1, status=410)
    return job


async def after_a_restart(at: Rig, begun: Job) -> Job:
    """The job at its end, when nobody waits for pauses."""
    await at.restart()

    async def over() -> bool:
        await at.service.store.leases.make_due(begun)
        at.service.wake()
        return (await at.job(begun.id)).state in ENDS

    assert await eventually(over)
    return await at.job(begun.id)


async def test_a_file_that_was_home_before_its_link_died_is_the_jobs_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        begun = await unwritten(at)
        job = await after_a_restart(at, begun)
        assert (job.state, job.charged, len(at.cdn.heard), len(at.wire.made)) == ("completed", "yes", 1, 1)
        assert job.artifact is not None
        assert [Path(job.artifact.path)] == list(at.settings.output_dir.glob("*.mp4"))
        await sound(at, tmp_path, job, caplog)


async def test_a_file_that_was_changed_since_is_not(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        begun = await unwritten(at)
        (film,) = at.settings.output_dir.glob("*.mp4")
        film.write_bytes(film.read_bytes()[:-1])
        job = await after_a_restart(at, begun)
        assert (job.state, job.charged, job.artifact) == ("expired", "yes", None)


@pytest.mark.fault("D17")
async def test_nothing_but_the_file_and_its_note_is_left_when_the_store_hears_of_it(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.app = ResumingCdn(at.vendor.clip)  # whose files have an ETag, which is kept beside a part
        complete, there = at.service.store.outcomes.complete, list[str]()

        async def look(job: Job, artifact: Artifact) -> Job | None:
            there.extend(sorted(path.suffix for path in at.settings.output_dir.iterdir()))
            return await complete(job, artifact)

        at.service.store.outcomes.complete = look
        job = await at.bought(seconds=4)
        assert ((await at.until(job.id, "completed")).state, there) == ("completed", [".json", ".mp4"])
