"""cancel_video: cancel a job, and say what happens to its money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import LIVE, Job, Vendor
from sora_mcp.domain.errors import NotCancellable
from sora_mcp.server.cancellations import describe_cancelled, describe_pending
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.messages import describe_job
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService


@dataclass(frozen=True)
class Arguments:
    """The job to cancel."""

    job_id: Annotated[str, Spec(is_job=True)]


async def cancel_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Cancel the job at its vendor. Raise NotCancellable where it goes on, with the money as it is by then."""
    return await cancel(await get_service(ctx), arguments.job_id)


async def cancel(service: VideoService, job_id: str) -> CallToolResult:
    """Cancel the caller's job and return the result. Raise as `cancel_video`."""
    job = await service.job(job_id, principal=principal())
    try:
        cancelled = await service.cancel(job.id, principal=principal())
    except NotCancellable as error:
        now = await service.job(job.id, principal=principal())
        raise NotCancellable(error.message, now, must_pay=error.must_pay) from error.__cause__
    return format_result(cancelled, service.catalogue.find_vendor(job.vendor), now=service.clock(), first_asked_at=job.cancel_asked_at)


def format_result(job: Job, vendor: Vendor | None, *, now: float, first_asked_at: float | None = None) -> CallToolResult:
    """Return the result for a job that was cancelled, or that its vendor was asked to cancel: again, where it was before."""
    if job.state in LIVE:
        return build_job_result(job, describe_pending(job, vendor, first_asked_at=first_asked_at))
    return build_job_result(job, describe_cancelled(job, vendor) if job.state == "cancelled" else describe_job(job, now=now))


TOOL = ToolDefinition(
    "cancel_video",
    "Cancel video",
    "Cancel a clip, only if the user asks. Says whether money comes back.",
    ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
    Arguments,
    cancel_video,
    JOB_RESULT,
)
