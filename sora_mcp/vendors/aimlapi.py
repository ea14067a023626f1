"""AI/ML API: one address for every model, polled by a query. https://docs.aimlapi.com (read 2026-11-20)"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Balance, Call, Done, Failed, Found, Listing, LostCall, Order, Pending, Reading, Refusal, Reply, Search, Vendor
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.aimlapi_offers import OFFERS
from sora_mcp.vendors.aimlapi_prices import PRICES
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, format_time, parse_time

PATH = "/v2/video/generations"
LOGS = "/v2/logs"
LOG_MARGIN_S = 600.0
"""Beside the time in which the call was taken: for a clock that is a few minutes off, no second question is needed."""
LOG_DELAY_S = 21_600.0
"""A row has an end only, `succeeded` or `failed`, and a charge is recorded "after the generation reports `completed`": six hours are long
enough for any. https://docs.aimlapi.com/capabilities/request-tracing-and-cost (repository of 2026-08-21, read 2026-11-30)"""
NAMES = {
    "audio": "generate_audio",
    "seed": "seed",
    "negative_prompt": "negative_prompt",
    "fps": "fps",
    "multi_shots": "shot_type",
    "last_image": "last_image_url",
    "references": "image_urls",
    "ratio": "aspect_ratio",
    "camera_fixed": "camerafixed",
    "watermark": "watermark",
}
"""Field names of our options and of the size's ratio at the vendor."""
TAIL = {"last_image": "tail_image_url"}
LIST = {"references": "reference_image_urls"}
OWN_NAMES = {
    **dict.fromkeys(("kling-v3-pro", "kling-v3-standard", "kling-v3-omni-720p", "kling-v3-omni-1080p", "gen-4-turbo", "pixverse-v5"), TAIL),
    **dict.fromkeys(("happyhorse-1.0", "happyhorse-1.1"), LIST),
    "minimax-h3": {**LIST, "ratio": "ratio"},
    "grok-imagine-video": {"references": "reference_images"},
    "pixverse-v5.5": {"audio": "generate_audio_switch"},
}
"""Field names that differ for one model."""


def submit(order: Order) -> Call:
    """Return the submit call. Every field is sent: Sora 2 Pro defaults to 1080p, the more expensive size."""
    names = NAMES | OWN_NAMES.get(order.offer.model, {})
    fields: dict[str, Any] = {
        "model": order.slug,
        "prompt": order.prompt,
        "duration": order.seconds,
        names["ratio"]: order.size.ratio,
        "resolution": order.size.resolution,
        "image_url": order.image.uri if order.image else None,
        **{names[name]: str(value).split() if name == "references" else value for name, value in order.options.items()},
    }
    return Call("POST", PATH, drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means. Older pages have `generation_id`, and no status, in the submit reply."""
    body = reply.body
    job = body.get("id") or body["generation_id"]
    if body.get("generation_id", job) != job:
        return None  # two different ids: undocumented
    status = body["status"] if reply.call.method == "GET" else body.get("status", "")
    match status:
        case "queued" | "waiting" | "":
            return Pending(job, _ask(job), "queued", status, micros=_read_cost(reply))
        case "generating" | "active":
            return Pending(job, _ask(job), "running", status, micros=_read_cost(reply))
        case "completed":
            return Done(Call("GET", find_value(body, "video.url")), status, _read_cost(reply), job)
        case "error":  # "A failed request is billed nothing"
            message = find_text(body, "error.message", "error")
            return Failed(classify_failure(find_value(body, "error.name"), message), status, message, "no", id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", PATH, query=(("generation_id", job),))


def _read_cost(reply: Reply) -> Micros | None:
    """Return the cost from dollars, credits (2,000,000 per dollar) or the header, whose 0 belongs to the free status call itself."""
    dollars = parse_amount(find_value(reply.body, "meta.usage.usd_spent"), per_usd=1)
    credits = parse_amount(find_value(reply.body, "meta.usage.credits_used"), per_usd=2_000_000)
    header = parse_amount(reply.headers.get("x-aimlapi-usd-spent"), per_usd=1)
    return next((sum_ for sum_ in (dollars, credits, header or None) if sum_ is not None), None)


def ask_log(lost: LostCall) -> Call:
    """Return the call for the request log around the lost call. https://docs.aimlapi.com/api-references/service-endpoints/usage-logs

    No model is named: the filter takes the vendor's present name only, so a row of a renamed model would look absent.
    """
    start, end = (format_time(moment) for moment in (lost.since - LOG_MARGIN_S, lost.until + LOG_MARGIN_S))
    return Call("GET", LOGS, query=(("start", start), ("end", end), ("limit", "100"), ("offset", "0")))


def read_log(reply: Reply, lost: LostCall) -> Listing:
    """Return the log rows with our token. "For an asynchronous generation", a row's `inference_id` is the generation's id.

    Where the vendor's clock shows that the window missed the call, the next page is the first of the right window.
    """
    asked = dict(reply.call.query)
    if parse_time(asked["start"]) > lost.since or parse_time(asked["end"]) < lost.until:
        return Listing((), ask_log(lost), whole=False)
    found = tuple(_read_row(row) for row in reply.body["data"] if row["client_request_id"] == lost.token)
    if reply.body["pagination"]["has_more"] is False:
        return Listing(found)
    more = asked | {"offset": str(int(asked["offset"]) + len(reply.body["data"]))}
    return Listing(found, Call("GET", LOGS, query=tuple(more.items())), whole=False)


def _read_row(row: dict[str, Any]) -> Found:
    """Return the row's generation, and whether it was charged: a failed request is free by the docs, unless the row states a cost."""
    cost = parse_amount(find_value(row, "cost.usd"), per_usd=1)
    if row["status"] == "failed" and not cost:
        return Found(charged="no")
    return Found(row["inference_id"], "yes" if row["status"] == "succeeded" or cost else "unknown")


VENDOR = Vendor(
    name="aimlapi",
    title="AI/ML API",
    base_url="https://api.aimlapi.com",
    keys=("AIMLAPI_API_KEY", "AIMLAPI_KEY", "AIML_API_KEY"),
    key_page="https://aimlapi.com/app/keys",  # https://docs.aimlapi.com/quickstart/simple-model (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    refusals=(
        Refusal(403, "vendor_balance", "run out of credits"),
        # "Invalid enum value" names the field only by what it received; only a model has a maker and a slash.
        *(Refusal(400, "model_retired", f"received '{maker}/") for maker in ("openai", "google", "bytedance", "klingai", "alibaba")),
    ),
    correlation="X-Client-Request-Id",
    job_id=r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._:/-]{0,199}",
    refunds=True,
    tells_cost=True,
    ask=lambda job, call: _ask(job),
    find=Search(ask_log, read_log, delay_s=LOG_DELAY_S),
    check=Call("GET", "/v2/billing"),
    balance=Balance(Call("GET", "/v2/billing"), "current_balance", currency="currency"),
    price_list=PRICES,
)
