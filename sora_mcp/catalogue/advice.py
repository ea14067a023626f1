"""Advise after a refusal: which other values, or which other model, would work, and at what price."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, rank_orders
from sora_mcp.catalogue.fixes import change_request, find_fixes, joint_fixes, list_fits
from sora_mcp.catalogue.frame_shapes import decides_shape
from sora_mcp.catalogue.hints import BEST, is_known_for
from sora_mcp.catalogue.name_matching import name_brand
from sora_mcp.catalogue.name_parsing import MOST_NAME, read_words
from sora_mcp.catalogue.planner import find, plan
from sora_mcp.catalogue.rules import FIT, check, find_order, quote, sizes_of
from sora_mcp.catalogue.sizes import count_lines, find_lost_shape, orientation
from sora_mcp.domain import Offer, Order, Quote, Size, VideoRequest
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import (
    BrokenRules,
    MissingKey,
    ModelRetired,
    NeedsConfirmation,
    OverBudget,
    PriceUnknown,
    Refused,
    RequestIdConflict,
    SoraError,
    UnknownModel,
)
from sora_mcp.domain.money import Micros

ADVISED = (BrokenRules, UnknownModel, MissingKey, ModelRetired, NeedsConfirmation, PriceUnknown, OverBudget, RequestIdConflict)
"""Refusals after which something else may work."""
ALTERNATIVES = 3
"""How many other models are named."""
STATED = 2
"""How many are named where only the price of the cheapest is in doubt."""
UNLIMITED = Micros(10**15)


@dataclass(frozen=True)
class Limits:
    """Limits on what may be bought without asking a person, and on what this computer can do."""

    per_video: Micros
    """The cap on one video."""
    left: Micros | None
    """The most that the call may cost now; None where nothing is bought, so that no cap is met."""
    needs_yes: Callable[[Quote], bool]
    """Return whether a person has to agree to a price."""
    can_fit: bool = True
    """Whether a picture can be cropped and padded on this computer."""
    clips: int = 1
    """How many clips the call asks for."""


def advise(refusal: SoraError, request: VideoRequest, catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[Fix, ...]:
    """Return changes of which each was tried: it makes the refused request one that can be bought, within all caps, at its price.

    Of several broken arguments the first fixes mend the request together: see `joint_fixes`. A fix that needs a person's yes says so.
    """
    return tuple(_Advice(request, catalogue, limits, today).find(refusal))


def list_others(request: VideoRequest, catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[Fix, ...]:
    """Return every living model that takes the request within the caps, but for the sample."""
    return tuple(_Advice(request, catalogue, limits, today).rank_others(but=None))


def rank_replacement(model: str, likely: int, catalogue: Catalogue) -> tuple[bool, int]:
    """Return a key that is the least for the model to name first in place of another: what it will probably cost decides, except that a
    vendor that charged more than quoted for several models comes last."""
    return model.partition(":")[0] in catalogue.overchargers, likely


def is_alike(order: Order, own: Order) -> bool:
    """Return whether a clip is at least as long as another, and has sound where that one has."""
    return order.seconds >= own.seconds and (own.sound is not True or order.sound is True)


@dataclass(frozen=True)
class _Advice:
    """One refused request, and what can be bought instead."""

    request: VideoRequest
    catalogue: Catalogue
    limits: Limits
    today: date

    def find(self, refusal: SoraError) -> Iterable[Fix]:
        """Return what would work instead, by the kind of the refusal."""
        match refusal:
            case BrokenRules():
                return self._price_own(refusal.fixes) if refusal.fixes else self._mend(refusal)
            case UnknownModel():
                return self._replace_unknown(self.request.model or "")
            case MissingKey() | ModelRetired():
                named = self.catalogue.find_offers(self.request.model or "")
                return self._name_successors(named) or self._name_models_at_hand()
            case PriceUnknown():
                return self._replace_unpriced(self._find_offer())
            case OverBudget():
                return self._lower_price()
            case NeedsConfirmation():
                return self._name_stated_prices(refusal)
            case RequestIdConflict():
                price = self._quote(self.request)
                return (self._price_fix(Fix("request_id", None), *price, named=price[0]),) if price else ()
            case _:
                return refusal.fixes

    def _price_own(self, fixes: tuple[Fix, ...]) -> Iterator[Fix]:
        """Yield the fixes that a refusal has of its own; those without a price as far as they can be bought, with it."""
        for fix in fixes:
            price = None if fix.micros is not None else self._quote(change_request(self.request, fix))
            if fix.micros is not None or (price is None and self.limits.left is None):
                yield fix
            elif price is not None and price[1].micros <= self._find_most_each():
                yield self._price_fix(fix, *price, named=None if self.request.model is None else self._find_offer())

    def _replace_unknown(self, name: str) -> Iterable[Fix]:
        """Return models in place of a name that no offer has: nothing where its family makes no clip as long as this one."""
        family = self.catalogue.find_family(name)
        if (elsewhere := self.catalogue.find_elsewhere(name)) is not None and not any(map(self.catalogue.is_buyable, elsewhere[1])):
            own = [fix for fix in self.rank_others(but=None) if str(fix.value).startswith(f"{elsewhere[0].name}:")]
            if own:
                return own[:ALTERNATIVES]
        longest = max((seconds for offer in family for seconds in offer.seconds), default=None)
        found = self._name_similar_models() or (*self._name_fits(),) or (*self._name_near_lengths(),)
        if not found and not family and len(name) <= MOST_NAME:
            found = self._name_successors(self.catalogue.find_ended(name))
        is_too_long = longest is not None and type(self.request.seconds) is int and self.request.seconds > longest
        return found if found or is_too_long else self.name_other_models(but=None)

    def _mend(self, refusal: BrokenRules) -> Iterator[Fix]:
        """Yield the nearest legal values at the offer that refused, then other models that take the request as it is."""
        offer, request = self.catalogue.get(refusal.subject), self.request
        if offer is None:
            return
        others = () if any(rule.argument == "prompt" for rule in refusal.broken) else self._name_takers(offer)
        is_shape_lost = any(rule.argument == "size" for rule in refusal.broken) and self._find_lost_shape(offer)
        if is_shape_lost:
            yield from others
            if others and len(refusal.broken) > 1:
                return
        below = self._find_most_each()
        fixes = find_fixes(request, offer, refusal.broken, can_fit=self.limits.can_fit, below=below, today=self.today)
        is_open = request.model is None or request.model.strip().casefold() != offer.id
        joint = joint_fixes(refusal, fixes)
        for group in [joint] if len(joint) > 1 else [(fix,) for fix in fixes]:
            price = self._quote(functools.reduce(change_request, group, request)) if is_open else self._quote_at(offer, group)
            if price is not None and price[1].micros <= below:
                # That no model makes the length is said without a name, so the price has one.
                named = None if request.model is None and group[0].argument == "seconds" else offer
                clip = self._find_fitted(group, price[0]) if price[1].micros else None
                yield from (replace(self._price_fix(fix, *price, named=named), order=clip) for fix in group)
        if not is_shape_lost:
            yield from others

    def _find_fitted(self, group: Sequence[Fix], offer: Offer) -> Order | None:
        """Return the clip that these fixes buy, where they bring a picture to its size and nobody said its length."""
        if self.request.seconds is not None or not any(fix.argument == f"options.{FIT}" for fix in group):
            return None
        return find_order(functools.reduce(change_request, group, replace(self.request, model=None)), offer, today=self.today)

    def _find_lost_shape(self, offer: Offer) -> str | None:
        sizes = sizes_of(offer)
        return None if decides_shape(self.request, sizes) else find_lost_shape(self.request.size or "", sizes)

    def _name_takers(self, offer: Offer) -> tuple[Fix, ...]:
        """Return the other models that take the request as it is. Who has a key wants no sample in place of a video."""
        return self.name_other_models(but=offer)

    def _quote_at(self, offer: Offer, group: tuple[Fix, ...]) -> tuple[Offer, Quote] | None:
        """Return the price that these fixes have at the offer itself; None where no source states one."""
        micros = group[0].micros
        return None if micros is None else (offer, Quote(micros, "", offer.source, offer.checked, offer.confidence))

    def _price_fix(self, fix: Fix, offer: Offer, price: Quote, *, named: Offer | None) -> Fix:
        """Return the fix with the price of all clips, the model that it belongs to, and whether a person has to agree."""
        total = replace(price, micros=Micros(price.micros * self.limits.clips))
        model = offer.id if fix.argument != "model" and (named is None or offer.id != named.id) else None
        likely = offer.expect(total.micros)
        return replace(
            fix, micros=total.micros, clips=self.limits.clips, model=model, needs_yes=self.limits.needs_yes(total), likely=likely
        )

    def _find_most_each(self, *caps: Micros | None) -> Micros:
        """Return the most that one clip of the call may cost."""
        limits, clips = self.limits, self.limits.clips
        whole = [cap // clips for cap in (limits.left, self.request.max_usd) if cap is not None]
        buying = [limits.per_video] if limits.left is not None else []
        return Micros(min((*whole, *buying, *(cap for cap in caps if cap is not None)), default=UNLIMITED))

    def _lower_price(self) -> Iterator[Fix]:
        """Yield the longest shorter length, the largest other size, of the same shape if there is one, and other models, where that stays
        below the caps. The caller's own cap stays."""
        try:
            order, _ = plan(self.request, self.catalogue, today=self.today)
        except Refused:
            return
        offer, below = order.offer, self._find_most_each(self.limits.per_video)
        lengths = (Fix("seconds", n) for n in reversed(offer.seconds) if n < order.seconds)
        others = [size for size in sizes_of(offer, image=order.image is not None) if size != order.size]
        others.sort(key=lambda size: (*_compare_shapes(size, order.size), -count_lines(size)))
        sizes = (Fix("size", size.text) for size in others)
        yield from self._find_first_within(lengths, offer, below)
        yield from self._find_first_within(sizes, offer, below)
        yield from self.name_other_models(but=offer)

    def _find_first_within(self, changes: Iterable[Fix], offer: Offer, below: Micros) -> Iterator[Fix]:
        """Yield the first change with which a clip costs at most so much, also at the offer that was refused."""
        for change in changes:
            changed = change_request(self.request, change)
            try:
                own = quote(check(changed, offer, today=self.today), today=self.today)
            except Refused:
                continue
            price = self._quote(changed) if own.micros <= below else None
            if price is not None and price[1].micros <= below:
                yield self._price_fix(change, *price, named=offer)
                return

    def _name_similar_models(self) -> tuple[Fix, ...]:
        """Return models of the family that the name means, or may mean, which can be bought and take the request."""
        name = self.request.model or ""
        similar = self.catalogue.find_family(name) or self.catalogue.find_near(name)
        usable = [offer for offer in similar if offer.ended is None and self.catalogue.is_buyable(offer)]
        return self._list_models(rank_orders(usable, self.request, today=self.today))[:ALTERNATIVES]

    def _name_stated_prices(self, refusal: NeedsConfirmation) -> Iterator[Fix]:
        """Yield the cheapest other models that need no yes, where only the price of the one that was chosen here is in doubt."""
        name = self.request.model
        if (name is not None and self.catalogue.find_offers(name)) or refusal.price is None or not refusal.price.describe_doubt(self.today):
            return
        for fix in self.name_other_models(but=self._find_offer())[:STATED]:
            if not fix.needs_yes and (name is None or name_brand(str(fix.value)) == name_brand(name)):
                yield fix

    def _name_fits(self) -> Iterator[Fix]:
        """Yield the ways to bring the first frame to a shape, where models of the family that was named take it then."""
        for fix in list_fits(self.request, self.limits.can_fit) if not self.request.is_fitted else ():
            price = self._quote(change_request(self.request, fix))
            if price is not None and price[1].micros <= self._find_most_each(self.limits.per_video):
                yield replace(self._price_fix(fix, *price, named=None), order=self._find_fitted((fix,), price[0]))

    def _name_near_lengths(self) -> Iterator[Fix]:
        """Yield the lengths nearest to the one that was asked for, where models of the family that was named make those; of one that is too
        long for all, the longest."""
        wanted, family = self.request.seconds, self.catalogue.find_family(self.request.model or "")
        lengths = {seconds for offer in family if self.catalogue.is_buyable(offer) for seconds in offer.seconds}
        if type(wanted) is not int or not lengths:
            return
        is_too_long = wanted > max(lengths)
        near = sorted(lengths, key=lambda seconds: (abs(seconds - wanted), seconds))
        for fix in (Fix("seconds", seconds) for seconds in (near if is_too_long else near[:2])):
            price = self._quote(change_request(self.request, fix))
            if price is not None and price[1].micros <= self._find_most_each(self.limits.per_video):
                yield self._price_fix(fix, *price, named=None)
                if is_too_long:
                    return  # the longest within the caps is the nearest

    def _name_models_at_hand(self) -> tuple[Fix, ...]:
        """Return models in place of one without a key: those of its family, if there are any that take the request, else any others."""
        named = self.catalogue.find_offers(self.request.model or "")
        brands = {name_brand(offer.model) for offer in named}
        family = [offer for offer in self.catalogue.buyable_offers if name_brand(offer.model) in brands and offer not in named]
        ranked = rank_orders(family, self.request, today=self.today)
        same = {word for offer in named for word in read_words(offer.model)}
        ranked.sort(key=lambda found: -len(same & read_words(found[0].offer.model)))
        return self._list_models(ranked)[:ALTERNATIVES] or self.name_other_models(but=self._find_offer())

    def _name_successors(self, ended: Sequence[Offer]) -> tuple[Fix, ...]:
        """Return models in place of one that ended, or of a family that did: of those whose clip is as long and has sound where its own
        would, the one with the best look, then the cheapest; none for a living model, or where no clip is like that."""
        if not ended or any(self.catalogue.is_living(offer) for offer in ended):
            return ()
        plain = replace(self.request, model=None)
        own = next((order for offer in ended if (order := find_order(plain, offer, today=self.today)) is not None), None)
        fixes = self.rank_others(but=None)
        alike = [fix for fix in fixes if fix.order is not None and own is not None and is_alike(fix.order, own)]
        best = [fix for fix in alike if fix.order and is_known_for(fix.order.offer, BEST)][:1]
        return tuple([*best, *(fix for fix in alike if fix not in best)][:ALTERNATIVES])

    def _replace_unpriced(self, offer: Offer | None) -> tuple[Fix, ...]:
        """Return other models in place of one whose price nobody knows: of one that is paused for its price, what will cost the least."""
        if offer is None or offer.id not in self.catalogue.paused_models:
            return self.name_other_models(but=offer)
        found = self.rank_others(but=offer)
        return tuple(sorted(found, key=lambda fix: rank_replacement(str(fix.value), fix.likely or 0, self.catalogue))[:ALTERNATIVES])

    def name_other_models(self, *, but: Offer | None) -> tuple[Fix, ...]:
        """Return other living models that take the very same request, within the caps, but for the sample: its scene is not what was
        asked for. Those that need no yes come first, and of all the cheapest of the family that was named."""
        fixes = self.rank_others(but=but)
        named = name_brand(self.request.model or "")
        first = next((fix for fix in fixes if named and name_brand(str(fix.value)) == named), None)
        rest = [fix for fix in fixes if fix is not first]
        return tuple([*([] if first is None else [first]), *rest][:ALTERNATIVES])

    def rank_others(self, *, but: Offer | None) -> list[Fix]:
        """Return every other living model that takes the request, but for the sample; those that need no yes first, then the one that will
        probably cost the least. Vendors that charged more than quoted for several models come last."""
        offers = [offer for offer in self.catalogue.buyable_offers if offer.id != SAMPLE and (but is None or offer.id != but.id)]
        found = self._list_models(rank_orders(offers, self.request, today=self.today))
        return sorted(found, key=lambda fix: (fix.needs_yes, rank_replacement(str(fix.value), fix.likely or 0, self.catalogue)))

    def _list_models(self, priced: Iterable[tuple[Order, Quote]]) -> tuple[Fix, ...]:
        most = self._find_most_each(self.limits.per_video)
        return tuple(
            self._price_fix(Fix("model", order.offer.id, order=order), order.offer, price, named=None)
            for order, price in priced
            if price.micros <= most
        )

    def _find_offer(self) -> Offer | None:
        try:
            return find(self.request, self.catalogue, today=self.today)[0]
        except Refused:
            return None

    def _quote(self, request: VideoRequest) -> tuple[Offer, Quote] | None:
        """Return where this request would be bought and what one clip costs there; None where nobody sells it."""
        try:
            order, price = plan(request, self.catalogue, today=self.today)
        except Refused:
            return None
        return order.offer, price


def _compare_shapes(size: Size, other: Size) -> tuple[bool, bool]:
    """Return a key that is the least for sizes of the same ratio, then for those that lie the same way."""
    return orientation(size) != orientation(other), size.ratio != other.ratio
