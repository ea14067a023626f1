"""Google, Gemini Omni over the Interactions API. https://ai.google.dev/gemini-api/docs/pricing"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sora_mcp.domain import Call, Done, Failed, Order, Pending, Reading, Refusal, Reply, Vendor, Webhook
from sora_mcp.vendors.google_offers import OFFERS, read_cost
from sora_mcp.vendors.google_uploads import UPLOAD
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import in_field
from sora_mcp.vendors.shared.responses import find_text, find_value

PATH = "/v1beta/interactions"
FILE = re.compile(r"https?://[^/?#]+/v1beta/files/[A-Za-z0-9_-]+")  # `:download` serves its bytes


def submit(order: Order) -> Call:
    """Return the submit call. The video is delivered as a URI, so that no status reply has to carry it."""
    task, media = _list_media(order)
    shape = {"aspect_ratio": order.size.ratio, "resolution": order.size.resolution, "duration": f"{order.seconds}s"}
    return Call(
        "POST",
        PATH,
        {
            "model": order.slug,
            "background": True,
            "store": True,
            "input": [{"type": "user_input", "content": [{"type": "text", "text": order.prompt}, *media]}],
            "response_format": {"type": "video", **({} if order.clip else shape), "delivery": "uri"},
            "generation_config": {"video_config": {"task": task}},
        },
    )


def _list_media(order: Order) -> tuple[str, list[dict[str, Any]]]:
    """Return the task, and what is sent beside the prompt: a second picture is the last frame, and an edit keeps its video's shape.

    https://github.com/GoogleCloudPlatform/generative-ai: vision/getting-started/gemini_omni_1_1_flash_video_gen.ipynb (read 2026-11-30)
    """
    if order.clip is not None:
        return "edit", [_encode(order.clip.uri)]
    if references := str(order.options.get("references", "")).split():
        return "reference_to_video", [_name_picture(uri) for uri in references]
    frames = [order.image.uri] if order.image else []
    frames += [str(uri) for name, uri in order.options.items() if name == "last_image"]
    return "image_to_video" if frames else "text_to_video", [_name_picture(uri) for uri in frames]


def _name_picture(uri: str) -> dict[str, Any]:
    """Return a picture by its `data:` URI, which an address at Google's Files takes the place of."""
    return {"type": "image", "uri": uri, "mime_type": uri.removeprefix("data:").partition(";")[0]}


def _encode(uri: str) -> dict[str, Any]:
    """Return a video's `data:` URI as the API takes it: data and media type apart. Files need time before a video in them can be used."""
    media_type, _, encoded = uri.removeprefix("data:").partition(";base64,")
    return {"type": media_type.partition("/")[0], "data": encoded, "mime_type": media_type}


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means.

    `requires_action` waits for a tool's answer and `requires_continuation` for another paid call: neither is given. A background
    interaction is continued by Google itself. https://github.com/googleapis/python-genai (3.6.1)
    """
    body = reply.body
    job, status, places = body["id"], body["status"], _find_outputs(body)
    match status:
        case "queued":
            return Pending(job, _ask(job), "queued", status)
        case "in_progress" | "idle":
            return Pending(job, _ask(job), "running", status)
        case "completed" if "video" in places:
            return Done(_fetch(body, job, places["video"]), status, read_cost(body), job)
        case "completed" | "failed" | "incomplete" | "budget_exceeded" | "requires_action" | "requires_continuation":
            return _read_failure(body, job, status, places.get("text", ""))
        case "cancelled":
            return Failed("vendor_rejected", status, state="cancelled", id=job)
        case _:
            return None


def _read_failure(body: dict[str, Any], job: str, status: str, words: str) -> Failed:
    """Return an end without a video. One that is completed and names no error was blocked by the safety filter."""
    steps: list[Any] = body.get("steps") or []
    error = find_text(body, "error.message") or next(filter(None, (find_text(step, "error.message") for step in steps)), "")
    if status == "budget_exceeded":
        code = "vendor_balance"
    else:
        code = "content_refused" if status == "completed" and not error else classify_failure(error)
    return Failed(code, status, error or find_text(body, "output_text", f"{words}.text"), id=job)


def _find_outputs(body: dict[str, Any]) -> dict[str, str]:
    """Return where the answer has the last output of each type. Google's library derives `output_video` from the same steps."""
    steps: list[dict[str, Any]] = body.get("steps") or []
    outputs: dict[str, str] = {}
    for number, step in enumerate(steps):
        content: list[dict[str, Any]] = (step.get("content") or []) if step["type"] == "model_output" else []
        outputs |= {item["type"]: f"steps.{number}.content.{place}" for place, item in enumerate(content)}
    return outputs if body.get("output_video") is None else {**outputs, "video": "output_video"}


def _fetch(body: dict[str, Any], job: str, place: str) -> Call:
    """Return the call that fetches the video: from its address, or out of the answer, which has it although an address was asked for."""
    uri = find_value(body, f"{place}.uri")
    if uri is None and find_text(body, f"{place}.data"):
        return replace(_ask(job), inside=f"{place}.data")
    link: Any = f"{uri}:download?alt=media" if isinstance(uri, str) and FILE.fullmatch(uri) else uri
    return Call("GET", link)


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{job}")


def _warn(order: Order) -> tuple[str, ...]:
    """Return that Google edits no sent videos of some regions' users. https://github.com/google-gemini/gemini-skills (2026-08-19)"""
    return ("It edits none from the EEA, Switzerland or the UK.",) if order.clip is not None else ()


VENDOR = Vendor(
    name="google",
    title="Google",
    base_url="https://generativelanguage.googleapis.com",
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    key_page="https://aistudio.google.com/apikey",  # https://github.com/google-gemini/gemini-cli (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    auth=("x-goog-api-key", "{key}"),
    refusals=(
        Refusal(404, "model_retired"),  # "is no longer available": the submit's address is fixed
        Refusal(400, "vendor_auth", "API key not valid"),
        Refusal(400, "vendor_rejected", "location is not supported"),
        Refusal(400, "vendor_balance", "FAILED_PRECONDITION"),
        Refusal(429, "vendor_balance", "prepayment credits are depleted"),
    ),
    check=Call("GET", "/v1beta/models", query=(("pageSize", "1"),)),  # https://ai.google.dev/api/models (read 2026-12-01)
    cancel=lambda job: Call("POST", f"{PATH}/{job}/cancel"),
    tells_cost=True,
    warn=_warn,
    most_answer_bytes=64 << 20,  # the steps of a status reply begin with the user's, with the video to edit
    upload=UPLOAD,
    webhook=Webhook(in_field("webhook_config.uris", is_list=True)),  # https://ai.google.dev/gemini-api/docs/webhooks (read 2026-11-30)
)
