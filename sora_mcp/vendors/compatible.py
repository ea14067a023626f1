"""Any server that speaks `/v1/videos`, the shape that outlived OpenAI's own: address, key and models are the user's. README.md."""

from __future__ import annotations

from base64 import b64decode
from datetime import date
from math import gcd
from typing import Any
from urllib.parse import quote, unquote

from sora_mcp.domain import Call, Done, Failed, ImageRule, Offer, Order, OwnModel, Pending, Reading, Refusal, Reply, Rule, Size, Vendor
from sora_mcp.domain.money import Micros, stated
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent

PATH = "/v1/videos"
SIZES = ("1280x720", "720x1280")
SECONDS = (4, 8, 12)
"""What the shape had at first; the price file may say otherwise."""
STATES = {
    **dict.fromkeys(("queued", "pending"), "queued"),
    **dict.fromkeys(("in_progress", "processing", "running"), "running"),
    **dict.fromkeys(("completed", "succeeded"), "done"),
    **dict.fromkeys(("failed", "error", "expired"), "failed"),
    **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
}


def own(model: str, said: OwnModel) -> Offer:
    """An offer of what the price file says; its rates come from there too."""
    return Offer(
        model=model.casefold(),
        slug=model,
        rules=(Rule("size", tuple(map(_size, said.sizes or SIZES))), Rule("seconds", said.seconds or SECONDS)),
        rates=(),
        source="your price file",
        checked=date.min,
        confidence="configured",
        image=ImageRule() if said.image else None,
    )


def _size(text: str) -> Size:
    """The ratio is computed where it is one that people say."""
    sides = Size(text).pixels
    if sides is None:
        return Size(text)
    width, height = (side // gcd(*sides) for side in sides)
    return Size(text, f"{width}:{height}" if max(width, height) <= 21 else None)


def submit(order: Order, offer: Offer) -> Call:
    """Lengths are texts, as they were at OpenAI; a server that counts takes them too."""
    picture = {"input_reference": {"image_url": order.image.uri}} if order.image else {}
    return Call(
        "POST", PATH, {"model": offer.slug, "prompt": order.prompt, "size": order.size.text, "seconds": str(order.seconds)} | picture
    )


def read(reply: Reply) -> Reading | None:
    """One shape for both calls. Where the object has no address, the video is at `/content`."""
    body, asked = reply.body, unquote(reply.call.path.removeprefix(f"{PATH}/"))
    job, said = asked if _inner(asked) == _inner(body["id"]) else body["id"], body["status"]
    match STATES.get(said):
        case "queued":
            return Pending(job, _ask(job), "queued", said, parse_percent(body.get("progress")))
        case "running":
            return Pending(job, _ask(job), "running", said, parse_percent(body.get("progress")))
        case "done":
            link = find_text(body, "video_url", "url", "outputs.video_url", "output.url", "video.url")
            return Done(Call("GET", link or f"{_ask(job).path}/content"), said, _cost(body), job)
        case "failed" | "cancelled" as state:
            words = find_text(body, "error.message", "error")
            return Failed(classify_failure(find_value(body, "error.code"), words), said, words, state=state, id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{quote(job, safe='')}")


def _inner(job: str) -> str:
    """LiteLLM packs `provider;deployment;id` into one id, and leaves the deployment out of some answers: it is the same job."""
    try:
        provider, _, inner = b64decode(job.removeprefix("video_"), validate=True).decode().split(";", 2)
    except ValueError:
        return job
    return f"{provider};{inner}"


def _cost(body: dict[str, Any]) -> Micros | None:
    """Dollars, where a server tells them."""
    sums = (stated(find_value(body, path), per_usd=1) for path in ("usage.cost", "outputs.cost", "cost"))
    return next((sum_ for sum_ in sums if sum_ is not None), None)


VENDOR = Vendor(
    name="compatible",
    title="Your /v1/videos server",
    base_url="",
    keys=("SORA_MCP_COMPATIBLE_API_KEY",),
    offers=(),
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    refusals=(
        *(Refusal(400, "model_retired", word) for word in ("model_not_found", "model not found", "no longer available")),
        Refusal(404, "model_retired", "model"),
        *(Refusal(status, "vendor_balance", "quota") for status in (403, 429)),
    ),
    message=("error.message", "message", "error"),
    job_id=r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._~:/+=-]{0,511}",  # what a gateway packs others' ids into is Base64
    own=own,
    tells_cost=True,  # where the server does
)
