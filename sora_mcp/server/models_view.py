"""The models that this user can buy now, in a few lines: what `list_sizes` says without a model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.hints import get_hint
from sora_mcp.catalogue.rules import SIZE_FACTS, describe_lengths, sizes_of
from sora_mcp.catalogue.sizes import count_lines, name_lines
from sora_mcp.catalogue.unavailable import count_unavailable
from sora_mcp.domain import Clip, Image, Offer, Order, Quote, VideoRequest, VideoRule
from sora_mcp.domain.money import Micros
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.server.messages import format_price
from sora_mcp.server.offers_view import find_least, name_successors
from sora_mcp.server.results import count_bytes, to_dollars, without_empty

MOST_SUMMARY_BYTES = 1_950
"""Bytes of the whole result, message and rows: below 600 tokens."""
ANY_IMAGE = Image("https://example.com/frame.png")
ANY_CLIP = "https://example.com/clip.mp4"
NEXT = 'Next: list_sizes(model="…") has every size, price and option of one'
ALL = ', list_sizes(model="all") a line for each'


@dataclass(frozen=True)
class Row:
    """One offer at its lowest price."""

    order: Order
    price: Quote
    least: Micros
    """Of all lengths, sizes and options."""
    is_usable: bool = True

    @property
    def offer(self) -> Offer:
        """The offer."""
        return self.order.offer

    @property
    def text(self) -> str:
        """The offer as a line."""
        parts = [f"{describe_lengths(self.offer.seconds)} s", _describe_largest(self.offer), _describe_sound(self.offer)]
        hint, frame = get_hint(self.offer), _describe_need(self.offer)
        good = f" ({hint.good_for})" if hint else ""
        price = f"from {format_price(self.least)}" if self.least else "free"
        key = "" if self.is_usable else ", no key"
        return f"{self.offer.id}{good}: {', '.join(filter(None, parts))}{frame}, {price}{key}"

    @property
    def fields(self) -> dict[str, Any]:
        """The offer as fields."""
        hint = get_hint(self.offer)
        return without_empty(
            model=self.offer.id,
            seconds=[self.offer.seconds[0], self.offer.seconds[-1]],
            from_usd=to_dollars(self.least),
            good_for=hint.good_for if hint else None,
        )


@functools.lru_cache(maxsize=4)
def summarize(catalogue: Catalogue, *, today: date) -> Mapping[str, Any]:
    """Return the models that can be bought now, cheapest first, and how many more there are and why they cannot be bought.

    Where there are too many for a short result, those with a hint and the cheapest are shown. Made once for a catalogue and a day.
    """
    rows = _rank(catalogue.eligible_offers, catalogue, today)
    shown, kept = [], list[Row]()
    for row in sorted(rows, key=lambda row: get_hint(row.offer) is None):
        shown = [one for one in rows if one in kept or one is row]
        if kept and count_bytes(_build(catalogue, shown, rows)) > MOST_SUMMARY_BYTES:
            break
        kept.append(row)
    return _build(catalogue, [row for row in rows if row in kept], rows)


def list_models(offers: Sequence[Offer], catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return all of these offers in a line each, cheapest first, also those that cannot be bought now."""
    rows = _rank(offers, catalogue, today)
    unpriced = [offer.id for offer in offers if offer.id not in {row.offer.id for row in rows}]
    rest = [f"Without a published price: {', '.join(unpriced)}."] if unpriced else []
    add = [] if all(row.is_usable for row in rows) else [f"The user adds a key with `{command_line('setup')}`."]
    lines = [*(row.text for row in rows), *rest, *add, f"{NEXT}."]
    return {"message": "\n".join(lines), "offers": [row.fields for row in rows]}


def list_ended(offers: Sequence[Offer], catalogue: Catalogue, *, today: date) -> dict[str, Any]:
    """Return a line for each of these models that have ended, after when they did, and before what can be bought instead."""
    ends = dict.fromkeys(f"{offer.ended.by} ended {offer.ended.what} on {offer.ended.on}." for offer in offers if offer.ended is not None)
    listed = list_models(offers, catalogue, today=today)
    return {**listed, "message": "\n".join([*ends, listed["message"], *name_successors(offers, catalogue, today)])}


def _rank(offers: Sequence[Offer], catalogue: Catalogue, today: date) -> list[Row]:
    """Return the offers that have a price, each at its lowest, cheapest first."""
    words = rank_orders([offer for offer in offers if offer.text], VideoRequest("a clip"), today=today)
    animators = [offer for offer in offers if offer.image and not offer.text]
    frames = rank_orders(animators, VideoRequest("a clip", image=ANY_IMAGE), today=today)
    edits = [found for offer in offers if offer.video for found in rank_orders((offer,), _edit_shortest(offer.video), today=today)]
    rows = [
        Row(order, price, _find_least(order.offer, price, today), catalogue.is_usable(order.offer))
        for order, price in (*words, *frames, *edits)
    ]
    return sorted(rows, key=lambda row: row.least)


def _find_least(offer: Offer, price: Quote, today: date) -> Micros:
    """Return the least that a clip costs: the default of an option may cost more."""
    if offer.video is not None or not offer.priced_by - SIZE_FACTS - {"seconds"}:
        return price.micros
    least = find_least(offer, today=today)
    return price.micros if least is None else Micros(least)


def _edit_shortest(rule: VideoRule) -> VideoRequest:
    return VideoRequest("a change", edits=Clip(ANY_CLIP, duration_s=rule.seconds[0]))


def _describe_need(offer: Offer) -> str:
    if offer.video is not None:
        return ", edits a video"
    return "" if offer.text else ", needs a first frame"


def _build(catalogue: Catalogue, shown: Sequence[Row], rows: Sequence[Row]) -> dict[str, Any]:
    lines = [*_name_extremes(rows), *(row.text for row in shown), *_describe_rest(catalogue, len(rows) - len(shown))]
    return {"message": "\n".join(lines), "offers": [row.fields for row in shown]}


def _name_extremes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield which model is the cheapest, and which makes the longest clips."""
    if len(rows) > 1:
        longest = max((row for row in rows if row.offer.video is None), key=lambda row: row.offer.seconds[-1], default=rows[0])
        cheapest = next((row for row in rows if row.offer.text), rows[0])
        yield f"Cheapest: {cheapest.offer.id}. Longest: {longest.offer.id}, {longest.offer.seconds[-1]} s."


def _describe_rest(catalogue: Catalogue, unshown: int) -> Iterator[str]:
    if unshown:
        yield f"And {unshown} more that can be bought."
    yield from _explain_empty(catalogue)
    if said := count_unavailable(catalogue):
        add = "" if catalogue.keyed else f" The user adds a key with `{command_line('setup')}`."
        yield f"Cannot be bought now: {said}.{add}"
    yield f"{NEXT}{ALL}."


def _explain_empty(catalogue: Catalogue) -> Iterator[str]:
    """Yield how to name the models of a vendor whose models only the user knows."""
    for vendor in catalogue.vendors:
        if vendor.own is not None and not vendor.offers and vendor.name in catalogue.keyed:
            row = f'["{vendor.name}:my-model"] with per_second = "0.10", sizes = ["1280x720"] and seconds = [4, 8]'
            yield f"{vendor.title}: no models yet. Only the user can name them, in the file of SORA_MCP_PRICES: {row}."


def _describe_largest(offer: Offer) -> str:
    """Return the highest resolution; empty where no size names one."""
    return name_lines(max(sizes_of(offer), key=count_lines)) if sizes_of(offer) else ""


def _describe_sound(offer: Offer) -> str:
    """Return whether it makes sound; empty where no source says it."""
    rule = next((rule for rule in offer.options if rule.param == "audio"), None)
    if rule is not None and isinstance(rule.allowed, tuple) and len(rule.allowed) > 1:
        return "sound if wanted"
    sound = rule.default if rule is not None else offer.sound
    return "sound" if sound is True else "silent" if sound is False else ""
