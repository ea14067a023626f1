"""Price models at one length, where each was compared at its own shortest: only then can a person compare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.rules import breaches, quote
from sora_mcp.domain import Order, Quote
from sora_mcp.domain.errors import PriceUnknown

USUAL_S = 5
"""The length that most models make, and most people take."""


def find_usual_length(orders: Sequence[Order]) -> int | None:
    """Return the length that the most of these models make, the usual one first, else the shortest; None where the clips have one length
    already, or no two models share any."""
    if len({order.seconds for order in orders}) < 2 or any(order.clip is not None for order in orders):
        return None
    counted = Counter(seconds for order in orders for seconds in order.offer.seconds_by_frame[order.image is not None])
    found = max(counted, key=lambda seconds: (counted[seconds], seconds == USUAL_S, -seconds))
    return found if counted[found] > 1 else None


def quote_at_length(order: Order, seconds: int, *, today: date) -> Quote | None:
    """Return what a clip like this costs at another length; None where the model does not make it, or no source says the price."""
    other = replace(order, seconds=seconds)
    if seconds not in order.offer.seconds_by_frame[order.image is not None] or any(breaches(other)):
        return None
    try:
        return quote(other, today=today)
    except PriceUnknown:
        return None
