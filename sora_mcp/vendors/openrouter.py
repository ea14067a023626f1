"""OpenRouter: many makers' models behind one key, with sizes, lengths and prices in its public list. https://openrouter.ai/docs/api"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Done, Failed, Offer, Order, Pending, Reading, Refusal, Reply, Vendor
from sora_mcp.domain.money import Micros, stated
from sora_mcp.vendors.openrouter_offers import offers_of
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, read_charge

PATH = "/api/v1/videos"
WORDS = ("error", "error.message")
"""Where a failed job's words are: a plain text, by the page."""


def submit(order: Order, offer: Offer) -> Call:
    """Resolution and ratio, or the pixels where the list names only those."""
    size = order.size
    shape = {"resolution": size.resolution, "aspect_ratio": size.ratio} if size.resolution or not size.pixels else {"size": size.text}
    frame = {"type": "image_url", "image_url": {"url": order.image.uri}, "frame_type": "first_frame"} if order.image else None
    fields: dict[str, Any] = {
        "model": offer.slug,
        "prompt": order.prompt,
        "duration": order.seconds,
        **shape,
        "frame_images": [frame] if frame else None,
        "generate_audio": order.options.get("audio"),
        "seed": order.options.get("seed"),
    }
    return Call("POST", PATH, drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """One shape for both calls."""
    body = reply.body
    job, said = body["id"], body["status"]
    match said:
        case "pending":
            return Pending(job, _ask(job), "queued", said)
        case "in_progress":
            return Pending(job, _ask(job), "running", said)
        case "completed":
            return _made(job, body)
        case "failed":
            words = find_text(body, *WORDS)
            return _lost("content_refused" if "flagged" in words.casefold() else classify_failure(words), job, body)
        case "cancelled":
            return _lost("vendor_rejected", job, body)
        case "expired":
            return _lost("vendor_unavailable", job, body)
        case _:
            return None


def _ask(job: str) -> Call:
    """Made of the id, because `polling_url` could lead elsewhere."""
    return Call("GET", f"{PATH}/{job}")


def _made(job: str, body: dict[str, Any]) -> Reading:
    """A signed link needs no key. Without one the file is under our own address, where the key may go. An empty list is no video."""
    links = (body.get("urls"), body.get("unsigned_urls"))
    if any(link is not None for link in links) and not any(links):
        return _lost("vendor_rejected", job, body)
    return Done(Call("GET", links[0][0] if links[0] else f"{PATH}/{job}/content?index=0"), "completed", _cost(body), job)


def _lost(code: str, job: str, body: dict[str, Any]) -> Failed:
    """No page says what a job without a video costs: only `usage` does, where it is there."""
    said = body["status"]
    return Failed(code, said, find_text(body, *WORDS), *read_charge(_cost(body)), "cancelled" if said == "cancelled" else "failed", job)


def _cost(body: dict[str, Any]) -> Micros | None:
    """Dollars. With a user's own key at the maker they are not the whole price, which stands on the maker's bill."""
    return None if find_value(body, "usage.is_byok") else stated(find_value(body, "usage.cost"), per_usd=1)


VENDOR = Vendor(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai",
    keys=("OPENROUTER_API_KEY",),
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
    listing=Call("GET", f"{PATH}/models"),
    offers_of=offers_of,
)
