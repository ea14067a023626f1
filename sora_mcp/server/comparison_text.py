"""Say how the models compare that take a request: what the clips cost on each, which has the best look, and what needs approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.clip_descriptions import SOUND, describe_looks
from sora_mcp.catalogue.clip_plan import Part, can_go_on, list_lengths, make_part
from sora_mcp.catalogue.hints import BEST, TALK, WHOSE, describe_hint, get_hint, is_known_for
from sora_mcp.catalogue.sizes import name_lines
from sora_mcp.catalogue.unavailable import count_unavailable
from sora_mcp.catalogue.usual_length import find_usual_length, quote_at_length
from sora_mcp.domain import MOST_TAKES, Offer, Order, Quote
from sora_mcp.domain.money import UNASKED_TIMES, Micros, format_dollars, format_excess
from sora_mcp.server.charges import format_price, say_all
from sora_mcp.server.messages import SOUND_OPEN, describe_sound

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate

MOST_NAMED = 3
"""Of the cheapest offers in the message."""
NEEDS, EACH_NEEDS = "needs approval", "each clip needs approval"
"""What is said of one clip, which is one call, and of several that are bought one by one."""
OTHERS, OTHER_EDITS = "name a size, vendor or family", 'list_sizes(model="edit")'
MUTING = " (edit_video mute removes it, free)"
MOST_SIZES = 3
"""Sizes of clips in parts whose prices are named, the largest first."""
Found = tuple[Order, Quote]


@dataclass(frozen=True)
class Row:
    """One line of a comparison."""

    offer: Offer
    looks: tuple[str, ...]
    """Facts of the clip that stand in the heading where all rows have them: length, sound, resolution."""
    cost: str
    least: int
    """In micros: what the rows are sorted by."""
    fits: bool = True
    """Whether the caps leave room for one of the clips at least."""

    def describe(self, common: Sequence[str], *, with_source: bool = False) -> str:
        """Return the line, without what the heading says; `with_source` says whose word it is what the model is good for."""
        hint = get_hint(self.offer)
        name = f"{self.offer.id} ({describe_hint(hint, with_source=with_source)})" if hint else self.offer.id
        return f"{', '.join([name, *(part for part in self.looks if part not in common)])}: {self.cost}"


@dataclass(frozen=True)
class Comparison:
    """The compared offers of an estimate, in words."""

    estimate: Estimate
    catalogue: Catalogue
    today: date

    def describe(self) -> Iterator[str]:
        """Yield the lines of the comparison: a heading with what is the same of all, a line for each offer, cheapest first, and how many
        there are besides, or why none of them can be bought."""
        rows = sorted(self._list_rows(), key=lambda row: row.least)
        best = [one.offer for one, _ in self.estimate.best[:1]]
        rows = [row for row in rows if row.fits or row.offer in best] or rows
        if rows:
            common = [part for part in rows[0].looks if all(part in row.looks for row in rows)]
            each = f"; price of {say_all(self.estimate.clips)} (of each)" if self.estimate.clips > 1 else ""
            if length := self.usual_length:
                common = [f"{length} s", *(part for part in common if part != f"{length} s")]
            is_cheaper = rows[0].least < self._sum(self.estimate.order, self.estimate.quote)
            begin = f"Compared with seconds={length}" if length else "Cheaper, and others" if is_cheaper else "Others"
            yield f"{', '.join([begin, 'cheapest first', *common[bool(length) :]])}{each}:"
            hinted = next((row for row in rows if get_hint(row.offer)), None) if not self.label else None
            yield from (row.describe(common, with_source=row is hinted) for row in rows)
        named = {row.offer.id for row in rows} | {self.estimate.order.offer.id}
        if rest := len({order.offer.id for order, _ in self.estimate.offers} - named):
            yield f"{rest} more: {OTHERS if self.estimate.order.clip is None else OTHER_EDITS}"
        can_buy = any(self.catalogue.is_usable(order.offer) for order, _ in self.estimate.offers)
        if self.catalogue.keyed and not can_buy and (said := count_unavailable(self.catalogue)):
            yield f"Cannot be bought now: {said}."

    def describe_real(self) -> Iterator[str]:
        """Yield, to a user without any key, what a clip costs that is no sample: the cheapest, and one with the best look, and how the key
        for it is added."""
        first, *others = sorted(map(self._at_usual_length, self._real), key=lambda found: found[1].micros)
        clips = self.estimate.clips
        best = [] if is_known_for(first[0].offer, BEST) else [found for found in others if is_known_for(found[0].offer, BEST)][:1]
        looks = self._list_looks(first[0])
        is_usual = first[0].seconds == self.usual_length
        with_seconds = f" with seconds={self.usual_length}" if is_usual else ""
        named = [self._name_price(*first, looks[is_usual:])]
        for order, price in best:
            own = [part for part in self._list_looks(order) if part not in looks]
            named.append(f"with the {BEST}, {WHOSE}, {self._name_price(order, price, own)}")
        yield f"{f'{clips} real clips{with_seconds} cost' if clips > 1 else f'A real clip{with_seconds} costs'} {', '.join(named)}."
        yield f"{self.catalogue.describe_missing_key((first[0].offer,))} Clips are paid there."

    def describe_asking(self, price: Quote) -> str:
        """Say that a person is asked about the price of each clip, where it is bought alone."""
        estimate, above = self.estimate, self.estimate.budget.confirm_above
        if not price.micros:
            return ""
        if (above is None or price.micros <= above) and not price.describe_doubt(self.today):
            return ""
        return EACH_NEEDS if estimate.clips > 1 else NEEDS

    def describe_call_limit(self) -> str:
        """Say, of several clips, that the limit above which a person is asked is one of a call, where the sum passes it and a clip does
        not; empty where that is so of no price that is named."""
        estimate = self.estimate
        named = [] if estimate.waits else [estimate.quote]
        if estimate.offers:
            named += [price for _, price in (*self.cheapest, *estimate.best, *estimate.other_best, *estimate.larger)]
        if (above := estimate.budget.confirm_above) is None or not any(needs_one_approval(estimate, price) for price in named):
            return ""
        clips = estimate.clips
        limits = f"Above {format_dollars(above)} a call, or {format_dollars(UNASKED_TIMES * above)} within an hour,"
        return f"{limits} needs approval; with variations={clips} the sum of {say_all(clips)} counts."

    def list_larger(self) -> list[str]:
        """Return what the clips cost at the next sizes of the model that is priced there, and which of them alone needs approval."""
        (_, least), *steps = self.estimate.best
        is_asked = bool(self.describe_asking(least))
        found: list[str] = []
        for order, price in steps:
            asked = "" if is_asked else self.describe_asking(price)
            found.append(f"at {name_lines(order.size)} {format_price(self._sum(order, price))}{f' ({asked})' if asked else ''}")
        return found

    @property
    def label(self) -> str:
        """Return what the model that is priced is known for, where that is the best look or talking people; empty for any other."""
        estimate = self.estimate
        first = (estimate.order, estimate.quote)
        if estimate.talk is not None and is_same_clip(estimate.talk, first):
            return TALK
        return BEST if estimate.offers and estimate.best and is_same_clip(estimate.best[0], first) else ""

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
    def usual_length(self) -> int | None:
        """The length at which all that is named is priced besides, where that is of several lengths."""
        talk = self.estimate.talk
        return find_usual_length([order for order, _ in (*self.cheapest, *self.estimate.best[:1], *([talk] if talk else []))])

    def _list_rows(self) -> Iterator[Row]:
        """Yield a row of each offer that is worth a line, but for the one whose price the estimate begins with."""
        estimate, is_priced_anew = self.estimate, self.usual_length is not None
        if estimate.muted:
            _, order, price = estimate.muted
            yield self._make_row((order, price), is_muted=True)
        yield from map(self._make_row, estimate.close)
        first = (estimate.order, estimate.quote)
        shown = self._list_at_usual_length() if is_priced_anew else [found for found in self.cheapest if not is_same_clip(found, first)]
        best, talk = estimate.best[:1], estimate.talk
        steps_of = {sizes[0][0].offer.id: sizes[1:] for sizes in (estimate.best, estimate.other_best) if sizes}
        known = [*best, *estimate.other_best[:1], *([talk] if talk else [])]
        named = [*estimate.best[1:], *estimate.other_best[1:]]
        besides = [found for found in self._list_besides() if not any(is_same_clip(found, step) for step in named)]
        for found in self._unique([*shown, *known, *besides]):
            steps = steps_of.get(found[0].offer.id, ()) if found in known else ()
            if steps or is_priced_anew or not is_same_clip(found, first):
                yield self._make_row(found, steps=steps)
        if estimate.best_of_other_lines is not None:
            yield self._make_row(estimate.best_of_other_lines)
        if estimate.best_splits:
            yield self._make_split_row(estimate.best_splits[:MOST_SIZES][::-1])
        for number, split in enumerate(estimate.splits):
            row = self._make_split_row((split,))
            yield row if number else replace(row, cost=f"{row.cost}{describe_buying_parts(split, clips=estimate.clips)}")

    def _list_at_usual_length(self) -> list[Found]:
        """Return the offers that are the cheapest at the length at which all are compared."""
        every = [(self._at_usual_length(found)[1].micros, found) for found in self._within if self._takes_usual_length(found[0])]
        return [found for _, found in sorted(every, key=lambda one: one[0])[:MOST_NAMED]]

    def _takes_usual_length(self, order: Order) -> bool:
        return self.usual_length in order.offer.seconds_by_frame[order.image is not None]

    def _list_besides(self) -> Iterator[Found]:
        """Yield the cheapest of larger sizes; where the caps leave no room for all clips with the best look, one of which they do; and
        where all that are named need approval, the cheapest that needs none."""
        estimate = self.estimate
        yield from estimate.larger
        if estimate.best and 0 < self._room.count(estimate.best[0][1].micros, estimate.clips) < estimate.clips:
            yield from self._find_all_fitting()
        if all(self.describe_asking(price) for _, price in self.cheapest):
            others = [found for found in self._within if self.catalogue.is_usable(found[0].offer) or not self.catalogue.keyed]
            yield from [found for found in others if not self.describe_asking(found[1])][:1]

    def _find_all_fitting(self) -> Iterator[Found]:
        """Yield the dearest of the compared models that are known for something of which the caps leave room for all clips."""
        clips = self.estimate.clips
        for order, price in reversed(self.estimate.offers):
            if get_hint(order.offer) and self.catalogue.is_usable(order.offer) and self._room.count(price.micros, clips) == clips:
                yield order, price
                return

    @staticmethod
    def _unique(every: Sequence[Found]) -> list[Found]:
        """Return each clip once, however often it was found."""
        found: list[Found] = []
        for one in every:
            if not any(is_same_clip(one, other) for other in found):
                found.append(one)
        return found

    def _make_row(self, found: Found, *, steps: Sequence[Found] = (), is_muted: bool = False) -> Row:
        """Return the row of an offer at the length at which all are compared, with its larger sizes."""
        order, price = self._at_usual_length(found)
        amounts = [
            (f"{name_lines(size.size)} {self._describe_cost(size, cost)}".strip() if steps else self._describe_cost(size, cost), cost)
            for size, cost in [(order, price), *map(self._at_usual_length, steps)]
        ]
        key = "no key" if self.catalogue.keyed and not self.catalogue.is_usable(order.offer) else ""
        lines = "" if steps else name_lines(order.size) or "resolution unknown"
        sound = (SOUND[order.sound] or SOUND_OPEN) + (MUTING if is_muted else "")
        looks = (f"{order.seconds} s", sound, lines, key)
        fits = self._room.count(price.micros, self.estimate.clips) > 0
        return Row(order.offer, tuple(filter(None, looks)), self._list_amounts(amounts), self._sum(order, price), fits=fits)

    def _make_split_row(self, splits: Sequence[Part]) -> Row:
        """Return the row of a model that makes the length of several clips, at each of these sizes."""
        split, clips = splits[0], self.estimate.clips
        costs = [(f"{name_lines(part.order.size)} {format_price(Micros(part.total * clips))}".strip(), part.price) for part in splits]
        amounts = self._list_amounts(costs)
        looks = (f"each clip as {list_lengths(split.lengths)}" if clips > 1 else list_lengths(split.lengths), "joined with edit_video")
        sound = describe_sound(split.order.options, model=split.order.offer.id)
        return Row(split.order.offer, (*looks, sound), amounts, split.total * clips)

    def _list_amounts(self, amounts: Sequence[tuple[str, Quote]]) -> str:
        """List amounts, each with whether the price of one clip needs approval: once, where it is the same of all."""
        asked = [self.describe_asking(price) for _, price in amounts]
        if len(set(asked)) > 1:
            some = [amount.partition(" $")[0] for (amount, _), ask in zip(amounts, asked, strict=True) if ask]
            need = f"only {' and '.join(some)} need{'s' if len(some) == 1 else ''} approval{', each clip' if EACH_NEEDS in asked else ''}"
            return f"{', '.join(amount for amount, _ in amounts)} ({need})"
        ask = asked[0]
        if ask == NEEDS and len(amounts) > 1:
            ask = f"{'both' if len(amounts) == 2 else 'all'} need approval"
        return ", ".join(filter(None, [*(amount for amount, _ in amounts), ask]))

    def _at_usual_length(self, found: Found) -> Found:
        """Return a priced order at the length at which all are compared; as it is where its model does not make that."""
        order, length = found[0], self.usual_length
        if length is None or length == order.seconds or (price := quote_at_length(order, length, today=self.today)) is None:
            return found
        return replace(order, seconds=length), price

    def _name_price(self, order: Order, price: Quote, looks: Sequence[str]) -> str:
        like = f" ({', '.join(looks)})" if looks else ""
        return f"{format_price(self._sum(order, price))} on {order.offer.id}{like}"

    def _list_looks(self, order: Order) -> list[str]:
        """Return what the clip of an order is like, as clauses."""
        return describe_looks(order).split(", ")

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
        each = f" ({format_price(price.micros)})" if clips > 1 and total else ""
        both = f"{format_price(total)}{each}{format_excess(total, order.offer.expect(total))}"
        return f"{both}{self._room.describe(price.micros, clips)}"


def describe_buying_parts(part: Part, *, clips: int) -> str:
    """Say how clips of one length that are joined are bought and quoted; empty of several lengths."""
    if len(set(part.lengths)) > 1:
        return ""
    seconds, again = part.lengths[0], part.clips - 1
    times = {1: "once", 2: "twice"}.get(again, f"{again} times")
    then = f"then continues {times}" if can_go_on(part.order) else f"{part.clips} times"
    return f" (create_video(seconds={seconds}), {then}; quote: estimate_cost(model=…, seconds={seconds}, clips={part.clips * clips}))"


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
