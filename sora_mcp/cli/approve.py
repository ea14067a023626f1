"""Approve a quote outside the chat."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

import anyio

from sora_mcp.catalogue.overcharges import describe_risk
from sora_mcp.cli.consent import NO_TERMINAL, ask_price
from sora_mcp.cli.program_path import naming_store
from sora_mcp.cli.terminal import open_console, print_facts, print_text
from sora_mcp.cli.wrapping import print_error
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LOCAL
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.text import describe_prompt
from sora_mcp.domain.times import show_left, show_span
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.store.records import Approval

MOST_PROMPT = 2000


def approve(settings: Settings, arguments: Namespace) -> int:
    """Show the quote and approve it once its price is typed at a terminal. Without a terminal nothing is approved."""
    if settings.only_on_page:
        print_error("A yes counts on a page only (SORA_MCP_YES=page), not at a terminal. Nothing was approved.")
        return NO_TERMINAL
    return anyio.run(_approve, settings, arguments.quote)


async def _approve(settings: Settings, quote: str) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        with naming_store(settings):
            approval = await service.store.approvals.get(quote)
        print_facts(console, describe_approval(approval, service))
        is_open = approval.approved_at is None and approval.used_by is None and approval.expires_at > service.clock()
        videos = approval.clips * approval.uses
        several = f"{videos} videos of " if videos > 1 else ""
        question = f"Approve {approval.id}, {several}{approval.seconds} s of {approval.model}?"
        if is_open and (code := ask_price(settings, approval.total, question, otherwise="Not approved. Nothing was sent or charged.")):
            return code
        approval = await service.store.approvals.approve(quote)
    what = f"{videos} videos" if videos > 1 else "one video"
    again = f"create_video with the same arguments and quote={approval.id!r}"
    print_text(console, f"Approved for {what}. Tell the chat to continue: {again}.")
    return 0


def describe_approval(approval: Approval, service: VideoService) -> Iterator[tuple[str, object]]:
    """Yield what a person needs to know before saying yes."""
    offer = service.catalogue.get(approval.model)
    ended = offer.ended if offer is not None else None
    yield "quote", approval.id
    yield "for", approval.principal if approval.principal != LOCAL else None
    yield "price", format_dollars(approval.total)
    yield "but", describe_risk(offer, approval.total, service.catalogue) if offer is not None else None
    yield "each", format_dollars(approval.micros) if approval.uses > 1 else None
    yield "model", approval.model
    yield "ended", f"{ended.what}, by {ended.by}, on {ended.on}" if ended else None
    yield "size", approval.size
    yield "seconds", approval.seconds
    yield "clips", videos if (videos := approval.clips * approval.uses) > 1 else None
    yield "prompt", describe_prompt(approval.prompt, MOST_PROMPT) or "any (the quote is for an estimate)"
    left = approval.expires_at - service.clock()
    yield "expires", f"in {show_left(left, 0)}" if left > 0 else f"{show_span(-left)} ago"
