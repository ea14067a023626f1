"""Keep one user's catalogue up to date: the written offers, the vendors' own lists as last fetched, what is gone or paused."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import anyio

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Call, Offer, Reply, Vendor
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.domain.errors import SoraError, VendorError
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store
from sora_mcp.store.records import Listed
from sora_mcp.vendors.reading import cut_price_list, read_offers, read_price_list

log = logging.getLogger(__name__)
FRESH_S = 86_400.0
"""A list older than this is fetched again when somebody asks, and its prices do not count as live any more."""
AGAIN_S = 60.0
"""No list is fetched more often, whatever is asked for."""
CURRENT_S = 1.0
"""How long what was read from the store is taken for current: `reserve` looks again at what must not be bought."""
LATER_S = 3_600.0
"""When a list is asked for again that the vendor refused, as to a key that may not read prices."""
LATE_S = 5.0
"""After how long a caller may ask again for a model of a list that is still being fetched."""
REFUSED = (400, 401, 403, 404)
BETWEEN = " "
"""Stands in the store between a model and the mode of it that is missing."""
PATIENCE_S = 2.0
"""How long a caller waits for a list: create_video answers within three seconds, come what may. The fetching goes on."""


@dataclass
class Availability:
    """One user's catalogue, kept up to date. `written` is what needs no network and no store."""

    written: Catalogue
    store: Store
    http_client: VendorClient
    clock: Callable[[], float]
    patience_s: float = PATIENCE_S
    beside: Callable[..., object] | None = None
    """Starts what goes on when its caller has left; where nothing does, it ends with the caller's patience."""
    catalogue: Catalogue = field(init=False)
    _loaded: float = float("-inf")
    _on_sale: tuple[object, ...] = ()
    _lists: dict[str, Listed] = field(default_factory=dict[str, Listed])
    _not_before: dict[str, float] = field(default_factory=dict[str, float])
    """By vendor: when its list may be asked for again."""
    _under_way: dict[str, anyio.Event] = field(default_factory=dict[str, anyio.Event])
    """By vendor whose list is being fetched: what ends with it."""

    def __post_init__(self) -> None:
        self.catalogue = self.written.on_day(_day(self.clock()))

    async def load(self) -> None:
        """Read from the store what is on sale, also what other processes fetched or heard."""
        loaded = time.monotonic()
        lists, gone, pauses = await self.store.vendor_lists.load()
        self._loaded, on_sale = loaded, (self.written, lists, gone, pauses, [self._fresh(at) for at in lists], _day(self.clock()))
        if on_sale == self._on_sale:
            return  # the catalogue keeps its table of names, which takes longer than the rest of a look
        self._on_sale, self._lists = on_sale, {listed.vendor: listed for listed in lists}
        heard = {row.model: _day(row.at) for row in gone}
        vendors = tuple(_mark_missing(self._apply_list(vendor, heard), heard) for vendor in self.written.vendors)
        catalogue = replace(self.written, vendors=vendors).with_pauses(pauses)
        self.catalogue = catalogue.on_day(_day(self.clock()))

    def forget(self) -> None:
        """Let the next request read the store again: this process wrote something."""
        self._loaded = float("-inf")

    async def refresh(self) -> None:
        """Read the store again where what was read is not current any more."""
        if time.monotonic() - self._loaded > CURRENT_S:
            await self.load()

    async def look(self, name: str | None = None) -> None:
        """Bring the catalogue up to date for a request that names this model, or none.

        Where a list cannot be fetched, its last copy stays. VendorError where there is none, and it alone could say whether the vendor has
        the model.
        """
        await self.refresh()
        due = [vendor for vendor in self.written.listing_vendors if self._is_due(vendor, name)]
        if due:
            with anyio.move_on_after(self.patience_s):
                for over in [await self._start_fetching(vendor) for vendor in due]:
                    await over.wait()
            await self.load()
        if name is not None:
            self._refuse_unlisted(name)

    def _refuse_unlisted(self, name: str) -> None:
        """Raise VendorError where a vendor with a key is named whose list never came, and which has no such model without it."""
        seller = name.strip().casefold().partition(":")[0]
        vendor = next((vendor for vendor in self.written.listing_vendors if vendor.name == seller and vendor.listing is not None), None)
        if vendor is None or vendor.name not in self.written.keyed or self.age_of(vendor) is not None or self.catalogue.has_name(name):
            return
        wait_s = max(self._not_before.get(seller, 0.0) - self.clock(), LATE_S)
        why = f"{vendor.title}'s list of models has not arrived, so it is not known whether it has {quote_value(name)}."
        wait = f"{math.ceil(wait_s)} s" if wait_s < 120 else f"{math.ceil(wait_s / 60)} min"
        raise VendorError("vendor_unavailable", f"{why} Try again in {wait}.", vendor=vendor.title, retry_after_s=wait_s)

    async def miss(self, model: str, code: str, *, mode: str = "") -> None:
        """Remember that a vendor said that it does not have this model, or not now; of one with several modes the one of this name or path.

        A store that cannot be written is only logged: it must not change what is said of the job.
        """
        try:
            await self.store.vendor_lists.mark_gone(f"{model}{BETWEEN}{mode}" if mode else model, code)
            await self.load()
        except SoraError as error:
            log.warning("that %s is gone cannot be remembered: %s", model, error)

    def age_of(self, vendor: Vendor) -> float | None:
        """Return the seconds since the vendor's list was fetched; None where there is no copy."""
        listed = self._lists.get(vendor.name)
        return None if listed is None else self._measure_age(listed.fetched_at)

    def _apply_list(self, vendor: Vendor, gone: dict[str, date]) -> Vendor:
        """Return the vendor with the offers or the prices of its own list; add the models that a fresh one does not have to `gone`."""
        listed, call = self._lists.get(vendor.name), _list_call(vendor)
        if listed is None or call is None:
            return vendor
        reply, day, fresh = Reply(call, 200, listed.body), _day(listed.fetched_at), self._fresh(listed)
        offers = (*vendor.offers, *(read_offers(vendor, reply, checked=day) or ()))
        if (priced := read_price_list(vendor, reply, checked=day)) is not None:
            offers, missing = priced
            gone.update(dict.fromkeys(missing, day) if fresh else {})
        if not fresh:
            offers = tuple(replace(offer, confidence="listed") if offer.confidence == "live" else offer for offer in offers)
        return replace(vendor, offers=offers)

    def _fresh(self, listed: Listed) -> bool:
        return self._measure_age(listed.fetched_at) <= FRESH_S

    def _measure_age(self, moment: float) -> float:
        """Return the seconds between that moment and now, either way: a clock that was put back must not keep a list for ever."""
        return abs(self.clock() - moment)

    def _is_due(self, vendor: Vendor, name: str | None) -> bool:
        """Return whether the vendor's list is worth a call: it is old, or it may hold an unknown name, and it was not fetched just now."""
        seller, colon, _ = (name or "").strip().casefold().partition(":")
        named = bool(colon) and seller == vendor.name
        needs_key = vendor.price_list is not None and vendor.price_list.needs_key
        if vendor.name not in self.written.keyed and (needs_key or not named):
            return False
        offer = self.catalogue.get(name) if name is not None else None
        if offer is not None and not self.catalogue.needs_key(offer):
            return False  # a free sample is compared with nothing
        age = self.age_of(vendor)
        unknown = vendor.listing is not None and name is not None and (named or not colon) and not self.catalogue.has_name(name)
        wait = self._not_before.get(vendor.name, float("-inf")) - self.clock()
        return (age is None or age > FRESH_S or (unknown and age > AGAIN_S)) and not 0 <= wait <= LATER_S

    async def _start_fetching(self, vendor: Vendor) -> anyio.Event:
        """Return the event that is set when the vendor's list was fetched; start fetching where nobody did."""
        if (over := self._under_way.get(vendor.name)) is None:
            over = self._under_way[vendor.name] = anyio.Event()
            if self.beside is not None:
                self.beside(self._fetch, vendor, over)
            else:
                await self._fetch(vendor, over)
        return over

    async def _fetch(self, vendor: Vendor, over: anyio.Event) -> None:
        """Fetch and keep a vendor's list. A list that does not come, or cannot be read or kept, is logged and changes nothing."""
        wait_s = AGAIN_S
        try:
            if (call := _list_call(vendor)) is not None:
                reply = await self.http_client.request(vendor if vendor.listing else vendor.at_quote_url(), call)
                wait_s = LATER_S if reply.status in REFUSED else AGAIN_S
                await self._keep(vendor, reply)
        except SoraError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("the list of models of %s cannot be fetched", vendor.title)
        finally:
            self._not_before[vendor.name] = self.clock() + wait_s  # only now: who asks meanwhile waits for this list too
            del self._under_way[vendor.name]
            self.forget()
            over.set()

    async def _keep(self, vendor: Vendor, reply: Reply) -> None:
        day = _day(self.clock())
        if read_offers(vendor, reply, checked=day) or read_price_list(vendor, reply, checked=day):
            await self.store.vendor_lists.save(vendor.name, cut_price_list(vendor, reply))
        else:
            log.warning("the list of models of %s cannot be read; the last copy stays", vendor.title)


def _list_call(vendor: Vendor) -> Call | None:
    """Return the call for the vendor's own list of models or of their prices, where there is one."""
    return vendor.listing or (vendor.price_list and vendor.price_list.ask)


def _mark_missing(vendor: Vendor, heard: Mapping[str, date]) -> Vendor:
    """Return the vendor with what it said it does not have noted at its offers, and when: a whole model, or one mode of it."""

    def mark(offer: Offer) -> Offer:
        days = {slug: heard.get(f"{offer.id}{BETWEEN}{slug}", heard.get(offer.id)) for slug in offer.modes}
        missing = {slug: day for slug, day in days.items() if day is not None}
        return replace(offer, missing=missing) if missing else offer

    return replace(vendor, offers=tuple(map(mark, vendor.offers))) if heard else vendor


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
