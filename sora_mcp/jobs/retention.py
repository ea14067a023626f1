"""Delete finished files: one that a person names, those that are older than the user wants, and objects that no job names.

A deleted file is gone for good. Its job stays, says so, and keeps its place in the books: what was spent is never deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread

from sora_mcp.artifacts.s3 import Bucket, StoredFile
from sora_mcp.domain import Job
from sora_mcp.domain.errors import Refused, StorageError
from sora_mcp.jobs.context import JobContext

log = logging.getLogger(__name__)

DAY_S = 86_400.0
FIRST_S, PAUSE_S = 30.0, 3600.0
"""When a process first looks for old files, and how often from then on."""
LOOK_BACK_S = 30 * DAY_S
"""How far back a process that begins drops its copies of files that were deleted elsewhere."""
AT_ONCE = 500


async def keep_tidy(context: JobContext, *, first_s: float = FIRST_S, pause_s: float = PAUSE_S) -> None:
    """Delete old files, and copies of deleted ones, from time to time. An error never ends it."""
    await anyio.sleep(first_s)
    since = context.clock() - LOOK_BACK_S
    while True:
        began = context.clock()
        try:
            await delete_old_files(context)
            await drop_copies(context, since=since)
            since = began - pause_s  # the clocks of other machines may be behind
        except StorageError as error:
            log.warning("old files are deleted later: %s", error.message)
        except Exception:
            log.exception("old files cannot be deleted")
        await anyio.sleep(pause_s)


async def delete_old_files(context: JobContext) -> int:
    """Delete the files of jobs that finished longer ago than the user keeps them, and return how many. StorageError where S3 or the
    store does not answer; the rest is deleted the next time."""
    days, deleted, last = context.settings.keep_days, 0, None
    if days is None:
        return 0
    before = context.clock() - days * DAY_S
    while jobs := await context.store.files.find_old(before=before, after=last):
        for job in jobs:
            deleted += await delete_file(context, job, kept_days=days) is not None
        last = jobs[-1]
    if deleted:
        log.info("deleted %d files that were older than %d days", deleted, days)
    return deleted


async def delete_file(context: JobContext, job: Job, *, kept_days: int | None = None) -> Job | None:
    """Delete a job's file everywhere, and return the job. None where the file is not within reach of this machine. Raises NotFinished
    where there is none, StorageError where it cannot be deleted now."""
    name = await context.files.delete(job)
    return None if name is None else await context.store.files.record_deletion(job, name=name, kept_days=kept_days)


async def drop_copies(context: JobContext, *, since: float) -> None:
    """Delete this machine's copies of files that were deleted since a moment, by whichever machine."""
    for name in await context.store.files.get_deleted(since=since):
        await anyio.to_thread.run_sync(context.files.cache.remove, name)


@dataclass(frozen=True)
class Orphans:
    """Objects in the bucket that no job names, and how many objects jobs do name."""

    files: tuple[StoredFile, ...]
    named: int

    @property
    def bytes(self) -> int:
        """Their size in all."""
        return sum(file.bytes for file in self.files)


async def find_orphans(context: JobContext) -> Orphans:
    """Return the objects of finished files that no job names and that are older than a day: a younger one may be named soon.

    Refused without a bucket, StorageError where it cannot be listed.
    """
    bucket, before = get_bucket(context), context.clock() - DAY_S
    found = await anyio.to_thread.run_sync(lambda: list(bucket.list_files()))
    orphans, named = list[StoredFile](), 0
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        keys = await context.store.files.find_keys([file.job_id for file in part])
        named += sum(keys.get(file.job_id) == file.key for file in part)
        orphans += [file for file in part if keys.get(file.job_id) not in (file.key, "") and file.put_at < before]
    return Orphans(tuple(orphans), named)


async def delete_orphans(context: JobContext, files: Sequence[StoredFile]) -> None:
    """Delete these objects. StorageError where S3 does not answer."""
    bucket = get_bucket(context)
    for file in files:
        await anyio.to_thread.run_sync(bucket.delete, file.key)


def get_bucket(context: JobContext) -> Bucket:
    """Return the bucket that the settings name. Raise Refused where they name none."""
    if context.files.bucket is None:
        raise Refused("No bucket is set: SORA_MCP_ARTIFACT_URL names one.")
    return context.files.bucket
