"""Find offers: what a model id or a request means among all that a user can see now."""

from __future__ import annotations

import contextlib
import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sora_mcp.catalogue.rules import check, find_order, one_of, quote
from sora_mcp.domain import Offer, Order, OwnModel, Quote, Rate, Reply, Vendor, VideoRequest
from sora_mcp.domain.errors import BrokenRules, PriceUnknown, UnknownModel, quote_value
from sora_mcp.vendors import EVERY, sample

NEAR = 3
"""How many names are offered in place of one that nobody sells."""
MOST_NAME = 100
"""Characters of a name up to which it is compared with those of models."""
SAMPLE = f"{sample.VENDOR.name}:{sample.OFFERS[0].model}"


@dataclass(frozen=True)
class Choice:
    """One offer at its vendor."""

    vendor: Vendor
    offer: Offer

    @functools.cached_property
    def id(self) -> str:
        """`vendor:model`."""
        return f"{self.vendor.name}:{self.offer.model}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may be called by: its id, the bare model, and the vendor's own name."""
        return self.id, self.offer.model, f"{self.vendor.name}:{self.offer.slug}".casefold()


@dataclass(frozen=True)
class PricedOrder:
    """A request as one offer takes it, with its price."""

    choice: Choice
    order: Order
    quote: Quote
    why: str | None = None
    """Why this offer, where the caller left it open."""
    warnings: tuple[str, ...] = ()
    """Remarks on the video that stay true when it is finished."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every offer that one user can see: vendors at their addresses, with the user's own prices, and which of them have a key."""

    vendors: tuple[Vendor, ...] = EVERY
    keyed: frozenset[str] = field(default_factory=frozenset[str])
    """Names of the vendors that have a key."""
    paused: frozenset[str] = field(default_factory=frozenset[str])
    """Ids of models that cost more than was quoted, until a person resumes them."""
    gone: Mapping[str, date] = field(default_factory=dict[str, date])
    """Ids of models that their vendors said within a day are gone or paused, and when: nobody is led to them."""

    def choices(self) -> Iterator[Choice]:
        """Yield every offer of every vendor, in the registry's order."""
        return iter(self._choices)

    @functools.cached_property
    def _choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(vendor, offer) for vendor in self.vendors for offer in vendor.offers)

    @functools.cached_property
    def buyable_choices(self) -> tuple[Choice, ...]:
        """Every living offer that may be chosen where the caller left the model open."""
        return tuple(choice for choice in self._choices if choice.offer.ended is None and self.is_buyable(choice))

    @functools.cached_property
    def _by_name(self) -> Mapping[str, tuple[Choice, ...]]:
        found = dict[str, tuple[Choice, ...]]()
        for choice in self.choices():
            for name in dict.fromkeys(choice.names):
                found[name] = (*found.get(name, ()), choice)
        return found

    def is_usable(self, choice: Choice) -> bool:
        """Return whether it can be bought now: its vendor needs no key, or has one."""
        return not choice.vendor.keys or choice.vendor.name in self.keyed

    def is_buyable(self, choice: Choice) -> bool:
        """Return whether it may be chosen where the caller left the model open."""
        return self.is_usable(choice) and choice.id not in self.paused and choice.id not in self.gone

    def is_living(self, choice: Choice) -> bool:
        """Return whether its maker and its vendor still offer it."""
        return choice.offer.ended is None and choice.id not in self.gone

    def get(self, name: str) -> Choice | None:
        """Return the one offer of this full id, in any case."""
        wanted = name.strip().casefold()
        return next((choice for choice in self._by_name.get(wanted, ()) if choice.id == wanted), None)

    def may_list(self, name: str) -> bool:
        """Return whether a vendor's own list may hold this name: of a vendor with a key, or of the one that is named."""
        seller = name.strip().casefold().partition(":")[0]
        return any(vendor.listing is not None and (vendor.name in self.keyed or vendor.name == seller) for vendor in self.vendors)

    def has_name(self, name: str) -> bool:
        """Return whether any offer has this name."""
        return name.strip().casefold() in self._by_name

    def find_named(self, name: str) -> tuple[Choice, ...]:
        """Return the offers that `vendor:model` or a bare model means. UnknownModel names the nearest ones."""
        found = self._by_name.get(name.strip().casefold())
        if found:
            return found
        near = [choice.id for choice in self.find_near(name)]
        raise UnknownModel(
            f"No vendor here sells {quote_value(name)}. {f'Did you mean {one_of(near)}?' if near else 'list_sizes shows every model.'}"
        )

    def find_near(self, name: str) -> tuple[Choice, ...]:
        """Return the offers whose id or model is written almost like this, the likest first."""
        if len(name) > MOST_NAME:
            return ()  # the comparison takes time in proportion to the name, and no model has one as long
        words = {text: choice for choice in reversed(tuple(self.choices())) for text in (choice.id, choice.offer.model)}
        likest = difflib.get_close_matches(name.strip().casefold(), words, n=6, cutoff=0.5)
        return tuple({words[text].id: words[text] for text in likest}.values())[:NEAR]


def price_order(request: VideoRequest, choice: Choice, *, today: date) -> PricedOrder:
    """Return the order that one offer makes of the request, with its price. BrokenRules, PriceUnknown."""
    order = check(request, choice.offer, today=today, offer_id=choice.id)
    return PricedOrder(choice, order, quote(order, choice.offer, choice.id, today=today))


def rank_orders(choices: Iterable[Choice], request: VideoRequest, *, today: date) -> list[PricedOrder]:
    """Return what the offers that take the request, at a stated price, make of it; the cheapest first."""
    found: list[PricedOrder] = []
    for choice in choices:
        if (order := find_order(request, choice.offer, today=today)) is not None:
            with contextlib.suppress(PriceUnknown):
                found.append(PricedOrder(choice, order, quote(order, choice.offer, choice.id, today=today)))
    return sorted(found, key=lambda priced: priced.quote.micros)


def count_broken_rules(choice: Choice, request: VideoRequest, *, today: date) -> int:
    """Return how many rules of this offer the request breaks."""
    try:
        check(request, choice.offer, today=today)
    except BrokenRules as error:
        return len(error.broken)
    return 0


def key_needed(choices: tuple[Choice, ...]) -> str:
    """Return the sentence that says what a user has to do before any of these can be bought."""
    keys = {choice.vendor.title: choice.vendor.keys[0] for choice in choices if choice.vendor.keys}
    names = one_of([*keys.values()])
    return f"No key for {one_of([*keys])}. Only the user can add it: set {names} and restart. model='{SAMPLE}' needs none."


def apply_prices(vendors: tuple[Vendor, ...], prices: Mapping[str, tuple[Rate, ...]], *, checked: date) -> tuple[Vendor, ...]:
    """Return the vendors with the user's own prices in place of ours, also for offers of a vendor's own list."""

    def reprice(vendor: Vendor, offer: Offer) -> Offer:
        rates = prices.get(f"{vendor.name}:{offer.model}")
        return offer if rates is None else replace(offer, rates=rates, source="your price file", checked=checked, confidence="configured")

    def reprice_all(vendor: Vendor) -> Vendor:
        offers, listed = tuple(reprice(vendor, offer) for offer in vendor.offers), vendor.offers_of

        def read_offers(reply: Reply, day: date) -> tuple[Offer, ...]:
            return tuple(reprice(vendor, offer) for offer in listed(reply, day)) if listed else ()

        return replace(vendor, offers=offers, offers_of=listed and read_offers)

    return tuple(reprice_all(vendor) for vendor in vendors)


def add_own_models(vendors: tuple[Vendor, ...], models: Mapping[str, OwnModel], *, checked: date) -> tuple[Vendor, ...]:
    """Return the vendors, those that sell models only the user knows with these models besides."""

    def read_own(vendor: Vendor) -> Iterator[Offer]:
        for name, facts in models.items():
            seller, _, model = name.partition(":")
            if seller == vendor.name and vendor.own is not None:
                yield replace(vendor.own(model, facts), checked=checked)

    return tuple(replace(vendor, offers=(*vendor.offers, *read_own(vendor))) for vendor in vendors)


def set_addresses(vendors: tuple[Vendor, ...], addresses: Mapping[str, str]) -> tuple[Vendor, ...]:
    """Return the vendors at the addresses that the user set.

    Clients of a vendor whose address only the user knows are often given its `/v1` too.
    """

    def move(vendor: Vendor) -> Vendor:
        address = addresses.get(vendor.name)
        if address is None:
            return vendor
        return replace(vendor, base_url=address if vendor.base_url else address.removesuffix("/v1"), quote_url=None)

    return tuple(move(vendor) for vendor in vendors)
