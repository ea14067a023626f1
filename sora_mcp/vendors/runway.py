"""Runway: tasks, priced in credits in the submit reply and the last one. https://docs.dev.runwayml.com/guides/pricing"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import PICTURES, Balance, Call, Done, Failed, Order, Pending, Reading, Refusal, Reply, Upload, UploadSlot, Vendor
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.runway_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.responses import find_text, find_value, read_charge

VERSION = (("X-Runway-Version", "2024-11-06"),)
ORGANIZATION = Call("GET", "/v1/organization", headers=VERSION)
"""Credits that are left, and limits by model: no page says that a model without one is not sold to the account (runwayml 5.24.0)."""
NAMES = {"negative_prompt": "negativePrompt", "prompt_expansion": "promptExpansionMode"}
"""Field names of our options, where they differ."""
PLACES = ("promptImage", "promptImage.uri", "references.uri", "videoUri")
FRAMED = {"wan3": "auto_{}", "wan3_prime": "auto_{}", "grok_imagine_1_5_lite": "auto_{}", "hailuo3": "adaptive", "kling_4": "auto_{}"}
"""What stands for the ratio where the first frame decides it, with the resolution in it or beside it."""


def submit(order: Order) -> Call:
    """Return the submit call. Each call needs the version header."""
    options = {NAMES.get(name, name): value for name, value in order.options.items() if name not in PICTURES}
    if order.clip is not None:
        edit = {"model": order.slug, "promptText": order.prompt, "videoUri": order.clip.uri, **options}
        return Call("POST", "/v1/video_to_video", edit, headers=VERSION)
    references = str(order.options.get("references", "")).split()
    fields: dict[str, Any] = {
        "model": order.slug,
        "promptText": order.prompt,
        "promptImage": _name_frames(order),
        **_name_shape(order),
        "duration": order.seconds,
        "references": [{"uri": uri} for uri in references] or None,
        **options,
    }
    path = "/v1/image_to_video" if order.image else "/v1/text_to_video"
    return Call("POST", path, drop_missing(fields), headers=VERSION)


def _name_frames(order: Order) -> Any:
    """Return the first frame alone, or the first and the last one with their positions."""
    first, last = order.image, order.options.get("last_image")
    if first is None or last is None:
        return first and first.uri
    return [{"uri": first.uri, "position": "first"}, {"uri": last, "position": "last"}]


def _name_shape(order: Order) -> dict[str, Any]:
    """Return ratio and resolution: as pixels (`1280:720`), as two words, or as what a model takes whose first frame decides the ratio."""
    size = order.size
    if size.pixels:
        return {"ratio": size.text.replace("x", ":")}
    ratio = size.ratio or (FRAMED.get(order.slug) if order.image else None)
    inside = ratio is not None and "{}" in ratio
    return {"ratio": ratio.format(size.resolution) if ratio else None, "resolution": None if inside else size.resolution}


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
    """Return the share that is done. A whole 0 or 1 is one too."""
    match body.get("progress"):
        case bool():
            return None
        case int() | float() as progress if 0 <= progress <= 1:
            return float(progress)
        case _:
            return None


def _read_credits(body: dict[str, Any], path: str) -> Micros | None:
    """Return the cost from credits of $0.01."""
    return parse_amount(find_value(body, path), per_usd=100)


def ask_upload(name: str, media_type: str) -> Call:
    """Return the call for a place: a form that its library (5.24.0) posts. https://docs.dev.runwayml.com/assets/uploads"""
    return Call("POST", "/v1/uploads", {"filename": name, "type": "ephemeral"}, headers=VERSION)


def read_upload(reply: Reply) -> UploadSlot:
    """Return where the form is posted, its fields, and the file's name at Runway."""
    return UploadSlot(reply.body["uploadUrl"], reply.body["runwayUri"], reply.body["fields"])


def _ask(job: str) -> Call:
    return Call("GET", f"/v1/tasks/{job}", headers=VERSION)


VENDOR = Vendor(
    name="runway",
    title="Runway",
    base_url="https://api.dev.runwayml.com",
    keys=("RUNWAYML_API_SECRET",),
    key_page="https://dev.runwayml.com",  # https://docs.dev.runwayml.com/guides/setup (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    check=ORGANIZATION,
    balance=Balance(ORGANIZATION, "creditBalance", per_usd=100),
    refusals=(
        Refusal(400, "vendor_balance", "enough credits"),
        Refusal(404, "model_retired"),
    ),
    message=("error", "message"),
    cancel=lambda job: Call("DELETE", f"/v1/tasks/{job}", headers=VERSION),
    cancel_note="Runway refunds a clip that has not started, and charges one that runs",
    tells_cost=True,
    # Uploaded files stay for 24 hours. https://github.com/runwayml/skills: rw-integrate-uploads (read 2026-11-30)
    upload=Upload(ask_upload, read_upload, PLACES, good_for_s=86_400.0, scheme="runway"),
)
