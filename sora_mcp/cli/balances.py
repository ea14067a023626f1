"""Show what is left of the user's money at each vendor that tells it."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from sora_mcp.cli.check_result import Finding
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.domain.money import format_dollars
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors.reading import read_balance


def check_balances(settings: Settings) -> Iterator[Finding]:
    """Yield a line for each vendor with a key that documents its balance. All are asked at once."""
    asked = [vendor for vendor in settings.catalogue.vendors if vendor.balance is not None and vendor.name in settings.keys]
    found: dict[str, Finding] = {}

    async def ask_all() -> None:
        async with VendorClient(settings.home, settings.keys, settings.trusted_hosts) as client, anyio.create_task_group() as tasks:
            for vendor in asked:
                tasks.start_soon(ask, vendor, client)

    async def ask(vendor: Vendor, client: VendorClient) -> None:
        found[vendor.name] = await _ask(vendor, client)

    if asked:
        anyio.run(ask_all)
    yield from (found[vendor.name] for vendor in asked)


async def _ask(vendor: Vendor, client: VendorClient) -> Finding:
    assert vendor.balance is not None
    what = f"balance at {vendor.title}"
    try:
        reply = await client.request(vendor.at_quote_url(), vendor.balance.ask)
    except NotSent as error:
        return Finding("note", f"{what}: not read. {error.message.removesuffix('.')}")
    if (micros := read_balance(vendor, reply)) is not None:
        return Finding("ok", f"{what}: {format_dollars(micros)}")
    may_not = "this key may not read it" if reply.status in (401, 403) else "not an answer with a sum"
    return Finding("note", f"{what}: not read; {may_not} (status {reply.status})")
