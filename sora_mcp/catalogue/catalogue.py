"""Find offers: what a model id or a request means among all that a user can see now."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.hints import find_label, find_near_label, is_known_for
from sora_mcp.catalogue.name_matching import NEAR, ModelNames
from sora_mcp.catalogue.name_parsing import MOST_NAME
from sora_mcp.catalogue.rules import FIT, FITS, check, find_order, one_of, quote
from sora_mcp.domain import Offer, Order, OwnModel, Pause, Quote, Rate, Reply, Vendor, VideoRequest
from sora_mcp.domain.broken_rule import Fix, quote_value
from sora_mcp.domain.errors import BrokenRules, PriceUnknown, UnknownModel
from sora_mcp.vendors import EVERY, sample
from sora_mcp.vendors.model_makers import BRANDS

SAMPLE = f"{sample.VENDOR.name}:{sample.OFFERS[0].model}"


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every offer that one user can see: vendors at their addresses, with the user's own prices, and which of them have a key."""

    vendors: tuple[Vendor, ...] = EVERY
    keyed: frozenset[str] = field(default_factory=frozenset[str])
    """Names of the vendors that have a key."""
    pauses: tuple[Pause, ...] = ()
    """Models that cost more than was quoted, until a person resumes them."""
    can_crop: bool = True
    """Whether pictures can be cropped here: with the media extra."""

    @functools.cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Every offer of every vendor, in the registry's order."""
        return tuple(offer for vendor in self.vendors for offer in vendor.offers)

    @functools.cached_property
    def listing_vendors(self) -> tuple[Vendor, ...]:
        """The vendors with a list of their own, of their models or of the prices."""
        return tuple(vendor for vendor in self.vendors if vendor.listing is not None or vendor.price_list is not None)

    @functools.cached_property
    def paused_models(self) -> frozenset[str]:
        """Ids of the models that are paused."""
        return frozenset(pause.model for pause in self.pauses)

    @functools.cached_property
    def overchargers(self) -> frozenset[str]:
        """Names of the vendors that charged more than was quoted for several models."""
        vendors = Counter(pause.vendor for pause in self.pauses if pause.is_overcharge)
        return frozenset(vendor for vendor, models in vendors.items() if models > 1)

    def with_pauses(self, pauses: tuple[Pause, ...]) -> Catalogue:
        """Return the catalogue in which these models are paused, and the offers of their vendors know what was last charged too much,
        unless they were charged as quoted since."""
        last = {pause.vendor: pause for pause in sorted(pauses, key=lambda pause: pause.since) if pause.is_overcharge}
        own = {pause.model: pause for pause in pauses if pause.is_overcharge}

        def mark(vendor: Vendor) -> Vendor:
            if vendor.name not in last:
                return vendor
            others = last[vendor.name]
            marks = {offer.id: own.get(offer.id) or (None if offer.id in others.fair_models else others) for offer in vendor.offers}
            return replace(vendor, offers=tuple(replace(offer, overcharge=marks[offer.id]) for offer in vendor.offers))

        return replace(self, pauses=pauses, vendors=tuple(map(mark, self.vendors)))

    def on_day(self, today: date) -> Catalogue:
        """Return the catalogue in which the models whose announced end has come are ended."""
        over = {offer.id for offer in self.offers if offer.ends is not None and offer.ends.on <= today}
        return replace(self, vendors=tuple(_end(vendor, over) for vendor in self.vendors)) if over else self

    @functools.cached_property
    def absent(self) -> Mapping[str, date]:
        """Ids of models that their vendors said within a day are gone or paused in every mode, and when: nobody is led to them."""
        return {offer.id: day for offer in self.offers if (day := offer.absent_on) is not None}

    @functools.cached_property
    def buyable_offers(self) -> tuple[Offer, ...]:
        """Every living offer that may be chosen where the caller left the model open."""
        return tuple(offer for offer in self.offers if offer.ended is None and self.is_buyable(offer))

    @functools.cached_property
    def eligible_offers(self) -> tuple[Offer, ...]:
        """Every living offer of a vendor with a key that may be chosen; without any key, the free one."""
        return tuple(offer for offer in self.buyable_offers if self.needs_key(offer) or not self.keyed)

    @functools.cached_property
    def living_offers(self) -> tuple[Offer, ...]:
        """Every living offer that is bought with a key."""
        return tuple(offer for offer in self.offers if self.is_living(offer) and self.needs_key(offer))

    @functools.cached_property
    def _vendors_by_name(self) -> Mapping[str, Vendor]:
        return {vendor.name: vendor for vendor in self.vendors}

    @functools.cached_property
    def _by_name(self) -> Mapping[str, tuple[Offer, ...]]:
        found = dict[str, tuple[Offer, ...]]()
        for offer in self.offers:
            for name in dict.fromkeys(offer.names):
                found[name] = (*found.get(name, ()), offer)
        return found

    @functools.cached_property
    def _names(self) -> ModelNames:
        return ModelNames(self.offers, frozenset(self._vendors_by_name))

    def get_vendor(self, offer: Offer) -> Vendor:
        """Return the vendor that sells the offer."""
        return self._vendors_by_name[offer.vendor]

    def find_vendor(self, name: str) -> Vendor | None:
        """Return the vendor of this name."""
        return self._vendors_by_name.get(name)

    def needs_key(self, offer: Offer) -> bool:
        """Return whether it is bought with a key, which nearly every vendor wants."""
        return bool(self.get_vendor(offer).keys)

    def is_usable(self, offer: Offer) -> bool:
        """Return whether it can be bought now: its vendor needs no key, or has one."""
        return offer.vendor in self.keyed or not self._vendors_by_name[offer.vendor].keys

    def is_buyable(self, offer: Offer) -> bool:
        """Return whether it may be chosen where the caller left the vendor open: it has a price, and is neither paused nor gone."""
        return (
            self.is_usable(offer) and bool(offer.rates) and offer.id not in self.paused_models and not (offer.missing and offer.absent_on)
        )

    def is_living(self, offer: Offer) -> bool:
        """Return whether its maker and its vendor still offer it."""
        return offer.ended is None and not (offer.missing and offer.absent_on)

    def get(self, name: str) -> Offer | None:
        """Return the one offer of this full id, in any case."""
        wanted = name.strip().casefold()
        return next((offer for offer in self._by_name.get(wanted, ()) if offer.id == wanted), None)

    def may_list(self, name: str) -> bool:
        """Return whether a vendor's own list may hold this name: of a vendor with a key, or of the one that is named."""
        seller = name.strip().casefold().partition(":")[0]
        return any(vendor.listing is not None and (vendor.name in self.keyed or vendor.name == seller) for vendor in self.vendors)

    def has_name(self, name: str) -> bool:
        """Return whether any offer has this name, as it stands or written otherwise."""
        return bool(self.find_offers(name))

    def find_offers(self, name: str) -> tuple[Offer, ...]:
        """Return the offers that `vendor:model` or a bare model means; none for a name of several models, or of none."""
        return self._by_name.get(name.strip().casefold()) or self._find_same(name)

    def find_named(self, name: str) -> tuple[Offer, ...]:
        """Return the offers that `vendor:model` or a bare model means. UnknownModel names the nearest ones."""
        if found := self.find_offers(name):
            return found
        if family := self.find_family(name):
            at_hand = sorted(family, key=lambda offer: (not self.is_usable(offer), offer.video is not None))[:NEAR]
            choose = one_of([offer.id for offer in at_hand])
            raise UnknownModel(f'{quote_value(name)} means several models: choose {choose}. list_sizes(model="{name.strip()}") lists all.')
        if (label := find_near_label(name)) is not None:
            raise UnknownModel(f"No vendor sells {quote_value(name)}. Did you mean {quote_value(label)}?", fixes=(Fix("model", label),))
        near = self.find_ended(name) or self.find_near(name)
        raise UnknownModel(f"No vendor sells {quote_value(name)}. {self._describe_near(near)}")

    def _find_same(self, name: str) -> tuple[Offer, ...]:
        """Return the living offers whose name has the same words, or else the same letters. Where only other models of the family can be
        bought with the keys at hand, the name means the family."""
        ways = (self._names.find_same_words(name), self._names.find_same_letters(name))
        found = [living for same in ways if (living := tuple(offer for offer in same if self.is_living(offer)))]
        at_hand = [same for same in found if any(self.is_usable(offer) for offer in same)]
        if at_hand or any(self.is_usable(offer) for offer in self.find_family(name)):
            return at_hand[0] if at_hand else ()
        return found[0] if found else ()

    def find_family(self, name: str) -> tuple[Offer, ...]:
        """Return the living offers of a vendor, of a maker, of a family of models such as `veo` or `kling 3`, or those that a label of a
        list means (`best look`, `edit`, `longest`); none for any other name."""
        if (label := find_label(name)) is not None:
            return self._find_labelled(label)
        wanted, living = name.strip().casefold(), self.living_offers
        sellers = {vendor.name for vendor in self.vendors if wanted in (vendor.name, vendor.title.casefold())}
        matching = self._names.match(name, living)
        own = tuple(offer for offer in living if offer.vendor in sellers)
        is_own_at_hand = any(self.is_usable(offer) for offer in own) or not any(self.is_usable(offer) for offer in matching)
        return own if own and wanted in BRANDS and is_own_at_hand else tuple(offer for offer in living if offer in own or offer in matching)

    def find_elsewhere(self, name: str) -> tuple[Vendor, tuple[Offer, ...]] | None:
        """Return the vendor that a name such as `google:veo` names, and the models of the family, where it sells none of them."""
        named, _, family = name.strip().casefold().partition(":")
        seller, meant = self._vendors_by_name.get(named.strip()), self.find_family(family) if family.strip() else ()
        return (seller, meant) if seller and meant and all(offer.vendor != seller.name for offer in meant) else None

    def find_all_named(self, name: str) -> tuple[Offer, ...]:
        """Return the offers that a name means: those of one model, else those of a family. UnknownModel names the nearest ones."""
        return self.find_offers(name) or self.find_family(name) or self.find_named(name)

    def find_ended(self, name: str) -> tuple[Offer, ...]:
        """Return the offers that ended, of the family of models that this name means."""
        return self._names.match(name, [offer for offer in self.offers if not self.is_living(offer)])

    def _find_labelled(self, label: str) -> tuple[Offer, ...]:
        """Return the living offers that a label of a list means; of `longest` and `cheapest` those of the models that can be bought."""
        if label == "edit":
            return tuple(offer for offer in self.living_offers if offer.keeps_length)
        offers = self.eligible_offers if self.keyed else self.living_offers
        if label == "cheapest":
            return offers
        if label == "longest":
            makers = [offer for offer in offers if offer.video is None]
            longest = max((offer.seconds[-1] for offer in makers), default=0)
            return tuple(offer for offer in makers if offer.seconds[-1] == longest)
        return tuple(offer for offer in self.living_offers if is_known_for(offer, label))

    def _describe_near(self, near: Iterable[Offer]) -> str:
        """Return a sentence that asks after the living ones of these offers; where all have ended, it says when."""
        near = tuple(near)
        if living := [offer.id for offer in sorted(near, key=lambda offer: not self.is_usable(offer)) if self.is_living(offer)]:
            return f"Did you mean {one_of(living[:NEAR])}?"
        ended = [f"{offer.ended.by} ended {offer.ended.what} on {offer.ended.on}." for offer in near[:1] if offer.ended is not None]
        return " ".join([*ended, 'list_sizes(model="all") lists the families of models.'])

    def describe_missing_key(self, offers: Iterable[Offer], *, sample: str = "") -> str:
        """Return the sentence that says what a user has to do before any of these can be bought; `sample` is what can be had without."""
        vendors = {vendor.name: vendor for vendor in map(self.get_vendor, offers) if vendor.keys}.values()
        titles = one_of([vendor.title for vendor in vendors])
        return " ".join(filter(None, (f"No key for {titles}.", describe_adding_key(vendors), sample)))

    def describe_sample(self, request: VideoRequest, *, today: date) -> str:
        """Say how the free sample is had for this request, of a user without any key; empty where it takes it neither as it is nor with
        its picture cropped."""
        offer, plain = self.get(SAMPLE), replace(request, model=None)
        image = request.frame
        fitted = replace(plain, options={**plain.options, FIT: FITS[0]})
        can_crop = self.can_crop and image is not None and not image.is_url
        for more, tried in (("", plain), *([(" with options.fit='crop'", fitted)] if can_crop else [])):
            if not self.keyed and offer is not None and find_order(tried, offer, today=today) is not None:
                return f"Free: model='{SAMPLE}'{more}, drawn."
        return ""

    def find_near(self, name: str) -> tuple[Offer, ...]:
        """Return the offers that a misspelled name may mean, or one of a version that is not sold; of a family the living ones."""
        return self._names.find_near(name, is_living=self.is_living)


def rank_orders(offers: Iterable[Offer], request: VideoRequest, *, today: date, with_missing: bool = False) -> list[tuple[Order, Quote]]:
    """Return what the offers that take the request, at a stated price, make of it; the cheapest first. `with_missing`: also in a mode that
    the vendor said it does not have now."""
    found: list[tuple[Order, Quote]] = []
    for offer in offers:
        order = find_order(request, offer, today=today)
        if order is not None and (with_missing or order.missing is None):
            with contextlib.suppress(PriceUnknown):
                found.append((order, quote(order, today=today)))
    return sorted(found, key=lambda priced: priced[1].micros)


def rank_eligible(catalogue: Catalogue, request: VideoRequest, *, today: date) -> list[tuple[Order, Quote]]:
    """Return what the eligible offers make of a request, cheapest first. A few words and a format are ranked once for a catalogue."""
    is_plain = request.image is None and request.edits is None and not request.options
    if not is_plain or len(request.prompt) > MOST_NAME or len(request.size or "") > MOST_NAME:
        return rank_orders(catalogue.eligible_offers, request, today=today)
    return list(_rank_plain(catalogue, request.prompt, request.size, request.seconds, today))


@functools.lru_cache(maxsize=64, typed=True)
def _rank_plain(catalogue: Catalogue, prompt: str, size: str | None, seconds: int | None, today: date) -> tuple[tuple[Order, Quote], ...]:
    return tuple(rank_orders(catalogue.eligible_offers, VideoRequest(prompt, size=size, seconds=seconds), today=today))


def count_broken_rules(offer: Offer, request: VideoRequest, *, today: date) -> int:
    """Return how many rules of this offer the request breaks."""
    try:
        check(request, offer, today=today)
    except BrokenRules as error:
        return len(error.broken)
    return 0


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
        there = address if vendor.base_url else address.removesuffix("/v1")
        return replace(vendor, base_url=there, quote_url=None, upload=vendor.upload and replace(vendor.upload, base_url=None))

    return tuple(move(vendor) for vendor in vendors)


def _end(vendor: Vendor, over: Collection[str]) -> Vendor:
    """Return the vendor with these offers of it ended."""
    offers = [replace(offer, ended=offer.ends, ends=None) if offer.id in over else offer for offer in vendor.offers]
    return replace(vendor, offers=tuple(offers))
