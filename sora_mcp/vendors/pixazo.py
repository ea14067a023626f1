"""Pixazo: a path for every model, one for every status. https://www.pixazo.ai/models"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Done, Failed, Order, Pending, Reading, Refusal, Reply, Vendor, Webhook
from sora_mcp.vendors.pixazo_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing, in_header
from sora_mcp.vendors.shared.responses import find_text, find_value

NAMES = {"audio": "generate_audio", "seed": "seed", "negative_prompt": "negative_prompt"}
"""Field names of our options at the vendor."""
SOUND = {"pixverse-v6": "generate_audio_switch"}
"""The field of the sound, where it is not `generate_audio`."""


def submit(order: Order) -> Call:
    """Return the submit call. Sora's first frame must have exactly `size`, which the rules have checked."""
    shape = _sora(order) if order.offer.model == "sora-2-pro" else _other(order)
    names = NAMES | {"audio": SOUND.get(order.offer.model, NAMES["audio"])}
    fields = {"prompt": order.prompt, **shape, **{names[name]: value for name, value in order.options.items()}}
    return Call("POST", order.slug, drop_missing(fields), headers=(("Cache-Control", "no-cache"),))


def _sora(order: Order) -> dict[str, Any]:
    image = order.image.uri if order.image else None
    return {"model": "sora-2-pro", "size": order.size.text, "seconds": order.seconds, "image": image}


def _other(order: Order) -> dict[str, Any]:
    if order.offer.model == "wan-3.0":
        return {"duration": order.seconds, "ratio": "adaptive", "resolution": order.size.resolution}
    duration = f"{order.seconds}s" if order.offer.model == "luma-ray-3.2" else order.seconds
    return {"duration": duration, "aspect_ratio": order.size.ratio, "resolution": order.size.resolution}


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
    key_page="https://api-console.pixazo.ai/api_keys",  # https://github.com/Pixazo-AI/skills (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    auth=("Ocp-Apim-Subscription-Key", "{key}"),
    refusals=(Refusal(400, "model_retired", "not found or is disabled"),),
    message=("message", "error"),
    ask=lambda job, call: _ask(job),
    webhook=Webhook(in_header("X-Webhook-URL")),
)
