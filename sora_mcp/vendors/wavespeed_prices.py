"""Read WaveSpeed's list of models: prices as of now, and what it does not sell any more.

Its own tools (https://github.com/WaveSpeedAI/wavespeed-cli, read 2026-11-30) show a model's `base_price` in dollars beside the formula that
makes an order's price of it and of the order's fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

from sora_mcp.domain import Call, Image, Offer, Order, PriceList, Rate, Scalar
from sora_mcp.domain.money import PER_USD, ceil
from sora_mcp.vendors.shared.formulas import Value, read_formula
from sora_mcp.vendors.shared.rates import merge_rates
from sora_mcp.vendors.wavespeed_offers import OFFERS, make_inputs

KEPT = ("model_id", "base_price", "formula")
UNPRICED = ("prompt", "seed", "negative_prompt", "aspect_ratio")
"""Fields on which no price is expected to depend: a formula with one of them is not used."""
FRAME = Image("https://example.com/frame.png")


def select_rows(body: Any) -> Any:
    """Return the rows of our models without descriptions and schemas, which are megabytes."""
    slugs = {slug for offer in OFFERS for _, slug in _list_slugs(offer)}
    return {"data": [{name: row.get(name) for name in KEPT} for row in body["data"] if row["model_id"] in slugs]}


def read_prices(body: Any, offer: Offer) -> tuple[Rate, ...] | None:
    """Return a rate for each case that the formulas tell apart; none where one of them is missing or not known here. None where the list
    does not have the model."""
    rows = {row["model_id"]: row for row in body["data"]}
    if offer.keeps_length:  # no formula that was seen counts the video's own seconds
        return () if offer.slug in rows else None
    found = [(image, rows.get(slug)) for image, slug in _list_slugs(offer)]
    if all(row is None for _, row in found):
        return None
    try:
        rates = [rate for image, row in found if row is not None for rate in _price(offer, image, row)]
    except (ValueError, LookupError, ArithmeticError):
        return ()
    if any(row is None for _, row in found) or any(rate.micros <= 0 for rate in rates):
        return ()
    for name, values in {"image": [image for image, _ in found], **_list_axes(offer)}.items():
        rates = merge_rates(rates, name, values)
    return tuple(rates)


def _list_slugs(offer: Offer) -> Iterator[tuple[bool, str]]:
    """Yield the vendor's names of the model without and with a first frame."""
    if offer.text or offer.video:
        yield False, offer.slug
    if offer.image is not None:
        yield True, offer.image_slug or offer.slug


def _list_axes(offer: Offer) -> Mapping[str, list[Scalar]]:
    """Return what a price may depend on besides picture and length, with the values that the offer has."""
    resolutions = [*dict.fromkeys(size.resolution for size in offer.sizes if size.resolution)]
    has_sound = any(rule.param == "audio" for rule in offer.options)
    return {**({"resolution": [*resolutions]} if resolutions else {}), **({"audio": [True, False]} if has_sound else {})}


def _price(offer: Offer, image: bool, row: Mapping[str, Any]) -> Iterator[Rate]:
    """Yield the rates of orders with or without a first frame: by the second where each costs the same, else by the video. Of sizes with
    the same resolution the dearest counts."""
    total = read_formula(str(row["formula"] or ""))
    base = {"base_price": Decimal(str(row["base_price"]))}
    axes = _list_axes(offer)
    told_apart = [name for name, values in {**axes, "image": [*_list_slugs(offer)]}.items() if len(values) > 1]
    for values in product(*axes.values()):
        case: dict[str, Scalar] = dict(zip(axes, values, strict=True))
        sizes = [size for size in offer.sizes_by_frame[image] if size.resolution in (case.get("resolution"), None)]
        if not sizes:
            continue
        options = {"audio": case["audio"]} if "audio" in case else {}
        prices: dict[int, Decimal] = {}
        for seconds, size in product(offer.seconds, sizes):
            order = Order(offer, "", size, seconds, FRAME if image else None, options)
            price = total({**base, **_list_values(make_inputs(order))})
            if not isinstance(price, Decimal):
                raise ValueError(f"{price!r} is no price")
            prices[seconds] = max(price, prices.get(seconds, price))
        yield from _make_rates(prices, {name: value for name, value in {**case, "image": image}.items() if name in told_apart})


def _list_values(inputs: Mapping[str, Any]) -> Mapping[str, Value]:
    """Return the fields that a formula may use, as it sees them."""
    used = {name: value for name, value in inputs.items() if name not in UNPRICED}
    return {name: Decimal(value) if type(value) is int else value for name, value in used.items()}


def _make_rates(prices: Mapping[int, Decimal], when: Mapping[str, Scalar]) -> Iterable[Rate]:
    """Return one rate where all lengths cost the same by the second; else one for each length."""
    [first, *others] = [Rate(ceil(price * PER_USD / seconds), "second", when) for seconds, price in prices.items()]
    if all(rate == first for rate in others):
        return [first]
    return [Rate(ceil(price * PER_USD), "video", {**when, "seconds": seconds}) for seconds, price in prices.items()]


PRICES = PriceList(Call("GET", "/api/v3/models"), read_prices, needs_key=True, cut=select_rows)
