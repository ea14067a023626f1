"""Runway: tasks, priced in credits in the submit reply and the last one. https://docs.dev.runwayml.com/guides/pricing"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import (
    Call,
    Done,
    Failed,
    ImageRule,
    Offer,
    Order,
    Pending,
    Rate,
    Reading,
    Refusal,
    Reply,
    Rule,
    Size,
    Vendor,
    VideoRule,
)
from sora_mcp.domain.money import Micros, parse_amount, usd
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, read_charge
from sora_mcp.vendors.shared.sizes import AUTO, HD, SEED

CHECKED = date(2026, 11, 20)
PRICES = "https://docs.dev.runwayml.com/guides/pricing/"
VERSION = (("X-Runway-Version", "2024-11-06"),)
WIDE = (*HD, Size("1104x832", "4:3"), Size("832x1104", "3:4"), Size("960x960", "1:1"), Size("1584x672", "21:9"))
FRAME = ImageRule(most_bytes=3_700_000)  # a data: URI of at most 5 MB; base64 makes four characters of three bytes


def _offer(slug: str, price: str, *rules: Rule, text: bool = False) -> Offer:
    """Return an offer. Most models need a first frame."""
    rates = (Rate(usd(price), "second"),)
    return Offer(slug.replace("_", "-"), slug, rules, rates, PRICES, CHECKED, text=text, image=FRAME, prompt_max=1000)


WORDS = Rule("size", HD, {"image": False})
NO_SEED = Rule("seed", (), {"image": False})
OFFERS = (
    _offer("gen4.5", "0.12", Rule("size", WIDE), WORDS, Rule("seconds", range(2, 11)), SEED, NO_SEED, text=True),
    _offer("gen4_turbo", "0.05", Rule("size", WIDE), Rule("seconds", (5, 10)), SEED),  # pages disagree on other lengths
    _offer("gemini_omni_flash", "0.10", Rule("size", HD), Rule("seconds", range(3, 11))),
    Offer(
        model="aleph2",
        slug="aleph2",
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(1, 31)), SEED),
        rates=(Rate(usd("0.28"), "second", least=usd("0.56")),),
        source=PRICES,
        checked=CHECKED,
        text=False,
        video=VideoRule((1, 30), most_bytes=3_700_000),  # as a picture
        prompt_max=1000,
    ),
)


def submit(order: Order) -> Call:
    """Return the submit call. Sizes are written `1280:720`, and each call needs the version header."""
    fields: dict[str, Any] = {
        "model": order.slug,
        "promptText": order.prompt,
        "promptImage": order.image.uri if order.image else None,
        "ratio": order.size.text.replace("x", ":"),
        "duration": order.seconds,
        **order.options,
    }
    if order.clip is not None:
        edit = {"model": order.slug, "promptText": order.prompt, "videoUri": order.clip.uri, **order.options}
        return Call("POST", "/v1/video_to_video", edit, headers=VERSION)
    path = "/v1/image_to_video" if order.image else "/v1/text_to_video"
    return Call("POST", path, drop_missing(fields), headers=VERSION)


def read(reply: Reply) -> Reading | None:
    """Return what a reply means. A submit reply has no status. Links expire within two days; a status call renews them."""
    body = reply.body
    job = body["id"]
    if reply.call.method == "POST":
        return Pending(job, _ask(job), "queued", "PENDING", micros=_read_credits(body, "estimatedCost.credits"))
    status, cost = body["status"], _read_credits(body, "cost.credits")
    match status:
        case "PENDING" | "THROTTLED":
            return Pending(job, _ask(job), "queued", status)
        case "RUNNING":
            return Pending(job, _ask(job), "running", status, _read_progress(body))
        case "SUCCEEDED":
            return Done(Call("GET", find_value(body, "output.0")), status, cost, job)
        case "FAILED":
            message = find_text(body, "failure")
            return Failed(classify_failure(body.get("failureCode"), message), status, message, *read_charge(cost), id=job)
        case "CANCELLED":
            return Failed("vendor_rejected", status, "", *read_charge(cost), "cancelled", job)
        case _:
            return None


def _read_progress(body: dict[str, Any]) -> float | None:
    progress = body.get("progress")
    return progress if isinstance(progress, float) and 0 <= progress <= 1 else None


def _read_credits(body: dict[str, Any], path: str) -> Micros | None:
    """Return the cost from credits of $0.01."""
    return parse_amount(find_value(body, path), per_usd=100)


def _ask(job: str) -> Call:
    return Call("GET", f"/v1/tasks/{job}", headers=VERSION)


VENDOR = Vendor(
    name="runway",
    title="Runway",
    base_url="https://api.dev.runwayml.com",
    keys=("RUNWAYML_API_SECRET",),
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    refusals=(
        Refusal(400, "vendor_balance", "enough credits"),
        Refusal(404, "model_retired"),
    ),
    message=("error", "message"),
    cancel=lambda job: Call("DELETE", f"/v1/tasks/{job}", headers=VERSION),
    cancel_note="Runway refunds a clip that has not started, and charges one that runs",
    tells_cost=True,
)
