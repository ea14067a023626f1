"""OpenRouter: many makers' models behind one key; its public list states sizes, lengths and prices. https://openrouter.ai/docs/api"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Balance, Call, Done, Failed, Order, Pending, Reading, Refusal, Reply, Vendor, Webhook
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.openrouter_offers import NEGATIVE, VERTEX, read_offers
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing, in_field
from sora_mcp.vendors.shared.responses import find_text, find_value, read_charge

PATH = "/api/v1/videos"
WORDS = ("error", "error.message")
"""Places of a failed job's message: text by the page, an object in practice."""


def submit(order: Order) -> Call:
    """Return the submit call, with resolution and ratio, or with pixels where the list has only those."""
    size = order.size
    shape = {"resolution": size.resolution, "aspect_ratio": size.ratio} if size.resolution or not size.pixels else {"size": size.text}
    frames = {"first_frame": order.image.uri if order.image else None, "last_frame": order.options.get("last_image")}
    pictures = [{"type": "image_url", "image_url": {"url": uri}, "frame_type": role} for role, uri in frames.items() if uri]
    unwanted = order.options.get("negative_prompt")
    fields: dict[str, Any] = {
        "model": order.slug,
        "prompt": order.prompt,
        "duration": order.seconds,
        **shape,
        "frame_images": pictures or None,
        "generate_audio": order.options.get("audio"),
        "seed": order.options.get("seed"),
        "provider": {"options": {VERTEX: {"parameters": {NEGATIVE: unwanted}}}} if unwanted else None,
    }
    return Call("POST", PATH, drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means."""
    body = reply.body
    job, status = body["id"], body["status"]
    match status:
        case "pending":
            return Pending(job, _ask(job), "queued", status)
        case "in_progress":
            return Pending(job, _ask(job), "running", status)
        case "completed":
            return _read_completed(job, body)
        case "failed":
            message = find_text(body, *WORDS)
            return _read_failure("content_refused" if "flagged" in message.casefold() else classify_failure(message), job, body)
        case "cancelled":
            return _read_failure("vendor_rejected", job, body)
        case "expired":
            return _read_failure("vendor_unavailable", job, body)
        case _:
            return None


def _ask(job: str) -> Call:
    """Return the status call, built from the id: `polling_url` could lead to another host."""
    return Call("GET", f"{PATH}/{job}")


def _read_completed(job: str, body: dict[str, Any]) -> Reading:
    """Return the finished video: by its signed link, or from the API, which needs the key. An empty list of links means no video."""
    links = (body.get("urls"), body.get("unsigned_urls"))
    if any(link is not None for link in links) and not any(links):
        return _read_failure("vendor_rejected", job, body)
    return Done(Call("GET", links[0][0] if links[0] else f"{PATH}/{job}/content?index=0"), "completed", _read_cost(body), job)


def _read_failure(code: str, job: str, body: dict[str, Any]) -> Failed:
    """Return a failure. Only `usage`, where present, states what a job without a video costs."""
    status = body["status"]
    state = "cancelled" if status == "cancelled" else "failed"
    return Failed(code, status, find_text(body, *WORDS), *read_charge(_read_cost(body)), state, job)


def _read_cost(body: dict[str, Any]) -> Micros | None:
    """Return the cost; None with the user's own key at the maker, who then bills the rest."""
    return None if find_value(body, "usage.is_byok") else parse_amount(find_value(body, "usage.cost"), per_usd=1)


VENDOR = Vendor(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai",
    keys=("OPENROUTER_API_KEY",),
    key_page="https://openrouter.ai/keys",  # https://github.com/OpenRouterTeam/openrouter-examples (read 2026-11-30)
    offers=(),
    submit=submit,
    read=read,
    refusals=(
        Refusal(403, "content_refused", "flagged"),
        Refusal(404, "model_retired"),
        Refusal(400, "model_retired", "not a valid model"),
    ),
    tells_cost=True,
    ask=lambda job, call: _ask(job),
    check=Call("GET", "/api/v1/key"),  # https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key (read 2026-12-01)
    balance=Balance(Call("GET", "/api/v1/credits"), "data.total_credits", less="data.total_usage"),  # with a management key
    listing=Call("GET", f"{PATH}/models"),
    offers_of=read_offers,
    # https://openrouter.ai/docs/cookbook/video-generation/video-generation-webhooks (read 2026-11-30)
    webhook=Webhook(in_field("callback_url")),
)
