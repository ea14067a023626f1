"""Plan a length that no model makes in one clip as several equal clips, and say what they cost together."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.room import Room
from sora_mcp.catalogue.rules import quote
from sora_mcp.catalogue.sizes import name_lines
from sora_mcp.domain import Image, Offer, Order, Quote, VideoRequest
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import Micros, format_dollars

MOST_PARTS = 20
"""Clips of which a longer one may be made."""
FEW_PARTS = 4
"""Clips that somebody joins to save money."""
LONG_S = 12
"""A clip below this is made in one."""
EVERYTHING = Room()
CLEARLY_LESS = 10
"""Percent that clips to be joined have to save."""
ANY_FRAME = Image("data:image/png;base64,AAAA")
"""Stands for the last frame of the clip before."""


class Part(NamedTuple):
    """One way to make a length of equal clips."""

    clips: int
    order: Order
    price: Quote
    """Of the first clip."""
    total: Micros
    """Of all of them: each one that goes on from another has its last frame as first frame, which may cost more."""

    @property
    def seconds(self) -> int:
        """Return how long all of them are together."""
        return self.clips * self.order.seconds

    @property
    def average(self) -> Micros:
        """Return what each of them costs, rounded up."""
        return Micros(-(-self.total // self.clips))

    @property
    def extra(self) -> Micros:
        """Return what the first frames cost."""
        return Micros(self.total - self.clips * self.price.micros)


def make_part(count: int, order: Order, price: Quote, *, today: date) -> Part:
    """Return the way to make a length of so many clips like this one, each next one going on from the one before where its model can."""
    on = price
    if order.image is None and [rate for rate in order.offer.rates if rate.picture or "image" in rate.when] and can_go_on(order):
        with contextlib.suppress(PriceUnknown):
            on = quote(replace(order, image=ANY_FRAME), today=today)
    return Part(count, order, price, Micros(price.micros + (count - 1) * on.micros))


def plan_parts(request: VideoRequest, catalogue: Catalogue, *, today: date, splits_all: bool = False) -> tuple[Part, ...]:
    """Return the ways to make a length, which no model makes in one clip, of equal ones, each at the cheapest offer, and where that one
    takes no first frame, at the cheapest that does: only there a clip can go on from the one before. `splits_all`: of any length.

    The cheapest is first; of those that cost the same, the one with the fewest clips.
    """
    named = catalogue.find_all_named(request.model) if request.model else catalogue.eligible_offers
    offers = [offer for offer in named if catalogue.is_usable(offer)] or named
    return plan_parts_on(offers, request, today=today, splits_all=splits_all)


def plan_parts_on(
    offers: Sequence[Offer], request: VideoRequest, *, today: date, splits_all: bool = False, rounds_up: bool = False
) -> tuple[Part, ...]:
    """Return the ways to make the length on these offers, as `plan_parts` does. `rounds_up`: of clips that are longer together, each way
    with the shortest that suffice."""
    total = request.seconds
    if type(total) is not int:
        return ()
    lengths = sorted({seconds for offer in offers for seconds in offer.seconds})
    if lengths and total <= lengths[-1] and not splits_all:
        return ()
    parts: list[Part] = []
    for count in range(2, MOST_PARTS + 1):
        if not rounds_up and total % count:
            continue
        seconds = next((length for length in lengths if length * count >= total), 0) if rounds_up else total // count
        makers = [offer for offer in offers if seconds in offer.seconds]
        ranked = rank_orders(makers, replace(request, seconds=seconds), today=today)
        parts += [make_part(count, *found, today=today) for found in ranked[:1]]
        if ranked and not can_go_on(ranked[0][0]):
            parts += [make_part(count, *found, today=today) for found in ranked if can_go_on(found[0])][:1]
    return tuple(sorted(parts, key=lambda part: (part.total, part.clips)))


def find_cheaper_parts(request: VideoRequest, price: Quote, catalogue: Catalogue, *, today: date) -> Part | None:
    """Return the few equal clips that make a long clip for clearly less than it costs in one; None where they do not."""
    if type(request.seconds) is not int or request.seconds < LONG_S or request.clip is not None or not price.micros:
        return None
    parts = plan_parts(request, catalogue, today=today, splits_all=True)
    least = next((part for part in parts if part.clips <= FEW_PARTS), None)
    return least if least is not None and least.total * 100 <= price.micros * (100 - CLEARLY_LESS) else None


def describe_parts_within(request: VideoRequest, catalogue: Catalogue, *, each: Micros, total: Micros, today: date) -> str:
    """Say in which clips the length is made, each and all together within these sums: at the model that was named, else, where it is a
    long one, at any other; empty where none does."""
    is_long = type(request.seconds) is int and request.seconds >= LONG_S
    requests = [request, replace(request, model=None)] if request.model is not None and is_long else [request]
    for asked in requests:
        for part in plan_parts(asked, catalogue, today=today, splits_all=True):
            if part.average <= each and part.total <= total:
                return f"{describe_part(part, with_model=asked.model is None)}, joined with edit_video."
    return ""


def describe_parts(parts: Sequence[Part], *, of_model: str = "", room: Room = EVERYTHING) -> str:
    """Say which clips make the length and what they cost together: the cheapest ones, where fewer do, the fewest, and where all of
    these would be separate shots, the cheapest that go on from each other. Of the dearer ones only those for which there is room."""
    first, *dearer = parts
    others = [part for part in dearer if room.count(part.average, part.clips) == part.clips]
    who = f"{of_model} does not make" if of_model else "No model here makes"
    fewer = sorted((part for part in others if part.clips < first.clips), key=lambda part: part.clips)[:1]
    ways = [first, *fewer]
    if not any(can_go_on(part.order) for part in ways):
        ways += [part for part in others if can_go_on(part.order)][:1]
    named = ", or ".join(describe_part(part, with_model=not of_model, room=room) for part in ways)
    return f"{who} {first.seconds} s in one clip. {first.seconds} s: {named}, joined with edit_video."


def describe_part(part: Part, *, with_model: bool, room: Room = EVERYTHING) -> str:
    """Say how many clips of which length, and what they cost together; how many of them, where there is no room for all."""
    count, order, price, total = part
    cost = f"{format_dollars(total)} in all{room.describe(part.average, count)}" if total else "free"
    if 0 < (fitting := room.count(part.average, count)) < count:
        cost += f" ({format_dollars(price.micros + (fitting - 1) * (total - price.micros) // (count - 1))})"
    apart = "" if can_go_on(order) else " (separate shots)"
    lines = f" at {said}" if with_model and (said := name_lines(order.size)) else ""
    return f"{count} x {order.seconds} s{f' on {order.offer.id}' if with_model else ''}{lines}{apart}, {cost}"


def describe_joining(order: Order, *, with_model: bool = False) -> str:
    """Say how clips like this one are made and joined."""
    model = f'model="{order.offer.id}", ' if with_model else ""
    again = 'each next one with continues="JOB_ID", ' if can_go_on(order) else ""
    return f'How: create_video({model}seconds={order.seconds}), {again}then edit_video(action="join").'


def can_go_on(order: Order) -> bool:
    """Return whether the model begins a clip with the last frame of another."""
    rule = order.offer.image
    return rule is not None and rule.data
