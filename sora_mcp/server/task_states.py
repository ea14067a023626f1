"""Jobs as tasks: which state of a job is which status, what a finished one returns, and how one is cancelled."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import anyio
from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.errors import CancelUnclear, NotCancellable, NotFound, SoraError
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.job_changes import Changes
from sora_mcp.server.messages import describe_error, describe_jobs, describe_progress
from sora_mcp.server.resources import hide_unforeseen
from sora_mcp.server.tasks import Status, Task
from sora_mcp.server.tools import cancel_video, get_video_status

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

log = logging.getLogger(__name__)
POLLS = 30
"""Looks at a job of the usual length that a client is advised to take."""
MIN_POLL_MS, MAX_POLL_MS = 1000, 5000
SENDING_S = 10.0
"""Seconds that a cancellation waits for the answer to a paid call that is on its way: before it, nobody can cancel the job."""


class JobTasks:
    """The tasks of a store. A task's id is its job's; of several takes, the first one's."""

    def find_id(self, result: CallToolResult) -> str | None:
        """Return the job of a result; None of a refusal. All takes of one purchase are one task."""
        fields = cast(dict[str, Any], result.structured_content or {})
        if result.is_error:
            return None
        jobs: Sequence[dict[str, Any]] = fields.get("jobs") or [fields]
        return jobs[0].get("job_id")

    async def get(self, task_id: str, context: ServerContext) -> Task:
        """Return the task over a job of the caller's. MCPError where there is none, or the store does not answer."""
        service, jobs = await _find(task_id, context)
        task = build_task(jobs, service)
        if task.is_over:
            await context.visits.note_shown(service, (principal(), ""), jobs)
        return task

    async def cancel(self, task_id: str, context: ServerContext) -> str:
        """Cancel as cancel_video does, each take of several. Return what it says of them."""
        service, jobs = await _find(task_id, context)
        words = [await _cancel(job, service, context.changes) for job in jobs if job.state in LIVE]
        return " ".join(words)

    async def update(self, task_id: str, answers: Mapping[str, Any], context: ServerContext) -> None:
        """Take no answer: a job asks nothing after it was made."""
        await _find(task_id, context)


def build_task(jobs: Sequence[Job], service: VideoService) -> Task:
    """Return the task over one job, or over several takes.

    A job that has no video completes its task with a result that is an error: `failed` is for protocol errors only.
    """
    first, now = jobs[0], service.clock()
    status = _find_status(jobs)
    result, message = None, ""
    if status == "working":
        live = [job for job in jobs if job.state in LIVE]
        message = describe_progress(first, now=now) if len(jobs) == 1 else f"{len(jobs) - len(live)} of {len(jobs)} have ended."
    elif status == "cancelled":
        message = _describe_cancelled(jobs, service)
    else:
        whole = get_video_status.format_result(first, now=now) if len(jobs) == 1 else get_video_status.format_results(jobs, now=now)
        result = whole.model_copy(update={"is_error": not any(job.state == "completed" for job in jobs)})
    return Task(
        id=first.id,
        status=status,
        created_at=first.created_at,
        updated_at=max(job.updated_at for job in jobs),
        poll_ms=max(MIN_POLL_MS, min(MAX_POLL_MS, 1000 * first.expected_s // POLLS)),
        message=message,
        result=result,
        jobs=tuple(job.id for job in jobs),
    )


def _find_status(jobs: Sequence[Job]) -> Status:
    if any(job.state in LIVE for job in jobs):
        return "working"
    return "cancelled" if all(job.state == "cancelled" for job in jobs) else "completed"


def _describe_cancelled(jobs: Sequence[Job], service: VideoService) -> str:
    if len(jobs) > 1:
        return describe_jobs(jobs, now=service.clock())
    return _read_message(cancel_video.format_result(jobs[0], service.catalogue.find_vendor(jobs[0].vendor), now=service.clock()))


async def _find(task_id: str, context: ServerContext) -> tuple[VideoService, list[Job]]:
    """Return the job and its other takes, with what only this process knows of them."""
    try:
        service = await context.service()
        job = await service.job(task_id, principal=principal())
        if job.batch != job.id:
            return service, [job]
        takes = await service.store.jobs.get_takes(job)
        return service, [await service.job(take.id, principal=principal()) for take in takes]
    except NotFound:
        raise MCPError(INVALID_PARAMS, "There is no such task.") from None
    except SoraError as error:
        raise MCPError(INTERNAL_ERROR, error.message, {"code": error.its_code}) from None
    except Exception as error:
        raise hide_unforeseen(error, "tasks") from None


async def _cancel(job: Job, service: VideoService, changes: Changes) -> str:
    """Cancel one job, and say what became of its money; also where its vendor does not cancel it."""
    try:
        try:
            result = await cancel_video.cancel(service, job.id)
        except NotCancellable as error:
            if error.job.state != "submitting":
                raise
            await _wait_until_sent(job.id, service, changes)
            result = await cancel_video.cancel(service, job.id)
        return _read_message(result)
    except (NotCancellable, CancelUnclear) as error:
        log.warning("a task was not cancelled: %s", error.message)
        return describe_error(error)
    except SoraError as error:
        raise MCPError(INTERNAL_ERROR, error.message, {"code": error.its_code}) from None
    except Exception as error:
        raise hide_unforeseen(error, "tasks/cancel") from None


async def _wait_until_sent(job_id: str, service: VideoService, changes: Changes) -> None:
    """Return once the job's paid call was answered, or after SENDING_S."""
    with anyio.move_on_after(SENDING_S):
        while True:
            answered = changes.expect(job_id)
            if (await service.job(job_id, principal=principal())).state != "submitting":
                return
            await answered.wait()


def _read_message(result: CallToolResult) -> str:
    return cast(dict[str, Any], result.structured_content)["message"]
