"""Tell a user without any key how real clips are had, and what they cost."""

from __future__ import annotations

import functools
from datetime import date

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.hints import BEST, WHOSE, is_known_for
from sora_mcp.catalogue.sizes import name_lines
from sora_mcp.domain import Order, Quote, VideoRequest
from sora_mcp.domain.money import format_dollars

LENGTH_S = 5
"""Of the clips whose prices are named."""


@functools.lru_cache(maxsize=4)
def describe_first_key(catalogue: Catalogue, *, today: date) -> str:
    """Say that real clips need an account and a key, and what they cost at the vendor where one key buys the cheapest clip and one with
    the best look; empty where no vendor sells both. Made once for a catalogue and a day."""
    priced = rank_orders(catalogue.living_offers, VideoRequest("a clip", seconds=LENGTH_S), today=today)
    best = {found[0].offer.vendor: found for found in reversed(priced) if is_known_for(found[0].offer, BEST)}
    least = next((found for found in priced if found[0].offer.vendor in best), None)
    if least is None:
        return ""
    vendor = catalogue.get_vendor(least[0].offer)
    what = f"with seconds={LENGTH_S} from {_describe_price(least)}; with the {BEST}, {WHOSE}, {_describe_price(best[vendor.name])}"
    begin = f"Real clips need an account and a key at a vendor, where they are paid, such as {vendor.title} ({what})."
    return f"{begin} {describe_adding_key((vendor,))}"


def _describe_price(found: tuple[Order, Quote]) -> str:
    order, price = found
    lines = name_lines(order.size)
    return f"{format_dollars(price.micros)}{f' at {lines}' if lines else ''}"
