"""Google, Gemini Omni over the Interactions API. https://ai.google.dev/gemini-api/docs/pricing"""

from __future__ import annotations

import re
from typing import Any

from sora_mcp.domain import Call, Done, Failed, Image, Order, Pending, Reading, Refusal, Reply, Vendor
from sora_mcp.vendors.google_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value

PATH = "/v1beta/interactions"
FILE = re.compile(r"https?://[^/?#]+/v1beta/files/[A-Za-z0-9_-]+")  # `:download` serves its bytes


def submit(order: Order) -> Call:
    """Return the submit call. The video is delivered as a URI, because inline it exceeds the largest reply we read."""
    content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}]
    shape = {"aspect_ratio": order.size.ratio, "resolution": order.size.resolution, "duration": f"{order.seconds}s"}
    return Call(
        "POST",
        PATH,
        {
            "model": order.slug,
            "background": True,
            "store": True,
            "input": [{"type": "user_input", "content": content + ([_encode_picture(order.image)] if order.image else [])}],
            "response_modalities": ["video"],
            "response_format": {"type": "video", **shape, "delivery": "uri"},
            "generation_config": {"video_config": {"task": "image_to_video" if order.image else "text_to_video"}},
        },
    )


def _encode_picture(image: Image) -> dict[str, Any]:
    """Return a `data:` URI as the API takes it: data and media type apart."""
    head, _, encoded = image.uri.partition(";base64,")
    return {"type": "image", "data": encoded, "mime_type": head.removeprefix("data:")}


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means. A completed interaction without a video was blocked by the safety filter."""
    body = reply.body
    job, status, outputs = body["id"], body["status"], _collect_outputs(body)
    message = find_text(body, "error.message", "output_text") or find_text(outputs, "text.text")
    match status:
        case "queued":
            return Pending(job, _ask(job), "queued", status)
        case "in_progress":
            return Pending(job, _ask(job), "running", status)
        case "completed" if "video" not in outputs:
            return Failed("content_refused", status, message, id=job)
        case "completed":
            return Done(Call("GET", _make_link(find_value(outputs, "video.uri"))), status, id=job)
        case "failed" | "incomplete" | "budget_exceeded":
            code = "vendor_balance" if status == "budget_exceeded" else classify_failure(find_text(body, "error.message"))
            return Failed(code, status, message, id=job)
        case "cancelled":
            return Failed("vendor_rejected", status, state="cancelled", id=job)
        case _:
            return None


def _collect_outputs(body: dict[str, Any]) -> dict[str, Any]:
    """Return the last output of each type. Google's library (3.3.0) derives `output_video` from the same steps."""
    steps = [step for step in body.get("steps") or () if step["type"] == "model_output"]
    outputs = {item["type"]: item for step in steps for item in step.get("content") or ()}
    video = body.get("output_video")
    return outputs if video is None else {**outputs, "video": video}


def _make_link(uri: Any) -> Any:
    return f"{uri}:download?alt=media" if isinstance(uri, str) and FILE.fullmatch(uri) else uri


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{job}")


VENDOR = Vendor(
    name="google",
    title="Google",
    base_url="https://generativelanguage.googleapis.com",
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
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
