"""Google, Gemini Omni over the Interactions API. https://ai.google.dev/gemini-api/docs/pricing"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from ..domain import Call, Done, Failed, Image, ImageRule, Offer, Order, Pending, Rate, Reading, Refusal, Reply, Rule, Vendor
from ..money import usd
from .answers import at, told
from .content import fault
from .makers import sized

CHECKED = date(2026, 11, 20)
PATH = "/v1beta/interactions"
SIZES = Rule("size", sized(("16:9", "9:16"), ("720p", "360p", "1080p", "4k")))
FILE = re.compile(r"https?://[^/?#]+/v1beta/files/[A-Za-z0-9_-]+")  # its bytes are behind `:download`
FRAME = ImageRule(urls=False)  # bytes travel inside of the order
SOURCE = "https://ai.google.dev/gemini-api/docs/pricing"
PRICES = {"360p": "0.03", "720p": "0.10", "1080p": "0.15", "4k": "0.30"}

OFFERS = (
    Offer(
        model="gemini-omni-1.1-flash",
        slug="gemini-omni-1.1-flash",
        rules=(SIZES, Rule("seconds", range(3, 11))),
        rates=tuple(Rate(usd(price), "second", {"resolution": size}) for size, price in PRICES.items()),
        source=SOURCE,
        checked=CHECKED,
        confidence="derived",  # billed in tokens, of which a second has a known number; what goes in and is thought comes on top
        image=FRAME,
    ),
    Offer(
        model="gemini-omni-1.2-flash",
        slug="gemini-omni-1.2-flash",
        rules=(SIZES, Rule("seconds", range(3, 16))),
        rates=(),
        source=SOURCE,
        checked=CHECKED,
        image=FRAME,
    ),
)


def submit(order: Order, offer: Offer) -> Call:
    """The video is asked for as an address: inside of the answer it would be too long for one."""
    content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}]
    shape = {"aspect_ratio": order.size.ratio, "resolution": order.size.resolution, "duration": f"{order.seconds}s"}
    return Call(
        "POST",
        PATH,
        {
            "model": offer.slug,
            "background": True,
            "store": True,
            "input": [{"type": "user_input", "content": content + ([_picture(order.image)] if order.image else [])}],
            "response_modalities": ["video"],
            "response_format": {"type": "video", **shape, "delivery": "uri"},
            "generation_config": {"video_config": {"task": "image_to_video" if order.image else "text_to_video"}},
        },
    )


def _picture(image: Image) -> dict[str, Any]:
    """A data: URI in its two parts."""
    head, _, encoded = image.uri.partition(";base64,")
    return {"type": "image", "data": encoded, "mime_type": head.removeprefix("data:")}


def read(reply: Reply) -> Reading | None:
    """One shape for both calls. A finished interaction without a video is what the safety filter leaves."""
    body = reply.body
    job, said, words = body["id"], body["status"], told(body, "error.message", "output_text")
    match said:
        case "queued":
            return Pending(job, _ask(job), "queued", said)
        case "in_progress":
            return Pending(job, _ask(job), "running", said)
        case "completed" if body.get("output_video") is None:
            return Failed("content_refused", said, words, id=job)
        case "completed":
            return Done(Call("GET", _link(at(body, "output_video.uri"))), said, id=job)
        case "failed" | "incomplete" | "budget_exceeded":
            code = "vendor_balance" if said == "budget_exceeded" else fault(told(body, "error.message"))
            return Failed(code, said, words, id=job)
        case "cancelled":
            return Failed("vendor_rejected", said, state="cancelled", id=job)
        case _:
            return None


def _link(uri: Any) -> Any:
    return f"{uri}:download?alt=media" if isinstance(uri, str) and FILE.fullmatch(uri) else uri


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{job}")


VENDOR = Vendor(
    name="google",
    title="Google",
    base_url="https://generativelanguage.googleapis.com",
    keys=("GEMINI_API_KEY",),
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    auth=("x-goog-api-key", "{key}"),
    refusals=(
        Refusal(404, "model_retired"),  # "is no longer available": the submit's address is fixed
        Refusal(400, "vendor_auth", "API key not valid"),
        Refusal(400, "vendor_balance", "FAILED_PRECONDITION"),
        Refusal(429, "vendor_balance", "prepayment credits are depleted"),
    ),
    cancel=lambda job: Call("POST", f"{PATH}/{job}/cancel"),
)
