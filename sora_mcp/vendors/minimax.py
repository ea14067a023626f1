"""MiniMax: H3 over version 2 of its API. https://platform.minimax.io/docs/guides/pricing-paygo"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import Call, Done, Failed, ImageRule, Offer, Order, Pending, Rate, Reading, Refusal, Reply, Rule, Size, Vendor
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value
from sora_mcp.vendors.shared.sizes import LAST, SEEDANCE, combine_sizes, split_sizes

CHECKED = date(2026, 11, 20)
PRICES = "https://platform.minimax.io/docs/guides/pricing-paygo"
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


def _offer(slug: str, prices: dict[str, str], lengths: range, *more: Rule, image: ImageRule | None = None) -> Offer:
    """Return an offer. Text needs a ratio, because the default `adaptive` needs a picture; with a first frame, the frame decides it."""
    words, frames = combine_sizes(SEEDANCE, tuple(prices)), tuple(Size(text, None, text) for text in prices)
    sizes = (Rule("size", words),) if image is None else split_sizes(words, frames)
    return Offer(
        model=slug.casefold(),
        slug=slug,
        rules=(*sizes, Rule("seconds", lengths), *more),
        rates=tuple(Rate(usd(price), "second", {"resolution": text}) for text, price in prices.items()),
        source=PRICES,
        checked=CHECKED,
        image=image,
        expected_s=180,
    )


OFFERS = (
    # Up to five pictures are free; a first and a last frame are two.
    _offer("MiniMax-H3", {"768P": "0.08", "2K": "0.13"}, range(4, 16), *LAST, image=ImageRule()),
    _offer("MiniMax-H3-Max", {"480P": "0.05", "768P": "0.08"}, range(5, 16)),  # pictures cost extra here, so they are not offered
)


def submit(order: Order) -> Call:
    """Return the submit call: text and pictures in one list, each picture with its role."""
    frames = {"first_frame": order.image.uri if order.image else None, "last_frame": order.options.get("last_image")}
    pictures = [{"type": "image_url", "image_url": {"url": uri}, "role": role} for role, uri in frames.items() if uri]
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
        case "failed" | "expired":
            return Failed(_classify(task), status, find_text(task, "error.message", "error"), id=job)
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
    return Call("GET", f"/v2/query/video_generation/{job}")


VENDOR = Vendor(
    name="minimax",
    title="MiniMax",
    base_url="https://api.minimax.io",
    keys=("MINIMAX_API_KEY",),
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    refusals=(Refusal(404, "model_retired"), Refusal(422, "content_refused", "(1026)")),
    message=("error.message", "base_resp.status_msg", "message"),
    cancel=lambda job: Call("DELETE", f"/v2/video_generation/{job}"),
    cancel_note="MiniMax cancels only clips that have not started, and does not charge them",
)
