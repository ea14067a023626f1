"""The calls to fal: orders, uploads, and what billed units cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sora_mcp.domain import Call, Offer, Order, Reply, Upload, UploadSlot
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.shared.requests import drop_missing

NO_RETRY = (("X-Fal-No-Retry", "1"),)
PICTURES = ("image_url", "start_image_url", "first_frame_url", "end_image_url", "last_frame_url", "image_urls", "reference_image_urls")


@dataclass(frozen=True)
class Wire:
    """The names and types of a model's fields. What it has no field for, no rule of its offer allows."""

    seconds: Literal["text", "number", "suffix"] = "text"
    """A length of 5 s as "5", 5 or "5s"."""
    first: str = "image_url"
    last: str = "end_image_url"
    audio: str = "generate_audio"
    references: tuple[str, str] = ("", "")
    """The path of the model for references, and its field for them."""
    between: tuple[str, str, str] | None = None
    """The path for two frames, where it is another, and its fields for both."""
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the model requires and no order says."""


def submit_as(wire: Wire, order: Order) -> Call:
    """Return the submit call, with the queue's own retries off: each attempt is billed."""
    if order.clip is not None:
        edit = {"prompt": order.prompt, "video_url": order.clip.uri, "resolution": order.size.resolution}
        return Call("POST", order.slug, edit, headers=NO_RETRY)
    path, pictures = _place_pictures(wire, order)
    fields: dict[str, Any] = {
        "prompt": order.prompt,
        "duration": {"text": str(order.seconds), "number": order.seconds, "suffix": f"{order.seconds}s"}[wire.seconds],
        "resolution": order.size.resolution,
        "aspect_ratio": order.size.ratio,
        **pictures,
        wire.audio: order.options.get("audio"),
        "seed": order.options.get("seed"),
        "negative_prompt": order.options.get("negative_prompt"),
        **wire.fixed,
    }
    return Call("POST", path, drop_missing(fields), headers=NO_RETRY)


def _place_pictures(wire: Wire, order: Order) -> tuple[str, dict[str, Any]]:
    """Return the path of the order, which its pictures decide, and their fields."""
    first, last = order.image and order.image.uri, order.options.get("last_image")
    if references := str(order.options.get("references", "")).split():
        return wire.references[0], {wire.references[1]: references}
    if last is not None and wire.between is not None:
        path, first_field, last_field = wire.between
        return path, {first_field: first, last_field: last}
    return order.slug, {wire.first: first, wire.last: last}


def ask_bill(offer: Offer, with_image: bool, units: str) -> Call:
    """Return the call that prices billed units."""
    slug = (with_image and offer.image_slug) or offer.slug
    endpoints = {slug.strip("/"): {"unit_quantity": float(units)}}
    return Call("POST", "/v1/models/pricing/estimate", {"estimate_type": "unit_price", "endpoints": endpoints})


def read_quote(reply: Reply) -> Micros | None:
    """Return the total in micros; None for another currency than dollars."""
    return parse_amount(reply.body["total_cost"], per_usd=1) if reply.body["currency"] == "USD" else None


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call for a place, as fal's own client (1.0.3) asks for one."""
    query = (("storage_type", "gcs"),)
    return Call("POST", "/storage/upload/initiate", {"file_name": name, "content_type": media_type}, query=query)


def read_upload(reply: Reply) -> UploadSlot:
    """Return where the file is put, and its address."""
    return UploadSlot(reply.body["upload_url"], reply.body["file_url"])


UPLOAD = Upload(ask_upload, read_upload, ("video_url", *PICTURES), good_for_s=3600.0, base_url="https://rest.fal.ai")
"""How long a file stays is not documented: it is put there anew after half an hour."""
