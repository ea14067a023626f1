"""Ask vendors what an order would cost, for estimates and as the least that is set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import anyio

from sora_mcp.domain import QUOTE_GOOD_FOR_S, Call, Order, Quote, Reply, Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.domain.money import Micros, format_dollars
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors.reading import read_quote

PATIENCE_S = 3.0
SILENT_S = 60.0
"""How long a vendor that did not answer is not asked again."""
MOST = 500
Key = tuple[object, ...]


async def ask_price(http_client: VendorClient, vendor: Vendor, call: Call) -> Micros | None:
    """Return the price that the vendor names at its address for quotes; None where it does not, or not in time."""
    reply = await _fetch(http_client, vendor, call)
    return None if reply is None else read_quote(vendor, reply)


async def _fetch(http_client: VendorClient, vendor: Vendor, call: Call) -> Reply | None:
    """Return the vendor's answer; None where it is not reached, or not in time."""
    with anyio.move_on_after(PATIENCE_S):
        try:
            return await http_client.request(vendor.at_quote_url(), call)
        except NotSent:
            pass
    return None


@dataclass
class Quotes:
    """Prices that vendors named lately. They are not stored: a process that ended knows the table's prices only."""

    http_client: VendorClient
    clock: Callable[[], float]
    _recent: dict[Key, tuple[Micros, float]] = field(default_factory=dict[Key, tuple[Micros, float]])
    _silent: dict[str, float] = field(default_factory=dict[str, float])
    """By vendor: when it was asked last and did not answer."""

    async def ask_vendor(self, vendor: Vendor, order: Order, table: Quote, *, today: date) -> Quote:
        """Return the vendor's own price, or the table's where the vendor does not answer. The user's own price wins over both."""
        call = vendor.quote(order) if vendor.quote is not None and table.confidence != "configured" else None
        if call is None or 0 <= self.clock() - self._silent.get(vendor.name, float("-inf")) < SILENT_S:
            return table
        if (reply := await _fetch(self.http_client, vendor, call)) is None:
            self._silent[vendor.name] = self.clock()
            return table
        if (micros := read_quote(vendor, reply)) is None:
            return table
        if len(self._recent) >= MOST:
            self._recent.clear()
        self._recent[_key(order)] = (micros, self.clock())
        return _make_quote(vendor, order, table, micros=micros, today=today)

    def find_least(self, vendor: Vendor, order: Order, table: Quote, *, today: date) -> Quote:
        """Return what is set aside: the table's price, unless the vendor named a higher one within a quarter of an hour.

        A lower quote changes nothing, because it may end before the order arrives, and the vendor's last word is what is charged.
        """
        micros, at = self._recent.get(_key(order), (Micros(0), 0.0))
        if micros <= table.micros or self.clock() - at > QUOTE_GOOD_FOR_S:
            return table
        return _make_quote(vendor, order, table, micros=micros, today=today)


def _make_quote(vendor: Vendor, order: Order, table: Quote, *, micros: Micros, today: date) -> Quote:
    call = vendor.quote(order) if vendor.quote is not None else None
    source = table.source if call is None else f"{vendor.at_quote_url().base_url}{call.path}"
    set_aside = f"; {format_dollars(table.micros)} is set aside" if micros < table.micros else ""
    basis = f"{vendor.title}'s own quote{set_aside}"
    return replace(table, micros=micros, basis=basis, source=source, checked=today, confidence="live")


def _key(order: Order) -> Key:
    return (order.offer.id, order.size.text, order.seconds, order.image is not None, tuple(sorted(order.options.items())))
