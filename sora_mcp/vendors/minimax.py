"""MiniMax: H3 over version 2 of its API. https://platform.minimax.io/docs/guides/pricing-paygo"""

from __future__ import annotations

from typing import Any

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
    Vendor,
    Webhook,
)
from sora_mcp.vendors.minimax_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing, in_field
from sora_mcp.vendors.shared.responses import find_text, find_value

LIST = "/v2/query/video_generation"
INNER = {
    "1002": "vendor_rate_limited",
    "1004": "vendor_auth",
    "1008": "vendor_balance",
    "1026": "content_refused",
    "2013": "vendor_rejected",
    "2049": "vendor_auth",
}
"""Codes of a refusal inside a 200. After any other code the job may have been taken. https://platform.minimax.io/docs/api-reference/errorcode"""
FILTER = ("1026", "1027")
"""Codes of the content filter: for the input, and for the video."""


def submit(order: Order) -> Call:
    """Return the submit call: text and pictures in one list, each picture with its role."""
    frames = {"first_frame": order.image.uri if order.image else None, "last_frame": order.options.get("last_image")}
    roles = [(role, uri) for role, uri in frames.items() if uri]
    roles += [("reference_image", uri) for uri in str(order.options.get("references", "")).split()]
    pictures = [{"type": "image_url", "image_url": {"url": uri}, "role": role} for role, uri in roles]
    content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}, *pictures]
    shape = {"resolution": order.size.resolution, "ratio": order.size.ratio, "duration": order.seconds}
    return Call("POST", "/v2/video_generation", drop_missing({"model": order.slug, "content": content, **shape}))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. A status reply has everything under `task`."""
    if reply.call.method == "POST":
        return _read_submit(reply.body)
    job, task = reply.call.path.rpartition("/")[2], reply.body["task"]
    status = task["status"]
    match status:
        case "queued" | "running":
            return Pending(job, _ask(job), status, status)
        case "succeeded":
            return Done(Call("GET", find_value(task, "content.url")), status, id=job)
        case "failed":
            return Failed(_classify(task), status, find_text(task, "error.message", "error"), id=job)
        case "expired":  # in no list of states that was seen since 2026-11-30
            return Failed("vendor_unavailable", status, find_text(task, "error.message", "error"), id=job)
        case "cancelled":  # only a queued job can be cancelled, and that is free
            return Failed("vendor_rejected", status, charged="no", state="cancelled", id=job)
        case _:
            return None


def _read_submit(body: dict[str, Any]) -> Reading | None:
    """Return what a submit reply means. A 200 can carry a refusal instead of a task."""
    code, job = str(find_value(body, "base_resp.status_code") or 0), body.get("task_id")
    if code == "0":
        return Pending(body["task_id"], _ask(body["task_id"]), "queued", "queued")
    return Failed(INNER[code], code, find_text(body, "base_resp.status_msg"), "no") if code in INNER and not job else None


def _classify(task: dict[str, Any]) -> str:
    return (
        "content_refused" if str(find_value(task, "error.code")) in FILTER else classify_failure(find_text(task, "error.message", "error"))
    )


def _ask(job: str) -> Call:
    return Call("GET", f"{LIST}/{job}")


def ask_list(lost: LostCall) -> Call:
    """Return the call for the first page of tasks. https://platform.minimax.io/docs/api-reference/video-generation-v2-list"""
    return _ask_page(1)


def read_list(reply: Reply, lost: LostCall) -> Listing:
    """Return the tasks that may be the lost one: rows have neither prompt nor tag. How long a page may be is not said, so that only an
    empty one is the end."""
    items: list[dict[str, Any]] = reply.body["items"] or []
    model = str(find_value(lost.call.body, "model")).casefold()
    ours = [task for task in items if task.get("model", "").casefold() in ("", model)]
    found = tuple(Found(task["id"]) for task in ours if lost.since <= task["created_at"] <= lost.until)
    page = int(dict(reply.call.query)["page_num"])
    is_end = not items or (page == 1 and len(items) >= reply.body["total"])
    return Listing(found) if is_end else Listing(found, _ask_page(page + 1), whole=False)


def _ask_page(number: int, size: int = 100) -> Call:
    return Call("GET", LIST, query=(("page_num", str(number)), ("page_size", str(size))))


VENDOR = Vendor(
    name="minimax",
    title="MiniMax",
    base_url="https://api.minimax.io",
    keys=("MINIMAX_API_KEY",),
    # https://platform.minimax.io/docs/guides/quickstart-preparation (read 2026-11-30)
    key_page="https://platform.minimax.io/user-center/basic-information/interface-key",
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    refusals=(Refusal(404, "model_retired"), Refusal(422, "content_refused", "(1026)")),
    message=("error.message", "base_resp.status_msg", "message"),
    # A task that it does not know is a 500, by litellm 1.110.2; one older than 7 days "invalid task_id", by the page of the status call.
    forgets=((500, "record not found"), (400, "invalid task_id")),
    find=Search(ask_list, read_list, by_time=True),
    check=_ask_page(1, size=1),
    cancel=lambda job: Call("DELETE", f"/v2/video_generation/{job}"),
    cancel_note="MiniMax cancels only clips that have not started, and does not charge them",
    # It first posts a `challenge`, during the submit, and wants it back at once.
    webhook=Webhook(in_field("callback_url"), challenge="challenge"),
)
