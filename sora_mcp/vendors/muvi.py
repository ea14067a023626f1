"""Muvi, formerly PixelByte: one address for every model, parameters under `input`. https://developer.muvi.video/docs (read 2026-11-20)"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import (
    Call,
    Done,
    Failed,
    Found,
    Listing,
    LostCall,
    Pending,
    Reading,
    Refusal,
    Reply,
    Search,
    Vendor,
    Webhook,
)
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.muvi_offers import OFFERS, read_quote
from sora_mcp.vendors.muvi_submit import ask_quote, submit
from sora_mcp.vendors.muvi_uploads import UPLOAD
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import in_field
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent, parse_time


def read(reply: Reply) -> Reading | None:
    """Return what a reply means: flat as in the reference, or under `data` as in the quickstart. The blog names the id `id`."""
    body = reply.body.get("data", reply.body)
    job, status = body.get("jobId") or body["id"], body["status"]
    if reply.body.get("jobId", job) != job:
        return None  # two different ids: undocumented
    match status:
        case "pending":
            return Pending(job, _ask(job), "queued", status, parse_percent(body.get("progress")), _read_cost(body))
        case "processing":
            return Pending(job, _ask(job), "running", status, parse_percent(body.get("progress")), _read_cost(body))
        case "completed":
            return Done(Call("GET", _find_link(body)), status, _read_cost(body), job)
        case "failed":  # "Credits are automatically refunded"; so are those of a cancelled job
            message = find_text(body, "error.message", "error")
            return Failed(classify_failure(find_value(body, "error.code"), message), status, message, "no", id=job)
        case "cancelled":
            return Failed("vendor_rejected", status, charged="no", state="cancelled", id=job, refunded=_read_refund(body))
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"/v1/jobs/{job}")


def _read_cost(body: dict[str, Any]) -> Micros | None:
    """Return the cost. `costMicroCents` are millionths of a dollar: 1,200,000 is $1.20. The quickstart has `estimatedCost` and `cost`."""
    cost = next((body[name] for name in ("costMicroCents", "cost", "estimatedCost") if name in body), None)
    return parse_amount(cost, per_usd=1_000_000)


def _read_refund(body: dict[str, Any]) -> Micros | None:
    """Return the refund, which only the reply to a cancel states."""
    return parse_amount(body.get("refundedMicroCents"), per_usd=1_000_000)


def _find_link(body: dict[str, Any]) -> Any:
    """Return the video's link. `output` is text in the reference and an object in the quickstart; `outputs` has a type for each."""
    videos = [item["url"] for item in body.get("outputs") or () if item.get("type") == "video"]
    return videos[0] if videos else find_value(body, "output.url") or body.get("output")


def ask_list(lost: LostCall) -> Call:
    """Return the call for the job list of one model. https://developer.muvi.video/docs/api-reference/jobs/list"""
    return Call("GET", "/v1/jobs", query=(("modelId", str(find_value(lost.call.body, "model"))), ("limit", "100")))


def read_list(reply: Reply, lost: LostCall) -> Listing:
    """Return the jobs that may be the lost one. Rows have neither prompt nor tag, so only model and time tell them apart."""
    body = reply.body.get("data", reply.body)
    ours = [row for row in body["jobs"] if row["model"] == find_value(lost.call.body, "model")]
    found = tuple(Found(row["jobId"]) for row in ours if lost.since <= parse_time(row["createdAt"]) <= lost.until)
    if body["hasMore"] is False:
        return Listing(found)
    query = (*(pair for pair in reply.call.query if pair[0] != "cursor"), ("cursor", body["nextCursor"]))
    return Listing(found, Call("GET", reply.call.path, query=query), whole=False)


VENDOR = Vendor(
    name="muvi",
    title="Muvi",
    base_url="https://api.muvi.video",
    keys=("MUVI_API_KEY", "PIXELBYTE_API_KEY"),
    key_page="https://developer.muvi.video/docs/authentication",  # says how; the dashboard's address has changed (read 2026-11-30)
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
    find=Search(ask_list, read_list, by_time=True),
    quote=ask_quote,
    quoted=read_quote,
    upload=UPLOAD,
    webhook=Webhook(in_field("webhookUrl")),  # https://developer.muvi.video/docs/concepts/webhooks (read 2026-11-20)
)
