"""Muvi, formerly PixelByte: one address for every model, the parameters under `input`. https://developer.muvi.video/docs"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Done, Failed, Offer, Order, Pending, Reading, Refusal, Reply, Search, Vendor
from sora_mcp.domain.money import Micros, stated
from sora_mcp.vendors.muvi_history import listed, look
from sora_mcp.vendors.muvi_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import choose_slug, drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent

NO_RESOLUTION = {"sora-2"}
"""Offers whose page has no `resolution` field, although the pixels are known."""


def submit(order: Order, offer: Offer) -> Call:
    """Every length and every switch is a text here; only `seed` is a number."""
    fields: dict[str, Any] = {
        "prompt": order.prompt if order.image is None or offer.prompt_with_image else None,
        "image_url": order.image.uri if order.image else None,
        "aspect_ratio": order.size.ratio,
        "duration": str(order.seconds),
        "resolution": order.size.resolution if offer.model not in NO_RESOLUTION else None,
        "has_sound": str(order.options["audio"]).lower() if "audio" in order.options else None,
        "fps": str(order.options["fps"]) if "fps" in order.options else None,
        "seed": order.options.get("seed"),
        "quality": order.options.get("quality"),
        "end_frame_url": order.options.get("last_image"),
        "negative_prompt": order.options.get("negative_prompt"),
    }
    return Call("POST", "/v1/jobs/submit", {"model": choose_slug(order, offer), "input": drop_missing(fields)})


def quote(order: Order, offer: Offer) -> Call:
    """The very order, priced with what this account has agreed on. https://developer.pixelbyte.app/docs/api-reference/jobs/estimate"""
    return Call("POST", "/v1/jobs/estimate", submit(order, offer).body)


def quoted(reply: Reply) -> Micros | None:
    """Flat, as the reference has it, or under `data`, as the page on prices does; both count millionths of a dollar."""
    body = reply.body.get("data", reply.body)
    return stated(body["estimatedCost"] if "estimatedCost" in body else body["estimatedCostMicroCents"], per_usd=1_000_000)


def read(reply: Reply) -> Reading | None:
    """Flat, as the reference has it, or under `data`, as the quickstart does; the blog calls the id `id`."""
    body = reply.body.get("data", reply.body)
    job, said = body.get("jobId") or body["id"], body["status"]
    if reply.body.get("jobId", job) != job:
        return None  # two ids, and nobody knows which one is ours
    match said:
        case "pending":
            return Pending(job, _ask(job), "queued", said, parse_percent(body.get("progress")), _cost(body))
        case "processing":
            return Pending(job, _ask(job), "running", said, parse_percent(body.get("progress")), _cost(body))
        case "completed":
            return Done(Call("GET", _link(body)), said, _cost(body), job)
        case "failed":  # "Credits are automatically refunded", as with a cancelled one
            words = find_text(body, "error.message", "error")
            return Failed(classify_failure(find_value(body, "error.code"), words), said, words, "no", id=job)
        case "cancelled":
            return Failed("vendor_rejected", said, charged="no", state="cancelled", id=job, refunded=_refunded(body))
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"/v1/jobs/{job}")


def _cost(body: dict[str, Any]) -> Micros | None:
    """`costMicroCents` counts millionths of a dollar: the page's 1,200,000 are $1.20. The quickstart says `estimatedCost` and `cost`."""
    cost = next((body[name] for name in ("costMicroCents", "cost", "estimatedCost") if name in body), None)
    return stated(cost, per_usd=1_000_000)


def _refunded(body: dict[str, Any]) -> Micros | None:
    """Only the answer to a cancel names the sum."""
    return stated(body.get("refundedMicroCents"), per_usd=1_000_000)


def _link(body: dict[str, Any]) -> Any:
    """`output` is a text in the reference and an object in the quickstart; `outputs` names the type of each."""
    videos = [item["url"] for item in body.get("outputs") or () if item.get("type") == "video"]
    return videos[0] if videos else find_value(body, "output.url") or body.get("output")


VENDOR = Vendor(
    name="muvi",
    title="Muvi",
    base_url="https://api.muvi.video",
    keys=("MUVI_API_KEY", "PIXELBYTE_API_KEY"),
    offers=OFFERS,
    submit=submit,
    read=read,
    refusals=(
        Refusal(404, "model_retired", "MODEL_NOT_FOUND"),
        Refusal(404, "model_retired", "MODEL_VERSION_NOT_FOUND"),
        Refusal(400, "model_retired", "MODEL_VERSION_NOT_ACTIVE"),
        Refusal(400, "model_retired", "INVALID_MODEL_SLUG"),
        Refusal(403, "vendor_rejected", "MODEL_ACCESS_DENIED"),
    ),
    retry_after="error.details.retryAfter",
    refunds=True,
    tells_cost=True,
    check=Call("GET", "/v1/jobs", query=(("limit", "1"),)),
    cancel=lambda job: Call("POST", f"/v1/jobs/{job}/cancel"),
    ask=lambda job, call: _ask(job),
    find=Search(look, listed, by_time=True),
    quote=quote,
    quoted=quoted,
)
