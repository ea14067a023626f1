"""cancel_video: cancel a job, and say what happens to its money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import EDIT_MODEL, LIVE, Job, Vendor
from sora_mcp.domain.errors import NotCancellable
from sora_mcp.server.charges import describe_money, format_price
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.charges import capitalize
from sora_mcp.server.messages import describe_job
from sora_mcp.server.vendor_words import name_vendor, quote_vendor
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

RULES = {
    True: "{vendor} refunds cancelled clips automatically",
    False: "{vendor} does not refund cancelled clips",
    None: "{vendor} does not say whether it refunds cancelled clips",
}
"""What a vendor does with the money of a cancelled clip."""
TODO = {True: "; nothing to do.", False: ".", None: ": check your account there."}


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
    return format_result(cancelled, service.catalogue.find_vendor(job.vendor), now=service.clock())


def format_result(job: Job, vendor: Vendor | None, *, now: float) -> CallToolResult:
    """Return the result for a job that was cancelled, or that its vendor was asked to cancel."""
    if job.state in LIVE:
        return build_job_result(job, _describe_pending(job, vendor))
    return build_job_result(job, _describe_cancelled(job, vendor) if job.state == "cancelled" else describe_job(job, now=now))


def _describe_pending(job: Job, vendor: Vendor | None) -> str:
    asked = f"{name_vendor(job)} was asked to cancel {job.id}; its next status says whether it did."
    rule = f"; {_find_rule(vendor)}" if vendor and job.micros else ""
    price = format_price(job.price)
    money = "It is free" if not job.price else f"{price} is already paid" if job.charged == "yes" else f"{price} stays reserved until then"
    return f'{asked} {money}{rule}. Next: get_video_status("{job.id}").'


def _describe_cancelled(job: Job, vendor: Vendor | None) -> str:
    """Say that it is cancelled, and in one sentence what that costs."""
    title = name_vendor(job)
    where = f" at {title}" if job.vendor_id else "" if job.model == EDIT_MODEL else " before it was sent"
    quoted = f" {said}" if job.error and (said := quote_vendor(title, job.error.vendor_message)) else ""
    return f"{job.id} was cancelled{where}.{quoted} {capitalize(_describe_cost(job, vendor))}"


def _describe_cost(job: Job, vendor: Vendor | None) -> str:
    """Say what a cancelled job costs: as the vendor said of this one, else by the vendor's rule."""
    price = format_price(job.price)
    if job.charged == "no" or not job.price or vendor is None:
        return f"{describe_money(job)}."
    if job.charged == "yes" and job.actual is not None:
        rest = job.micros - job.actual
        return f"{price} was charged." if rest <= 0 else f"{price} of the {format_price(job.micros)} was charged; the rest came back."
    rule, todo = _find_rule(vendor), TODO[vendor.refunds]
    if job.charged == "yes" and vendor.refunds:
        return f"{vendor.title} charged {price} first and refunds cancelled clips automatically; nothing to do."
    return f"{describe_money(job)}; {rule}{todo}"


def _find_rule(vendor: Vendor) -> str:
    return vendor.cancel_note or RULES[vendor.refunds].format(vendor=vendor.title)


TOOL = ToolDefinition(
    "cancel_video",
    "Cancel video",
    "Cancel a clip, only if the user asks. Says whether money comes back.",
    ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
    Arguments,
    cancel_video,
    JOB_RESULT,
)
