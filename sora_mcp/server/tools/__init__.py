"""The tools: typed arguments in, one answer out; the desk decides everything."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, InputRequiredResult

from sora_mcp.domain import LIVE, Job, State
from sora_mcp.domain.errors import NotCancellable
from sora_mcp.server import elicitation as approval
from sora_mcp.server import messages as sentences
from sora_mcp.server import offers_view as sizes
from sora_mcp.server import results as replies
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.seeing import edit_video, view_video
from sora_mcp.server.tools.request import parse_request

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

LOOK_S = 0.25
"""How often the store is asked while a client waits: another process may finish the job."""
TELL_S = 2.0


async def create_video(
    prompt: str,
    ctx: Context[ServerContext, Any],
    model: str = "",
    size: str = "",
    seconds: int | None = None,
    image: str = "",
    options: dict[str, Any] | None = None,
    max_usd: float | str | None = None,
    quote: str = "",
    request_id: str = "",
) -> CallToolResult | InputRequiredResult:
    """Reserve a job; the worker sends it. Where a person has to agree, ask in the chat."""
    service = await _desk(ctx)
    wish = parse_request(
        prompt=prompt,
        model=model,
        size=size,
        seconds=seconds,
        image=image,
        options=options,
        max_usd=max_usd,
        quote=quote,
        request_id=request_id,
    )
    job = await approval.bought(service, wish, ctx)
    if isinstance(job, InputRequiredResult):
        return job
    return replies.started(job, now=service.clock(), request_id=request_id)


async def get_video_status(job_id: str, ctx: Context[ServerContext, Any], wait_seconds: float = 25) -> CallToolResult:
    """The job, after its next change of state at the latest."""
    service = await _desk(ctx)
    job = await service.job(job_id, principal=principal())
    return replies.status(await _changed(job, wait_seconds, service, ctx), now=service.clock())


async def estimate_cost(
    ctx: Context[ServerContext, Any],
    model: str = "",
    size: str = "",
    seconds: int | None = None,
    image: bool = False,
    options: dict[str, Any] | None = None,
    clips: int = 1,
) -> CallToolResult:
    """The price of any prompt."""
    service = await _desk(ctx)
    wish = parse_request(model=model, size=size, seconds=seconds, image=image, options=options)
    return replies.estimated(await service.estimate(wish, clips=clips, principal=principal()), service)


async def list_sizes(ctx: Context[ServerContext, Any], model: str = "") -> CallToolResult:
    """Answers without the store, but for vendors whose list is not written here."""
    opened = ctx.request_context.lifespan_context
    catalogue, today = await opened.sold(model), opened.today()
    if not model:
        return replies.reply(sizes.short(catalogue, today=today))
    return replies.reply(sizes.named(model, catalogue, today=today))


async def list_videos(
    ctx: Context[ServerContext, Any], state: State | None = None, query: str = "", limit: int = 20, cursor: str = ""
) -> CallToolResult:
    """A page of jobs, and the budget."""
    service = await _desk(ctx)
    page = await service.jobs(principal=principal(), state=state, query=query or None, limit=limit, cursor=cursor or None)
    return replies.listed(page, await service.budget())


async def cancel_video(job_id: str, ctx: Context[ServerContext, Any]) -> CallToolResult:
    """The job, called back, and what its vendor says about the money."""
    service = await _desk(ctx)
    job = await service.job(job_id, principal=principal())
    vendor = next((vendor for vendor in service.catalogue.vendors if vendor.name == job.vendor), None)
    refunds = (vendor.cancel_note or sentences.of_refunds(vendor.title, vendor.refunds)) if vendor and job.micros else ""
    try:
        gone = await service.cancel(job.id, principal=principal())
    except NotCancellable as error:
        told = f"{error.message} {refunds if job.state in LIVE else ''}"
        raise NotCancellable(told.rstrip(), await service.job(job.id, principal=principal())) from error.__cause__
    return replies.cancelled(gone, now=service.clock(), refunds=refunds)


EVERY = (create_video, get_video_status, estimate_cost, list_sizes, list_videos, cancel_video, view_video, edit_video)
TOOLS: Mapping[str, Callable[..., Awaitable[Any]]] = {tool.__name__: tool for tool in EVERY}
"""By name, in the order of texts.FACES."""


async def _desk(ctx: Context[ServerContext, Any]) -> VideoService:
    return await ctx.request_context.lifespan_context.service()


async def _changed(job: Job, wait_s: float, service: VideoService, ctx: Context[ServerContext, Any]) -> Job:
    """The job once its state is another, or when the time is over."""
    began, told, first = time.monotonic(), -TELL_S, job.state
    while job.state == first and job.state in LIVE and (waited := time.monotonic() - began) < wait_s:
        if waited - told >= TELL_S:
            told = waited
            await ctx.report_progress(round(waited, 1), wait_s, sentences.of_progress(job, now=service.clock()))
        await anyio.sleep(min(LOOK_S, wait_s - waited))
        job = await service.job(job.id, principal=principal())
    return job
