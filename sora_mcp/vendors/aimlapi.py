"""AI/ML API: one address for every model, polled by a query. https://docs.aimlapi.com (read 2026-11-20)"""

from __future__ import annotations

from typing import Any, Literal

from sora_mcp.domain import Call, Done, Failed, Found, Listing, LostCall, Order, Pending, Reading, Refusal, Reply, Search, Vendor
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.aimlapi_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_time

PATH = "/v2/video/generations"
LOGS = "/v2/logs"
NAMES = {"audio": "generate_audio", "seed": "seed", "negative_prompt": "negative_prompt", "last_image": "last_image_url"}
"""Field names of our options at the vendor."""
TAIL = {"kling-v3-pro": {"last_image": "tail_image_url"}}
"""Field names that differ for one model."""


def submit(order: Order) -> Call:
    """Return the submit call. Every field is sent: Sora 2 Pro defaults to 1080p, the more expensive size."""
    names = NAMES | TAIL.get(order.offer.model, {})
    fields: dict[str, Any] = {
        "model": order.slug,
        "prompt": order.prompt,
        "duration": order.seconds,
        "aspect_ratio": order.size.ratio,
        "resolution": order.size.resolution,
        "image_url": order.image.uri if order.image else None,
        **{names[name]: value for name, value in order.options.items()},
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
    """Return the call for the request log. Its filters are not documented, so none is sent."""
    return Call("GET", LOGS)


def read_log(reply: Reply, lost: LostCall) -> Listing:
    """Return the log rows with our token. No documented field leads from a row to the generation, so they have no id."""
    rows = reply.body["data"]
    found = tuple(Found(charged=_read_row_charge(row)) for row in rows if row.get("client_request_id") == lost.token)
    cursor = find_value(reply.body, "pagination.next_cursor")
    ended = find_value(reply.body, "pagination.has_more") is False
    past = any(parse_time(row["created"]) < lost.since for row in rows)
    more = Call("GET", LOGS, query=(("cursor", cursor),)) if isinstance(cursor, str) and not (ended or past) else None
    return Listing(found, more, whole=ended or past)


def _read_row_charge(row: dict[str, Any]) -> Literal["yes", "no", "unknown"]:
    """Return whether a row was charged: a failed request is free by the docs, unless the row states a cost."""
    cost = parse_amount(find_value(row, "cost.usd"), per_usd=1)
    if row["status"] == "failed" and not cost:
        return "no"
    return "yes" if row["status"] == "succeeded" or cost else "unknown"


VENDOR = Vendor(
    name="aimlapi",
    title="AI/ML API",
    base_url="https://api.aimlapi.com",
    keys=("AIMLAPI_API_KEY", "AIMLAPI_KEY", "AIML_API_KEY"),
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
    find=Search(ask_log, read_log),
    check=Call("GET", "/v2/billing"),
)
