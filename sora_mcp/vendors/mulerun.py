"""MuleRun, also sold as MuleRouter: one path per model, and tasks below it. https://mulerun.com/docs/api-reference"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Done, Failed, Order, Pending, Reading, Refusal, Reply, Sites, Vendor
from sora_mcp.vendors.mulerun_offers import OFFERS
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value

FRAMES = {"sora-2-pro": "input_reference", "kling-v3": "first_frame", "kling-v3-omni": "first_frame"}
"""Field name of the first frame, where it is not `image`."""


def submit(order: Order) -> Call:
    """Return the submit call. Defaults differ between paths, so every field is sent."""
    family = order.offer.model.partition("-")[0]
    fields = {"prompt": order.prompt} | {"sora": _sora, "kling": _kling, "happyhorse": _happyhorse, "wan": _wan, "veo": _veo}[family](order)
    if order.offer.model == "sora-2":
        fields["model"] = "sora-2"
    if order.image is not None:
        fields[FRAMES.get(order.offer.model, "image")] = order.image.uri
    return Call("POST", order.slug, fields)


def _sora(order: Order) -> dict[str, Any]:
    return {"seconds": str(order.seconds), "size": order.size.text}


def _kling(order: Order) -> dict[str, Any]:
    shape = {} if order.image else {"aspect_ratio": order.size.text}
    sound = "on" if order.options["audio"] else "off"
    # `multi_shot` is false unless it is sent; MuleRouter's skills write it as a text and its pages as a boolean (read 2026-11-30).
    return {"duration": order.seconds, "sound": sound, **shape, **_extras(order, references="images")}


def _veo(order: Order) -> dict[str, Any]:
    shape = {"aspect_ratio": order.size.ratio, "resolution": order.size.resolution}
    return {"model": order.offer.model, "duration": order.seconds, **shape, **_extras(order, references="reference_images")}


def _extras(order: Order, *, references: str) -> dict[str, Any]:
    """Return the other options; `references` is the field of the list of pictures."""
    names = {"last_image": "last_frame", "references": references}
    values = {name: value for name, value in order.options.items() if name != "audio"}
    return {names.get(name, name): str(value).split() if name == "references" else value for name, value in values.items()}


def _happyhorse(order: Order) -> dict[str, Any]:
    return {"duration": order.seconds, "resolution": order.size.resolution, **order.options}


def _wan(order: Order) -> dict[str, Any]:
    """Return fields of Wan, which writes sizes as `1280*720` and resolutions as `720P`."""
    shape = {"resolution": order.size.resolution} if order.image else {"size": order.size.text.replace("x", "*")}
    return {"duration": order.seconds, "safety_filter": True, **shape, **order.options}


def read(reply: Reply) -> Reading | None:
    """Return what a reply means, in the status words of MuleRun or of MuleRouter."""
    task = reply.body["task_info"]
    job, status = task["id"], task["status"]
    match status:
        case "pending" | "queued":
            return Pending(job, _ask(reply.call, job), "queued", status)
        case "processing" | "running":
            return Pending(job, _ask(reply.call, job), "running", status)
        case "completed" | "succeeded":
            return Done(Call("GET", find_value(reply.body, "videos.0")), status, id=job)
        case "failed":
            message = find_text(task, "error.detail", "error.title", "error")
            return Failed(classify_failure(message), status, message, id=job)
        case _:
            return None


def _ask(call: Call, job: str) -> Call:
    """Return the status call: an id is valid only below the path of its submit."""
    return Call("GET", call.path if call.method == "GET" else f"{call.path}/{job}")


VENDOR = Vendor(
    name="mulerun",
    title="MuleRun",
    base_url="https://api.mulerun.com",
    keys=("MULERUN_API_KEY", "MULEROUTER_API_KEY"),
    # The page that says how: keys are made in the Creator Studio, whose own address it does not state (read 2026-11-30)
    key_page="https://mulerun.com/docs/api-reference/introduction",
    # The skills' core/config.py (2026-04-23, read 2026-11-30): https://github.com/openmule/mulerouter-skills
    sites=Sites(
        key="MULEROUTER_API_KEY",
        name="MULEROUTER_SITE",
        address="MULEROUTER_BASE_URL",
        addresses={"mulerouter": "https://api.mulerouter.ai", "mulerun": "https://api.mulerun.com"},
        default="mulerouter",
    ),
    offers=OFFERS,
    submit=submit,
    read=read,
    refusals=(
        Refusal(404, "model_retired"),  # the model is in the path
        Refusal(423, "vendor_rejected"),
        Refusal(409, "vendor_rejected", charged="unknown"),  # "a task that already exists"; the docs do not say which
    ),
    ask=lambda job, call: _ask(call, job),
    message=("detail", "message", "error", "title", "task_info.error.detail", "task_info.error.title"),
)
