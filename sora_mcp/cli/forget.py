"""Go on with a store although the spending of this month is in another one that is gone."""

from __future__ import annotations

from argparse import Namespace

import anyio

from sora_mcp.cli.consent import ask_price
from sora_mcp.cli.terminal import open_console, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.errors import Refused
from sora_mcp.domain.money import format_dollars
from sora_mcp.jobs.runtime import open_service


def forget(settings: Settings, arguments: Namespace) -> int:
    """Take the store as it is now for the right one, once the sum that it has lost is typed at a terminal."""
    del arguments  # it has none of its own
    return anyio.run(_forget, settings)


async def _forget(settings: Settings) -> int:
    console = open_console()
    async with open_service(settings, work=False) as service:
        mark = service.store.purchase_mark
        loss = await mark.find_loss(settings.zone)
        if loss is None:
            print_text(console, "Nothing is missing from the store, so there is nothing to forget.")
            return 0
        if loss.remedy is not None:
            raise Refused(loss.describe())
        print_text(console, f"{loss.why} Jobs of the lost store are not followed any more; look for them in your account at the vendor.")
        question = f"Forget {format_dollars(loss.micros)}, and let this month's caps begin anew without it?"
        if code := ask_price(settings, loss.micros, question, otherwise="Nothing was changed, and nothing is bought."):
            return code
        await mark.forget(settings.zone)
    print_text(console, "Videos can be bought again with this store.")
    return 0
