"""Say which cheaper models take no picture of the first frame's size."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.rules import check_measures
from sora_mcp.domain import Order, Quote, VideoRequest
from sora_mcp.domain.money import format_dollars


def describe_cheaper_for_other_picture(
    order: Order, price: Quote, request: VideoRequest, catalogue: Catalogue, *, today: date
) -> str | None:
    """Say what the cheapest model costs that fell away because of the measures of the picture alone, and what it needs; None where no
    cheaper one did, or a model was named."""
    image = request.frame
    if request.model is not None or image is None or image.width is None or request.is_fitted or not catalogue.is_usable(order.offer):
        return None
    lost = [offer for offer in catalogue.eligible_offers if offer.image is not None and any(check_measures(image, offer.image))]
    if not lost:
        return None
    measured = replace(request, image=replace(image, width=None, height=None))
    cheaper = [found for found in rank_orders(lost, measured, today=today) if found[1].micros < price.micros]
    if not cheaper:
        return None
    (other, least), *more = cheaper
    rule = next(check_measures(image, other.offer.image)) if other.offer.image is not None else None
    vendor = catalogue.get_vendor(other.offer).title
    who = f"{other.offer.id} ({format_dollars(least.micros)})"
    is_of_vendor = bool(more) and all(found.offer.vendor == other.offer.vendor for found, _ in more)
    who = f"{vendor}'s models, from {format_dollars(least.micros)} on {other.offer.id}," if is_of_vendor else who
    name = image.origin or "The picture"
    return f"{name} is {image.width}x{image.height}: {who} need{'' if is_of_vendor else 's'} {rule.allowed if rule else 'another'}."
