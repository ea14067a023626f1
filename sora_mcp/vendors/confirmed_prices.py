"""Days on which a vendor's own list stated a price as it is written here. `python -m scripts.prices --stamp` writes the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sora_mcp.domain import Vendor


def confirm_prices(vendor: Vendor) -> Vendor:
    """Return the vendor whose confirmed prices have that day, where it is later than the one they are written with."""
    days = {offer.id: date.fromisoformat(CONFIRMED[offer.id]) for offer in vendor.offers if offer.id in CONFIRMED}
    if not days:
        return vendor
    offers = (replace(offer, checked=max(offer.checked, days.get(offer.id, offer.checked))) for offer in vendor.offers)
    return replace(vendor, offers=tuple(offers))


CONFIRMED: Mapping[str, str] = {}
