"""Yield the legal requests of an offer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from sora_mcp.catalogue.rules import SIZE_FACTS, allows, holds, sizes_of
from sora_mcp.domain import Image, Link, Offer, Rule, Scalar, Size, Text, VideoRequest
from tests.nouns import name_inputs

URL = Image("https://example.com/first.png")
BYTES = Image("data:image/png;base64,AAAA", "image/png", 1280, 720, 3)


def list_requests(offer: Offer) -> Iterator[VideoRequest]:
    """Yield every value of each rule, of a wide range its ends, of a text one sample.

    Parameters that a condition of a rule or rate names can interact: of these the whole product comes. The others' values go along.
    """
    conditions = [row.when for row in (*offer.rules, *offer.rates) if row.when]
    named = {name for condition in conditions for name in condition} | {rule.param for rule in offer.rules if rule.when}
    named |= {"size"} if named & SIZE_FACTS else set()
    for image in ((None,) if offer.text or offer.video else ()) + ((find_frame(offer),) if offer.image else ()):
        values: dict[str, list[Any]] = {rule.param: _list_samples(rule, find_frame(offer).uri) for rule in offer.options}
        values |= {"size": list(sizes_of(offer, image=image is not None)), "seconds": list(offer.seconds)}
        multiplied = [name for name in values if name in named]
        alongside = [name for name in values if name not in named]
        products = list(itertools.product(*(values[name] for name in multiplied)))
        for at in range(max(len(products), *(len(values[name]) for name in alongside), 1)):
            said = dict(zip(multiplied, products[at % len(products)], strict=True))
            said |= {name: values[name][at % len(values[name])] for name in alongside}
            size, seconds = said.pop("size"), said.pop("seconds")
            facts = {"size": size.text, "ratio": size.ratio, "resolution": size.resolution, "seconds": seconds, "image": image is not None}
            given = _keep_legal(offer, facts, {name: value for name, value in said.items() if value is not None})
            if given is not None:
                edits = name_inputs(offer, seconds).get("edits")
                yield VideoRequest("a fox", size=size.text, seconds=seconds, image=image, options=given, edits=edits)


def find_frame(offer: Offer) -> Image:
    """Return a first frame as this offer takes it."""
    return URL if offer.image is None or offer.image.urls else BYTES


def _keep_legal(offer: Offer, facts: Mapping[str, Any], options: dict[str, Scalar]) -> dict[str, Scalar] | None:
    """Return the options without those that a condition forbids; None where it forbids the size, the length or a default."""
    defaults = {rule.param: rule.default for rule in offer.options if rule.default is not None}
    for rule in offer.conditional_rules:
        order = {**facts, **defaults, **options, "referenced": bool(options.get("references"))}
        value = order.get(rule.param)
        if value is None or not holds(rule.when, order) or allows(rule, value):
            continue
        unsaid = defaults.get(rule.param)
        if rule.param not in options or (unsaid is not None and not allows(rule, unsaid)):
            return None
        del options[rule.param]
    return options


def _list_samples(rule: Rule, picture: str) -> list[Scalar | None]:
    unsaid: list[Scalar | None] = [None]
    match rule.allowed:
        case Text():
            return [*unsaid, "x"]
        case Link(most):
            return [*unsaid, picture, " ".join([picture] * most)]
        case range() as numbers if len(numbers) > 64:
            return [*unsaid, numbers[0], numbers[-1]]
        case values:
            return [*unsaid, *(value for value in values if not isinstance(value, Size))]
