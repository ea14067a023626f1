"""xAI, Grok Imagine: one address to order, one to ask, exact costs. https://docs.x.ai/developers/pricing"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import (
    Call,
    Done,
    Failed,
    Order,
    Pending,
    Reading,
    Refusal,
    Reply,
    Vendor,
)
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent, read_charge
from sora_mcp.vendors.xai_offers import OFFERS

PATH = "/v1/videos/"
WORDS = ("error.message", "error")
TICKS = 10_000_000_000
"""Ticks per dollar; 10,000 are one micro."""
LATE = ("internal_error", "service_unavailable")
"""Codes of a failed job that blame xAI's own service, https://docs.x.ai/developers/model-capabilities/video/generation (2026-11-30)"""


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
        "generate_audio": order.options.get("audio"),
    }
    return Call("POST", f"{PATH}generations", drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. Only the submit reply has the id.

    A 202 to a status call means pending, often with an empty body, and a 200 with a video means done, even where it has no status
    (@ai-sdk/xai 5.0.12, 2026-09-28).
    """
    if reply.call.method == "POST":
        job = reply.body["request_id"]
        return Pending(job, _ask(job), "queued", "accepted")
    job = reply.call.path.removeprefix(PATH)
    unsaid = "pending" if reply.status == 202 else "done" if find_text(reply.body, "video.url") else None
    status: Any = find_value(reply.body, "status") or unsaid
    message = find_text(reply.body, *WORDS)
    match status:
        case "pending":
            return Pending(job, _ask(job), "running", status, parse_percent(find_value(reply.body, "progress")))
        case "done" if find_value(reply.body, "video") is not None or not message:
            return _read_done(reply.body, job)
        case "done" | "failed" | "expired":
            return Failed(_classify(reply.body, status, message), status, message, *read_charge(_read_cost(reply.body)), id=job)
        case _:
            return None


def _read_done(body: dict[str, Any], job: str) -> Reading:
    """Return the finished video, or the content filter's refusal, which comes inside a success with its cost.

    An answer may be without a video, or have an error in its place: both are optional in xAI's own message (xai-sdk 1.21.0).
    """
    if find_value(body, "video.respect_moderation") is False:
        return Failed("content_refused", "done", "The video did not pass moderation.", *read_charge(_read_cost(body)), id=job)
    return Done(Call("GET", find_value(body, "video.url")), "done", _read_cost(body), job)


def _classify(body: dict[str, Any], status: str, message: str) -> str:
    """Return our code of a failure: the content filter's, then the service's own, such as a job that expired unfinished."""
    code = find_value(body, "error.code")
    refused = classify_failure(code, message)
    return "vendor_unavailable" if refused == "vendor_rejected" and (status == "expired" or code in LATE) else refused


def _read_cost(body: dict[str, Any]) -> Micros | None:
    return parse_amount(find_value(body, "usage.cost_in_usd_ticks"), per_usd=TICKS)


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}{job}")


VENDOR = Vendor(
    name="xai",
    title="xAI",
    base_url="https://api.x.ai",
    keys=("XAI_API_KEY",),
    key_page="https://console.x.ai/team/default/api-keys",  # https://docs.x.ai/developers/quickstart (read 2026-11-30)
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
    check=Call("GET", "/v1/api-key"),  # https://docs.x.ai/api-reference (read 2026-12-01)
    message=WORDS,
    tells_cost=True,
)
