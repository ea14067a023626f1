"""Wait for the user's answer to a quote, and report it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anyio
from mcp.types import CallToolResult

from sora_mcp.domain.errors import Declined
from sora_mcp.domain.money import format_dollars
from sora_mcp.server.context import ToolContext, principal
from sora_mcp.server.results import build_result

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval

QUOTE_ID = re.compile(r"\s*q_[0-9a-z]{1,20}\s*", re.IGNORECASE)
LOOK_S = 0.5
"""Seconds between two looks into the store: the answer may be given in another process."""
DECLINED = "The user declined. Nothing was bought. Do not ask again unless the user wants it."
UNANSWERED = "The question ended without an answer. Nothing was bought. create_video asks again, if the user wants it."


def is_quote(text: str) -> bool:
    """Return whether this is the id of a quote."""
    return QUOTE_ID.fullmatch(text) is not None


async def wait_for_answer(service: VideoService, quote_id: str, wait_s: float, *, ctx: ToolContext) -> Approval:
    """Return the quote once it is answered, used or over, or when the time is over. NotFound."""
    start = anyio.current_time()
    approval = await service.store.approvals.get(quote_id, principal())
    changes = ctx.request_context.lifespan_context.changes
    while is_open(approval, service) and (waited := anyio.current_time() - start) < wait_s and not changes.is_closing:
        await ctx.report_progress(round(waited, 1), wait_s, "Waiting for the user's answer")
        await anyio.sleep(min(LOOK_S, wait_s - waited))
        approval = await service.store.approvals.get(quote_id, principal())
    return approval


def is_open(approval: Approval, service: VideoService) -> bool:
    """Return whether an answer is still awaited."""
    has_yes = approval.has_yes(only_on_page=service.settings.only_on_page)
    return not has_yes and approval.used_by is None and approval.expires_at > service.clock()


async def report_answer(service: VideoService, quote_id: str, wait_s: float, *, ctx: ToolContext) -> CallToolResult | str:
    """Return the user's answer as a result, or the id of the job that the quote was used for. Raise Declined where it was not a yes."""
    approval = await wait_for_answer(service, quote_id, wait_s, ctx=ctx)
    if approval.used_by is not None:
        return approval.used_by
    if approval.expires_at <= service.clock():
        raise Declined(DECLINED if approval.declined_at is not None else UNANSWERED)
    what = "with the same arguments" if approval.uses == 1 else f"for each of the {approval.uses} clips, with the same terms"
    again = f'create_video {what} and quote="{approval.id}"'
    has_yes = approval.has_yes(only_on_page=service.settings.only_on_page)
    if has_yes:
        message = f"The user approved {format_dollars(approval.total)}. Next: {again}."
    else:
        message = f'The user has not answered yet. Next: get_video_status("{approval.id}") waits on; once they approve, {again}.'
    return build_result({"message": message, "quote": approval.id, "needs_confirmation": not has_yes})
