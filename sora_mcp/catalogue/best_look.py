"""Find the model that is known for the best look, and what a model costs at its larger sizes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue, rank_eligible, rank_orders
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.clip_plan import EVERYTHING, Part, list_splits
from sora_mcp.catalogue.hints import BEST, WHOSE, is_known_for
from sora_mcp.catalogue.rules import sizes_of
from sora_mcp.catalogue.sizes import count_lines, drop_shape, fitting, list_shape_words, name_lines, orientation
from sora_mcp.catalogue.usual_length import USUAL_S
from sora_mcp.domain import Offer, Order, Quote, VideoRequest
from sora_mcp.domain.money import format_dollars

STEPS = (720, 1080, 1440, 2160)
"""Numbers of lines that a video is usually made in."""
COMPARED = (720, 1080)
"""Numbers of lines at which the cheapest is named beside the cheapest of all."""
MOST_STEPS = 3
"""Larger sizes of a model that are priced."""


def find_best(
    request: VideoRequest, offers: Sequence[tuple[Order, Quote]], catalogue: Catalogue, *, clips: int, room: Room, today: date
) -> tuple[tuple[Order, Quote], ...]:
    """Return the cheapest of the compared offers that are known for the best look and can be bought: as compared, and at its next
    usual sizes, as far as the caps leave room for all clips. Where the caps leave room for none of them, the cheapest as compared."""
    known = find_known(BEST, offers, catalogue, room) or find_known(BEST, offers, catalogue, EVERYTHING)[:1]
    return add_larger_sizes(request, known[0], clips=clips, room=room, today=today) if known else ()


def add_larger_sizes(
    request: VideoRequest, found: tuple[Order, Quote], *, clips: int, room: Room, today: date
) -> tuple[tuple[Order, Quote], ...]:
    """Return the priced order, and the same at the next usual sizes of its shape, as far as the caps leave room for all clips."""
    order, _ = found
    sizes = [size for size in sizes_of(order.offer, image=order.image is not None) if orientation(size) == orientation(order.size)]
    meant = [size for size in sizes if request.size is None or size in fitting(request.size, sizes)]
    meant.sort(key=lambda size: size.ratio == order.size.ratio)  # a later one of as many lines takes the place
    steps = {lines: size for size in meant if (lines := count_lines(size)) > count_lines(order.size) and lines in STEPS}
    every = [found]
    for lines in sorted(steps)[:MOST_STEPS]:
        larger = replace(request, model=None, size=steps[lines].text, seconds=order.seconds)
        every += [one for one in rank_orders((order.offer,), larger, today=today)[:1] if room.count(one[1].micros, clips) == clips]
    return tuple(every)


def find_other_best(
    request: VideoRequest,
    offers: Sequence[tuple[Order, Quote]],
    best: Sequence[tuple[Order, Quote]],
    catalogue: Catalogue,
    *,
    clips: int,
    room: Room,
    today: date,
) -> tuple[tuple[Order, Quote], ...]:
    """Return the cheapest offer of another model that is known for the best look, and its larger sizes, as `find_best` does."""
    named = {order.offer.model for order, _ in best}
    others = [found for found in find_known(BEST, offers, catalogue, room) if found[0].offer.model not in named]
    return add_larger_sizes(request, others[0], clips=clips, room=room, today=today) if named and others else ()


def find_best_of_other_lines(request: VideoRequest, lines: int, catalogue: Catalogue, *, today: date) -> tuple[Order, Quote] | None:
    """Return the clip of a model known for the best look that comes closest to a resolution which none of those makes; of as large ones
    the cheapest. None where no resolution was asked for, or no such model takes the rest."""
    if not drop_shape(request.size or "") or request.clip is not None:
        return None
    shape, found = " ".join(list_shape_words(request.size or "")), list[tuple[Order, Quote]]()
    for offer in _list_known(catalogue):
        sizes = sizes_of(offer, image=request.image is not None)
        meant = [size for size in (fitting(shape, sizes) if shape else sizes) if count_lines(size)]
        found += (one for size in meant for one in rank_orders((offer,), replace(request, size=size.text), today=today)[:1])
    return min(found, key=lambda one: (abs(count_lines(one[0].size) - lines), one[1].micros), default=None)


def find_larger_offers(request: VideoRequest, order: Order, catalogue: Catalogue, *, today: date) -> tuple[tuple[Order, Quote], ...]:
    """Return the cheapest offers that can be bought at 720p and at 1080p, where no resolution was asked for and the cheapest one, whose
    order this is, has fewer lines."""
    text = request.size or ""
    if request.model is not None or request.clip is not None or drop_shape(text):
        return ()
    shape = text if text or order.image is not None else order.size.ratio or orientation(order.size) or ""
    seconds = USUAL_S if request.seconds is None else request.seconds
    found: list[tuple[Order, Quote]] = []
    for lines in COMPARED:
        if count_lines(order.size) < lines:
            asked = replace(request, size=f"{shape} {lines}p".strip(), seconds=seconds)
            found += rank_eligible(catalogue, asked, today=today)[:1]
    return tuple(found)


def split_best(request: VideoRequest, catalogue: Catalogue, room: Room, *, today: date) -> tuple[Part, ...]:
    """Return the clips of a model known for the best look that make a length which it does not make in one, the largest first."""
    known = _list_known(catalogue)
    return list_splits(known, request, room, today=today) if known and request.clip is None else ()


def _list_known(catalogue: Catalogue) -> list[Offer]:
    """Return the offers that can be bought whose model is known for the best look."""
    return [offer for offer in catalogue.eligible_offers if is_known_for(offer, BEST)]


def describe_best_within(request: VideoRequest, catalogue: Catalogue, *, room: Room, but: Collection[object], today: date) -> str:
    """Say what all clips of a request cost at the cheapest model with the best look, and at its larger sizes, where the caps leave room for
    them; empty where they do not, or where that model is one of those that are named anyhow (`but`)."""
    clips, plain = request.variations, replace(request, model=None, max_usd=None)
    found = find_best(plain, rank_eligible(catalogue, plain, today=today), catalogue, clips=clips, room=room, today=today)
    if not found or found[0][0].offer.id in but or room.count(found[0][1].micros, clips) < clips:
        return ""
    (order, price), *larger = found
    steps = [f"at {name_lines(other.size)} {format_dollars(step.micros * clips)}" for other, step in larger]
    asked = ", needs approval" if price.describe_doubt(today) else ""
    first = f"{order.offer.id} {format_dollars(price.micros * clips)} ({describe_looks(order)}{asked})"
    return f"{BEST.capitalize()} within that, {WHOSE}: {', '.join([first, *steps])}."


def find_known(good_for: str, offers: Sequence[tuple[Order, Quote]], catalogue: Catalogue, room: Room) -> list[tuple[Order, Quote]]:
    """Return those of the compared offers that can be bought, one clip at least, and are known for this, in their order."""
    usable = [found for found in offers if catalogue.is_usable(found[0].offer) and room.count(found[1].micros, 1)]
    return [found for found in usable if is_known_for(found[0].offer, good_for)]
