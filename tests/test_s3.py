"""Finished files on S3: put once and checked, found on every machine, and never lost while S3 is away."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from sora_mcp.artifacts.cache import Cache
from sora_mcp.artifacts.s3 import CHUNK_BYTES, MOST_AT_ONCE_BYTES
from sora_mcp.config.settings import load
from sora_mcp.domain import Artifact, Job
from sora_mcp.domain.errors import NotFinished, StorageError
from sora_mcp.jobs.finished_files import FinishedFiles
from sora_mcp.jobs.in_memory_facts import InMemoryFacts
from sora_mcp.jobs.worker import MAX_PARALLEL
from sora_mcp.media.edit.edits import EditRequest

from .each import each
from .nouns import a_job
from .played import Muvi
from .played.rig import TODAY, rig
from .s3 import S3, SECRET, Narrow, needs_s3, s3_store
from .waiting import PATIENCE_S, eventually

pytestmark = needs_s3
CLIP = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
WAITS = "The file cannot be put on S3: S3 does not answer. It is kept on this computer meanwhile."


def machine(s3: S3, home: Path, *, database: str = "postgresql://127.0.0.1/none") -> FinishedFiles:
    """The files of one machine; those with one PostgreSQL store are replicas. It opens no store."""
    given = {**s3.environ, "SORA_MCP_HOME": str(home), "SORA_MCP_OUTPUT_DIR": str(home / "videos"), "SORA_MCP_DATABASE_URL": database}
    (home / "videos").mkdir(parents=True, exist_ok=True)
    return FinishedFiles(load(given, today=TODAY, config=home / "none.toml"), InMemoryFacts())


def a_file(files: FinishedFiles, body: bytes = CLIP, job_id: str = "v_0123456789") -> tuple[Job, Artifact]:
    """A job and its file, as a download leaves them."""
    path = files.settings.output_dir / f"2026-11-20_a-boat_{job_id}.mp4"
    path.write_bytes(body)
    return replace(a_job(), id=job_id), Artifact(str(path), len(body), hashlib.sha256(body).hexdigest())


async def keep(files: FinishedFiles, body: bytes = CLIP, job_id: str = "v_0123456789") -> Job:
    """Return a completed job whose file is on S3, and not at its place any more."""
    job, artifact = a_file(files, body, job_id)
    kept = await files.upload(job, artifact)
    await files.release(artifact, kept)
    return replace(job, state="completed", artifact=kept)


async def test_a_file_that_one_machine_kept_is_found_on_another_and_then_without_s3(s3: S3, tmp_path: Path) -> None:
    here, there = machine(s3, tmp_path / "a"), machine(s3, tmp_path / "b")
    job = await keep(here)
    assert job.artifact is not None
    digest = hashlib.sha256(CLIP).hexdigest()
    assert s3.list_keys() == [f"team/v/01/v_0123456789/{digest[:16]}.mp4"] == [f"team/{job.artifact.key}"]
    assert s3.read_attributes(s3.list_keys()[0])["Content-Type"] == "video/mp4"
    assert job.artifact.path == "2026-11-20_a-boat_v_0123456789.mp4", "no machine's path is in the record"
    assert not list(here.settings.output_dir.iterdir())
    assert (await there.find(job)).read_bytes() == CLIP
    s3.go()
    for files in (here, there):
        path = await files.find(job)
        assert (path.name, path.parent, path.read_bytes()) == (f"{digest}.mp4", files.settings.home / "cache", CLIP)


async def test_one_machine_keeps_its_file_where_it_was(s3: S3, tmp_path: Path) -> None:
    files = machine(s3, tmp_path, database=f"sqlite:///{tmp_path}/sora.db")
    job = await keep(files)
    path = files.settings.output_dir / "2026-11-20_a-boat_v_0123456789.mp4"
    assert (await files.find(job), len(s3.list_keys())) == (path, 1)
    path.unlink()
    assert (await files.find(job)).read_bytes() == CLIP


async def test_the_same_bytes_are_one_object_and_other_bytes_overwrite_nothing(s3: S3, tmp_path: Path) -> None:
    first = await keep(machine(s3, tmp_path / "a"))
    again = await keep(machine(s3, tmp_path / "b"))
    late = await keep(machine(s3, tmp_path / "c"), CLIP + b"late")
    assert first.artifact and again.artifact and late.artifact
    assert (first.artifact.key, len(s3.list_keys())) == (again.artifact.key, 2)
    assert (await machine(s3, tmp_path / "d").find(first)).read_bytes() == CLIP


async def test_a_browser_saves_the_file_under_its_readable_name(s3: S3, tmp_path: Path) -> None:
    files = machine(s3, tmp_path)
    for number, (name, header) in enumerate(
        (
            ("2026-11-20_a-boat_take-2-of-3_v_0123456789.mp4", 'filename="2026-11-20_a-boat_take-2-of-3_v_0123456789.mp4"'),
            ("2026-11-20_夕_v_0123456789.mp4", "filename*=utf-8''2026-11-20_%E5%A4%95_v_0123456789.mp4"),
        )
    ):
        job, artifact = a_file(files, CLIP + bytes([number]))
        kept = await files.upload(job, replace(artifact, path=str(Path(artifact.path).rename(files.settings.output_dir / name))))
        assert s3.read_attributes(f"team/{kept.key}")["Content-Disposition"] == f"inline; {header}"


async def test_many_writers_of_one_file_all_succeed(s3: S3, tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(keep, machine(s3, tmp_path / str(number)))
    assert len(s3.list_keys()) == 1


async def test_a_large_file_goes_and_comes_in_parts(s3: S3, tmp_path: Path) -> None:
    body = os.urandom(2 * MOST_AT_ONCE_BYTES + CHUNK_BYTES // 2)
    for folder in ("a", "b"):
        job = await keep(machine(s3, tmp_path / folder), body)
    assert len(s3.list_keys()) == 1
    assert (await machine(s3, tmp_path / "c").find(job)).read_bytes() == body


@each("stored", [b"", CLIP[:-1], CLIP[:-1] + b"?", CLIP * 2], ids=["empty", "cut", "another byte", "larger"])
async def test_a_damaged_object_is_refused_and_leaves_nothing(stored: bytes, tmp_path: Path) -> None:
    with s3_store() as s3:
        job, files = await keep(machine(s3, tmp_path / "a")), machine(s3, tmp_path / "b")
        s3.put(s3.list_keys()[0], stored)
        if stored.startswith(CLIP):
            assert (await files.find(job)).read_bytes() == CLIP, "what comes behind the file is no part of it"
            return
        with pytest.raises(StorageError) as caught:
            await files.find(job)
        assert not list(files.cache.folder.iterdir())
        assert_says_nothing(caught.value, s3)


async def test_a_file_that_is_gone_is_said_to_be_gone(s3: S3, tmp_path: Path) -> None:
    job = await keep(machine(s3, tmp_path / "a"))
    s3.delete(s3.list_keys()[0])
    with pytest.raises(NotFinished, match="not on S3 any more") as caught:
        await machine(s3, tmp_path / "b").find(job)
    assert caught.value.job_id == job.id


async def test_an_object_of_another_size_is_no_success(s3: S3, tmp_path: Path) -> None:
    files = machine(s3, tmp_path)
    _, artifact = a_file(files)
    s3.put("team/v/01/x.mp4", b"other")
    bucket = files.bucket
    assert bucket is not None
    with pytest.raises(StorageError, match=f"5 bytes in place of {len(CLIP)}"):
        bucket.upload(Path(artifact.path), "v/01/x.mp4", media_type="video/mp4")


async def test_a_file_waits_on_the_disk_while_s3_is_away(s3: S3, tmp_path: Path) -> None:
    files = machine(s3, tmp_path)
    job, artifact = a_file(files)
    s3.go()
    kept: list[Artifact] = []

    async def put() -> None:
        kept.append(await files.upload(job, artifact))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(put)
        await eventually(lambda: files.waiting == {job.id})
        assert files.in_memory_facts.troubles[job.id] == WAITS
        assert Path(artifact.path).read_bytes() == CLIP
        await anyio.to_thread.run_sync(s3.come)
    assert (len(s3.list_keys()), len(kept), files.waiting) == (1, 1, set[str]())


async def test_who_comes_at_once_fetches_once(s3: S3, tmp_path: Path) -> None:
    job, files, paths = await keep(machine(s3, tmp_path / "a")), machine(s3, tmp_path / "b"), set[Path]()

    async def find() -> None:
        paths.add(await files.find(job))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(find)
    assert (len(paths), len(list(files.cache.folder.iterdir()))) == (1, 1)
    assert not files._locks  # pyright: ignore[reportPrivateUsage]


async def test_the_cache_keeps_what_was_used_last_within_its_bound(s3: S3, tmp_path: Path) -> None:
    here, there = machine(s3, tmp_path / "a"), machine(s3, tmp_path / "b")
    made = [await keep(here, CLIP + bytes([number]), f"v_{number:010}") for number in range(4)]
    there.cache = Cache(tmp_path / "small", most_bytes=3 * len(CLIP) + 100)
    for number, job in enumerate(made[:3]):
        os.utime(await there.find(job), (number + 1, number + 1))
    await there.find(made[0])  # used again, so the second one is the oldest
    await there.find(made[3])
    held = {path.read_bytes()[-1] for path in there.cache.folder.iterdir()}
    assert held == {0, 2, 3}
    there.cache = Cache(tmp_path / "tiny", most_bytes=1)
    for job in made[:2]:
        assert (await there.find(job)).is_file(), "what was asked for is there, however large"
    assert len(list(there.cache.folder.iterdir())) == 1


async def test_what_a_killed_process_began_to_fetch_is_removed(s3: S3, tmp_path: Path) -> None:
    job, files = await keep(machine(s3, tmp_path / "a")), machine(s3, tmp_path / "b")
    files.cache.folder.mkdir()
    (old := files.cache.folder / ".old.part").write_bytes(b"x")
    (new := files.cache.folder / ".new.part").write_bytes(b"x")
    os.utime(old, (1, 1))
    await files.find(job)
    assert (old.exists(), new.exists()) == (False, True)


def assert_says_nothing(error: BaseException, s3: S3) -> None:
    """Check that an error and whatever it hides name neither the store nor its key."""
    seen: BaseException | None = error
    while seen is not None:
        text = f"{seen} {seen!r}"
        assert not [word for word in (SECRET, "AKIATEST", s3.bucket, "127.0.0.1", "http") if word in text], text
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def test_no_error_names_an_address_or_a_key(s3: S3, tmp_path: Path) -> None:
    bucket = machine(s3, tmp_path).bucket
    assert bucket is not None
    (path := tmp_path / "x.mp4").write_bytes(CLIP)
    assert SECRET not in repr(bucket)
    bucket.check()
    assert s3.list_keys() == []
    elsewhere = replace(bucket, name="no-such-bucket")
    for refused in (lambda: elsewhere.upload(path, "a.mp4", media_type="video/mp4"), elsewhere.check):
        with pytest.raises(StorageError, match="is not there") as caught:
            refused()
        assert_says_nothing(caught.value, s3)
    s3.go()
    for refused in (lambda: bucket.upload(path, "a.mp4", media_type="video/mp4"), bucket.check, lambda: bucket.delete("a.mp4")):
        with pytest.raises(StorageError, match="S3 does not answer") as caught:
            refused()
        assert_says_nothing(caught.value, s3)


def variables(s3: S3) -> dict[str, str]:
    """The bucket's settings as a rig takes them."""
    return {name.removeprefix("SORA_MCP_"): value for name, value in s3.environ.items()}


async def test_a_paid_clip_is_saved_while_s3_is_away_and_completed_when_it_is_back(s3: S3, tmp_path: Path) -> None:
    """Nothing is lost or bought again, also where the process ends meanwhile; the job is not called completed before S3 has its file."""
    async with rig(Muvi(walk=("pending", "completed")), tmp_path, **variables(s3)) as at:
        s3.go()
        made = await at.bought("muvi:sora-2", prompt="A boat", seconds=4)
        await eventually(lambda: made.id in at.service.files.waiting)
        saving = await at.job(made.id)
        assert (saving.saving, saving.trouble) == (True, WAITS)
        (kept,) = at.settings.output_dir.glob("*.mp4")
        assert kept.read_bytes() == at.vendor.clip
        await at.restart()
        await eventually(lambda: made.id in at.service.files.waiting)
        await anyio.to_thread.run_sync(s3.come)
        done = await at.until(made.id, "completed", "failed", "expired")
        fetched = [heard for heard in at.cdn.heard if heard.method == "GET"]
        assert (done.state, done.charged, len(at.posts), len(fetched), at.held()) == ("completed", "yes", 1, 1, 0)
        assert done.artifact is not None and s3.list_keys() == [f"team/{done.artifact.key}"]
        assert done.trouble is None


@pytest.mark.slow
async def test_files_that_wait_for_s3_leave_room_for_new_purchases(s3: S3, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "completed")), tmp_path, **variables(s3)) as at:
        s3.go()
        waiting = [await at.bought("muvi:sora-2", prompt=f"A boat, {number}", seconds=4) for number in range(MAX_PARALLEL + 2)]
        await eventually(lambda: len(at.service.files.waiting) == len(waiting))
        assert len(at.service.download_places) == 0
        later = await at.bought("muvi:sora-2", prompt="A kite", seconds=4)
        await eventually(lambda: later.id in at.service.files.waiting)
        await anyio.to_thread.run_sync(s3.come)
        for job in (*waiting, later):
            assert (await at.until(job.id, "completed", "failed", "expired")).state == "completed"


async def test_an_edit_goes_to_s3_and_takes_its_clips_from_there(s3: S3, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "completed")), tmp_path, **variables(s3)) as at:
        made = await at.bought("muvi:sora-2", prompt="A boat", seconds=4)
        clip = await at.until(made.id, "completed")
        assert clip.artifact is not None
        Path(clip.artifact.path).unlink()
        edit = await at.service.edit(EditRequest((made.id,), "frame", {"start": 0.0}), principal="local")
        still = await at.until(edit.id, "completed", "failed")
        assert still.artifact is not None and still.artifact.key is not None, still.error
        assert sorted(s3.list_keys()) == sorted(f"team/{job.artifact.key}" for job in (clip, still) if job.artifact)
        Path(still.artifact.path).unlink()
        again = await at.service.edit(EditRequest((made.id,), "frame", {"start": 0.0}), principal="local")
        assert again.id == edit.id, "what is on S3 is not made again"
        image = await at.service.frames.read(f"{made.id}#last", principal="local")
        picture = await at.service.frames.read(edit.id, principal="local")
        assert (image.width, image.height) == (picture.width, picture.height)


UPLOAD = """
import sys
from pathlib import Path
from sora_mcp.artifacts.s3 import Bucket
from sora_mcp.domain.secret import Secret
bucket, path, *variables = sys.argv[1:]
store = Bucket(bucket, "team", {name: Secret(text) for name, text in (each.split("=", 1) for each in variables)})
store.upload(Path(path), "v/large.mp4", media_type="video/mp4")
"""


@pytest.mark.slow
def test_an_upload_that_is_killed_leaves_nothing_that_anybody_sees(s3: S3, tmp_path: Path) -> None:
    (path := tmp_path / "large.mp4").write_bytes(os.urandom(6 * CHUNK_BYTES))
    way = Narrow(s3, room=3 * CHUNK_BYTES)
    variables = {**s3.variables, "AWS_ENDPOINT_URL": way.open()}
    words = [sys.executable, "-c", UPLOAD, s3.bucket, str(path), *(f"{name}={text}" for name, text in variables.items())]
    with subprocess.Popen(words) as process:
        assert way.is_full.wait(PATIENCE_S)
        process.kill()
    assert (s3.list_keys(), process.returncode) == ([], -signal.SIGKILL)
    bucket = machine(s3, tmp_path).bucket
    assert bucket is not None
    bucket.upload(path, "v/large.mp4", media_type="video/mp4")
    bucket.fetch("v/large.mp4", tmp_path / "back.mp4", size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert s3.list_keys() == ["team/v/large.mp4"]
