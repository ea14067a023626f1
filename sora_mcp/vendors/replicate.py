"""Replicate: predictions, each by a model with its own input fields. https://replicate.com/docs/reference/http

Everything of a prediction, its files too, is deleted after an hour. https://replicate.com/docs/topics/predictions/data-retention
`Prefer: wait` is not used: a submit whose reply is waited for is lost more easily.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sora_mcp.domain import (
    Call,
    Done,
    Failed,
    Found,
    Listing,
    LostCall,
    Order,
    Pending,
    Reading,
    Refusal,
    Reply,
    Search,
    Upload,
    UploadSlot,
    Vendor,
    Webhook,
)
from sora_mcp.vendors.replicate_offers import OFFERS, PICTURES, make_input
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_time

LIST = "/v1/predictions"


def submit(order: Order) -> Call:
    """Return the submit call: the model is a part of the path."""
    return Call("POST", f"/v1/models/{order.slug}/predictions", {"input": make_input(order)})


def read(reply: Reply) -> Reading | None:
    """Return what a reply means: submit and status replies are the prediction. Its output is a link, or a list of them."""
    body = reply.body
    job, status = body["id"], body["status"]
    message = find_text(body, "error")
    match status:
        case "starting":
            return Pending(job, _ask(job), "queued", status)
        case "processing":
            return Pending(job, _ask(job), "running", status)
        case "succeeded":
            link = find_value(body, "output.0") if isinstance(body.get("output"), list) else body.get("output")
            return Done(Call("GET", link), status, id=job)
        case "failed":
            return Failed(classify_failure(message), status, message, id=job)
        case "canceled":
            return Failed("vendor_rejected", status, message, state="cancelled", id=job)
        case "aborted":  # before it started, which is not charged. https://replicate.com/docs (read 2026-11-20)
            return Failed("vendor_rejected", status, message, "no", state="cancelled", id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{LIST}/{job}")


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call that stores a file, in a form, as Replicate's own library sends it (replicate 1.0.7)."""
    return Call("POST", "/v1/files", is_form=True, file="content")


def read_upload(reply: Reply) -> UploadSlot:
    """Return the file's address, which predictions of the same account can read."""
    return UploadSlot(url=reply.body["urls"]["get"])


def ask_list(lost: LostCall) -> Call:
    """Return the call for the newest predictions."""
    return Call("GET", LIST)


def read_list(reply: Reply, lost: LostCall) -> Listing:
    """Return the predictions that may be the lost one. The list goes back in time, so that one from before the call is the end."""
    rows: list[dict[str, Any]] = reply.body["results"]
    model = lost.call.path.removeprefix("/v1/models/").removesuffix("/predictions")
    times = [parse_time(row["created_at"]) for row in rows]
    found = tuple(Found(row["id"]) for row, at in zip(rows, times, strict=True) if row["model"] == model and lost.since <= at <= lost.until)
    following: str | None = reply.body["next"]
    if following is None or min(times, default=lost.since) < lost.since:
        return Listing(found)
    return Listing(found, Call("GET", LIST, query=tuple(parse_qsl(urlsplit(following).query))), whole=False)


VENDOR = Vendor(
    name="replicate",
    title="Replicate",
    base_url="https://api.replicate.com",
    keys=("REPLICATE_API_TOKEN",),
    key_page="https://replicate.com/account/api-tokens",  # https://replicate.com/docs/topics/security/api-tokens (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    refusals=(Refusal(404, "model_retired"),),
    message=("detail", "title"),
    check=Call("GET", "/v1/account"),
    ask=lambda job, call: _ask(job),
    cancel=lambda job: Call("POST", f"{LIST}/{job}/cancel"),
    cancel_note="Replicate does not charge clips that have not started",
    find=Search(ask_list, read_list, by_time=True),
    most_answer_bytes=32 << 20,  # it repeats the input, pictures too
    # Files stay for a day. `data:` URIs are for less than 1 MB. https://replicate.com/docs/topics/predictions/input-files (2026-11-30)
    upload=Upload(ask_upload, read_upload, tuple(f"input.{name}" for name in PICTURES), good_for_s=86_400.0),
    # https://replicate.com/docs/topics/webhooks/setup-webhook (read 2026-11-30)
    webhook=Webhook(lambda call, url: replace(call, body={**(call.body or {}), "webhook": url, "webhook_events_filter": ["completed"]})),
)
