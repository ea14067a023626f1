"""Approve a quote outside the chat."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime

import anyio

from sora_mcp.cli.terminal import confirm, open_console, print_facts, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.money import show as format_dollars
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.security.text import sanitize
from sora_mcp.store.records import Approval

MOST_PROMPT = 300


def approve(settings: Settings, arguments: Namespace) -> int:
    """Show the quote and ask for a yes at a terminal. Without a terminal the command itself counts as the yes."""
    return anyio.run(_approve, settings, arguments.quote)


async def _approve(settings: Settings, quote: str) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        approval = await service.store.approvals.get(quote)
        print_facts(console, describe_approval(approval, service))
        is_open = approval.approved_at is None and approval.used_by is None and approval.expires_at > service.clock()
        if is_open and not _confirm():
            print_text(console, "Not approved. Nothing was sent or charged.")
            return 1
        approval = await service.store.approvals.approve(quote)
    print_text(
        console, f"Approved for one video. Tell the chat to continue: create_video with the same arguments and quote={approval.id!r}."
    )
    return 0


def describe_approval(approval: Approval, service: VideoService) -> Iterator[tuple[str, object]]:
    """Yield what a person needs to know before saying yes."""
    choice = service.catalogue.get(approval.model)
    ended = choice.offer.ended if choice is not None else None
    yield "quote", approval.id
    yield "price", format_dollars(approval.micros)
    yield "model", approval.model
    yield "ended", f"{ended.what}, by {ended.by}, on {ended.on}" if ended else None
    yield "size", approval.size
    yield "seconds", approval.seconds
    yield "prompt", sanitize(approval.prompt, MOST_PROMPT) or "any (the quote is for an estimate)"
    yield "until", f"{datetime.fromtimestamp(approval.expires_at, UTC):%Y-%m-%d %H:%M} UTC"


def _confirm() -> bool:
    if not sys.stdin.isatty():
        print("There is no terminal to ask at, so running the command counts as the yes.")
        return True
    return confirm("Approve?")
