"""Choose within a family: a name of several models, such as `veo` or `best look`, means the cheapest of them that takes the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.hints import BEST, HINTS, SELLERS_WORD, describe_hint, find_label, get_hint, is_known_for
from sora_mcp.domain import Offer, Order, Quote, VideoRequest
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.domain.money import format_quote

MOST_CHEAPER = 2
"""Other models of a family that are named beside the one with the best look."""


def find_family_takers(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Offer, ...]:
    """Return the living offers of the family that the request names, which can be bought and take it; none for a name of one model."""
    if request.model is None or catalogue.has_name(request.model):
        return ()
    usable = [offer for offer in catalogue.find_family(request.model) if catalogue.is_buyable(offer)]
    return tuple(order.offer for order, _ in rank_orders(usable, replace(request, model=None), today=today))


def describe_choice(name: str, chosen: Order, ranked: Sequence[tuple[Order, Quote]], why: str, *, today: date) -> str:
    """Say of how many models this one was chosen, and what others of them cost: the cheapest, and the one with the best look."""
    others = dict[str, tuple[Order, Quote]]()
    for order, price in ranked:
        others.setdefault(order.offer.model, (order, price))
    count, label = len(others), find_label(name)
    others.pop(chosen.offer.model)
    is_hint = label in {hint.good_for for hint in HINTS.values()}
    if label == "cheapest" or not (others or is_hint):
        return why
    found = list(others.values())
    best = [one for one in found[MOST_CHEAPER:] if is_known_for(one[0].offer, BEST)][:1]
    named = [*found[:MOST_CHEAPER], *best]
    first = None if is_hint else next((one for one in named if get_hint(one[0].offer)), None)
    hints = ["" if is_hint else _describe_hint(one[0].offer, with_source=one is first) for one in named]
    clips = [describe_clip(*one, good_for=hint, today=today) for one, hint in zip(named, hints, strict=True)]
    rest = count - 1 - len(named)
    more = f', and {rest} more in list_sizes(model="{name.strip()}")' if rest else ""
    listed = f" Others: {', '.join(clips)}{more}." if named else ""
    models = "1 model" if count == 1 else f"{count} models"
    return f"{quote_value(name)}{f' ({SELLERS_WORD})' if is_hint else ''} means {models} here. {why}{listed}"


def _describe_hint(offer: Offer, *, with_source: bool) -> str:
    return "" if (hint := get_hint(offer)) is None else describe_hint(hint, with_source=with_source)


def describe_clip(order: Order, price: Quote, *, good_for: str = "", today: date) -> str:
    """Return the model of an order, with its price, what its clip is like, what it is good for, and whether its price is one that a person
    approves however low it is."""
    looks = f"{format_quote(price.micros, order.offer.expect(price.micros))} for {describe_looks(order)}"
    doubt = "needs approval" if price.describe_doubt(today) else ""
    return f"{order.offer.id} ({', '.join(filter(None, (looks, good_for, doubt)))})"
