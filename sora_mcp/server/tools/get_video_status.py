"""get_video_status: report a job after its next change of state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import LIVE, Job
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.messages import describe_job, describe_progress
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

RECHECK_S = 10.0
"""Seconds until a call looks into the store by itself, for what nobody told it: the watcher wakes it for every change of the job."""
PROGRESS_S = 2.0
"""Seconds between two progress notifications."""


@dataclass(frozen=True)
class Arguments:
    """The job, and how long to wait for a change."""

    job_id: Annotated[str, Spec(is_job=True)]
    wait_seconds: Annotated[float, Spec("Default 25", minimum=0, maximum=50)] = 25


async def get_video_status(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Report the job once its state has changed, or when the time is over."""
    service = await get_service(ctx)
    job = await service.job(arguments.job_id, principal=principal())
    return format_result(await _wait_for_change(job, arguments.wait_seconds, service, ctx=ctx), now=service.clock())


def format_result(job: Job, *, now: float) -> CallToolResult:
    """Return the result for a job."""
    return build_job_result(job, describe_job(job, now=now))


async def _wait_for_change(job: Job, wait_s: float, service: VideoService, *, ctx: ToolContext) -> Job:
    """Return the job after its next change of state, or after `wait_s`; send progress meanwhile."""
    changes, first = ctx.request_context.lifespan_context.changes, job.state
    start = looked = time.monotonic()
    reported, change = -PROGRESS_S, None
    while job.state == first and job.state in LIVE and (waited := time.monotonic() - start) < wait_s:
        if change is None or change.is_set() or time.monotonic() - looked >= RECHECK_S:
            change, looked = changes.expect(job.id), time.monotonic()
            job = await service.job(job.id, principal=principal())
            continue
        if waited - reported >= PROGRESS_S:
            reported = waited
            await ctx.report_progress(round(waited, 1), wait_s, describe_progress(job, now=service.clock()))
        with anyio.move_on_after(min(PROGRESS_S, wait_s - waited)):
            await change.wait()
    return job


TOOL = ToolDefinition(
    "get_video_status",
    "Video status",
    "Tell how a clip is doing, waiting for news. "
    "Use this after create_video until state is completed; path is then the file. "
    "A slow clip is paid for: ask again.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    Arguments,
    get_video_status,
    JOB_RESULT,
    has_page=True,
)
