"""Google, Gemini Omni over the Interactions API. https://ai.google.dev/gemini-api/docs/pricing"""

from __future__ import annotations

import re
from typing import Any

from sora_mcp.domain import Call, Done, Failed, Image, Offer, Order, Pending, Reading, Refusal, Reply, Vendor
from sora_mcp.vendors.google_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value

PATH = "/v1beta/interactions"
FILE = re.compile(r"https?://[^/?#]+/v1beta/files/[A-Za-z0-9_-]+")  # its bytes are behind `:download`


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
    job, said, made = body["id"], body["status"], _made(body)
    words = find_text(body, "error.message", "output_text") or find_text(made, "text.text")
    match said:
        case "queued":
            return Pending(job, _ask(job), "queued", said)
        case "in_progress":
            return Pending(job, _ask(job), "running", said)
        case "completed" if "video" not in made:
            return Failed("content_refused", said, words, id=job)
        case "completed":
            return Done(Call("GET", _link(find_value(made, "video.uri"))), said, id=job)
        case "failed" | "incomplete" | "budget_exceeded":
            code = "vendor_balance" if said == "budget_exceeded" else classify_failure(find_text(body, "error.message"))
            return Failed(code, said, words, id=job)
        case "cancelled":
            return Failed("vendor_rejected", said, state="cancelled", id=job)
        case _:
            return None


def _made(body: dict[str, Any]) -> dict[str, Any]:
    """The last of each kind that the model put out: in its steps, out of which Google's own library (3.3.0) makes `output_video`."""
    steps = [step for step in body.get("steps") or () if step["type"] == "model_output"]
    made = {item["type"]: item for step in steps for item in step.get("content") or ()}
    video = body.get("output_video")
    return made if video is None else {**made, "video": video}


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
