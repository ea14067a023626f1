"""Estimate what a request would cost, and compare the offers that take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.best_look import (
    add_larger_sizes,
    find_best,
    find_best_of_other_lines,
    find_known,
    find_larger_offers,
    find_other_best,
    split_best,
)
from sora_mcp.catalogue.catalogue import Catalogue, rank_eligible, rank_orders
from sora_mcp.catalogue.clip_plan import Part, find_cheaper_parts, find_parts_within
from sora_mcp.catalogue.hints import TALK
from sora_mcp.catalogue.nearest_offers import Near, find_close, find_muted, find_nearest
from sora_mcp.catalogue.planner import CHEAPEST, plan, plan_at
from sora_mcp.catalogue.rules import sizes_of
from sora_mcp.catalogue.sizes import count_lines
from sora_mcp.domain import PICTURES, NextClip, Offer, Order, Quote, Size, VideoRequest
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import BrokenRules, MissingKey, Refused
from sora_mcp.domain.money import Micros, round_up
from sora_mcp.store.records import Approval, Budget

MOST_LONGER = 2
"""Lengths above the one that was asked for that are looked at."""


@dataclass(frozen=True)
class Estimate:
    """The cost of a request, and whether it would be allowed."""

    order: Order
    quote: Quote
    clips: int
    micros: Micros
    """Of all clips."""
    needs_confirmation: bool
    waits: Approval | None
    """A quote that a person can agree to before: such clips with any prompts."""
    good_for_s: float
    """Seconds for which that quote is good."""
    refusal: str | None
    """The sentence with which create_video would refuse it now."""
    budget: Budget
    offers: tuple[tuple[Order, Quote], ...]
    """The comparison, cheapest first, where no model was named: of what this user can buy, else of all that live."""
    best: tuple[tuple[Order, Quote], ...] = ()
    """Of the compared offers the one with the best look, or the model that was named: as it is priced, and at its next usual sizes of
    that shape."""
    parts: tuple[Part, ...] = ()
    """Where no model makes the length in one clip: the ways to make it of equal ones, the cheapest first."""
    other_best: tuple[tuple[Order, Quote], ...] = ()
    """The same of another model that is known for the best look."""
    larger: tuple[tuple[Order, Quote], ...] = ()
    """The cheapest at 720p and at 1080p, where no resolution was asked for."""
    silent: Micros | None = None
    """Of all clips without sound, where nobody spoke of it, the model leaves the choice, and that costs less."""
    more: tuple[Order, Quote] | None = None
    """A longer or larger clip that costs less."""
    talk: tuple[Order, Quote] | None = None
    """Of the compared offers the one for talking people, where sound was asked for."""
    nearest: tuple[Near, ...] = ()
    """Where only a model without a key takes the request: what those with one make of it with one argument changed."""
    at_hand: tuple[Fix, ...] = ()
    """Where the model that was named has no key or is paused, others that can be bought; where the price is above a cap, changes that are
    within all."""
    is_usable: bool = True
    """Whether a key is here for the model."""
    is_paused: bool = False
    """Whether the model that was named cost more than quoted, and is bought no more until a person resumes it."""
    going_on: NextClip | None = None
    """Where the first frame is the last one of a clip, and no model was named: what `continues` makes, at the clip's own model."""
    splits: tuple[Part, ...] = ()
    """Fewer dollars for the same length: equal clips of some models, which are joined, the cheapest first."""
    best_splits: tuple[Part, ...] = ()
    """Where others make the length in one clip, but none with the best look: clips of one that has it, the largest first."""
    best_of_other_lines: tuple[Order, Quote] | None = None
    """Where none of the compared offers has the best look, for want of the resolution that was asked for: the closest to it."""
    within: Part | None = None
    """Where a clip is above the cap of one: clips of the same model that are not, and make its length."""
    close: tuple[tuple[Order, Quote], ...] = ()
    """Where a resolution was asked for: what costs less than all that have it, with a larger one, or one that no source says."""
    muted: Near | None = None
    """Where a silent clip was asked for: one whose sound has to be taken out, for less."""

    @property
    def quote_id(self) -> str | None:
        """The id of the quote that waits."""
        return None if self.waits is None else self.waits.id


def add_alternatives(
    found: Estimate, request: VideoRequest, held: Quote, catalogue: Catalogue, *, is_quoted: bool, today: date
) -> Estimate:
    """Return the estimate with what else can be had: the best look, the same for less, and more for the same.

    `held` is what would be set aside for a clip; `is_quoted` where the vendor's own quote differs from the written price.
    """
    order, room = found.order, Room(found.budget.per_video, found.budget.remainder)
    is_usable = catalogue.is_usable(order.offer)
    if request.model is None:
        best = find_best(request, found.offers, catalogue, clips=found.clips, room=room, today=today)
    else:
        best = add_larger_sizes(request, (order, held), clips=found.clips, room=room, today=today)
    of_all = Room(room.per_video, Micros(room.left // found.clips))
    is_too_dear = bool(found.refusal) and is_usable and not found.parts and found.quote.micros > room.per_video
    silent = None if is_quoted else find_silent(request, order, found.quote, today=today)
    frames = found.micros - found.quote.micros * found.clips
    is_lacking = not is_usable and request.model is None and bool(catalogue.keyed)
    nearest = find_nearest(request, catalogue, today=today) if is_lacking else ()
    seeks_other = not best and request.model is None and is_usable
    other = find_best_of_other_lines(request, count_lines(order.size), catalogue, today=today) if seeks_other else None
    return replace(
        found,
        best=best,
        close=find_close(request, found.offers, catalogue, today=today) if is_usable else (),
        other_best=find_other_best(request, found.offers, best, catalogue, clips=found.clips, room=room, today=today),
        larger=find_larger_offers(request, order, catalogue, today=today) if is_usable and not found.parts else (),
        silent=None if silent is None else Micros(silent * found.clips + frames),
        muted=None if nearest else find_cheaper_muted(request, found.quote, catalogue, today=today),
        more=find_more_for_less(request, order, held, catalogue, today=today),
        talk=find_talking(request, found.offers, catalogue, room=room),
        best_splits=() if best or request.model or not is_usable else split_best(request, catalogue, of_all, today=today),
        best_of_other_lines=other,
        within=find_parts_within(request, order.offer, of_all, today=today) if is_too_dear and request.clip is None else None,
        nearest=nearest,
        splits=find_cheaper_parts(request, found.quote, catalogue, today=today) if is_usable and not found.parts else (),
    )


def plan_estimate(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Order, Quote, str | None]:
    """Plan the request; where the model was left open and none is left to choose, or no seller of the one that was named has a key, at the
    cheapest living offer that takes it.

    Return besides why no model is left of those that a key is here for, where that is so.
    """
    try:
        return *plan(request, catalogue, today=today), None
    except MissingKey as refusal:
        sellers = [offer for offer in catalogue.find_offers(request.model or "") if catalogue.is_living(offer)]
        ranked = [] if refusal.broken else rank_orders(sellers, request, today=today)
        if not ranked:
            raise
        return *plan_at(ranked[0][0].offer, request, catalogue, today=today), None
    except Refused as refusal:
        if request.model is not None or (catalogue.keyed and _is_about_picture(refusal)):
            raise
        ranked = rank_orders([offer for offer in catalogue.living_offers if offer.id not in catalogue.paused_models], request, today=today)
        if not ranked:
            raise
        order, price = plan_at(ranked[0][0].offer, request, catalogue, why=CHEAPEST, today=today)
        why_none = None if isinstance(refusal, BrokenRules) else refusal.message
        return order, price, why_none


def find_silent(request: VideoRequest, order: Order, price: Quote, *, today: date) -> Micros | None:
    """Return what the same clip costs without sound at its model, where nobody spoke of sound, it would have some, and that costs less."""
    if "audio" in request.options or order.options.get("audio") is not True:
        return None
    asked = replace(request, seconds=order.seconds, size=order.size.text, options={**request.options, "audio": False})
    found = rank_orders((order.offer,), asked, today=today)
    return found[0][1].micros if found and found[0][1].micros < price.micros else None


def find_cheaper_muted(request: VideoRequest, price: Quote, catalogue: Catalogue, *, today: date) -> Near | None:
    """Return the cheapest clip whose sound has to be taken out, where one without sound was asked for and costs more."""
    offers = catalogue.find_all_named(request.model) if request.model else catalogue.eligible_offers
    muted = find_muted(request, [offer for offer in offers if catalogue.is_buyable(offer)], today=today)
    return muted[0] if muted and round_up(muted[0][2].micros) < round_up(price.micros) else None


def find_talking(
    request: VideoRequest, offers: Sequence[tuple[Order, Quote]], catalogue: Catalogue, *, room: Room
) -> tuple[Order, Quote] | None:
    """Return the cheapest of the compared offers that are known for talking people and can be bought, where sound was asked for."""
    return next(iter(find_known(TALK, offers, catalogue, room)), None) if request.options.get("audio") is True else None


def find_more_for_less(
    request: VideoRequest, order: Order, price: Quote, catalogue: Catalogue, *, today: date
) -> tuple[Order, Quote] | None:
    """Return the cheapest clip that is a little longer, or a step larger, than what was asked, where that costs less; else None."""
    named = [order.offer] if request.model else catalogue.eligible_offers
    offers = [offer for offer in named if catalogue.is_usable(offer)]
    if request.clip is not None or not price.micros or not offers:
        return None
    found: list[tuple[Order, Quote]] = []
    if type(request.seconds) is int:
        longer = sorted({seconds for offer in offers for seconds in offer.seconds if seconds > order.seconds})[:MOST_LONGER]
        found += [one for seconds in longer for one in rank_orders(offers, replace(request, seconds=seconds), today=today)[:1]]
    if request.size is not None:
        steps = ((offer, _find_larger(offer, order)) for offer in offers)
        larger = [(offer, replace(request, size=size.text)) for offer, size in steps if size is not None]
        found += [one for offer, step in larger for one in rank_orders((offer,), step, today=today)]
    best = min(found, key=lambda one: one[1].micros, default=None)
    return best if best is not None and best[1].micros < price.micros else None


def _find_larger(offer: Offer, order: Order) -> Size | None:
    """Return the offer's next size of the order's shape; None without one."""
    sizes = sizes_of(offer, image=order.image is not None)
    larger = [size for size in sizes if size.ratio == order.size.ratio and count_lines(size) > count_lines(order.size)]
    return min(larger, key=count_lines, default=None)


def _is_about_picture(refusal: Refused) -> bool:
    """Return whether no model that can be bought takes a picture as it is: the refusal says which would."""
    return isinstance(refusal, BrokenRules) and any(rule.argument in ("image", *PICTURES) for rule in refusal.broken)


def compare_offers(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[tuple[Order, Quote], ...]:
    """Return what the offers that this user can buy make of a request that names no model, cheapest first; else all that live."""
    if request.model:
        return ()
    ranked = rank_eligible(catalogue, request, today=today) if catalogue.keyed else []
    return tuple(ranked or rank_orders([offer for offer in catalogue.offers if catalogue.is_living(offer)], request, today=today))
