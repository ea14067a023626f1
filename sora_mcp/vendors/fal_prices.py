"""Read what fal's billing units cost now. https://fal.ai/docs/platform-apis/v1/models/pricing (read 2026-11-30)

fal bills units, and its answer names them without saying how many of them a video has: a second of Kling 3.0 Pro with sound has 1.2, one
of Veo 3.1 in 4k 1.5. So a written price counts as so many units of `UNITS`, and rises with their price. It never falls: a promotion may end
before the order arrives, and the video is settled by the units that fal reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sora_mcp.domain import Call, Offer, Rate
from sora_mcp.domain.money import ceil

MOST_ASKED = 50
"""Endpoints that one call may name."""
UNITS = {
    "seedance-2.0": ("units", "0.014"),
    "seedance-2.0-fast": ("units", "0.0112"),
    "seedance-2.0-mini": ("1000 tokens", "0.007"),
    "hailuo-2.3-standard": ("units", "0.28"),
    "hailuo-2.3-fast-standard": ("units", "0.19"),
    "kling-3.0-pro": ("seconds", "0.14"),
    "kling-3.0-standard": ("seconds", "0.14"),
    "kling-3.0-4k": ("seconds", "0.42"),
    "kling-3.0-turbo-pro": ("seconds", "0.14"),
    "kling-3.0-turbo-standard": ("seconds", "0.112"),
    "kling-o3-pro": ("seconds", "0.14"),
    "kling-o3-standard": ("seconds", "0.14"),
    "kling-o3-4k": ("seconds", "0.42"),
    "kling-o3-pro-edit": ("seconds", "0.14"),
    "kling-o3-standard-edit": ("seconds", "0.14"),
    "kling-2.6-pro": ("seconds", "0.07"),
    "veo-3.1": ("seconds", "0.4"),
    "veo-3.1-fast": ("seconds", "0.15"),
    "veo-3.1-lite": ("seconds", "0.05"),
    "happyhorse-1.1": ("seconds", "0.14"),
    "happyhorse-1.0": ("seconds", "0.14"),
    "happyhorse-edit": ("seconds", "0.14"),
    "wan-2.7": ("seconds", "0.1"),
    "ltx-2.3-pro": ("seconds", "0.08"),
    "ltx-2.3-fast": ("seconds", "0.06"),
    "luma-ray-3.2": ("5 seconds", "0.5"),
    "grok-imagine-video": ("seconds", "0.05"),
}
"""Name and price of a model's unit beside the prices that are written, by fal's answers of 2026-07-28 as nodetool keeps them
(https://github.com/nodetool-ai/nodetool, packages/fal-nodes). What has none here is not asked for: of newer models no answer is known, for
some fal names placeholders, such as `compute seconds` (https://github.com/openstory-so/openstory/issues/1098), and the oldest ones would be
more endpoints than MOST_ASKED."""
AMOUNTS = ("micros", "picture", "fee", "least")


def ask_prices(offers: Sequence[Offer]) -> Call:
    """Return the call for the units of these offers."""
    endpoints = dict.fromkeys(path for offer in offers if offer.model in UNITS for path in _list_endpoints(offer))
    return Call("GET", "/v1/models/pricing", query=(("endpoint_id", ",".join(endpoints)),))


def read_prices(body: Any, offer: Offer) -> tuple[Rate, ...]:
    """Return the written rates, higher where a unit costs more now; none where one of the offer's units is not the known one, or is
    cheaper."""
    if offer.model not in UNITS:
        return ()
    name, known = UNITS[offer.model]
    rows = {row["endpoint_id"]: row for row in body["prices"]}
    found = [rows.get(path) for path in _list_endpoints(offer)]
    if any(row is None or (row["unit"], row["currency"]) != (name, "USD") for row in found):
        return ()
    dearest = max(Decimal(str(row["unit_price"])) for row in found if row)
    times = dearest / Decimal(known)
    if not times.is_finite() or times < 1:
        return ()
    return tuple(replace(rate, **{amount: ceil(getattr(rate, amount) * times) for amount in AMOUNTS}) for rate in offer.rates)


def _list_endpoints(offer: Offer) -> Iterator[str]:
    """Yield fal's names of the model without and with a first frame."""
    yield from (slug.strip("/") for slug in (offer.slug, offer.image_slug) if slug)
