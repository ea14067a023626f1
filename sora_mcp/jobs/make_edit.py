"""Make an edit: a worker's step, which may take minutes, stops when the job is cancelled, and starts anew where a process ended."""

from __future__ import annotations

import contextlib
import logging
import math
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread

from sora_mcp.artifacts.local import describe_file, ensure_folder, hash_file, keep, remove_parts
from sora_mcp.domain import Artifact, Job, JobError
from sora_mcp.domain.errors import NotFinished, SoraError, StorageError, UnwritableFile
from sora_mcp.domain.free_space import check_free_space
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.edit_plan import EditPlan, read_plan
from sora_mcp.media.api import edit_clip
from sora_mcp.media.limits import EDIT_S, Deadline
from sora_mcp.media.mp4_probe import probe_mp4

log = logging.getLogger(__name__)
REPORT_S = 2.0
"""Seconds between two looks at the progress. Each also shows whether the job was cancelled by another process."""
MOST_STARTS = 4
"""Processes that may begin the same edit: one that ends each of them is not begun again."""


async def make_edit(context: JobContext, job: Job) -> None:
    """Make the edit of a claimed job and record what became of it. StorageError where the store does not take that."""
    job = await _bring_files(context, job)
    async with context.media_pool.edits:
        deadline = context.in_memory_facts.running_edits[job.id] = Deadline(EDIT_S)
        try:
            outcome = await _run(context, job, deadline)
        finally:
            context.in_memory_facts.running_edits.pop(job.id, None)
    if isinstance(outcome, SoraError):
        if job.id in context.in_memory_facts.edit_refusals:
            context.in_memory_facts.edit_refusals[job.id] = outcome
        await context.store.outcomes.end(job, "failed", JobError(outcome.code, outcome.message, "no"))
        return
    kept = await context.files.upload(job, outcome)
    if await context.store.outcomes.complete_edit(job, kept) is None:  # it was cancelled in the last moment
        await anyio.to_thread.run_sync(_discard, outcome)
        await context.files.discard(kept)
    else:
        await context.files.release(outcome, kept)


async def _bring_files(context: JobContext, job: Job) -> Job:
    """Return the job with paths of this machine in its plan: where files are on S3, the edit may have been asked of another one."""
    if context.files.bucket is None or job.call is None:
        return job
    plan, paths = read_plan(job.call), list[Path]()
    parents = [await context.store.jobs.get(parent, None) for parent in job.parents]
    by_hash = {parent.artifact.sha256: parent for parent in parents if parent.artifact is not None}
    for path, sha256 in zip(plan.edit.paths, plan.hashes, strict=False):  # the hash of a sound stands last
        with contextlib.suppress(NotFinished):  # then the edit says what is missing
            path = await context.files.find(by_hash[sha256]) if sha256 in by_hash else path
        paths.append(path)
    return replace(job, call=replace(plan, edit=replace(plan.edit, paths=tuple(paths))).to_call())


async def _run(context: JobContext, job: Job, deadline: Deadline) -> Artifact | SoraError:
    """Return the file, or why there is none. When this is cancelled, the work is stopped first, so that it leaves nothing."""
    outcome: Artifact | SoraError = SoraError("The edit was stopped.")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_stop_with, deadline)
        tasks.start_soon(_report, context, job, deadline)
        with anyio.CancelScope(shield=True):
            outcome = await anyio.to_thread.run_sync(_try_to_make, context, job, deadline)
        tasks.cancel_scope.cancel()
    return outcome


async def _stop_with(deadline: Deadline) -> None:
    """Stop the work when this task is cancelled."""
    try:
        await anyio.sleep_forever()
    finally:
        deadline.stop.set()


async def _report(context: JobContext, job: Job, deadline: Deadline) -> None:
    """Write the progress down as long as the job is this process's; stop the work when it is not any more."""
    while True:
        await anyio.sleep(REPORT_S)
        with contextlib.suppress(StorageError):
            if await context.store.outcomes.report_progress(job, deadline.progress) is None:
                deadline.stop.set()
                return


def _try_to_make(context: JobContext, job: Job, deadline: Deadline) -> Artifact | SoraError:
    """Return the file, or why there is none. Blocks."""
    folder = context.settings.output_dir
    try:
        if job.fence > MOST_STARTS:
            return SoraError("It was interrupted several times, so it is not begun again. Ask for it again.")
        plan = read_plan(job.call)
        if job.fence > 1 and not _is_unchanged(plan):
            return SoraError("It was interrupted, and its files are not the same any more. Ask for it again.")
        return _make(plan, job, folder, deadline, context=context)
    except SoraError as error:
        return error
    except OSError as error:
        log.warning("%s: %s", job.id, error)
        return UnwritableFile(folder, error)
    except Exception:
        log.exception("%s cannot be made", job.id)
        return SoraError("The edit failed for a reason that nobody foresaw; the server's log has it.")


def _make(plan: EditPlan, job: Job, folder: Path, deadline: Deadline, *, context: JobContext) -> Artifact:
    """Make the edit in a temporary file, which gets its name when it is whole."""
    ensure_folder(folder)
    check_free_space(folder, sum(file.stat().st_size for file in plan.files))
    remove_parts(folder, job)  # a process that was killed may have left one, and its worker may still write there
    part = folder / f".{job.id}.{job.fence}.part"
    try:
        made = edit_clip(plan.edit, part, deadline)
        size, sha256 = part.stat().st_size, hash_file(part)
        whole = replace(job, size=f"{made.width}x{made.height}", seconds=math.ceil(made.duration_s or 0), finished_at=context.clock())
        path = keep(part, whole, sha256=sha256, zone=context.settings.zone, ending=plan.edit.ending)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    file = describe_file(path, size, sha256, duration_s=made.duration_s, width=made.width, height=made.height)
    has_sound = probe_mp4(path).has_sound if plan.edit.ending == "mp4" else None
    return replace(file, notes=(made.note,) if made.note else (), has_sound=has_sound)


def _is_unchanged(plan: EditPlan) -> bool:
    """Return whether the files are those that the edit was asked for."""
    try:
        return tuple(map(hash_file, plan.files)) == plan.hashes
    except OSError:
        return False


def _discard(file: Artifact) -> None:
    """Remove a file that nobody wants any more, and its sidecar."""
    for path in (Path(file.path), Path(file.path).with_suffix(".json")):
        with contextlib.suppress(OSError):
            path.unlink()
