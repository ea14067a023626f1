"""Pixazo: a path for every model, one for every status. https://www.pixazo.ai/models

For models other than Sora only one sample call each was found (2026-11-20). Exactly that sample is offered, without price or first frame.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import Call, Done, Failed, ImageRule, Offer, Order, Pending, Rate, Reading, Refusal, Reply, Rule, Size, Text, Vendor
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value
from sora_mcp.vendors.shared.sizes import FULL_HD, SEED, SORA_ENDED, SORA_PRO, SORA_SECONDS, combine_sizes

CHECKED = date(2026, 11, 20)
SKILLS = "https://github.com/Pixazo-AI/skills"
PRICES = {("720p", 4): "1.50", ("720p", 8): "3", ("720p", 12): "4.50", ("1080p", 4): "2.50", ("1080p", 8): "5", ("1080p", 12): "7.50"}

OFFERS = (
    Offer(
        model="sora-2-pro",
        slug="/sora-video/v1/video/generate",
        image_slug="/sora-video/v1/video/i2v/generate",
        rules=(SORA_PRO, SORA_SECONDS),
        rates=tuple(Rate(usd(price), "video", {"resolution": size, "seconds": length}) for (size, length), price in PRICES.items()),
        source="https://www.pixazo.ai/models/text-to-video/sora-2-api",
        checked=CHECKED,
        image=ImageRule(exact=True),
        expected_s=180,
        ended=SORA_ENDED,
        sound=True,
    ),
    Offer(
        model="veo-3.1",
        slug="/veo/v1/text-to-video",
        rules=(
            *(Rule("size", FULL_HD[:1]), Rule("seconds", (8,)), Rule("audio", (True,), default=True)),
            *(SEED, Rule("negative_prompt", Text(500))),  # the docs state no limit; 500 is ours
        ),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/veo/SKILL.md",
        checked=CHECKED,
    ),
    Offer(
        model="grok-imagine-video-1.5",
        slug="/grok-imagine-video-1-5/v1/text-to-video",
        rules=(Rule("size", combine_sizes(("16:9",), ("720p",))), Rule("seconds", (6,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/grok-imagine-video/SKILL.md",
        checked=CHECKED,
    ),
    Offer(
        model="ltx-2.5-pro",
        slug="/ltx-2-5-pro/v1/text-to-video",
        rules=(Rule("size", (Size("1080p", None, "1080p"),)), Rule("seconds", (6,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/ltx/SKILL.md",
        checked=CHECKED,
    ),
)
NAMES = {"audio": "generate_audio", "seed": "seed", "negative_prompt": "negative_prompt"}
"""Field names of our options at the vendor."""


def submit(order: Order) -> Call:
    """Return the submit call. Sora's first frame must have exactly `size`, which the rules have checked."""
    shape = _sora(order) if order.offer.model == "sora-2-pro" else _other(order)
    fields = {"prompt": order.prompt, **shape, **{NAMES[name]: value for name, value in order.options.items()}}
    return Call("POST", order.slug, drop_missing(fields), headers=(("Cache-Control", "no-cache"),))


def _sora(order: Order) -> dict[str, Any]:
    image = order.image.uri if order.image else None
    return {"model": "sora-2-pro", "size": order.size.text, "seconds": order.seconds, "image": image}


def _other(order: Order) -> dict[str, Any]:
    return {"duration": order.seconds, "aspect_ratio": order.size.ratio, "resolution": order.size.resolution}


def read(reply: Reply) -> Reading | None:
    """Return what a reply means, as on the page or in the vendor's skills. The docs call ERROR free of charge, but not FAILED."""
    body = reply.body
    job, status = body.get("request_id") or body["task_id"], body["status"]
    match status.upper():
        case "QUEUED":
            return Pending(job, _ask(job), "queued", status)
        case "PROCESSING":
            return Pending(job, _ask(job), "running", status)
        case "COMPLETED" | "SUCCEEDED" | "READY" | "DONE":
            return Done(Call("GET", find_value(body, "output.media_url.0")), status, id=job)
        case "FAILED" | "ERROR":
            message = find_text(body, "error", "error.message")
            return Failed(classify_failure(message), status, message, "no" if status.upper() == "ERROR" else "unknown", id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    """Return the status call, built from the id: `polling_url` could lead elsewhere, and `/video/result` takes an id never returned."""
    return Call("GET", f"/v2/requests/status/{job}")


VENDOR = Vendor(
    name="pixazo",
    title="Pixazo",
    base_url="https://gateway.pixazo.ai",
    keys=("PIXAZO_API_KEY",),
    offers=OFFERS,
    submit=submit,
    read=read,
    auth=("Ocp-Apim-Subscription-Key", "{key}"),
    refusals=(Refusal(400, "model_retired", "not found or is disabled"),),
    message=("message", "error"),
    ask=lambda job, call: _ask(job),
)
