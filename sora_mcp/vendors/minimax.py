"""MiniMax, H3 over the second version of its API. https://platform.minimax.io/docs/guides/pricing-paygo"""

from __future__ import annotations

from datetime import date
from typing import Any

from ..domain import Call, Done, Failed, ImageRule, Offer, Order, Pending, Rate, Reading, Refusal, Reply, Rule, Size, Vendor
from ..money import usd
from .answers import at
from .makers import LAST

CHECKED = date(2026, 11, 20)
PRICES = "https://platform.minimax.io/docs/guides/pricing-paygo"
INNER = {1002: "vendor_rate_limited", 1004: "vendor_auth", 1008: "vendor_balance", 1026: "content_refused"}
"""Codes with which a no comes inside of a 200."""


def _offer(slug: str, prices: dict[str, str], *more: Rule, image: ImageRule | None = None) -> Offer:
    return Offer(
        model=slug.casefold(),
        slug=slug,
        rules=(Rule("size", tuple(Size(text, None, text) for text in prices)), Rule("seconds", range(4, 16)), *more),
        rates=tuple(Rate(usd(price), "second", {"resolution": text}) for text, price in prices.items()),
        source=PRICES,
        checked=CHECKED,
        image=image,
        expected_s=180,
    )


OFFERS = (
    # Five pictures are free; a first and a last frame are two.
    _offer("MiniMax-H3", {"768P": "0.08", "2K": "0.13"}, *LAST, image=ImageRule()),
    _offer("MiniMax-H3-Max", {"480P": "0.05", "768P": "0.08"}),  # pictures cost extra from another number on: words only
)


def submit(order: Order, offer: Offer) -> Call:
    """Words and pictures are one list, each with its role. Without `ratio` the vendor chooses one."""
    frames = {"first_frame": order.image.uri if order.image else None, "last_frame": order.options.get("last_image")}
    pictures = [{"type": "image_url", "image_url": {"url": uri}, "role": role} for role, uri in frames.items() if uri]
    content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}, *pictures]
    fields = {"model": offer.slug, "content": content, "resolution": order.size.text, "duration": order.seconds}
    return Call("POST", "/v2/video_generation", fields)


def read(reply: Reply) -> Reading | None:
    """A 200 may carry a no. The answer to a question has everything under `task`."""
    inner = at(reply.body, "base_resp.status_code")
    if inner and reply.call.method == "POST":
        return Failed(INNER.get(inner, "vendor_rejected"), str(inner), at(reply.body, "base_resp.status_msg") or "", "no")
    if reply.call.method == "POST":
        job = reply.body["task_id"]
        return Pending(job, _ask(job), "queued", "queued")
    job, task = reply.call.path.rpartition("/")[2], reply.body["task"]
    said = task["status"]
    match said:
        case "queued" | "running":
            return Pending(job, _ask(job), said, said)
        case "succeeded":
            return Done(Call("GET", at(task, "content.url")), said, id=job)
        case "failed" | "expired":
            return Failed("vendor_rejected", said, at(task, "error.message") or "", id=job)
        case "cancelled":  # only what waits can be called back, and that is free
            return Failed("vendor_rejected", said, charged="no", state="cancelled", id=job)
        case _:
            return None


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
    refusals=(Refusal(404, "model_retired"),),
    message=("error.message", "base_resp.status_msg", "message"),
    cancel=lambda job: Call("DELETE", f"/v2/video_generation/{job}"),
    cancel_note="MiniMax takes back only what still waits, and charges nothing for it.",
)
