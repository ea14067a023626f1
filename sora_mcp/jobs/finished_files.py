"""Find and keep the files of finished jobs: on this machine's disk, and in a bucket where the user set one."""

from __future__ import annotations

import itertools
import logging
import random
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import anyio
import anyio.to_thread

from sora_mcp.artifacts.cache import Cache
from sora_mcp.artifacts.local import is_own_file, remove_file
from sora_mcp.artifacts.s3 import Bucket, make_key
from sora_mcp.config.parsers import BucketAccess
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, LOCAL, Artifact, Job, describe_deletion, name_state
from sora_mcp.domain.errors import NotFinished, StorageError
from sora_mcp.jobs.backoff import compute_retry_s
from sora_mcp.jobs.in_memory_facts import InMemoryFacts
from sora_mcp.media.containers import find_media_type

log = logging.getLogger(__name__)
MOST_FETCHES, MOST_UPLOADS = 4, 4


@dataclass(frozen=True)
class Link:
    """The address of a finished file, good for whoever has it, and how the file's name ends."""

    address: str
    suffix: str


@dataclass
class FinishedFiles:
    """The finished files of one process. Waits for S3 are spent in threads of their own number, never on the event loop."""

    settings: Settings
    in_memory_facts: InMemoryFacts
    bucket: Bucket | None = field(init=False)
    cache: Cache = field(init=False)
    waiting: set[str] = field(default_factory=set[str])
    """Jobs whose files wait on this machine's disk until S3 takes them."""
    _fetches: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(MOST_FETCHES))
    _uploads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(MOST_UPLOADS))
    _locks: dict[str, anyio.Lock] = field(default_factory=dict[str, anyio.Lock])

    def __post_init__(self) -> None:
        self.bucket = None if self.settings.artifact_url is None else open_bucket(self.settings.artifact_url)
        self.cache = Cache(self.settings.home / "cache")

    async def find(self, job: Job) -> Path:
        """Return a path on this machine of the job's finished file, fetched from the bucket where it is not here.

        Raises NotFinished where there is no file, StorageError where it cannot be fetched now.
        """
        artifact = get_artifact(job)
        if artifact.key is None or self.bucket is None or await anyio.to_thread.run_sync(is_own_file, artifact):
            return await anyio.to_thread.run_sync(find_local_file, job)
        return await self._find_copy(job, artifact, artifact.key, self.bucket)

    async def sign_link(self, job: Job, seconds: int) -> Link | None:
        """Return an address in the bucket at which anybody gets the job's file for so long; None where browsers cannot reach the bucket."""
        artifact = get_artifact(job)
        if artifact.key is None or self.bucket is None:
            return None
        address = await anyio.to_thread.run_sync(self.bucket.sign, artifact.key, seconds)
        return None if address is None else Link(address, PurePath(artifact.path).suffix)

    async def bring(self, job: Job) -> Job:
        """Return the job with the path of its file on this machine, fetched where it is in the bucket only. Raises as `find` does."""
        if job.artifact is None or job.artifact.key is None or self.bucket is None:
            return job
        return replace(job, artifact=replace(job.artifact, path=str(await self.find(job))))

    async def _find_copy(self, job: Job, artifact: Artifact, key: str, bucket: Bucket) -> Path:
        """Return the copy in the cache. Who comes while it is being fetched waits for it."""
        lock = self._locks.setdefault(artifact.sha256, anyio.Lock())
        try:
            async with lock:
                ending = key.rpartition(".")[2]
                if (copy := await anyio.to_thread.run_sync(self.cache.find, artifact.sha256, ending)) is not None:
                    return copy
                size, sha256 = artifact.bytes, artifact.sha256
                return await anyio.to_thread.run_sync(
                    lambda: self.cache.fetch(bucket, key, size=size, sha256=sha256), limiter=self._fetches
                )
        except NotFinished as error:
            raise NotFinished(error.message, job_id=job.id) from None
        finally:
            if not lock.statistics().tasks_waiting:
                self._locks.pop(artifact.sha256, None)

    async def upload(self, job: Job, artifact: Artifact) -> Artifact:
        """Return the artifact with its key, once the bucket has the file; without a bucket as it is.

        While S3 does not take it the file waits here, and the caller's lease keeps the job from other machines: they would need the
        vendor's link, which may be dead by then. Where this process ends, the next one on this machine finds the file again.
        """
        if self.bucket is None:
            return artifact
        path, bucket = Path(artifact.path), self.bucket
        key = make_key(job.id, artifact.sha256, path.suffix.removeprefix("."))
        try:
            for tries in itertools.count():
                try:
                    upload = lambda: bucket.upload(path, key, media_type=find_media_type(path.suffix))  # noqa: E731
                    await anyio.to_thread.run_sync(upload, limiter=self._uploads)
                    break
                except StorageError as error:
                    log.warning("%s: %s", job.id, error.message)
                    self.in_memory_facts.troubles[job.id] = f"{error.message} It is kept on this computer meanwhile."
                self.waiting.add(job.id)
                await anyio.sleep(compute_retry_s(tries, chance=random.random()))
        finally:
            self.waiting.discard(job.id)
        return replace(artifact, key=key, path=path.name if self.settings.has_replicas else artifact.path)

    async def release(self, artifact: Artifact, kept: Artifact) -> None:
        """Move a file whose job has ended from the output folder into the cache, where machines take turns: its disk has a bound then."""
        if kept.key is not None and not Path(kept.path).is_absolute():
            await anyio.to_thread.run_sync(self._move_in, Path(artifact.path), artifact.sha256)

    def _move_in(self, path: Path, sha256: str) -> None:
        self.cache.move_in(path, sha256)
        with suppress(OSError):
            path.with_suffix(".json").unlink()

    async def discard(self, kept: Artifact) -> None:
        """Delete the object of an edit that nobody wants any more."""
        if kept.key is not None and self.bucket is not None:
            with suppress(StorageError):
                await anyio.to_thread.run_sync(self.bucket.delete, kept.key, limiter=self._uploads)

    async def delete(self, job: Job) -> str | None:
        """Delete the job's finished file, for good, wherever this machine reaches it, and return what copies of it are called.

        None where it is on another machine's disk, or something else lies at its place. Raises NotFinished where there is no file,
        StorageError where it cannot be deleted now.
        """
        artifact = get_artifact(job)
        if artifact.key is not None and self.bucket is None:
            return None  # in a bucket that these settings do not name
        try:
            if artifact.key is not None and self.bucket is not None:
                await anyio.to_thread.run_sync(self.bucket.delete, artifact.key, limiter=self._uploads)
            was_here = await anyio.to_thread.run_sync(remove_file, artifact)
        except OSError as error:
            raise StorageError(f"The file of {job.id} cannot be deleted ({error.strerror}).") from None
        if artifact.key is None and not was_here:
            return None
        name = f"{artifact.sha256}{Path(artifact.key or artifact.path).suffix}"
        await anyio.to_thread.run_sync(self.cache.remove, name)
        return name


def open_bucket(access: BucketAccess) -> Bucket:
    """Return the bucket that the settings name."""
    return Bucket(access.bucket, access.prefix, access.variables)


def get_artifact(job: Job) -> Artifact:
    """Return the record of the job's finished file. NotFinished says why there is none."""
    if (deleted := describe_deletion(job)) is not None:
        raise NotFinished(f"The file of {job.id} {deleted}.", job_id=job.id)
    if job.artifact is None:
        wait = f'get_video_status("{job.id}"), then the same call again'
        none = f": there is no file yet. Next: {wait}" if job.state in LIVE else ", so there is no file"
        raise NotFinished(f"{job.id} {name_state(job.state)}{none}.", job_id=job.id)
    return job.artifact


def find_local_file(job: Job) -> Path:
    """Return the job's finished file on this disk. NotFinished where there is none; a link in its place is not followed. Blocks."""
    artifact = get_artifact(job)
    if not is_own_file(artifact):
        place = f": {artifact.path}" if job.principal == LOCAL else ""  # others are not on this machine
        raise NotFinished(f"The file of {job.id} is not at its place any more{place}", job_id=job.id)
    return Path(artifact.path)
