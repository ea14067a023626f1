"""BytePlus ModelArk: Seedance from its maker, one address for every model. https://docs.byteplus.com/api/docs/ModelArk/1366799

It has no `cancel` here: the DELETE that cancels a queued task also deletes the record of a finished one, and with it a paid video.
"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import PICTURES, Call, Done, Failed, Found, Listing, LostCall, Order, Pending, Reading, Reply, Search, Vendor, Webhook
from sora_mcp.vendors.byteplus_offers import OFFERS, read_cost
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing, in_field
from sora_mcp.vendors.shared.responses import find_text, find_value

PATH = "/api/v3/contents/generations/tasks"
NAMES = {"audio": "generate_audio"}
"""Field names of our options, where they differ."""


def submit(order: Order) -> Call:
    """Return the submit call: text and pictures in one list, each picture with its role."""
    pictures = [("first_frame", order.image.uri)] if order.image else []
    pictures += [("last_frame", str(url)) for name, url in order.options.items() if name == "last_image"]
    pictures += [("reference_image", url) for url in str(order.options.get("references", "")).split()]
    content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}]
    content += [{"type": "image_url", "image_url": {"url": url}, "role": role} for role, url in pictures]
    fields = {
        "model": order.slug,
        "content": content,
        "resolution": order.size.resolution,
        "ratio": order.size.ratio,
        "duration": order.seconds,
        **{NAMES.get(name, name): value for name, value in order.options.items() if name not in PICTURES},
    }
    return Call("POST", PATH, drop_missing(fields))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. A submit reply has only the id; a video's link expires after 24 hours."""
    body = reply.body
    job = body["id"]
    if reply.call.method == "POST":
        return Pending(job, _ask(job), "queued", "queued")
    status = body["status"]
    match status:
        case "queued" | "running":
            return Pending(job, _ask(job), status, status)
        case "succeeded":
            return Done(Call("GET", find_value(body, "content.video_url")), status, read_cost(body), job)
        case "failed" | "expired":  # no page states whether these are billed
            message = find_text(body, "error.message")
            return Failed(classify_failure(find_value(body, "error.code"), message), status, message, id=job)
        case "cancelled":
            return Failed("vendor_rejected", status, state="cancelled", id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{job}")


def ask_list(lost: LostCall) -> Call:
    """Return the call for the first page of tasks, which go back 7 days. https://docs.byteplus.com/en/docs/ModelArk/1521675"""
    return _ask_page(1)


def read_list(reply: Reply, lost: LostCall) -> Listing:
    """Return the tasks that may be the lost one: not those of another model of ours. Of a model, a row has "name and version", not always
    the name that was sent. No page tells the order of rows, so that they are read to the end."""
    items: list[dict[str, Any]] = reply.body["items"] or []
    others = {offer.slug for offer in OFFERS} - {find_value(lost.call.body, "model")}
    found = tuple(Found(task["id"]) for task in items if task["model"] not in others and lost.since <= task["created_at"] <= lost.until)
    page = int(dict(reply.call.query)["page_num"])
    is_end = not items or (page == 1 and len(items) >= reply.body["total"])
    return Listing(found) if is_end else Listing(found, _ask_page(page + 1), whole=False)


def _ask_page(number: int, size: int = 500) -> Call:
    return Call("GET", PATH, query=(("page_num", str(number)), ("page_size", str(size))))


VENDOR = Vendor(
    name="byteplus",
    title="BytePlus",
    base_url="https://ark.ap-southeast.bytepluses.com",  # keys are bound to a region; only this one makes videos
    keys=("ARK_API_KEY",),
    # https://docs.byteplus.com/en/docs/ModelArk/1521675 (read 2026-11-30)
    key_page="https://console.byteplus.com/ark/region:ark+ap-southeast-1/apiKey",
    offers=OFFERS,
    submit=submit,
    read=read,
    find=Search(ask_list, read_list, by_time=True),
    check=_ask_page(1, size=1),
    ask=lambda job, call: _ask(job),
    tells_cost=True,
    webhook=Webhook(in_field("callback_url")),
)
