"""Advise after a refusal: which other values, or which other model, would work, and at what price."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, rank_orders
from sora_mcp.catalogue.fixes import change_request, find_fixes
from sora_mcp.catalogue.planner import find, plan
from sora_mcp.catalogue.rules import check, quote, sizes_of
from sora_mcp.catalogue.sizes import orientation
from sora_mcp.domain import Offer, Quote, VideoRequest
from sora_mcp.domain.errors import (
    BrokenRules,
    Fix,
    MissingKey,
    ModelRetired,
    OverBudget,
    PriceUnknown,
    Refused,
    RequestIdConflict,
    SoraError,
    UnknownModel,
)
from sora_mcp.domain.money import Micros, show

ADVISED = (BrokenRules, UnknownModel, MissingKey, ModelRetired, PriceUnknown, OverBudget, RequestIdConflict)
"""Refusals after which something else may work."""
ALTERNATIVES = 3
"""How many other models are named."""


@dataclass(frozen=True)
class Limits:
    """Limits on what may be bought without asking a person, and on what this computer can do."""

    per_video: Micros
    """The cap on one video."""
    left: Micros | None
    """The most that one video may cost now; None where nothing is bought, so that no cap is met."""
    needs_yes: Callable[[Quote], bool]
    """Return whether a person has to agree to a price."""
    can_fit: bool = True
    """Whether a picture can be cropped and padded on this computer."""


def advise(refusal: SoraError, request: VideoRequest, catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[Fix, ...]:
    """Return changes of which each was tried: it makes the refused request one that can be bought, within all caps, at its price.

    Of several broken arguments the first fixes mend the request together: see `joint_fixes`.
    """
    fixes = tuple(_Advice(request, catalogue, limits, today).find(refusal))
    return tuple(fix for fix in fixes if fix.micros is None or limits.left is None or fix.micros <= limits.left)


def name_models(request: VideoRequest, catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[Fix, ...]:
    """Return the cheapest living models that take the request without a person's yes."""
    return _Advice(request, catalogue, limits, today).name_other_models(but=None)


def joint_fixes(refusal: SoraError, fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """Return the first fixes, as many as mend the call as one; those behind them are alternatives.

    That is one change for each broken argument but the prompt, or another model, which mends all of it alone. An unknown argument is
    taken out besides, and then there are no alternatives.
    """
    if not isinstance(refusal, BrokenRules):
        return fixes[:1]
    if any(rule.code == "unknown_argument" for rule in refusal.broken):
        return fixes
    arguments = {rule.argument for rule in refusal.broken} - {"prompt"}
    is_other_model = bool(fixes) and fixes[0].argument == "model" and "model" not in arguments
    return fixes[: 1 if is_other_model else len(arguments)]


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
                return refusal.fixes or self._mend(refusal)
            case UnknownModel():
                return self._name_similar_models() or self.name_other_models(but=None)
            case MissingKey() | ModelRetired():
                return self.name_other_models(but=None)
            case PriceUnknown():
                return self.name_other_models(but=self._find_offer())
            case OverBudget():
                return self._lower_price()
            case RequestIdConflict():
                price = self._quote(self.request)
                return (Fix("request_id", None, price.micros),) if price else ()
            case _:
                return refusal.fixes

    def _mend(self, refusal: BrokenRules) -> Iterator[Fix]:
        """Yield the nearest legal values at the offer that refused, then other models that take the request as it is."""
        offer, request = self.catalogue.get(refusal.subject), self.request
        if offer is None:
            return
        fixes = find_fixes(request, offer, refusal.broken, can_fit=self.limits.can_fit, today=self.today)
        if request.model is None or request.model.strip().casefold() != offer.id:
            fixes = self._price_anew(fixes, refusal)
        priced = [(fix, Quote(fix.micros, "", offer.source, offer.checked, offer.confidence)) for fix in fixes if fix.micros is not None]
        yield from [fix for fix, price in priced if not self.limits.needs_yes(price)] or [fix for fix, _ in priced]
        if not any(rule.argument == "prompt" for rule in refusal.broken):
            yield from self.name_other_models(but=offer)

    def _price_anew(self, fixes: tuple[Fix, ...], refusal: BrokenRules) -> tuple[Fix, ...]:
        """Return the fixes at the price of the offer that they lead to: where the model was left open, it may be another one."""
        joint = joint_fixes(refusal, fixes)
        groups = [joint] if len(joint) > 1 else [(fix,) for fix in fixes]
        prices = [self._quote(functools.reduce(change_request, group, self.request)) for group in groups]
        return tuple(
            replace(fix, micros=price.micros if price else fix.micros) for group, price in zip(groups, prices, strict=True) for fix in group
        )

    def _lower_price(self) -> Iterator[Fix]:
        """Yield the longest shorter length, another size, other models and a higher max_usd, where that stays below the caps."""
        try:
            order, price = plan(self.request, self.catalogue, today=self.today)
        except Refused:
            return
        offer = order.offer
        below = min(cap for cap in (self.limits.per_video, self.limits.left, self.request.max_usd) if cap is not None)
        lengths = (Fix("seconds", n) for n in reversed(offer.seconds) if n < order.seconds)
        shape = orientation(order.size)
        others = (size for size in sizes_of(offer, image=order.image is not None) if size != order.size)
        sizes = (Fix("size", size.text) for size in sorted(others, key=lambda size: orientation(size) != shape))
        yield from self._find_first_within(lengths, offer, below)
        yield from self._find_first_within(sizes, offer, below)
        yield from self.name_other_models(but=offer, below=below)
        is_above = self.request.max_usd is not None and price.micros > self.request.max_usd
        if is_above and price.micros <= self.limits.per_video and not self.limits.needs_yes(price):
            yield Fix("max_usd", show(price.micros)[1:], price.micros)

    def _find_first_within(self, changes: Iterable[Fix], offer: Offer, below: Micros) -> Iterator[Fix]:
        """Yield the first change with which the request costs at most so much, also at the offer that was refused, and needs no yes."""
        for change in changes:
            changed = change_request(self.request, change)
            try:
                own = quote(check(changed, offer, today=self.today), today=self.today)
            except Refused:
                continue
            if own.micros > below or self.limits.needs_yes(own):
                continue
            price = self._quote(changed)
            if price is not None and price.micros <= below and not self.limits.needs_yes(price):
                yield replace(change, micros=price.micros)
                return

    def _name_similar_models(self) -> tuple[Fix, ...]:
        """Return models whose names are written almost like the one that nobody sells, and which take the request."""
        near = self.catalogue.find_near(self.request.model or "")
        usable = [offer for offer in near if self.catalogue.is_usable(offer)]
        priced = [found for offer in usable for found in rank_orders((offer,), self.request, today=self.today)]
        return tuple(Fix("model", order.offer.id, price.micros) for order, price in priced if not self.limits.needs_yes(price))

    def name_other_models(self, *, but: Offer | None, below: Micros | None = None) -> tuple[Fix, ...]:
        """Return other living models that take the very same request, within the caps and without a person's yes: with a key, else the
        sample."""
        limits = self.limits
        most = min(cap for cap in (limits.per_video, limits.left, below) if cap is not None)
        offers = [offer for offer in self.catalogue.buyable_offers if but is None or offer.id != but.id]
        priced = rank_orders(offers, self.request, today=self.today)
        fixes = [
            Fix("model", order.offer.id, price.micros) for order, price in priced if price.micros <= most and not limits.needs_yes(price)
        ]
        return tuple([fix for fix in fixes if fix.value != SAMPLE] or fixes)[:ALTERNATIVES]

    def _find_offer(self) -> Offer | None:
        try:
            return find(self.request, self.catalogue, today=self.today)[0]
        except Refused:
            return None

    def _quote(self, request: VideoRequest) -> Quote | None:
        """Return what this request costs where it would be bought; None where nobody sells it."""
        try:
            return plan(request, self.catalogue, today=self.today)[1]
        except Refused:
            return None
