"""Build the parts that several vendors' submit calls share."""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Offer, Order


def choose_slug(order: Order, offer: Offer) -> str:
    """Return the vendor's name or path of the model, which may differ with a first frame."""
    return (order.image and offer.image_slug) or offer.slug


def drop_missing(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without those that are None."""
    return {name: value for name, value in fields.items() if value is not None}
