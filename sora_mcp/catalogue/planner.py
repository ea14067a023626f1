"""What comes before the money is held: which offer a wish means, which order, which price, and what else would do."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, Choice, Fit, cheapest, fitting
from sora_mcp.catalogue.fixes import fixes, with_change
from sora_mcp.catalogue.rules import FIT, VARIATION, check, orientation, quote, seconds_of, sizes_of
from sora_mcp.domain import Image, Offer, Order, Quote, VideoRequest, VideoRequest
from sora_mcp.domain.errors import (
    BrokenRule,
    BrokenRules,
    Fix,
    MissingKey,
    OverBudget,
    PriceUnknown,
    Refused,
    RequestIdConflict,
    SoraError,
    UnknownModel,
    said,
)
from sora_mcp.domain.money import Micros, show
from sora_mcp.store import Purchase

ADVISED = (PriceUnknown, RequestIdConflict, OverBudget)
"""Refusals of the store for which `Planner.advice` knows something else."""
ALTERNATIVES = 3


@dataclass(frozen=True)
class Plan:
    """A wish as one offer can meet it."""

    choice: Choice
    order: Order
    quote: Quote
    warnings: tuple[str, ...]
    """What stays true of the video."""
    why: str | None
    """Why this offer, where nobody named one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What only counts while it is bought: the vendor's answers say more afterwards."""
        ended, title = self.choice.offer.ended, self.choice.vendor.title
        gone = f"{ended.by} ended {ended.what} on {ended.on}; {title} may answer that it is gone." if ended else ""
        why = f"Why this one: {self.why}." if self.why else ""
        return tuple(note for note in (gone, why) if note)


@dataclass(frozen=True)
class Planner:
    """What one user can buy on one day."""

    catalogue: Catalogue
    today: date
    per_video: Micros
    """The cap on one video: nothing above it is offered as a fix."""
    needs_yes: Callable[[Quote], bool]
    """Whether a person has to agree to a price: another model of which that is true is no fix."""

    def plan(self, wish: VideoRequest, request: VideoRequest) -> Plan:
        """Which offer, which order, which price. Pure: it can only refuse."""
        choice, why = self._find(wish, request)
        try:
            order = check(request, choice.offer, today=self.today)
        except BrokenRules as error:
            mended = fixes(request, choice.offer, error.broken, offer_id=choice.id, today=self.today)
            if why is not None:
                mended = self._found_anew(wish, request, mended, broken=error.broken)
            others = self.others(request, but=choice) if not any(rule.argument == "prompt" for rule in error.broken) else ()
            raise BrokenRules(error.broken, subject=choice.id, fixes=(*self._at_once(mended, choice.offer), *others)) from None
        try:
            price = quote(order, choice.offer, choice.id, today=self.today)
        except PriceUnknown as error:
            raise PriceUnknown(
                f"{error.message} The user can name the price in a file: SORA_MCP_PRICES.", fixes=self.others(request, but=choice)
            ) from None
        return Plan(choice, order, price, _warnings(choice, order), why)

    def compared(self, wish: VideoRequest, request: VideoRequest) -> Plan:
        """The same for a comparison: where the model was left open and nobody with a key sells this, the cheapest that does."""
        try:
            return self.plan(wish, request)
        except Refused:
            sold = [choice for choice in self.catalogue.choices() if choice.vendor.keys and self.catalogue.living(choice)]
            fit = next(iter(cheapest(fitting(sold, request, today=self.today))), None)
            if wish.model is not None or fit is None or fit.quote is None:
                raise
            return Plan(fit.choice, fit.order, fit.quote, _warnings(fit.choice, fit.order), "the cheapest living model that takes this")

    def _find(self, wish: VideoRequest, request: VideoRequest) -> tuple[Choice, str | None]:
        """The offer, and why it is this one where the caller left it open."""
        if wish.model is not None:
            named = self._named(wish.model, request)
            exact = wish.model.strip().casefold() == named.id
            return named, None if exact else "the cheapest with a key"
        if not self.catalogue.keyed:
            return self.catalogue.named(SAMPLE)[0], "no vendor has a key, so it is a free sample clip"
        try:
            return self.catalogue.automatic(
                request, today=self.today
            ), "the cheapest living model that takes this, among vendors with a key"
        except UnknownModel as error:
            error.fixes = self.others(request, but=None)
            raise

    def _named(self, model: str, request: VideoRequest) -> Choice:
        try:
            return self.catalogue.chosen(model, request, today=self.today)
        except MissingKey as error:
            error.fixes = self.others(request, but=None)
            raise
        except UnknownModel as error:
            near = [choice for choice in self.catalogue.near(model) if self.catalogue.usable(choice)]
            fits = fitting(near, request, today=self.today)
            error.fixes = tuple(self._models(fits)) or self.others(request, but=None)
            raise

    def others(self, request: VideoRequest, *, but: Choice | None, below: int | None = None) -> tuple[Fix, ...]:
        """Other living models that take the very same request, within the cap and without a person's yes: with a key, else the sample."""
        most = self.per_video if below is None else below
        choices = [
            c for c in self.catalogue.choices() if (but is None or c.id != but.id) and c.offer.ended is None and self.catalogue.buyable(c)
        ]
        models = [fix for fix in self._models(cheapest(fitting(choices, request, today=self.today))) if (fix.micros or 0) <= most]
        paid = [fix for fix in models if fix.value != SAMPLE] or models
        return tuple(paid[:ALTERNATIVES])

    def within(self, wish: VideoRequest, plan: Plan, request: VideoRequest) -> None:
        """The caller's own cap: it can only tighten."""
        price = plan.quote.micros
        if wish.max_usd is None or price <= wish.max_usd:
            return
        more = (Fix("max_usd", show(price)[1:], price),) if price <= self.per_video and not self.needs_yes(plan.quote) else ()
        raise OverBudget(
            f"{plan.choice.id} costs {show(price)} for this, above max_usd {show(wish.max_usd)}.",
            fixes=(*self.cheaper(wish, plan, request, below=wish.max_usd), *more),
        )

    def advice(self, error: SoraError, wish: VideoRequest, plan: Plan, request: VideoRequest, *, left: int) -> tuple[Fix, ...]:
        """What else would do where the store refuses the plan: one video may cost as much as is left."""
        if isinstance(error, RequestIdConflict):
            return (Fix("request_id", None, plan.quote.micros),)
        if isinstance(error, OverBudget):
            return self.cheaper(wish, plan, request, below=left)
        return self.others(request, but=plan.choice)

    def cheaper(self, wish: VideoRequest, plan: Plan, request: VideoRequest, *, below: int) -> tuple[Fix, ...]:
        """What the same wish costs with the longest shorter length, another size, or another model, where that stays below the sum."""
        offer, order = plan.choice.offer, plan.order
        lengths = [replace(request, seconds=n) for n in reversed(seconds_of(offer)) if n < order.seconds]
        every = (size for size in sizes_of(offer, image=order.image is not None) if size != order.size)
        sizes = [replace(request, size=s.text) for s in sorted(every, key=lambda size: orientation(size) != orientation(order.size))]
        shorter = (Fix("seconds", less.seconds, self._price(wish, less)) for less in lengths)
        smaller = (Fix("size", less.size, self._price(wish, less)) for less in sizes)
        first = (next((fix for fix in fixes if fix.micros is not None and fix.micros <= below), None) for fixes in (shorter, smaller))
        return (*(fix for fix in first if fix is not None), *self.others(request, but=plan.choice, below=below))

    def _found_anew(self, wish: VideoRequest, request: VideoRequest, mended: tuple[Fix, ...], *, broken: tuple[BrokenRule, ...]) -> tuple[Fix, ...]:
        """The same changes at the price of what they lead to where the model was left open: that may be another offer."""
        together = BrokenRules(broken, fixes=mended).together
        groups = [together] if len(together) > 1 else [(fix,) for fix in mended]
        prices = [self._quote(wish, functools.reduce(with_change, group, request)) for group in groups]
        return tuple(
            replace(fix, micros=price.micros if price else fix.micros) for group, price in zip(groups, prices, strict=True) for fix in group
        )

    def _price(self, wish: VideoRequest, request: VideoRequest) -> Micros | None:
        """What this request costs where it can be had without a person's yes."""
        price = self._quote(wish, request)
        return None if price is None or self.needs_yes(price) else price.micros

    def _quote(self, wish: VideoRequest, request: VideoRequest) -> Quote | None:
        """The price of this request in place of the wish's own; None where nobody sells it."""
        try:
            choice, _ = self._find(wish, request)
            return quote(check(request, choice.offer, today=self.today), choice.offer, choice.id, today=self.today)
        except Refused:
            return None

    def _models(self, fits: Iterable[Fit]) -> Iterator[Fix]:
        return (Fix("model", fit.choice.id, fit.quote.micros) for fit in fits if fit.quote is not None and not self.needs_yes(fit.quote))

    def _at_once(self, mended: tuple[Fix, ...], offer: Offer) -> tuple[Fix, ...]:
        """Those that work without a person's yes; all that have a price, where each needs one."""
        priced = [(fix, Quote(fix.micros, "", offer.source, offer.checked, offer.confidence)) for fix in mended if fix.micros is not None]
        return tuple(fix for fix, price in priced if not self.needs_yes(price)) or tuple(fix for fix, _ in priced)

    def unseen(self, wish: VideoRequest, error: BrokenRules) -> BrokenRules:
        """The refusal of a first frame, with what is wrong besides, and what the same wish costs without it where it can be made so."""
        try:
            plan = self.plan(wish, VideoRequest(wish.prompt, size=wish.size, seconds=wish.seconds, image=None, options=dict(wish.options)))
        except BrokenRules as also:
            framed = ("image", f"options.{FIT}")
            rows = tuple(rule for rule in also.broken if rule.argument not in framed)
            joint = also.together if len(rows) == len(also.broken) else ()
            without = (Fix("image", None, joint[0].micros), *joint) if joint else ()
            message = " ".join([error.message, *(said(rule, also.subject) for rule in rows)])
            return BrokenRules((*error.broken, *rows), fixes=without, message=message)
        except SoraError:
            return error
        return BrokenRules(error.broken, fixes=(Fix("image", None, plan.quote.micros),))


def purchase_of(
    wish: VideoRequest, plan: Plan, principal: str, *, words: str, confirm: bool, agreed: str | None, parents: tuple[str, ...]
) -> Purchase:
    """The plan as the store takes it, with the call to send; `words` is `as_said`."""
    order, offer = plan.order, plan.choice.offer
    return Purchase(
        principal=principal,
        fingerprint=fingerprint(principal, plan, wish),
        wish=words,
        outline=outline(principal, plan),
        request_id=wish.request_id,
        vendor=plan.choice.vendor.name,
        model=plan.choice.id,
        prompt=order.prompt,
        size=order.size.text,
        seconds=order.seconds,
        options=dict(order.options),
        with_image=order.image is not None,
        warnings=plan.warnings,
        call=plan.choice.vendor.submit(order, offer),
        quote=plan.quote,
        expected_s=offer.expected_s,
        parents=parents,
        quote_id=wish.quote_id,
        agreed=agreed,
        confirm=confirm,
    )


def fingerprint(principal: str, plan: Plan, wish: VideoRequest) -> str:
    """The same for the same order of the same principal, whatever words it was said in: what a person says yes to."""
    order = plan.order
    options = {**order.options, **({VARIATION: wish.options[VARIATION]} if VARIATION in wish.options else {})}
    parts = [
        principal,
        plan.choice.id,
        order.prompt,
        order.size.text,
        order.seconds,
        order.image and order.image.sha256,
        sorted(options.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def as_said(principal: str, wish: VideoRequest, image: Image | None) -> str:
    """The same for the same words of the same principal, whatever they mean by now: lists, prices and pauses move what is chosen."""
    parts = ["as said", principal, wish.prompt, wish.model, wish.size, wish.seconds, image and image.sha256, dict(wish.options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def outline(principal: str, plan: Plan) -> str:
    """The same for the same wish whatever its prompt and its first frame: all that an estimate knows."""
    order = plan.order
    parts = [
        "any prompt",
        principal,
        plan.choice.id,
        order.size.text,
        order.seconds,
        order.image is not None,
        sorted(order.options.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _warnings(choice: Choice, order: Order) -> tuple[str, ...]:
    offer, found = choice.offer, list[str]()
    if order.image is not None and not offer.prompt_with_image:
        found.append(f"{choice.vendor.title} takes no prompt beside a first frame: it is not sent.")
    return (*found, *(choice.vendor.warn(order) if choice.vendor.warn else ()))
