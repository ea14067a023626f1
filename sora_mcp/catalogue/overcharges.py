"""Say before a purchase that its vendor charged more than quoted for another model, and which cheaper model is paused for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.domain import Offer, Order, Quote, VideoRequest
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.domain.terminal_command import describe_command


def describe_pauses(order: Order, price: Quote, request: VideoRequest, catalogue: Catalogue, *, today: date) -> Iterator[str | None]:
    """Yield what paused models mean for an order of another one: a cheaper one that was passed over, and what the price may become."""
    if order.offer.id not in catalogue.paused_models:
        yield _describe_passed_over(order, price, request, catalogue, today)
        yield describe_risk(order.offer, price.micros, catalogue)


def describe_risk(offer: Offer, price: Micros, catalogue: Catalogue) -> str | None:
    """Say what this price may become at a vendor one of whose models is paused for an overcharge; None where none is, or it is free."""
    pause = offer.overcharge
    if pause is None or not price or not pause.quoted or not pause.cost:
        return None
    excess = f"{pause.cost / pause.quoted - 1:.0%}".replace("%", " %")
    paid = f"{format_dollars(pause.cost)} on {pause.model}, quoted {format_dollars(pause.quoted)}"
    likely = format_dollars(offer.expect(price))
    return f"{catalogue.get_vendor(offer).title} last charged {excess} more than quoted ({paid}): this may cost about {likely}."


def _describe_passed_over(order: Order, price: Quote, request: VideoRequest, catalogue: Catalogue, today: date) -> str | None:
    """Say which paused model would have been chosen instead of the order's, and what it would probably cost; None where none would, or it
    would probably cost no less."""
    named = catalogue.offers if request.model is None else catalogue.find_all_named(request.model)
    offers = [offer for offer in named if offer.id in catalogue.paused_models and catalogue.is_usable(offer) and catalogue.is_living(offer)]
    for other, listed in rank_orders(offers, request, today=today)[:1]:
        likely = other.offer.expect(listed.micros)
        if listed.micros < price.micros and likely < order.offer.expect(price.micros):
            cost = f"{other.offer.id} would cost about {format_dollars(likely)}"
            return f"{cost}, but is paused until the user runs {describe_command('resume', other.offer.id)}."
    return None
