"""Say before a purchase that its vendor charged more than quoted for another model, and which cheaper model is paused for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.domain import Order, Quote, VideoRequest
from sora_mcp.domain.money import Micros, format_dollars


def describe_pauses(order: Order, price: Quote, request: VideoRequest, catalogue: Catalogue, *, today: date) -> Iterator[str | None]:
    """Yield what paused models mean for an order of another one: a cheaper one that was passed over, and what the price may become."""
    if order.offer.id not in catalogue.paused_models:
        yield _describe_passed_over(order, price, request, catalogue, today)
        yield describe_risk(order.offer.vendor, price.micros, catalogue)


def describe_risk(vendor: str, price: Micros, catalogue: Catalogue) -> str | None:
    """Say what this price may become at a vendor one of whose models is paused for an overcharge; None where none is, or it is free."""
    known = [(pause, pause.quoted, pause.cost) for pause in catalogue.pauses if pause.vendor == vendor]
    dearer = [(pause, quoted, cost) for pause, quoted, cost in known if quoted and cost and cost > quoted]
    seller = catalogue.find_vendor(vendor)
    if not dearer or not price or seller is None:
        return None
    pause, quoted, cost = max(dearer, key=lambda one: one[0].since)
    excess = f"{cost / quoted - 1:.0%}".replace("%", " %")
    paid = f"{format_dollars(cost)} on {pause.model}, quoted {format_dollars(quoted)}"
    return f"{seller.title} last charged {excess} more than quoted ({paid}): this may cost about {format_dollars(price * cost // quoted)}."


def _describe_passed_over(order: Order, price: Quote, request: VideoRequest, catalogue: Catalogue, today: date) -> str | None:
    """Say which paused model would have been chosen instead of the order's, and what it last cost; None where none would."""
    named = catalogue.offers if request.model is None else catalogue.find_all_named(request.model)
    offers = [offer for offer in named if offer.id in catalogue.paused_models and catalogue.is_usable(offer) and catalogue.is_living(offer)]
    for other, listed in rank_orders(offers, request, today=today)[:1]:
        if (less := price.micros - listed.micros) > 0:
            pause = next(pause for pause in catalogue.pauses if pause.model == other.offer.id)
            return f"{pause.model} is {format_dollars(less)} cheaper by its list price, but paused: {pause.why}."
    return None
