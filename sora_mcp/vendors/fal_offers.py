"""Offers of fal, how they are ordered, and what billed units cost. https://fal.ai/models"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import Call, ImageRule, Offer, Order, Rate, Reply, Rule, Size, Upload, UploadSlot, VideoRule
from sora_mcp.domain.money import Micros, parse_amount, usd
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.sizes import SEEDANCE, combine_sizes, split_sizes

CHECKED = date(2026, 11, 20)
MODELS = "https://fal.ai/models"
AUDIO = Rule("audio", (True, False), default=True)


def _rates(prices: dict[str, str]) -> tuple[Rate, ...]:
    """Return rates by resolution, from a public price map that cites the model's page (2026-11-20). fal states the final cost itself."""
    return tuple(Rate(usd(price), "second", {"resolution": resolution}) for resolution, price in prices.items())


def _seedance(model: str, prices: dict[str, str], *options: Rule) -> Offer:
    """Return a Seedance offer. With a first frame, the frame decides the ratio."""
    words, frames = combine_sizes(SEEDANCE, tuple(prices)), tuple(Size(name, None, name) for name in prices)
    return Offer(
        model=model,
        slug=f"/bytedance/{model}/text-to-video",
        image_slug=f"/bytedance/{model}/image-to-video",
        rules=(*split_sizes(words, frames), Rule("seconds", range(4, 16)), *options),
        rates=_rates(prices),
        source=f"{MODELS}/bytedance/{model}/text-to-video",
        checked=CHECKED,
        image=ImageRule(),
    )


H3 = {"768P": "0.06", "480P": "0.05", "2K": "0.13", "4K": "0.16"}
OFFERS = (
    _seedance("seedance-2.5", {"720p": "0.473", "480p": "0.2205"}),
    _seedance("seedance-2.0", {"720p": "0.3034", "480p": "0.1346", "1080p": "0.682", "4k": "1.5552"}, AUDIO),
    Offer(
        model="minimax-h3",
        slug="/minimax/h3/text-to-video",
        rules=(Rule("size", combine_sizes(SEEDANCE, tuple(H3))), Rule("seconds", range(5, 16))),
        rates=_rates(H3),
        source=f"{MODELS}/minimax/h3/text-to-video",
        checked=CHECKED,
    ),
    Offer(
        model="grok-imagine-video-edit",
        slug="/xai/grok-imagine-video/edit-video",
        # A second costs $0.05 or $0.07 as output, and $0.01 as input. What is longer than 8 s would be cut.
        rules=(Rule("size", (Size("480p", None, "480p"), Size("720p", None, "720p"))), Rule("seconds", range(1, 9))),
        rates=_rates({"480p": "0.06", "720p": "0.08"}),
        source=f"{MODELS}/xai/grok-imagine-video/edit-video/llms.txt",
        checked=date(2026, 11, 30),
        text=False,
        video=VideoRule((1, 8)),
    ),
)
NO_RETRY = (("X-Fal-No-Retry", "1"),)
NUMBERS = {"minimax-h3"}
"""Models that take the length as a number; the others take text."""


def submit(order: Order) -> Call:
    """Return the submit call, with the queue's own retries off: each attempt is billed."""
    if order.clip is not None:
        edit = {"prompt": order.prompt, "video_url": order.clip.uri, "resolution": order.size.resolution}
        return Call("POST", order.slug, edit, headers=NO_RETRY)
    fields: dict[str, Any] = {
        "prompt": order.prompt,
        "duration": order.seconds if order.offer.model in NUMBERS else str(order.seconds),
        "resolution": order.size.resolution,
        "aspect_ratio": order.size.ratio,
        "image_url": order.image.uri if order.image else None,
        "generate_audio": order.options.get("audio"),
    }
    return Call("POST", order.slug, drop_missing(fields), headers=NO_RETRY)


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


UPLOAD = Upload(ask_upload, read_upload, ("video_url",), good_for_s=3600.0, base_url="https://rest.fal.ai")
"""How long a file stays is not documented: it is put there anew after half an hour."""
