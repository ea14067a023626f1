"""xAI, Grok Imagine: one address to order, one to ask, exact costs. https://docs.x.ai/developers/pricing"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import Call, Done, Failed, ImageRule, Offer, Order, Pending, Rate, Reading, Refusal, Reply, Rule, Vendor, VideoRule
from sora_mcp.domain.money import Micros, parse_amount, usd
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent, read_charge
from sora_mcp.vendors.shared.sizes import AUTO, LAST, allow_references, combine_sizes

CHECKED = date(2026, 11, 20)
PATH = "/v1/videos/"
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")
WORDS = ("error.message", "error")
TICKS = 10_000_000_000
"""Ticks per dollar; 10,000 are one micro."""


def _offer(model: str, prices: dict[str, str], picture: str, page: str) -> Offer:
    """Return an offer with prices by resolution, and a price for each picture sent."""
    return Offer(
        model=model,
        slug=model,
        rules=(Rule("size", combine_sizes(RATIOS, tuple(prices))), Rule("seconds", range(1, 16)), *LAST, *allow_references(7)),
        rates=tuple(Rate(usd(price), "second", {"resolution": size}, picture=usd(picture)) for size, price in prices.items()),
        source=f"https://docs.x.ai/{page}",
        checked=CHECKED,
        image=ImageRule(),
        expected_s=60,
    )


OFFERS = (
    _offer("grok-imagine-video-1.5-lite", {"480p": "0.02", "720p": "0.03", "1080p": "0.14"}, "0.01", "developers/pricing"),
    _offer("grok-imagine-video-1.5", {"480p": "0.08", "720p": "0.14", "1080p": "0.25"}, "0.01", "docs/models/grok-imagine-video-1.5"),
    _offer("grok-imagine-video", {"480p": "0.05", "720p": "0.07"}, "0.002", "docs/models/grok-imagine-video"),
    Offer(
        model="grok-imagine-video-edit",
        slug="grok-imagine-video",
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(1, 10))),
        rates=(),  # what a second of the video that is sent costs stands on no page of xAI's that was seen
        source="https://docs.x.ai/developers/model-capabilities/video.md",
        checked=date(2026, 11, 30),
        text=False,
        video=VideoRule((1, 8.7)),
        expected_s=60,
    ),
)


def submit(order: Order) -> Call:
    """Return the submit call. Length and size are always sent; the defaults are 8 s and 480p."""
    if order.clip is not None:
        return Call("POST", f"{PATH}edits", {"model": order.slug, "prompt": order.prompt, "video": {"url": order.clip.uri}})
    last, references = order.options.get("last_image"), str(order.options.get("references", "")).split()
    fields: dict[str, Any] = {
        "model": order.slug,
        "prompt": order.prompt,
        "duration": order.seconds,
        "aspect_ratio": order.size.ratio,
        "resolution": order.size.resolution,
        "image": {"url": order.image.uri} if order.image else None,
        "last_frame": {"url": last} if last else None,
        "reference_images": [{"url": url} for url in references] or None,
    }
    return Call("POST", f"{PATH}generations", drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. Only the submit reply has the id; a 202 to a status call means pending, often with an empty body."""
    if reply.call.method == "POST":
        job = reply.body["request_id"]
        return Pending(job, _ask(job), "queued", "accepted")
    job = reply.call.path.removeprefix(PATH)
    status: Any = find_value(reply.body, "status") or ("pending" if reply.status == 202 else None)
    match status:
        case "pending":
            return Pending(job, _ask(job), "running", status, parse_percent(find_value(reply.body, "progress")))
        case "done":
            return _read_done(reply.body, job)
        case "failed" | "expired":
            message = find_text(reply.body, *WORDS)
            code = classify_failure(find_value(reply.body, "error.code"), message)
            return Failed(code, status, message, *read_charge(_read_cost(reply.body)), id=job)
        case _:
            return None


def _read_done(body: dict[str, Any], job: str) -> Reading:
    """Return the finished video, or the content filter's refusal, which comes inside a success with its cost."""
    if body["video"].get("respect_moderation") is False:
        return Failed("content_refused", "done", "The video did not pass moderation.", *read_charge(_read_cost(body)), id=job)
    return Done(Call("GET", find_value(body, "video.url")), "done", _read_cost(body), job)


def _read_cost(body: dict[str, Any]) -> Micros | None:
    return parse_amount(find_value(body, "usage.cost_in_usd_ticks"), per_usd=TICKS)


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}{job}")


VENDOR = Vendor(
    name="xai",
    title="xAI",
    base_url="https://api.x.ai",
    keys=("XAI_API_KEY",),
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    refusals=(
        Refusal(404, "model_retired"),  # the submit's address is fixed: only the model can be missing
        Refusal(400, "vendor_auth", "incorrect api key"),
        Refusal(403, "vendor_balance", "credits"),
        Refusal(429, "vendor_balance", "spending limit"),
    ),
    message=WORDS,
    tells_cost=True,
)
