"""Any server that speaks `/v1/videos`, the shape that outlived OpenAI's own: address, key and models are the user's. README.md."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import gcd
from typing import Any

from ..domain import Call, Done, Failed, ImageRule, Offer, Order, OwnModel, Pending, Reading, Refusal, Reply, Rule, Size, Vendor
from ..money import Micros, stated
from .answers import at, percent

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
    body = reply.body
    job, said = body["id"], body["status"]
    match STATES.get(said):
        case "queued":
            return Pending(job, _ask(job), "queued", said, percent(body.get("progress")))
        case "running":
            return Pending(job, _ask(job), "running", said, percent(body.get("progress")))
        case "done":
            link = _first(body, ("video_url", "url", "outputs.video_url", "output.url", "video.url"))
            return Done(Call("GET", link or f"{PATH}/{job}/content"), said, _cost(body), job)
        case "failed" | "cancelled" as state:
            return Failed(_code(body), said, _words(body), state=state, id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{job}")


def _cost(body: dict[str, Any]) -> Micros | None:
    """Dollars, where a server tells them."""
    return stated(_first(body, ("usage.cost", "outputs.cost", "cost")), per_usd=1)


def _words(body: dict[str, Any]) -> str:
    return _first(body, ("error.message", "error")) or ""


def _code(body: dict[str, Any]) -> str:
    words = f"{at(body, 'error.code')} {_words(body)}".casefold()
    return "content_refused" if "moderation" in words or "content_policy" in words else "vendor_rejected"


def _first(body: dict[str, Any], paths: Iterable[str]) -> Any:
    return next((found for path in paths if isinstance(found := at(body, path), str | int | float)), None)


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
        *(Refusal(400, "content_refused", word) for word in ("content_policy", "moderation")),
        Refusal(404, "model_retired", "model"),
        *(Refusal(status, "vendor_balance", "quota") for status in (403, 429)),
    ),
    message=("error.message", "message", "error"),
    own=own,
    tells_cost=True,  # where the server does
)
