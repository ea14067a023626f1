"""Explain a refusal that other values do not mend: a length, a shape or a picture that a model does not take, and who takes it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.clip_plan import (
    EVERYTHING,
    MOST_PARTS,
    describe_joining,
    describe_parts,
    describe_parts_within,
    describe_split,
    find_smaller_split,
    find_split,
    plan_parts,
)
from sora_mcp.catalogue.frame_shapes import decides_shape
from sora_mcp.catalogue.free_edits import describe_cut
from sora_mcp.catalogue.nearest_offers import describe_muting, find_muted
from sora_mcp.catalogue.planner import find_broken, plan
from sora_mcp.catalogue.rules import FIT, FITS, HOW_TO_FIT, one_of, sizes_of
from sora_mcp.catalogue.sizes import find_lost_shape, is_size, list_shapes, of_shape
from sora_mcp.domain import CONTINUES, EDITS, PICTURES, Image, Offer, Order, Quote, VideoRequest
from sora_mcp.domain.broken_rule import NO_SUCH_OPTION, BrokenRule, describe_rule, format_bytes
from sora_mcp.domain.errors import BrokenRules, OverBudget
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.domain.terminal_command import describe_command


def explain(
    refusal: BrokenRules, request: VideoRequest, catalogue: Catalogue, *, can_fit: bool, today: date, room: Room = EVERYTHING
) -> BrokenRules:
    """Return the refusal of a request whose frame was read, with what the model lacks in plain words, and who has it.

    `can_fit` is whether a picture can be cropped and padded here; `room` is what the caps leave.
    """
    offer = catalogue.get(refusal.subject)
    if offer is None:
        return refusal
    explanation = _Explanation(refusal, request, offer, catalogue, can_fit, today, room)
    sentences = [*explanation.name_takers(), *explanation.describe_rules(), *explanation.name_taker_as_it_is()]
    return BrokenRules(refusal.broken, subject=refusal.subject, fixes=refusal.fixes, message=" ".join(sentences))


def explain_price(
    refusal: OverBudget, request: VideoRequest, catalogue: Catalogue, *, most: Micros, left: Micros, today: date
) -> OverBudget:
    """Return the refusal of one clip above the cap `most` of a video, above what is `left` of the day or month, or above the caller's own
    cap, with the same length in shorter clips that all of them allow."""
    if request.variations > 1 or request.clip is not None:
        return refusal
    total = Micros(min(most * MOST_PARTS, left, left if request.max_usd is None else request.max_usd))
    _, whole = plan(request, catalogue, today=today)
    if whole.micros <= min(most, total):
        return refusal
    parts = describe_parts_within(request, catalogue, each=most, total=total, today=today)
    return OverBudget(f"{refusal.message} {parts}") if parts else refusal


def _describe_taker(order: Order, price: Quote) -> str:
    return f"{order.offer.id} ({format_dollars(price.micros)} for {describe_looks(order)})"


@dataclass(frozen=True)
class _Explanation:
    """One refusal, and all that could be bought in its place."""

    refusal: BrokenRules
    request: VideoRequest
    offer: Offer
    catalogue: Catalogue
    can_fit: bool
    today: date
    room: Room

    @functools.cached_property
    def fits(self) -> bool:
        """True where the offer takes the picture once it is cropped or padded."""
        is_broken = any(rule.argument == "image" for rule in self.refusal.broken)
        image = self.request.frame
        if not (is_broken and self.can_fit) or image is None or image.is_url or self.request.is_fitted:
            return False
        fitted = replace(self.request, options={**self.request.options, FIT: FITS[0]})
        return all(rule.argument != "image" for rule in find_broken((self.offer,), fitted, today=self.today))

    def describe_rules(self) -> Iterator[str]:
        """Yield a sentence for each broken rule, and after it what makes up for it."""
        if self.fits:
            yield self._describe_fit()
        muted = find_muted(self.request, self._list_candidates(), today=self.today) if self._is_about_sound() else ()
        if muted and self.request.model is None:
            yield describe_muting(*muted[0][1:], clips=self.request.variations)
            return
        is_known = self.request.size is None or is_size(self.request.size)
        if self.request.model is None and self.catalogue.keyed and is_known and not self.fits and not self._name_lacks():
            yield f"No model with a key takes all of this; the nearest is {self.offer.id}."
        for rule in self.refusal.broken:
            if rule.argument == "image" and self.fits:
                continue
            if rule.argument == "seconds" and (sentence := self._describe_parts()):
                yield sentence
            elif rule.argument == "size" and (shape := self._find_lost_shape()):
                yield f"{self.offer.id} has no {shape}: size must be {one_of(list_shapes(sizes_of(self.offer)))}."
                yield from describe_cut(shape)
            else:
                is_named = self.request.model is not None or rule.allowed.startswith(NO_SUCH_OPTION)
                yield describe_rule(rule, self.refusal.subject if is_named else "")
                yield from self._describe_longer_parts() if rule.argument == "seconds" and len(self.refusal.broken) == 1 else ()
        for _, order, price in muted:
            yield f"With audio left out: {describe_looks(order)}, {format_dollars(price.micros)}."

    def _list_candidates(self) -> Sequence[Offer]:
        """Return the offers of which one is bought: the one that was named, else all that can be."""
        return self.catalogue.eligible_offers if self.request.model is None else (self.offer,)

    def _is_about_sound(self) -> bool:
        """Return whether nothing is wrong but what was said of the sound."""
        return {rule.argument.removeprefix("options.") for rule in self.refusal.broken} == {"audio"}

    def _describe_fit(self) -> str:
        """Say why the picture is not taken as it is, and that cropping or padding it mends that."""
        image, rule, sizes = self.request.frame, self.offer.image, sizes_of(self.offer, image=True)
        if image is None or rule is None:
            return ""
        is_large = image.bytes is not None and image.bytes > rule.most_bytes
        shape = "" if of_shape(image, sizes) else f"is {image.width}x{image.height} ({self.offer.id} makes {one_of(list_shapes(sizes))})"
        large = f"has {format_bytes(image.bytes or 0)} ({format_bytes(rule.most_bytes, at_most=True)} at most)" if is_large else ""
        why = " and ".join(filter(None, (shape, large))) or f"is not as {self.offer.id} takes it"
        how = HOW_TO_FIT.replace("to fit", "to fit and makes it smaller") if is_large else HOW_TO_FIT
        return f"The picture {why}: {how}"

    def name_taker_as_it_is(self) -> Iterator[str]:
        """Yield, where no model was named and the picture has to be changed for all at hand, which model with another key takes it."""
        if self.fits and self.request.model is None and (best := self._find_taker(self._list_keyless(), self.request)):
            order, price = best
            vendor = self.catalogue.get_vendor(order.offer)
            key = f"with a key of {vendor.title} ({describe_command('setup', vendor.name)})"
            yield f"{_describe_taker(order, price)} takes it as it is, {key}."

    def _list_keyless(self) -> list[Offer]:
        """Return the living offers whose key is missing."""
        return [offer for offer in self.catalogue.offers if self.catalogue.is_living(offer) and not self.catalogue.is_usable(offer)]

    def name_takers(self) -> Iterator[str]:
        """Yield, where no model at hand takes what this one lacks, that it is so and which model would, with which key."""
        if not (lacks := self._name_lacks()):
            return
        eligible, wanted = self.catalogue.eligible_offers, self._ask_for_lacks()
        if at_hand := rank_orders(eligible, wanted, today=self.today):
            if not rank_orders(eligible, replace(self.request, model=None), today=self.today):
                name = at_hand[0][0].offer.id
                yield f'{name} {lacks}, but not all else of this request: list_sizes(model="{name}") has its sizes, lengths and options.'
            return
        if (second := self._find_second_picture(wanted)) is not None:
            yield f"{second.offer.id} {lacks} beside a first frame: add image, the picture that the clip begins with."
            return
        yield f"No model with a key {lacks}."
        if best := self._find_taker(self._list_keyless(), wanted):
            order, price = best
            vendor = self.catalogue.get_vendor(order.offer)
            yield f"{_describe_taker(order, price)} would, with a key of {vendor.title}. {describe_adding_key((vendor,))}"

    def _find_second_picture(self, wanted: VideoRequest) -> Order | None:
        """Return the cheapest order at hand, where all that is missing is a first frame beside the other pictures."""
        if self.request.image is not None or not wanted.options:
            return None
        frames = (Image("https://example.com/frame.png"), Image("data:image/png;base64,AAAA"))
        own = (self.offer,) if self.offer in self.catalogue.eligible_offers else ()
        tries = ((offers, frame) for offers in (own, self.catalogue.eligible_offers) for frame in frames)
        found = (rank_orders(offers, replace(wanted, image=frame), today=self.today) for offers, frame in tries)
        return next((ranked[0][0] for ranked in found if ranked), None)

    def _find_taker(self, offers: Iterable[Offer], wanted: VideoRequest) -> tuple[Order, Quote] | None:
        """Return the cheapest that takes the whole request, else what is lacking."""
        whole = replace(self.request, model=None)
        found = rank_orders(offers, whole, today=self.today) or rank_orders(offers, wanted, today=self.today)
        return found[0] if found else None

    def _name_lacks(self) -> str:
        """Return as a predicate what the model takes no value of; empty where it takes some of each."""
        broken = (rule for rule in self.refusal.broken if not (rule.argument == "image" and self.fits))
        pictures = dict.fromkeys(name for rule in broken if (name := _name_picture(rule, self.request)))
        takes = f"takes {' with '.join(pictures)}" if pictures else ""
        makes = f"makes {shape} videos" if (shape := self._find_lost_shape()) else ""
        return " and ".join(filter(None, (takes, makes)))

    def _ask_for_lacks(self) -> VideoRequest:
        """Return a request for these alone."""
        broken = {rule.argument.removeprefix("options.") for rule in self.refusal.broken}
        options = {name: value for name, value in self.request.options.items() if name in PICTURES and name in broken}
        image = self.request.image if broken & {"image", CONTINUES} or options else None
        return VideoRequest("a clip", size=self._find_lost_shape(), image=image, options=options, edits=self.request.edits)

    def _find_lost_shape(self) -> str | None:
        """Return the shape that was asked for, where no size of the model has it."""
        sizes = sizes_of(self.offer)
        is_lost = any(rule.argument == "size" for rule in self.refusal.broken) and not decides_shape(self.request, sizes)
        return find_lost_shape(self.request.size or "", sizes) if is_lost else None

    def _describe_longer_parts(self) -> Iterator[str]:
        """Yield which clips, of the model that was named if one was, are longer together, where none make the length exactly."""
        if self.request.clip is not None:
            return
        offers, is_open = self._list_candidates(), self.request.model is None
        if (split := find_split(offers, self.request, today=self.today)) is None:
            return
        smaller = None if split.fits(self.room) else find_smaller_split(offers, self.request, self.room, today=self.today)
        if smaller is not None:
            yield f"{self.request.seconds} s within your limits: {describe_split(smaller, self.request, with_model=True)}."
            yield describe_joining(smaller, with_model=is_open, with_size=True)
        yield f"{self.request.seconds} s: {describe_split(split, self.request, with_model=is_open, room=self.room)}."

    def _describe_parts(self) -> str:
        """Return in which clips the length can be made, and how; empty where it is not too long."""
        parts = plan_parts(self.request, self.catalogue, today=self.today)
        if not parts:
            return ""
        named = self.offer.id if self.request.model is not None else ""
        return f"{describe_parts(parts, of_model=named, room=self.room)} {describe_joining(parts[0])}"


def _name_picture(rule: BrokenRule, request: VideoRequest) -> str:
    """Return the kind of a picture that is not taken; empty for any other argument."""
    name = rule.argument.removeprefix("options.")
    if name == EDITS and request.clip is not None:
        return "this video to edit"
    if name == CONTINUES and not rule.allowed.startswith("given"):
        return "the last frame of a clip as first frame"
    if name == "image" and request.frame is not None:
        return "a link as first frame" if request.frame.is_url else "this picture as first frame"
    return {"last_image": "a last frame", "references": "references"}.get(name, "")
