"""Estimate what a request would cost, and compare the offers that take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Order, Quote, VideoRequest
from sora_mcp.domain.errors import BrokenRules, Refused
from sora_mcp.domain.money import Micros
from sora_mcp.store.records import Budget


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
    """The comparison, cheapest first, where no model was named."""


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
        return replace(order, why="Chosen: the cheapest model that takes this."), price, why_none


def compare_offers(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[tuple[Order, Quote], ...]:
    """Return what every offer makes of a request that names no model, cheapest first."""
    return () if request.model else tuple(rank_orders(catalogue.offers, request, today=today))
