"""Estimate what a request would cost, and compare the offers that take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Offer, Order, Quote, VideoRequest
from sora_mcp.domain.errors import BrokenRules, Refused
from sora_mcp.domain.money import Micros
from sora_mcp.store.records import Budget

MOST_PARTS = 20
"""Clips of which a longer one may be made."""
Part = tuple[int, Order, Quote]
"""How many clips, each of them, and its price."""


@dataclass(frozen=True)
class Estimate:
    """The cost of a request, and whether it would be allowed."""

    order: Order
    quote: Quote
    clips: int
    micros: Micros
    """Of all clips."""
    needs_confirmation: bool
    quote_id: str | None
    """A quote that a person can agree to before: one such clip with any prompt."""
    refusal: str | None
    """The sentence with which create_video would refuse it now."""
    budget: Budget
    offers: tuple[tuple[Order, Quote], ...]
    """The comparison, cheapest first, where no model was named: of what this user can buy, else of all that live."""
    parts: tuple[Part, ...] = ()
    """Where no model makes the length in one clip: the ways to make it of equal ones, the cheapest first."""


def plan_estimate(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Order, Quote, str | None]:
    """Plan the request; where the model was left open and no vendor with a key takes it, at the cheapest living offer that does.

    Return besides why no model is left of those that a key is here for, where that is so.
    """
    try:
        return *plan(request, catalogue, today=today), None
    except Refused as refusal:
        if request.model is not None:
            raise
        living = [offer for offer in catalogue.offers if catalogue.needs_key(offer) and catalogue.is_living(offer)]
        ranked = rank_orders([offer for offer in living if offer.id not in catalogue.paused], request, today=today)
        if not ranked:
            raise
        order, price = plan(replace(request, model=ranked[0][0].offer.id), catalogue, today=today)
        why_none = None if isinstance(refusal, BrokenRules) else refusal.message
        return replace(order, why="Chosen: the cheapest model for this request."), price, why_none


def plan_parts(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Part, ...]:
    """Return the ways to make a length, which no model makes in one clip, of equal ones, each at the cheapest offer.

    The cheapest is first; of those that cost the same, the one with the fewest clips.
    """
    offers = catalogue.find_named(request.model) if request.model else _list_buyable(catalogue)
    total, longest = request.seconds, max((seconds for offer in offers for seconds in offer.seconds), default=0)
    if type(total) is not int or total <= longest:
        return ()
    lengths = ((count, total // count) for count in range(2, MOST_PARTS + 1) if total % count == 0)
    ranked = ((count, rank_orders(offers, replace(request, seconds=seconds), today=today)) for count, seconds in lengths)
    parts = [(count, *found[0]) for count, found in ranked if found]
    return tuple(sorted(parts, key=lambda part: (part[0] * part[2].micros, part[0])))


def compare_offers(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[tuple[Order, Quote], ...]:
    """Return what the offers that this user can buy make of a request that names no model, cheapest first; else all that live."""
    if request.model:
        return ()
    ranked = rank_orders(_list_buyable(catalogue), request, today=today) if catalogue.keyed else []
    return tuple(ranked or rank_orders([offer for offer in catalogue.offers if catalogue.is_living(offer)], request, today=today))


def _list_buyable(catalogue: Catalogue) -> list[Offer]:
    """Return the offers of vendors with a key that may be chosen; without any key, the free one."""
    return [offer for offer in catalogue.buyable_offers if catalogue.needs_key(offer) or not catalogue.keyed]
