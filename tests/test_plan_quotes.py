"""The quote of an estimate covers a clip that begins with a frame of a clip before it: prompt and frame are open."""

from __future__ import annotations

from datetime import date

from sora_mcp.catalogue.rules import find_order, quote
from sora_mcp.domain import Image, Offer, VideoRequest
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.jobs.purchase import make_purchase, make_terms
from sora_mcp.vendors import EVERY
from tests.nouns import find_offer

TODAY = date(2026, 11, 21)
SIDES = {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (720, 720)}


def is_covered(offer: Offer, shape: str, other: str) -> bool | None:
    """Whether the quote for a clip of one shape covers one that begins with a frame of another; None where the price differs anyway."""
    first = find_order(VideoRequest("a boat", offer.id, size=shape), offer, today=TODAY)
    frame = Image("data:image/png;base64,AAAA", "image/png", *SIDES[other], 3)
    request = VideoRequest("it goes on", offer.id, image=frame)
    size = None if first is None else first.size.resolution
    after = find_order(VideoRequest("it goes on", offer.id, size=size, image=frame, seconds=first and first.seconds), offer, today=TODAY)
    if first is None or after is None:
        return None
    try:
        price, own = quote(first, today=TODAY), quote(after, today=TODAY)
    except PriceUnknown:
        return None
    if price.micros != own.micros or first.options != after.options:
        return None
    vendor = next(vendor for vendor in EVERY if vendor.name == offer.vendor)
    bought = make_purchase(after, own, vendor, request=request, principal="local", confirm=True, agreed=None)
    return make_terms(first, price, "local", 5).fingerprint in bought.identity.terms


def test_the_quote_of_a_plan_covers_its_clips_that_go_on_and_none_of_another_shape() -> None:
    offers = [offer for vendor in EVERY for offer in vendor.offers]
    same = {(offer.id, shape): is_covered(offer, shape, shape) for offer in offers for shape in SIDES}
    assert [key for key, covered in same.items() if covered is False] == []
    assert sum(covered is True for covered in same.values()) > 100
    other = {offer.id: is_covered(offer, "16:9", "9:16") for offer in offers}
    assert [key for key, covered in other.items() if covered] == []


def test_a_frame_decides_the_shape_of_a_model_that_has_sizes_without_one() -> None:
    offer = find_offer("fal:seedance-1-pro-fast")
    assert [is_covered(offer, "16:9", other) for other in SIDES] == [True, False, False]
