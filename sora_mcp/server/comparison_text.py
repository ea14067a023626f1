"""Say how the models compare that take a request: what the clips cost on each, which has the best look, and what needs approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.clip_plan import list_lengths, make_part
from sora_mcp.catalogue.first_key import is_best_look
from sora_mcp.catalogue.hints import BEST, TALK, get_hint
from sora_mcp.catalogue.sizes import name_lines, name_size
from sora_mcp.catalogue.unavailable import count_unavailable
from sora_mcp.catalogue.usual_length import find_usual_length, price_at_length
from sora_mcp.domain import MOST_TAKES, Order, Quote
from sora_mcp.domain.money import Micros
from sora_mcp.server.charges import capitalize, format_price, say_all
from sora_mcp.server.messages import describe_sound

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_NAMED = 4
"""Offers of a comparison in the message."""
MOST_SIZES = 3
"""Sizes of which the price of the best look is named, the largest first."""
Found = tuple[Order, Quote]


@dataclass(frozen=True)
class Comparison:
    """The compared offers of an estimate, as sentences."""

    estimate: Estimate
    catalogue: Catalogue
    today: date

    def describe(self) -> Iterator[str]:
        """Yield the compared offers, cheapest first, what comes close to them, the one with the best look, with sound the one for talking
        people, and why none can be bought, where that is so."""
        estimate = self.estimate
        yield f"Cheapest first: {', '.join([*self._describe_muted(), *self._list_named(), *self._list_more()])}."
        if estimate.close:
            yield f"Close to it: {', '.join(self._describe_offered(*found, lines='resolution not stated') for found in estimate.close)}."
        yield from self._describe_best()
        if estimate.talk is not None and estimate.talk not in self.cheapest:
            yield f"{capitalize(TALK)}: {self._describe_offered(*estimate.talk)}."
        can_buy = any(self.catalogue.is_usable(order.offer) for order, _ in estimate.offers)
        if self.catalogue.keyed and not can_buy and (said := count_unavailable(self.catalogue)):
            yield f"Cannot be bought now: {said}."

    def describe_real(self) -> Iterator[str]:
        """Yield, to a user without any key, what a clip costs that is no sample: the cheapest, and one with the best look, and how the key
        for it is added."""
        first, *others = self._real
        clips = self.estimate.clips
        best = [found for found in others if is_best_look(found)][:1] if not is_best_look(first) else []
        looks = self._list_looks(first[0])
        named = [self._name_price(*first, looks)]
        for order, price in best:
            own = [part for part in self._list_looks(order) if part not in looks]
            named.append(f"with the {BEST} {self._name_price(order, price, own)}")
        yield f"{f'{clips} real clips cost' if clips > 1 else 'A real clip costs'} {', '.join(named)}."
        yield f"{self.catalogue.describe_missing_key((first[0].offer,))} Clips are paid there."

    def describe_asking(self, price: Quote) -> str:
        """Say that a person is asked about the price of a clip, or about that of all in one call; and why, where it is low and the
        estimate does not say it anyhow of its own."""
        estimate, above = self.estimate, self.estimate.budget.confirm_above
        if not price.micros:
            return ""
        if above is not None and price.micros > above:
            return ", needs approval"
        if price.describe_doubt(self.today):
            why = (
                "" if estimate.quote.describe_doubt(self.today) else "calculated price " if price.confidence == "derived" else "old price "
            )
            return f", {why}needs approval"
        return f", one approval for {say_all(estimate.clips)}" if needs_one_approval(estimate, price) else ""

    def list_larger(self) -> list[str]:
        """Return what the clips cost at the next sizes of the model that is priced there, and which of them alone needs approval."""
        (_, least), *steps = self.estimate.best
        is_asked = bool(self.describe_asking(least))
        return [
            f"at {name_lines(order.size)} {format_price(self._sum(order, price))}{'' if is_asked else self.describe_asking(price)}"
            for order, price in steps
        ]

    @cached_property
    def cheapest(self) -> Sequence[Found]:
        """The compared offers that are named: the cheapest for which the caps leave room, as far as a key is here."""
        return self._within[:MOST_NAMED]

    @cached_property
    def _room(self) -> Room:
        return find_room(self.estimate)

    @cached_property
    def _real(self) -> list[Found]:
        """The compared offers without the free sample, which is no video of the prompt."""
        offers = self.estimate.offers
        return [found for found in offers if not self.catalogue.get_vendor(found[0].offer).caveat] or list(offers)

    @cached_property
    def _within(self) -> list[Found]:
        """The compared offers for which the caps leave room, as far as a key is here; all where they leave none for any."""
        fitting = [found for found in self._real if self._room.count(found[1].micros, 1) or not self.catalogue.is_usable(found[0].offer)]
        return fitting or self._real

    @cached_property
    def _usual_length(self) -> int | None:
        """The length at which all that is named is priced besides, where that is of several lengths."""
        talk = self.estimate.talk
        return find_usual_length([order for order, _ in (*self.cheapest, *self.estimate.best[:1], *([talk] if talk else []))])

    def _describe_muted(self) -> Iterator[str]:
        """Yield the offer that is cheaper than all that surely make a silent clip, and how its sound is taken out."""
        if self.estimate.muted:
            _, order, price = self.estimate.muted
            sound = ", may have sound" if order.sound is None else ""
            free = f"{describe_looks(order)}{sound}: edit_video mute takes it out, free"
            yield f"{order.offer.id} {self._describe_cost(order, price)} ({free}{self.describe_asking(price)})"

    def _list_named(self) -> Iterator[str]:
        """Yield the named offers; the one with the best look with its larger sizes, the one for talking people as such."""
        estimate = self.estimate
        for found in self.cheapest:
            notes = [", ".join([BEST, *self.list_larger()])] if found in estimate.best[:1] else []
            yield self._describe_offered(*found, notes=[*notes, *([TALK] if found == estimate.talk else [])])

    def _list_more(self) -> Iterator[str]:
        """Yield how many offers there are besides, and where all that are named need approval, the cheapest that needs none."""
        if (rest := len(self.estimate.offers) - MOST_NAMED) > 0:
            yield f'and {rest} more in list_sizes(model="{"all" if self.estimate.order.clip is None else "edit"}")'
        if all(self.describe_asking(price) for _, price in self.cheapest):
            others = [found for found in self._within if self.catalogue.is_usable(found[0].offer) or not self.catalogue.keyed]
            unasked = next((found for found in others if not self.describe_asking(found[1])), None)
            yield from [f"without approval from {self._describe_offered(*unasked)}"] if unasked else []

    def _describe_offered(self, order: Order, price: Quote, *, lines: str = "", notes: Sequence[str] = ()) -> str:
        """Name an offer, with what the clips cost there, what one is like, whether it needs a key or approval, what it costs at the common
        length, and these notes. `lines` stands in place of a resolution that no source says."""
        unstated = f", {lines}" if lines and not name_lines(order.size) else ""
        key = ", no key" if self.catalogue.keyed and not self.catalogue.is_usable(order.offer) else ""
        looks = f"{describe_looks(order)}{unstated}{key}{self.describe_asking(price)}"
        return f"{order.offer.id} {self._describe_cost(order, price)} ({'; '.join([looks, *self._describe_usual(order), *notes])})"

    def _name_price(self, order: Order, price: Quote, looks: Sequence[str]) -> str:
        like = f" ({', '.join(looks)})" if looks else ""
        return f"{format_price(self._sum(order, price))} on {order.offer.id}{like}"

    def _list_looks(self, order: Order) -> list[str]:
        """Return what the clip of an order is like, and what it costs at the usual length, as clauses."""
        return [*describe_looks(order).split(", "), *self._describe_usual(order)]

    def _describe_usual(self, order: Order) -> Iterator[str]:
        """Yield what a clip costs at the usual length."""
        length = self._usual_length
        if length is not None and length != order.seconds and (price := price_at_length(order, length, today=self.today)) is not None:
            yield f"{length} s {format_price(price)}{' each' if self.estimate.clips > 1 else ''}"

    def _sum(self, order: Order, price: Quote) -> Micros:
        """Return what all clips cost: those that go on from another have a first frame, which may cost more."""
        estimate = self.estimate
        if not estimate.parts:
            return Micros(price.micros * estimate.clips)
        count = estimate.parts[0].clips
        return Micros(make_part(count, order, price, today=self.today).total * (estimate.clips // count))

    def _describe_cost(self, order: Order, price: Quote) -> str:
        """Return what the clips cost together, and each; how many of them, where the caps leave no room for all."""
        total, clips = self._sum(order, price), self.estimate.clips
        both = f"{format_price(total)} in all, {format_price(price.micros)} each" if clips > 1 and total else format_price(total)
        return f"{both}{self._room.describe(price.micros, clips)}"

    def _describe_best(self) -> Iterator[str]:
        """Yield which compared model has the best look, and what it costs: as it is compared, and at its next sizes, beside the cheapest
        of the first of these; where the caps leave room for some of the clips alone, what all can be."""
        estimate = self.estimate
        if not estimate.best:
            yield from self._describe_best_splits()
            return
        order, price = estimate.best[0]
        fitting = self._room.count(price.micros, estimate.clips)
        if not fitting:
            yield f"Best look: {order.offer.id} {self._describe_cost(order, price)}."
            return
        if estimate.best[0] not in self.cheapest:
            yield f"Best look: {', '.join([self._describe_offered(order, price), *self.list_larger()])}."
        if estimate.as_large is not None:
            other, least = estimate.as_large
            if any(is_same_clip(estimate.as_large, found) for found in self.cheapest):
                return
            yield f"At {name_size(other.size)} from {self._describe_cost(other, least)} on {other.offer.id}."
        elif fitting < estimate.clips:
            yield from self._describe_all_fitting()

    def _describe_all_fitting(self) -> Iterator[str]:
        """Yield the dearest of the compared models that are known for something of which the caps leave room for all clips."""
        clips = self.estimate.clips
        for order, price in reversed(self.estimate.offers):
            hint = get_hint(order.offer)
            if hint and self.catalogue.is_usable(order.offer) and self._room.count(price.micros, clips) == clips:
                yield f"{capitalize(say_all(clips))} fit: {self._describe_offered(order, price)}, good for {hint.good_for}."
                return

    def _describe_best_splits(self) -> Iterator[str]:
        """Yield of which clips a model with the best look makes the length, and what they cost together at each size that the caps
        allow."""
        if not (splits := self.estimate.best_splits):
            return
        split, clips = splits[0], self.estimate.clips
        costs = [f"{name_lines(part.order.size)} {format_price(Micros(part.total * clips))}" for part in splits[:MOST_SIZES]]
        each = "each as " if clips > 1 else ""
        looks = describe_sound(split.order.options, model=split.order.offer.id)
        clauses = f"{list_lengths(split.lengths)} on {split.order.offer.id}, {looks}{self.describe_asking(split.price)}"
        yield f"Best look in parts: {each}{clauses}, joined with edit_video: {', '.join(costs)}."


def find_room(estimate: Estimate) -> Room:
    """Return what the caps of an estimate leave."""
    return Room(estimate.budget.per_video, estimate.budget.remainder)


def is_same_clip(found: Found, other: Found) -> bool:
    """Return whether two priced orders are of the same model, size and length, however they were found."""
    (one, _), (two, _) = found, other
    return (one.offer.id, one.size, one.seconds) == (two.offer.id, two.size, two.seconds)


def needs_one_approval(estimate: Estimate, price: Quote) -> bool:
    """Return whether a person is asked about the clips as takes of one call alone: each costs less than what is asked about."""
    above = estimate.budget.confirm_above
    return (
        not estimate.parts and estimate.clips <= MOST_TAKES and above is not None and price.micros <= above < price.micros * estimate.clips
    )
