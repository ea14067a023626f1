"""Answer a name that means several models, or none: which there are, and what the request costs on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.clip_plan import EVERYTHING, Part, describe_joining, describe_split, find_smaller_split, find_split, plan_parts_on
from sora_mcp.catalogue.family_choice import describe_clip
from sora_mcp.catalogue.first_key import describe_first_key
from sora_mcp.catalogue.frame_shapes import describe_shape
from sora_mcp.catalogue.free_edits import describe_cut
from sora_mcp.catalogue.hints import BEST, WHOSE, find_label
from sora_mcp.catalogue.input_videos import name_clip
from sora_mcp.catalogue.nearest_offers import Near, describe_muting, find_muted, find_near_on
from sora_mcp.catalogue.planner import find_broken
from sora_mcp.catalogue.rules import FIT, HOW_TO_FIT, describe_lengths, one_of, sizes_of
from sora_mcp.catalogue.sizes import find_lost_shape, has_shape, list_shapes
from sora_mcp.catalogue.unavailable import describe_missing
from sora_mcp.domain import EDITS, Image, Offer, Order, Quote, Vendor, VideoRequest
from sora_mcp.domain.broken_rule import INSTEAD, NO_SUCH_OPTION, SOUND_KNOWN, BrokenRule, describe_rule, quote_value
from sora_mcp.domain.errors import UnknownModel
from sora_mcp.domain.money import format_dollars

MOST_NAMED = 4
"""Models of a family that are named."""
ANY_FRAME = "https://example.com/frame.png"
"""Stands for a first frame that a model cannot do without."""
IN_ONE_CLIP = "in one clip"
PLAIN = "a clip"
"""Stands for a prompt that no model takes."""


def explain_unknown(
    refusal: UnknownModel, request: VideoRequest, catalogue: Catalogue, *, today: date, room: Room = EVERYTHING
) -> UnknownModel:
    """Return the refusal of a name that means several models, or none, with the models that may be meant and what the request costs on
    them: on those with a key if there are any."""
    name = quote_value(request.model)
    if (elsewhere := catalogue.find_elsewhere(request.model or "")) is not None:
        return UnknownModel(_describe_elsewhere(*elsewhere, request, catalogue, today=today, room=room))
    if family := catalogue.find_family(request.model or ""):
        listed = f' list_sizes(model="{(request.model or "").strip()}") lists all {{}}.'
        if find_label(request.model or "") == "cheapest":
            listed = " Leave model out to get the cheapest that takes all of the request."
        return UnknownModel(_Family(family, request, catalogue, today, room).describe(listed, begin=f"{name} means several models."))
    if ended := catalogue.find_ended(request.model or ""):
        return UnknownModel(" ".join(_describe_ended(ended, request, catalogue, today)))
    near = catalogue.find_near(request.model or "")
    if living := [offer for offer in near if catalogue.is_living(offer)]:
        return UnknownModel(f"No vendor sells {name}. {_Family(living, request, catalogue, today, room).describe('', begin='')}")
    return UnknownModel(f"No vendor sells {name}. {' '.join(_describe_ended(near, request, catalogue, today))}") if near else refusal


def _describe_elsewhere(
    seller: Vendor, family: Sequence[Offer], request: VideoRequest, catalogue: Catalogue, *, today: date, room: Room
) -> str:
    """Say that a vendor sells none of the family that was named at it, and who does: where only it has a key, by their names alone."""
    begin, rest = describe_lacking(seller, request.model or ""), (request.model or "").partition(":")[2].strip()
    titles = list(dict.fromkeys(catalogue.get_vendor(offer).title for offer in family if offer.rates))
    if seller.name not in catalogue.keyed or not titles or any(map(catalogue.is_buyable, family)):
        listed = f' list_sizes(model="{rest}") lists all {{}}.'
        return f"{begin} {_Family(family, request, catalogue, today, room).describe(listed, begin='')}"
    more = [f"{len(titles) - MOST_NAMED} more vendors"] if len(titles) > MOST_NAMED + 1 else []
    others = one_of([*titles[: MOST_NAMED if more else None], *more]).replace(" or ", " and ")
    has = "has" if len(titles) == 1 else "have"
    cheapest = [order.offer for order, _ in rank_orders(family, replace(request, model=None), today=today)]
    adding = describe_adding_key(map(catalogue.get_vendor, (*cheapest, *family)))
    return f"{begin} {others} {has} it, without a key here. {adding}"


def describe_lacking(seller: Vendor, name: str) -> str:
    """Say that a vendor sells nothing of what is named at it."""
    return f"{seller.title} has no {quote_value(name.partition(':')[2].strip())} here."


def _describe_ended(offers: Sequence[Offer], request: VideoRequest, catalogue: Catalogue, today: date) -> Iterator[str]:
    """Yield when the models ended, and what those cost that can be tried all the same."""
    yield from dict.fromkeys(
        f"{offer.ended.by} ended {offer.ended.what} on {offer.ended.on}." for offer in offers if offer.ended is not None
    )
    usable = [offer for offer in offers if catalogue.is_usable(offer)]
    if ranked := rank_orders(usable, replace(request, model=None), today=today, with_missing=True):
        named = one_of([describe_clip(order, price, today=today) for order, price in ranked[:MOST_NAMED]])
        yield f"Still sold, and perhaps refused: {named}; only a full name buys one."
    elif catalogue.keyed and not usable:
        yield "No vendor with a key still sells it, and a key for it would be of no use."
    if not catalogue.keyed:
        yield describe_first_key(catalogue, today=today)
    yield from name_best_look(request, catalogue, today=today)


def name_best_look(request: VideoRequest, catalogue: Catalogue, *, today: date) -> Iterator[str]:
    """Yield which model that can be bought is known for the best look, and what the request costs there, in place of one that ended."""
    best = [offer for offer in catalogue.find_family(BEST) if catalogue.is_buyable(offer)]
    for order, price in rank_orders(best, replace(request, model=None), today=today)[:1]:
        yield f"{BEST.capitalize()}, {WHOSE}: {describe_clip(order, price, today=today)}."


@dataclass(frozen=True)
class _Family:
    """Models of which one may be meant, and what is asked of them."""

    offers: Sequence[Offer]
    request: VideoRequest
    catalogue: Catalogue
    today: date
    room: Room

    def describe(self, listed: str, *, begin: str) -> str:
        """Say what the request costs on these models, cheapest first; where none takes it, why, and what it costs as far as they do.
        `listed` says where all are listed, `begin` what the name means: where none has a key, that is said instead."""
        usable = [offer for offer in self.offers if self.catalogue.is_buyable(offer)]
        offers = self._select_kind(usable) or self._select_kind(self.offers) or usable or self.offers
        asked = self._name_clip(offers)
        ranked = rank_orders(offers, asked, today=self.today)
        missing = "" if ranked else self._describe_missing(offers, asked)
        sentences = [] if ranked else [missing] if missing else [*self._describe_lacks(offers, asked)]
        named = len(self.offers)
        if not missing and not (sentences and (IN_ONE_CLIP in sentences[0] or "Nearest: " in sentences[-1] or HOW_TO_FIT in sentences[-1])):
            ranked = ranked or self._rank_plainly(offers, asked)
            clips = [describe_clip(order, price, today=self.today) for order, price in ranked[:MOST_NAMED]] or [
                offer.id for offer in offers[:MOST_NAMED]
            ]
            sentences += [f"Cheapest first: {', '.join(clips)}.", *self._describe_cap(ranked)]
            named = len(clips)
        if unpriced := [offer.id for offer in self.offers if self.catalogue.is_usable(offer) and not offer.rates]:
            sentences.append(f"Without a published price: {one_of(unpriced[:MOST_NAMED]).replace(' or ', ' and ')}.")
        if not any(self.catalogue.is_buyable(offer) for offer in offers):
            cheapest = [order.offer for order, _ in ranked]
            keyless = [offer for offer in (*cheapest, *self.offers) if not self.catalogue.is_usable(offer)]
            adding = describe_adding_key(map(self.catalogue.get_vendor, keyless))
            if unpriced:
                sentences.append(f"None of the others has a key here. {adding}")
            else:
                begin = f"No key here for any {f'{quote_value(self.request.model)} model' if begin else 'of these'}. {adding}"
        return " ".join(filter(None, (begin, *sentences))) + (listed.format(len(self.offers)) if len(self.offers) > named else "")

    def _select_kind(self, offers: Sequence[Offer]) -> list[Offer]:
        """Return the offers that do what is asked: those that edit a video where there is one, else those that make one, if any do."""
        editors = [offer for offer in offers if offer.keeps_length]
        makers = [offer for offer in offers if offer.video is None]
        return editors if self.request.clip is not None else makers or editors

    def _name_clip(self, offers: Sequence[Offer]) -> VideoRequest:
        """Return the request without a model; where all of the offers edit videos, with any one to edit."""
        asked = replace(self.request, model=None)
        if asked.clip is None and all(offer.video is not None for offer in offers):
            return replace(asked, edits=name_clip(offers[0], asked.seconds))
        return asked

    def _describe_missing(self, offers: Sequence[Offer], asked: VideoRequest) -> str:
        """Say that a vendor does not have now what would take the request; empty where it is something else that is wrong."""
        for order, _ in rank_orders(offers, asked, today=self.today, with_missing=True)[:1]:
            return f"Not now: {describe_missing(order.offer, order.slug, self.catalogue.get_vendor(order.offer).title)}."
        return ""

    def _describe_lacks(self, offers: Sequence[Offer], asked: VideoRequest) -> Iterator[str]:
        """Yield what the nearest of the offers does not take, and for a length that none makes in one clip, how it is made of several."""
        if asked.clip is not None and not any(offer.video for offer in offers):
            yield "None of them edits videos."
            return
        broken = find_broken(offers, asked, today=self.today)
        for rule in broken:
            if rule.argument == "seconds" and (parts := self._plan_parts(offers, asked)):
                yield from self._describe_parts(offers, asked, parts)
                return
        if near := self._find_near(offers, asked, broken):
            named = [f"{change} {describe_clip(order, price, today=self.today)}" for change, order, price in near]
            yield f"None takes all of this. Nearest: {', or '.join(named)}."
            return
        sizes = [size for offer in offers for size in sizes_of(offer, image=asked.image is not None)]
        shaped = [size for size in sizes if has_shape(size)]
        if shape := find_lost_shape(asked.size or "", shaped):
            whose = "the first frame decides theirs" if asked.image is not None else "their shape cannot be chosen"
            known = f"they make {one_of(list_shapes(shaped)[:MOST_NAMED])}" if shaped else whose
            yield f"None makes {shape} videos: {known}."
            yield from (f"Leave size out: {said}" for said in describe_cut(shape))
        rest = [rule for rule in broken if not (shape and rule.argument == "size")]
        none_has = (NO_SUCH_OPTION, *SOUND_KNOWN.values())
        lacking = [rule for rule in rest if rule.allowed.startswith(none_has) and not _have_option(offers, rule)]
        muted = find_muted(asked, offers, today=self.today)
        if muted and len(rest) == len(lacking) == 1:
            yield f"None of them is surely silent: {describe_muting(*muted[0][1:])}"
            return
        for name in (rule.argument.removeprefix("options.") for rule in lacking):
            yield " ".join(filter(None, (f"None of them takes {name}.", INSTEAD.get(name))))
        image = asked.frame
        if len(rest) == 1 and rest[0].argument == "image" and FIT in rest[0].allowed and image and not image.is_url:
            yield f"None has the picture's shape, {describe_shape(image)}: {HOW_TO_FIT}"
            return
        others = [describe_rule(_widen(rule, offers), "") for rule in rest if rule not in lacking]
        yield from ([f"None takes all of this: {others[0]}", *others[1:]] if others else ())

    def _plan_parts(self, offers: Sequence[Offer], asked: VideoRequest) -> tuple[Part, ...]:
        """Return the ways to make a length of several clips, the cheapest first: of equal ones, and of any."""
        split = find_split(offers, asked, today=self.today)
        ways = (*plan_parts_on(offers, asked, today=self.today), *([] if split is None else [split]))
        return tuple(sorted(ways, key=lambda part: (part.total, part.clips)))

    def _describe_parts(self, offers: Sequence[Offer], asked: VideoRequest, parts: Sequence[Part]) -> Iterator[str]:
        """Yield of which clips the length is made, the cheapest way and the one with the fewest, and how. Where the caps leave no room for
        that, how it is made smaller comes first."""
        none = f"None makes {asked.seconds} s {IN_ONE_CLIP}"
        fewest = min(parts, key=lambda part: part.clips)
        if parts[0].fits(self.room):
            ways = dict.fromkeys(describe_split(part, asked, with_model=True) for part in (parts[0], fewest) if part.fits(self.room))
            yield f"{none}: {', or '.join(ways)}."
            yield describe_joining(parts[0], with_model=True)
            return
        whole = describe_split(parts[0], asked, with_model=True, room=self.room)
        smaller = find_smaller_split(offers, asked, self.room, today=self.today)
        if smaller is None:
            yield f"{none}: {whole}."
            return
        yield f"{none}. Within your limits: {describe_split(smaller, asked, with_model=True)}."
        yield describe_joining(smaller, with_model=True, with_size=True)
        yield f"As asked: {whole}."

    def _find_near(self, offers: Sequence[Offer], asked: VideoRequest, broken: Sequence[BrokenRule]) -> tuple[Near, ...]:
        """Return what the offers make with one argument changed, where some of them take each of the arguments, but none takes all: then
        the rule of one is none of the family."""
        every = [{rule.argument for rule in find_broken((offer,), asked, today=self.today)} for offer in offers]
        is_shared = any(all(rule.argument in names for names in every) for rule in broken)
        return () if is_shared or not broken else find_near_on(offers, asked, today=self.today)

    def _describe_cap(self, ranked: Sequence[tuple[Order, Quote]]) -> Iterator[str]:
        """Yield that all cost more than the caller's own cap, where that is so."""
        most, clips = self.request.max_usd, self.request.variations
        if most is not None and ranked and ranked[0][1].micros * clips > most:
            yield f"{'All of these cost' if len(ranked) > 1 else 'It costs'} more than max_usd {format_dollars(most)}."

    def _rank_plainly(self, offers: Sequence[Offer], asked: VideoRequest) -> list[tuple[Order, Quote]]:
        """Return what the offers make of the request without what the nearest of them does not take."""
        rest = asked
        for rule in find_broken(offers, asked, today=self.today):
            rest = _leave_out(rest, rule, offers)
        return rank_orders(offers, rest, today=self.today) or rank_orders(offers, VideoRequest(PLAIN), today=self.today)


def _have_option(offers: Sequence[Offer], rule: BrokenRule) -> bool:
    """Return whether any of the offers has the option of the rule."""
    return any(own.param == rule.argument.removeprefix("options.") for offer in offers for own in offer.options)


def _widen(rule: BrokenRule, offers: Sequence[Offer]) -> BrokenRule:
    """Return the rule of one of the offers as that of all: the lengths that they make together."""
    lengths = sorted({seconds for offer in offers for seconds in offer.seconds})
    return replace(rule, allowed=describe_lengths(lengths)) if rule.argument == "seconds" else rule


def _leave_out(request: VideoRequest, rule: BrokenRule, offers: Sequence[Offer]) -> VideoRequest:
    """Return the request without an argument that is not taken; of a length or a video to edit, with the nearest that is."""
    match rule.argument:
        case "prompt":
            return replace(request, prompt=PLAIN)
        case "image" if rule.allowed.startswith("given"):
            return replace(request, image=Image(ANY_FRAME))
        case "size" | "image":
            return replace(request, **{rule.argument: None})
        case "seconds":
            lengths = {seconds for offer in offers for seconds in offer.seconds}
            longer = [seconds for seconds in lengths if type(request.seconds) is int and seconds > request.seconds]
            return replace(request, seconds=min(longer) if longer else max(lengths, default=None))
        case name if name == EDITS:
            longest = max((offer.video.seconds[1] for offer in offers if offer.video is not None), default=0)
            return replace(request, edits=name_clip(offers[0], int(longest)))
        case name:
            dropped = name.removeprefix("options.")
            return replace(request, options={key: value for key, value in request.options.items() if key != dropped})
