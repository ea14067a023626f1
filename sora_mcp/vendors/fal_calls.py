"""The calls to fal besides orders: uploads, and what billed units cost."""

from __future__ import annotations

from sora_mcp.domain import Call, Offer, Reply, Upload, UploadSlot
from sora_mcp.domain.money import Micros, parse_amount

FIRST = ("image_url", "start_image_url", "first_frame_url")
LAST = ("end_image_url", "last_frame_url", "tail_image_url")
REFERENCES = ("image_urls", "reference_image_urls")


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


UPLOAD = Upload(ask_upload, read_upload, ("video_url", *FIRST, *LAST, *REFERENCES), good_for_s=3600.0, base_url="https://rest.fal.ai")
"""How long a file stays is not documented: it is put there anew after half an hour."""
