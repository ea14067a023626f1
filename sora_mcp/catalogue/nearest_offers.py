"""Find what the models with a key make of a request that none of them takes whole: with one argument changed or left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.frame_shapes import can_fit_to, describe_shape
from sora_mcp.catalogue.rules import FIT, FITS, sizes_of
from sora_mcp.catalogue.size_words import read_size_words
from sora_mcp.catalogue.sizes import count_lines, drop_shape, fitting, list_shape_words, name_lines, read_lines
from sora_mcp.domain import PICTURES, Offer, Order, Quote, VideoRequest
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.domain.money import format_dollars

MOST_NAMED = 2
"""Changes that are named."""
Near = tuple[str, Order, Quote]
"""What is changed, in words, the order that the cheapest model makes of it, and its price."""


MUTED = "muted"
"""The change of a request for a clip without sound, where the sound is taken out of one that has it, or may have it."""
WHY_MUTED: Mapping[bool | None, str] = {True: "each clip has sound", None: "no page says whether it has sound", False: "it has none"}


def find_nearest(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Near, ...]:
    """Return the changes of one argument with which a model that can be bought takes the request; none drops a picture or the video.

    Where it takes all but that the clip has no sound, that one alone: its sound can be taken out."""
    offers = catalogue.eligible_offers
    if muted := find_muted(request, offers, today=today):
        return muted
    fitted = _find_fitted(request, offers, today) if catalogue.can_crop else ()
    return tuple(itertools.islice(itertools.chain(fitted, _find_changes(request, offers, today)), MOST_NAMED))


def describe_nearest(found: Sequence[Near], *, clips: int) -> str:
    """Say what can be had with the keys at hand, and what so many clips cost; empty where that is nothing."""
    if is_muted(found):
        return describe_muting(*found[0][1:], clips=clips)
    named = [
        f"{change} {format_dollars(price.micros * clips)} on {order.offer.id} ({describe_looks(order)})" for change, order, price in found
    ]
    return f"No model with a key takes all of this; with your keys {', or '.join(named)}." if named else ""


def find_close(
    request: VideoRequest, compared: Sequence[tuple[Order, Quote]], catalogue: Catalogue, *, today: date
) -> tuple[tuple[Order, Quote], ...]:
    """Return what costs less than all compared offers, but has more lines than were asked for, or a number that no source says: the least
    for a second first. None where a model was named, or no number of lines."""
    lines = max(map(read_lines, read_size_words(request.size or "")), default=0)
    if request.model is not None or request.clip is not None or not lines or not compared:
        return ()
    shape, least = " ".join(list_shape_words(request.size or "")), compared[0][1].micros
    known = {order.offer.id for order, _ in compared}
    found: list[tuple[Order, Quote]] = []
    for offer in (offer for offer in catalogue.eligible_offers if offer.id not in known):
        sizes = sizes_of(offer, image=request.image is not None)
        meant = [size for size in (fitting(shape, sizes) if shape else sizes) if not 0 < count_lines(size) < lines]
        ranked = [one for size in meant for one in rank_orders((offer,), replace(request, size=size.text), today=today)]
        found += [min(ranked, key=lambda one: one[1].micros)] if ranked else []
    cheaper = [one for one in found if 0 < one[1].micros < least]
    return tuple(sorted(cheaper, key=lambda one: one[1].micros / one[0].seconds)[:MOST_NAMED])


def find_near_on(offers: Sequence[Offer], request: VideoRequest, *, today: date) -> tuple[Near, ...]:
    """Return the changes of one argument with which one of these offers takes the request."""
    return tuple(itertools.islice(_find_changes(request, offers, today), MOST_NAMED))


def find_muted(request: VideoRequest, offers: Sequence[Offer], *, today: date) -> tuple[Near, ...]:
    """Return the cheapest clip of which the sound can be taken out, where one without sound was asked for and nothing else is wrong."""
    if request.options.get("audio") is not False:
        return ()
    kept = {name: value for name, value in request.options.items() if name != "audio"}
    return tuple((MUTED, *found) for found in rank_orders(offers, replace(request, options=kept), today=today)[:1])


def is_muted(found: Sequence[Near]) -> bool:
    """Return whether the only change is that the sound is taken out."""
    return bool(found) and found[0][0] == MUTED


def describe_muting(order: Order, price: Quote, *, clips: int = 1, asking: str = "") -> str:
    """Say what a clip costs whose sound has to be taken out, and how that is done; `asking` says behind the price that it needs a yes."""
    each = f"{clips} clips of " if clips > 1 else ""
    cost = ", ".join(filter(None, (format_dollars(price.micros * clips), asking)))
    why = WHY_MUTED[order.sound]
    return f"{each}{describe_looks(order)} on {order.offer.id}: {cost}; {why}: edit_video mute takes it out, free."


def _find_changes(request: VideoRequest, offers: Sequence[Offer], today: date) -> Iterator[Near]:
    largest = _find_largest(request, offers, today) if request.size else None
    if largest is not None:
        yield largest
    changes: list[tuple[str, VideoRequest]] = []
    if request.size and largest is None:
        own = f" (the first frame is {shape})" if (shape := describe_shape(request.frame)) else ""
        changes.append((f"without size={quote_value(request.size)}{own}", replace(request, size=None)))
    for name in (name for name in request.options if name not in PICTURES):
        kept = {key: value for key, value in request.options.items() if key != name}
        change = "with audio left out" if name == "audio" else f"without {request.name_option(name).removeprefix('options.')}"
        changes.append((change, replace(request, options=kept)))
    for change, less in changes:
        yield from ((change, *found) for found in rank_orders(offers, less, today=today)[:1])
    if type(request.seconds) is int:
        yield from _find_length(request, request.seconds, offers, today)


def _find_fitted(request: VideoRequest, offers: Sequence[Offer], today: date) -> Iterator[Near]:
    """Yield the cheapest that takes all of it once the first frame is cropped to the shape that was asked for."""
    if request.frame is not None and not request.frame.is_url and not request.is_fitted and can_fit_to(request):
        fitted = replace(request, options={**request.options, FIT: FITS[0]})
        yield from ((f'with options.{FIT}="{FITS[0]}"', *found) for found in rank_orders(offers, fitted, today=today)[:1])


def _find_largest(request: VideoRequest, offers: Sequence[Offer], today: date) -> Near | None:
    """Return the most lines of the asked shape, at the cheapest model that makes them; None where no number of lines was asked for."""
    text = request.size or ""
    if not drop_shape(text):
        return None
    shape = " ".join(list_shape_words(text))
    found: list[tuple[Order, Quote]] = []
    for offer in offers:
        sizes = sizes_of(offer, image=request.image is not None)
        meant = sorted(fitting(shape, sizes) if shape else sizes, key=count_lines, reverse=True)
        made = (rank_orders((offer,), replace(request, size=size.text), today=today) for size in meant if count_lines(size))
        found += next((ranked[:1] for ranked in made if ranked), found[:0])
    best = min(found, key=lambda one: (-count_lines(one[0].size), one[1].micros), default=None)
    return best and (f"at most {best[0].size.plain_resolution or name_lines(best[0].size)}:", *best)


def _find_length(request: VideoRequest, wanted: int, offers: Sequence[Offer], today: date) -> Iterator[Near]:
    """Yield the length nearest to the wanted one at which a model takes all the rest."""
    lengths = {seconds for offer in offers for seconds in offer.seconds if seconds != wanted}
    for seconds in sorted(lengths, key=lambda seconds: (abs(seconds - wanted), seconds)):
        if ranked := rank_orders(offers, replace(request, seconds=seconds), today=today):
            yield (f"with seconds={seconds}", *ranked[0])
            return
