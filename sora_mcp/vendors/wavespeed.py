"""WaveSpeed: models of many makers over one queue. https://wavespeed.ai/docs

Its own client (wavespeed 2.0.5) never repeats the submit, because the task may exist. No page states what becomes of the money of a task
that fails, nor a way to cancel one: `/api/v3/predictions/delete` removes the record, and with it a paid video.
"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import (
    Balance,
    Call,
    Done,
    Failed,
    Found,
    Listing,
    LostCall,
    Order,
    Pending,
    Reading,
    Reply,
    Search,
    Upload,
    UploadSlot,
    Vendor,
    Webhook,
)
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import in_query
from sora_mcp.vendors.shared.responses import find_text, find_value, format_time, parse_time
from sora_mcp.vendors.wavespeed_offers import OFFERS, make_inputs, make_pictures
from sora_mcp.vendors.wavespeed_prices import PRICES

API = "/api/v3/"
LIST = f"{API}predictions"
BALANCE = Call("GET", f"{API}balance")
PAGE = 100
FILTER = 1200
"""The code of the content filter. https://wavespeed.ai/docs/error-codes (read 2026-11-30)"""


def submit(order: Order) -> Call:
    """Return the submit call: the model is the path, its fields are the body."""
    return Call("POST", f"{API}{order.slug}", make_inputs(order) | make_pictures(order))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. Submit and status replies have the task under `data`; a refusal inside of a 200 has none, and no page
    says that it proves that nothing was taken."""
    data = reply.body["data"]
    job, status = data["id"], data["status"]
    match status:
        case "created" | "processing":
            return Pending(job, _ask(job), "queued" if status == "created" else "running", status)
        case "completed":
            return Done(Call("GET", find_value(data, "outputs.0")), status, id=job)
        case "failed":
            message = find_text(data, "error")
            code = "content_refused" if data.get("code") == FILTER else classify_failure(message)
            return Failed(code, status, message, id=job)
        case "timeout":
            return Failed("vendor_unavailable", status, find_text(data, "error"), id=job)
        case "cancelled" | "deleted":
            return Failed("vendor_rejected", status, find_text(data, "error"), state="cancelled", id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{LIST}/{job}/result")


def ask_quote(order: Order) -> Call | None:
    """Return the free call that prices an order; None for one with a video, which it may need and which may be a file here.

    https://github.com/WaveSpeedAI/mcp-server (read 2026-11-30)
    """
    if order.clip is not None:
        return None
    return Call("POST", f"{API}model/price", {"model_id": order.slug, "inputs": make_inputs(order)})


def read_quote(reply: Reply) -> Micros | None:
    """Return the price without the account's discount, which may end before the order arrives; None for another currency."""
    data = reply.body["data"]
    return parse_amount(data["price"], per_usd=1) if data.get("currency", "USD") == "USD" else None


def ask_list(lost: LostCall) -> Call:
    """Return the call for the tasks of one model in that time, as WaveSpeed's command line asks for them (1.x, read 2026-11-30)."""
    return _ask_page(lost, 1)


def read_list(reply: Reply, lost: LostCall) -> Listing:
    """Return the tasks that may be the lost one. A page that is not full is the last."""
    items: list[dict[str, Any]] = reply.body["data"]["items"] or []
    ours = [task for task in items if task["model"] == lost.call.path.removeprefix(API)]
    found = tuple(Found(task["id"]) for task in ours if lost.since <= parse_time(task["created_at"]) <= lost.until)
    if len(items) < PAGE:
        return Listing(found)
    return Listing(found, _ask_page(lost, find_value(reply.call.body, "page") + 1), whole=False)


def _ask_page(lost: LostCall, number: int) -> Call:
    # A second more on each side: the texts end at whole seconds.
    since, until = format_time(lost.since - 1), format_time(lost.until + 1)
    return Call("POST", LIST, {"page": number, "page_size": PAGE, "created_after": since, "created_before": until})


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call for a place, without the size, which `Upload.size` adds."""
    return Call("POST", f"{API}media/uploads", {"filename": name, "content_type": media_type})


def read_upload(reply: Reply) -> UploadSlot:
    """Return where the file is put, and its address."""
    data = reply.body["data"]
    return UploadSlot(data["upload"]["url"], data["download_url"])


VENDOR = Vendor(
    name="wavespeed",
    title="WaveSpeed",
    base_url="https://api.wavespeed.ai",
    keys=("WAVESPEED_API_KEY",),
    key_page="https://wavespeed.ai/accesskey",  # https://github.com/WaveSpeedAI/wavespeed-python (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    check=BALANCE,
    price_list=PRICES,
    most_answer_bytes=32 << 20,  # its list has the schema of every model
    balance=Balance(BALANCE, "data.balance", currency="data.currency"),
    ask=lambda job, call: _ask(job),
    find=Search(ask_list, read_list, by_time=True),
    quote=ask_quote,
    quoted=read_quote,
    # Files stay for 7 days. https://wavespeed.ai/docs/upload-files (read 2026-11-30)
    upload=Upload(
        ask_upload, read_upload, ("image", "last_image", "end_image", "reference_images", "video"), good_for_s=604_800.0, size="size"
    ),
    webhook=Webhook(in_query("webhook")),  # https://wavespeed.ai/docs/how-to-use-webhooks (read 2026-11-30)
)
