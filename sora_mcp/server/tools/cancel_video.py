"""cancel_video: cancel a job, and say what happens to its money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import LIVE, Job, Vendor
from sora_mcp.domain.errors import NotCancellable
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.messages import describe_job
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition

REFUNDS = {
    True: "{vendor} refunds cancelled clips automatically.",
    False: "{vendor} does not refund cancelled clips.",
    None: "{vendor} does not say whether it refunds cancelled clips.",
}


@dataclass(frozen=True)
class Arguments:
    """The job to cancel."""

    job_id: Annotated[str, Spec(is_job=True)]


async def cancel_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Cancel the job at its vendor. Raise NotCancellable where it goes on: what a vendor refunds is then of no use to the user."""
    service = await get_service(ctx)
    job = await service.job(arguments.job_id, principal=principal())
    vendor = next((vendor for vendor in service.catalogue.vendors if vendor.name == job.vendor), None)
    try:
        cancelled = await service.cancel(job.id, principal=principal())
    except NotCancellable as error:
        note = vendor.cancel_note if vendor and job.micros and job.state in LIVE else ""
        raise NotCancellable(f"{error.message} {note}".rstrip(), await service.job(job.id, principal=principal())) from error.__cause__
    refunds = describe_refunds(vendor) if vendor and job.micros else ""
    return format_result(cancelled, now=service.clock(), refunds=refunds)


def describe_refunds(vendor: Vendor) -> str:
    """Say what the vendor does with the money of a cancelled job."""
    return vendor.cancel_note or REFUNDS[vendor.refunds].format(vendor=vendor.title)


def format_result(job: Job, *, now: float, refunds: str) -> CallToolResult:
    """Return the result for a job that was cancelled, or that its vendor was asked to cancel."""
    return build_job_result(job, _describe(job, now=now, refunds=refunds))


def _describe(job: Job, *, now: float, refunds: str) -> str:
    if job.state in LIVE:
        asked = f"{job.vendor} was asked to cancel {job.id}; its next answer says whether it did."
        return " ".join(filter(None, (asked, refunds, describe_job(job, now=now))))
    return describe_job(job, now=now) if job.charged == "no" else f"{describe_job(job, now=now)} {refunds}".rstrip()


TOOL = ToolDefinition(
    "cancel_video",
    "Cancel video",
    "Cancel a clip, only if the user asks. Says whether money comes back.",
    ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
    Arguments,
    cancel_video,
    JOB_RESULT,
)
