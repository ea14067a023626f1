"""Plan a purchase: which offer a request means, which order it makes there, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, Choice, PricedOrder, count_broken_rules, key_needed, price_order, rank_orders
from sora_mcp.domain import Order, VideoRequest
from sora_mcp.domain.errors import MissingKey, OverBudget, PriceUnknown, UnknownModel
from sora_mcp.domain.money import show


def plan(request: VideoRequest, catalogue: Catalogue, *, today: date) -> PricedOrder:
    """Find the offer, check the request against its rules, and price the order. Refused says why there is none."""
    choice, why = find(request, catalogue, today=today)
    try:
        priced = price_order(request, choice, today=today)
    except PriceUnknown as error:
        raise PriceUnknown(f"{error.message} The user can name the price in a file: SORA_MCP_PRICES.") from None
    return replace(priced, why=why, warnings=_warnings(choice, priced.order))


def find(request: VideoRequest, catalogue: Catalogue, *, today: date) -> tuple[Choice, str | None]:
    """Return the offer that a request means, and why it is this one where the caller left it open. UnknownModel, MissingKey.

    Where none of several offers takes the request, it is the one whose rules are broken the least, so that the refusal says what to
    change.
    """
    choices, why = _find_candidates(request, catalogue)
    if len(choices) == 1:
        return choices[0], why
    ranked = rank_orders(choices, request, today=today)
    return ranked[0].choice if ranked else min(choices, key=lambda choice: count_broken_rules(choice, request, today=today)), why


def check_max_usd(request: VideoRequest, priced: PricedOrder) -> None:
    """Raise OverBudget when the order costs more than the caller's own cap."""
    price = priced.quote.micros
    if request.max_usd is not None and price > request.max_usd:
        raise OverBudget(f"{priced.choice.id} costs {show(price)} for this, above max_usd {show(request.max_usd)}.")


def _find_candidates(request: VideoRequest, catalogue: Catalogue) -> tuple[tuple[Choice, ...], str | None]:
    """Return the offers of which the cheapest that takes the request is bought, and why it is that one where nobody named it."""
    if request.model is not None:
        named = catalogue.find_named(request.model)
        why = None if request.model.strip().casefold() == named[0].id else "the cheapest with a key"
        if len(named) == 1:
            return named, why
        usable = tuple(choice for choice in named if catalogue.is_usable(choice))
        if not usable:
            raise MissingKey(key_needed(named))
    elif not catalogue.keyed:
        return catalogue.find_named(SAMPLE), "no vendor has a key, so it is a free sample clip"
    else:
        usable = tuple(c for c in catalogue.choices() if catalogue.is_living(c) and catalogue.is_usable(c) and c.vendor.keys)
        why = "the cheapest living model that takes this, among vendors with a key"
        if not usable:
            raise UnknownModel("No vendor with a key sells a living model: name one, such as one that list_sizes shows.")
    return tuple(choice for choice in usable if catalogue.is_buyable(choice)) or usable, why


def _warnings(choice: Choice, order: Order) -> tuple[str, ...]:
    """Return what the buyer should know of the finished video."""
    untold = order.image is not None and not choice.offer.prompt_with_image
    own = (f"{choice.vendor.title} takes no prompt beside a first frame: it is not sent.",) if untold else ()
    return (*own, *(choice.vendor.warn(order) if choice.vendor.warn else ()))
