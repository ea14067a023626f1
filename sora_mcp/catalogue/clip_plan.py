"""Plan a length that no model makes in one clip as several clips, and say what they cost together."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.rules import quote, sizes_of
from sora_mcp.catalogue.size_words import read_size_words
from sora_mcp.catalogue.sizes import count_lines, list_shape_words, name_lines, read_lines
from sora_mcp.domain import Image, Offer, Order, Quote, VideoRequest
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import Micros, format_dollars

MOST_PARTS = 20
"""Clips of which a longer one may be made."""
FEW_PARTS, MOST_SPLITS = 4, 3
"""Clips that somebody joins to save money."""
LONG_S = 12
"""A clip below this is made in one."""
USUAL_SHAPE = "16:9"
"""The shape of a video where nobody says one."""
EVERYTHING = Room()
CLEARLY_LESS = 10
"""Percent that clips to be joined have to save."""
ANY_FRAME = Image("data:image/png;base64,AAAA")
"""Stands for the last frame of the clip before."""


class Part(NamedTuple):
    """One way to make a length of several clips of one model."""

    lengths: tuple[int, ...]
    """Seconds of each, the longest first."""
    order: Order
    price: Quote
    """Of the first clip, as its order."""
    total: Micros
    """Of all of them: each one that goes on from another has its last frame as first frame, which may cost more."""

    @property
    def clips(self) -> int:
        """Return how many there are."""
        return len(self.lengths)

    @property
    def seconds(self) -> int:
        """Return how long all of them are together."""
        return sum(self.lengths)

    @property
    def average(self) -> Micros:
        """Return what each of them costs, rounded up."""
        return Micros(-(-self.total // self.clips))

    @property
    def extra(self) -> Micros:
        """Return what the first frames of equal clips cost."""
        return Micros(self.total - self.clips * self.price.micros)

    def fits(self, room: Room) -> bool:
        """Return whether the caps leave room for all of them."""
        return self.total <= room.left and max(self.average, self.price.micros) <= room.per_video


def make_part(count: int, order: Order, price: Quote, *, today: date) -> Part:
    """Return the way to make a length of so many clips like this one, each next one going on from the one before where its model can."""
    going_on = price_going_on(order, price, today)
    return Part((order.seconds,) * count, order, price, Micros(price.micros + (count - 1) * going_on))


def price_going_on(order: Order, price: Quote, today: date) -> Micros:
    """Return what such a clip costs that goes on from another, where its model can: with a first frame."""
    if order.image is None and [rate for rate in order.offer.rates if rate.picture or "image" in rate.when] and can_go_on(order):
        with contextlib.suppress(PriceUnknown):
            return quote(replace(order, image=ANY_FRAME), today=today).micros
    return price.micros


def plan_parts(request: VideoRequest, catalogue: Catalogue, *, today: date, splits_all: bool = False) -> tuple[Part, ...]:
    """Return the ways to make a length, which no model makes in one clip, of equal ones, each at the cheapest offer, and where that one
    takes no first frame, at the cheapest that does: only there a clip can go on from the one before. `splits_all`: of any length.

    The cheapest is first; of those that cost the same, the one with the fewest clips.
    """
    named = catalogue.find_all_named(request.model) if request.model else catalogue.eligible_offers
    offers = [offer for offer in named if catalogue.is_usable(offer)] or named
    return plan_parts_on(offers, request, today=today, splits_all=splits_all)


def plan_parts_on(offers: Sequence[Offer], request: VideoRequest, *, today: date, splits_all: bool = False) -> tuple[Part, ...]:
    """Return the ways to make the length on these offers, as `plan_parts` does."""
    total = request.seconds
    if type(total) is not int or (not _is_too_long(request, offers) and not splits_all):
        return ()
    parts: list[Part] = []
    for count in range(2, MOST_PARTS + 1):
        if total % count:
            continue
        makers = [offer for offer in offers if total // count in offer.seconds]
        ranked = rank_orders(makers, replace(request, seconds=total // count), today=today)
        parts += [make_part(count, *found, today=today) for found in ranked[:1]]
        if ranked and not can_go_on(ranked[0][0]):
            parts += [make_part(count, *found, today=today) for found in ranked if can_go_on(found[0])][:1]
    return tuple(sorted(parts, key=lambda part: (part.total, part.clips)))


def find_split(offers: Sequence[Offer], request: VideoRequest, *, today: date) -> Part | None:
    """Return the cheapest clips of one of these offers that together are at least as long as a length that none makes, and of as cheap
    ones the fewest, shortest and most alike; they need not be equal."""
    if not _is_too_long(request, offers):
        return None
    found = [split for offer in offers if (split := _split_on(offer, request, today)) is not None]
    return min(found, key=lambda part: (part.total, part.clips, part.seconds), default=None)


def _is_too_long(request: VideoRequest, offers: Sequence[Offer]) -> bool:
    """Return whether a length was asked for that none of the offers makes in one clip."""
    total = request.seconds
    return type(total) is int and total > max((offer.seconds[-1] for offer in offers), default=0)


def _split_on(offer: Offer, request: VideoRequest, today: date) -> Part | None:
    """Return the cheapest clips of this offer that are at least as long together; None where that takes more than MOST_PARTS."""
    total = request.seconds
    if type(total) is not int or total > MOST_PARTS * offer.seconds[-1]:
        return None
    ranked = [found for seconds in offer.seconds for found in rank_orders((offer,), replace(request, seconds=seconds), today=today)]
    priced = {order.seconds: (order, price, price_going_on(order, price, today)) for order, price in ranked}
    best: list[tuple[int, int, int, int, tuple[int, ...]]] = [(0, 0, 0, 0, ())]  # cost, clips, length, squares: equal clips have least
    for wanted in range(1, total + 1) if priced else ():
        ways = ((best[max(wanted - seconds, 0)], seconds, priced[seconds][2]) for seconds in priced)
        best.append(
            min(
                (cost + more, clips + 1, length + seconds, squares + seconds**2, (*rest, seconds))
                for (cost, clips, length, squares, rest), seconds, more in ways
            )
        )
    cost, clips, _, _, lengths = best[-1]
    if not 1 < clips <= MOST_PARTS:
        return None
    order, price, going_on = priced[max(lengths)]
    return Part(tuple(sorted(lengths, reverse=True)), order, price, Micros(cost - going_on + price.micros))


def find_cheaper_parts(request: VideoRequest, price: Quote, catalogue: Catalogue, *, today: date) -> tuple[Part, ...]:
    """Return the few equal clips that make a long clip for clearly less than it costs in one: of each of the cheapest models, and where the
    prices of all of these are in doubt, of the cheapest whose price is not."""
    if type(request.seconds) is not int or request.seconds < LONG_S or request.clip is not None or not price.micros:
        return ()
    named = catalogue.find_all_named(request.model) if request.model else catalogue.eligible_offers
    found = list[Part]()
    for offer in (offer for offer in named if catalogue.is_buyable(offer)):
        parts = plan_parts_on((offer,), replace(request, model=None), today=today, splits_all=True)
        found += [part for part in parts if part.clips <= FEW_PARTS][:1]
    found = sorted((part for part in found if part.total * 100 <= price.micros * (100 - CLEARLY_LESS)), key=lambda part: part.total)
    stated = [part for part in found if not part.price.describe_doubt(today)][:1]
    first = found[:MOST_SPLITS]
    return tuple(first if all(part in first for part in stated) else [*first[: MOST_SPLITS - 1], *stated])


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
    lengths, order, price, total = part
    count, is_equal = len(lengths), len(set(lengths)) == 1
    cost = f"{format_dollars(total)} in all{_describe_room(part, room)}" if total else "free"
    if is_equal and 0 < (fitting := room.count(part.average, count)) < count:
        cost += f" ({format_dollars(price.micros + (fitting - 1) * (total - price.micros) // (count - 1))})"
    apart = "" if can_go_on(order) else " (separate shots)"
    lines = f" at {said}" if with_model and (said := name_lines(order.size)) else ""
    return f"{list_lengths(lengths)}{f' on {order.offer.id}' if with_model else ''}{lines}{apart}, {cost}"


def _describe_room(part: Part, room: Room) -> str:
    """Say how many of the clips the caps leave room for; of clips of several lengths, that there is none for all."""
    is_for_all = len(set(part.lengths)) > 1 and max(part.average, part.price.micros) <= room.per_video
    return Room(left=room.left).describe(part.total, 1) if is_for_all else room.describe(part.average, part.clips)


def list_lengths(lengths: Sequence[int]) -> str:
    """Return the lengths of clips in words: `2 x 8 s + 4 s`."""
    counted = ((lengths.count(seconds), seconds) for seconds in dict.fromkeys(lengths))
    return " + ".join(f"{count} x {seconds} s" if count > 1 else f"{seconds} s" for count, seconds in counted)


def describe_joining(part: Part, *, with_model: bool = False, with_size: bool = False) -> str:
    """Say how these clips are made and joined; `with_size` where theirs is another than was asked for."""
    model = f'model="{part.order.offer.id}", ' if with_model else ""
    model += f'size="{part.order.size.text}", ' if with_size else ""
    own = " and its seconds" if len(set(part.lengths)) > 1 else ""
    again = f'each next one with continues="JOB_ID"{own}, ' if can_go_on(part.order) else ""
    return f'How: create_video({model}seconds={part.lengths[0]}), {again}then edit_video(action="join").'


def describe_split(split: Part, request: VideoRequest, *, with_model: bool, room: Room = EVERYTHING) -> str:
    """Say which clips make a length, what they cost, and how they become one of it, as a clause."""
    trimmed = "" if split.seconds == request.seconds else f" and trimmed from {split.seconds} s"
    return f"{describe_part(split, with_model=with_model, room=room)}, joined{trimmed} with edit_video"


def find_smaller_split(offers: Sequence[Offer], request: VideoRequest, room: Room, *, today: date) -> Part | None:
    """Return the split at the most lines below those that were asked for which the caps leave room for all of; None without one."""
    text = request.size or ""
    most = max(map(read_lines, read_size_words(text)), default=0)
    sizes = {count_lines(size): name_lines(size) for offer in offers for size in sizes_of(offer, image=request.image is not None)}
    for lines in sorted((lines for lines in sizes if 0 < lines < most), reverse=True):
        smaller = " ".join([*list_shape_words(text), sizes[lines]])
        split = find_split(offers, replace(request, size=smaller), today=today)
        if split is not None and split.fits(room):
            return split
    return None


def list_splits(offers: Sequence[Offer], request: VideoRequest, room: Room, *, today: date) -> tuple[Part, ...]:
    """Return the splits of the offer that makes the length for the least, the one of most lines first: of its sizes of the shape that was
    asked for, and of no more lines, each for which the caps leave room for all of it."""
    text = request.size or ""
    shape = list_shape_words(text) or ([USUAL_SHAPE] if request.image is None else [])
    cheapest = find_split(offers, replace(request, size=" ".join(shape) or None), today=today)
    if cheapest is None:
        return ()
    offer, most = cheapest.order.offer, max(map(read_lines, read_size_words(text)), default=0)
    sizes = {count_lines(size): name_lines(size) for size in sizes_of(offer, image=request.image is not None)}
    found: list[Part] = []
    for lines in sorted((lines for lines in sizes if lines <= (most or lines)), reverse=True):
        split = find_split((offer,), replace(request, size=" ".join([*shape, sizes[lines]]) or None), today=today)
        found += [split] if split is not None and split.fits(room) else []
    return tuple(found)


def find_parts_within(request: VideoRequest, offer: Offer, room: Room, *, today: date) -> Part | None:
    """Return the cheapest equal clips of this offer that make the length, each and all together within the caps; None without any."""
    parts = plan_parts_on((offer,), replace(request, model=None), today=today, splits_all=True)
    return next((part for part in parts if part.fits(room)), None)


def can_go_on(order: Order) -> bool:
    """Return whether the model begins a clip with the last frame of another."""
    rule = order.offer.image
    return rule is not None and rule.data
