"""A person's yes to a price, outside of the chat."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime

import anyio

from sora_mcp.cli.terminal import facts, yes
from sora_mcp.config.settings import Settings
from sora_mcp.domain.money import show as dollars
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.worker import open_service
from sora_mcp.security.text import sanitize
from sora_mcp.store import Approval

MOST_PROMPT = 300


def approve(settings: Settings, arguments: Namespace) -> int:
    """Shows what it is and, where a person sits at a terminal, asks once more. Without one the command itself is the yes."""
    return anyio.run(_approve, settings, arguments.quote)


async def _approve(settings: Settings, quote: str) -> int:
    async with open_service(settings, work=False) as service:
        asked = await service.store.run(service.store.approvals.approval, quote)
        print(facts(_said(asked, service)))
        waits = asked.approved_at is None and asked.used_by is None and asked.expires_at > service.clock()
        if waits and not _agreed():
            print("Not approved. Nothing was sent, nothing was charged.")
            return 1
        approval = await service.store.run(service.store.approvals.approve, quote)
    print(f"Approved, once. Tell the chat to go on: create_video with the same arguments and quote={approval.id!r}.")
    return 0


def _said(approval: Approval, service: VideoService) -> list[tuple[str, object]]:
    choice = service.catalogue.get(approval.model)
    ended = choice.offer.ended if choice is not None else None
    return [
        ("quote", approval.id),
        ("price", dollars(approval.micros)),
        ("model", approval.model),
        ("ended", f"{ended.what}, by {ended.by}, on {ended.on}" if ended else None),
        ("size", approval.size),
        ("seconds", approval.seconds),
        ("prompt", sanitize(approval.prompt, MOST_PROMPT) or "any: this quote is an estimate's"),
        ("until", f"{datetime.fromtimestamp(approval.expires_at, UTC):%Y-%m-%d %H:%M} UTC"),
    ]


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("There is no terminal to ask at: the command itself is the yes.")
        return True
    return yes("Approve?")
