"""Read AI/ML API's public list of models: its prices as of now, and what it does not sell any more.

https://docs.aimlapi.com/api-references/service-endpoints/complete-model-list (repository of 2026-08-21, read 2026-11-30)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from sora_mcp.domain import Call, Offer, PriceList, Rate
from sora_mcp.domain.offer import Scalar
from sora_mcp.vendors.aimlapi_offers import OFFERS
from sora_mcp.vendors.shared.rates import Price, make_rates

NAMES = {"resolution": "resolution", "generate_audio": "audio", "aspect_ratio": "ratio", "duration": "seconds"}
"""Our names of the request's parameters on which a price may depend."""


def ask_prices(offers: Sequence[Offer]) -> Call:
    """Return the call for the rows of these offers: the whole catalogue is larger than a reply may be. `id` matches aliases too."""
    slugs = dict.fromkeys(slug for offer in offers if offer.ended is None for _, slug in _list_slugs(offer))
    return Call("GET", "/v1/models", query=(("id", ",".join(slugs)), ("include", "pricing")))


def read_prices(body: Any, offer: Offer) -> tuple[Rate, ...] | None:
    """Return the offer's rates; none where they cannot be quoted "ahead of the request", or depend on what no order here has.

    None where the list does not have the model. Only the user's price file calls a model free.
    """
    models = {name.casefold(): row for row in body["data"] for name in (*row["aliases"], row["id"])}
    rows = [(image, models[slug.casefold()]) for image, slug in _list_slugs(offer) if slug.casefold() in models]
    if not rows:
        return None
    lists = [[({**when, "image": image}, amount) for when, amount in _read_pricing(row["pricing"])] for image, row in rows]
    known = {*NAMES.values(), "image"}
    if any(not prices or any(amount <= 0 or not set(when) <= known for when, amount in prices) for prices in lists):
        return ()
    axes = _list_axes(offer, [*dict.fromkeys(image for image, _ in rows)])
    rates = make_rates(axes, *lists)
    if not (shapes := tuple(size.text for size in offer.sizes if size.resolution is None)):
        return rates
    # Where the vendor chooses the resolution, by the picture, the dearest counts.
    chosen = make_rates({name: values for name, values in axes.items() if name != "resolution"}, *lists)
    return (*(replace(rate, when={**rate.when, "size": shapes}) for rate in chosen), *rates)


def _list_slugs(offer: Offer) -> Iterator[tuple[bool, str]]:
    """Yield the vendor's names of the model without and with a first frame; a last frame comes with a first one."""
    if offer.text:
        yield False, offer.slug
    if offer.image is not None or not offer.text:
        yield True, offer.image_slug or offer.slug
    for option, slug in offer.option_slugs.items():
        yield option == "last_image", slug


def _read_pricing(pricing: Any) -> Iterator[Price]:
    """Yield the prices for a second. A block that cannot be read whole has one that no order can have."""
    names = {"fixed": "units", "variants": "variants"}
    for unit in cast("list[dict[str, Any]]", pricing[names[pricing["kind"]]] if pricing["kind"] in names else []):
        if unit.get("unit", unit.get("name")) != "second" or pricing.get("currency", "USD") != "USD" or unit.get("measure") == "input":
            yield {"unit": "another"}, Decimal(1)
            continue
        when = {NAMES.get(name, f"the vendor's {name}"): value for name, value in unit.get("when", {}).items()}
        yield when, Decimal(str(unit["price"])) * 1_000_000 / Decimal(str(unit["per"]))


def _list_axes(offer: Offer, images: Sequence[bool]) -> Mapping[str, Sequence[Scalar]]:
    """Return what a price may depend on, with the values that the offer has."""
    options = {rule.param for rule in offer.options}
    return {
        "image": images,
        "resolution": [*dict.fromkeys(size.resolution for size in offer.sizes if size.resolution)],
        "ratio": [*dict.fromkeys(size.ratio for size in offer.sizes if size.ratio)],
        "seconds": offer.seconds,
        **({"audio": (True, False)} if "audio" in options else {} if offer.sound is None else {"audio": (offer.sound,)}),
    }


PRICES = PriceList(ask_prices(OFFERS), read_prices)
