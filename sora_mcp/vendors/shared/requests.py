"""What the orders of several vendors have in common."""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Offer, Order


def choose_slug(order: Order, offer: Offer) -> str:
    """The vendor's name or path of the model: a first frame may have one of its own."""
    return (order.image and offer.image_slug) or offer.slug


def drop_missing(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what this order does not say."""
    return {name: value for name, value in fields.items() if value is not None}
