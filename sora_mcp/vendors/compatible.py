"""Any server that speaks OpenAI's `/v1/videos`: address, key and models come from the user's settings and price file. README.md"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import date
from math import gcd
from typing import Any
from urllib.parse import quote, unquote

from sora_mcp.domain import Call, Done, Failed, ImageRule, Offer, Order, OwnModel, Pending, Reading, Refusal, Reply, Rule, Size, Vendor
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value, parse_percent

PATH = "/v1/videos"
SIZES = ("1280x720", "720x1280")
SECONDS = (4, 8, 12)
"""Lengths of OpenAI's original API, where the price file names none."""
PACKED = re.compile(";(?:served_model|deployment_id|requested_model):")
"""Beginnings of what LiteLLM 1.110.2 packs behind a video's own id (litellm/types/videos/utils.py)."""
STATES = {
    **dict.fromkeys(("queued", "pending"), "queued"),
    **dict.fromkeys(("in_progress", "processing", "running", "generating", "started"), "running"),
    **dict.fromkeys(("completed", "complete", "succeeded", "success", "done", "finished"), "done"),
    **dict.fromkeys(("failed", "failure", "error", "expired"), "failed"),
    **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
}


def make_offer(model: str, own: OwnModel) -> Offer:
    """Return an offer for a model of the price file. Its rates are added from there later."""
    return Offer(
        model=model.casefold(),
        slug=model,
        rules=(Rule("size", tuple(map(_parse_size, own.sizes or SIZES))), Rule("seconds", own.seconds or SECONDS)),
        rates=(),
        source="your price file",
        checked=date.min,
        confidence="configured",
        image=ImageRule() if own.image else None,
        wants_form=own.form,
    )


def _parse_size(text: str) -> Size:
    """Return the size with its ratio, where both of the ratio's terms are 21 or less."""
    sides = Size(text).pixels
    if sides is None:
        return Size(text)
    width, height = (side // gcd(*sides) for side in sides)
    return Size(text, f"{width}:{height}" if max(width, height) <= 21 else None)


def submit(order: Order) -> Call:
    """Return the submit call. `seconds` is text, as in OpenAI's API.

    vLLM-Omni takes a form only, and a picture as a file, or by its address in a field of its own:
    https://docs.vllm.ai/projects/vllm-omni/en/latest/serving/videos_api/ (2026-11-30). LiteLLM's proxy 1.110.2 takes JSON too, but pictures
    as files only. Which of both a server takes is never tried out: a refused order could be one that was taken.
    """
    body: dict[str, Any] = {"model": order.slug, "prompt": order.prompt, "size": order.size.text, "seconds": str(order.seconds)}
    is_form = order.offer.wants_form
    if order.image is not None:
        body |= _name_picture(order.image.uri, is_form=is_form)
    return Call("POST", PATH, body, is_form=is_form, file="input_reference" if is_form else "")


def _name_picture(uri: str, *, is_form: bool) -> dict[str, Any]:
    if is_form and uri.startswith("data:"):
        return {"input_reference": uri}  # sent as a file
    return {"image_reference": json.dumps({"image_url": uri})} if is_form else {"input_reference": {"image_url": uri}}


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means. Without a link in the object, the video is at `/content`."""
    body, asked = reply.body, unquote(reply.call.path.removeprefix(f"{PATH}/"))
    job, status = asked if _unpack_id(asked) == _unpack_id(body["id"]) else body["id"], body["status"]
    match STATES.get(status.strip().casefold() if isinstance(status, str) else ""):
        case "queued":
            return Pending(job, _ask(job), "queued", status, parse_percent(body.get("progress")), _read_header(reply))
        case "running":
            return Pending(job, _ask(job), "running", status, parse_percent(body.get("progress")), _read_header(reply))
        case "done":
            link = find_text(body, "video_url", "url", "outputs.video_url", "output.url", "video.url")
            return Done(Call("GET", link or f"{_ask(job).path}/content"), status, _read_cost(body), job)
        case "failed" | "cancelled" as state:
            message = find_text(body, "error.message", "error")
            return Failed(classify_failure(find_value(body, "error.code"), message), status, message, state=state, id=job)
        case _:
            return None


def _ask(job: str) -> Call:
    return Call("GET", f"{PATH}/{quote(job, safe='')}")


def _unpack_id(job: str) -> str:
    """Return `provider;id` of an id that LiteLLM packed as `provider;deployment;id`, because some of its replies omit the deployment.

    Since 1.110 it may have more parts, which an upgrade or another deployment changes while the job runs, and be without padding.
    """
    packed = job.removeprefix("video_")
    try:
        provider, _, inner = b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode().split(";", 2)
    except ValueError:
        return job
    return f"{provider};{PACKED.split(inner)[0]}"


def _read_header(reply: Reply) -> Micros | None:
    """Return what LiteLLM's proxy books for the order: its answer to the order has it, those to later questions have 0."""
    return parse_amount(reply.headers.get("x-litellm-response-cost"), per_usd=1) or None


def _read_cost(body: dict[str, Any]) -> Micros | None:
    """Return the cost, which some servers state in dollars."""
    sums = (parse_amount(find_value(body, path), per_usd=1) for path in ("usage.cost", "outputs.cost", "cost"))
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
        Refusal(400, "model_retired", "invalid model name"),  # LiteLLM's proxy 1.110.2; without a database it says of a wrong key the next
        Refusal(400, "vendor_auth", "no connected db"),
        Refusal(404, "model_retired", "model"),
        *(Refusal(status, "vendor_balance", "quota") for status in (403, 429)),
    ),
    message=("error.message", "message", "error"),
    job_id=r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._~:/+=-]{0,511}",  # gateways pack other servers' ids in Base64
    own=make_offer,
    tells_cost=True,  # some servers do
)
