"""Kling, from its maker: the model is the path. https://kling.ai/document-api/api/video/3-0-omni/text-to-video (read 2026-10-08)

Not offered: Kling 4.0, of which no page that was read tells path and price (2026-11-30); edits (`base_video`), because it takes addresses
only and there is no upload; the older API with pairs of keys. There is no way to cancel, no negative prompt and no seed.
"""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import Call, Done, Failed, Found, Listing, LostCall, Order, Pending, Reading, Refusal, Reply, Search, Vendor, Webhook
from sora_mcp.domain.money import Micros, parse_amount
from sora_mcp.vendors.kling_offers import OFFERS, OMNI, SINGLE_SHOT
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.requests import drop_missing, in_field
from sora_mcp.vendors.shared.responses import find_text, find_value, read_charge

UNIT = 140_000
"""Micros of one unit of a package, as the page converts them."""


def submit(order: Order) -> Call:
    """Return the submit call: words alone are a field, else everything that is sent is in one list."""
    settings = {
        "resolution": order.size.resolution,
        "aspect_ratio": order.size.ratio,
        "duration": order.seconds,
        "audio": ("native" if order.options["audio"] else "off") if "audio" in order.options else None,
        "multi_shot": False if order.offer.model in SINGLE_SHOT else None,
    }
    is_list = order.image is not None or order.offer.model in OMNI
    words: dict[str, Any] = {"contents": _list_contents(order)} if is_list else {"prompt": order.prompt}
    return Call("POST", order.slug, {**words, "settings": drop_missing(settings)})


def _list_contents(order: Order) -> list[dict[str, Any]]:
    """Return the prompt, the frames, and the references, which a prompt may name (`@image_1`)."""
    frames = {"first_frame": order.image and order.image.uri, "last_frame": order.options.get("last_image")}
    contents: list[dict[str, Any]] = [{"type": "prompt", "text": order.prompt}]
    contents += [{"type": kind, "url": _encode(str(uri))} for kind, uri in frames.items() if uri]
    references = str(order.options.get("references", "")).split()
    return contents + [{"type": "refer_image", "url": _encode(uri), "id": f"image_{n}"} for n, uri in enumerate(references, 1)]


def _encode(uri: str) -> str:
    """Return an address as it is, and of a `data:` URI the base64 text."""
    return uri.partition(";base64,")[2] if uri.startswith("data:") else uri


def read(reply: Reply) -> Reading | None:
    """Return what a reply means: a task, in a status reply in a list of one. Links stay good for 30 days."""
    if reply.body["code"] != 0:
        return None
    task = reply.body["data"] if reply.call.method == "POST" else reply.body["data"][0]
    job, status, cost = task["id"], task["status"], _read_cost(task)
    match status:
        case "submitted" | "processing":
            return Pending(job, _ask(job), "queued" if status == "submitted" else "running", status)
        case "succeeded":
            return Done(Call("GET", find_value(task, "outputs.0.url")), status, cost, job)
        case "failed":
            message = find_text(task, "message")
            return Failed(classify_failure(message), status, message, *read_charge(cost), id=job)
        case _:
            return None


def _read_cost(task: dict[str, Any]) -> Micros | None:
    """Return what was taken from packages and from the balance in dollars; None where the task does not tell, or tells another currency."""
    total = 0
    for row in task.get("billing") or ():
        is_unit = row["charge_type"] == "unit" and row["package_type"] == "video"
        part = parse_amount(row["amount"], per_usd=1) if is_unit or row.get("currency") == "USD" else None
        if part is None:
            return None
        total += part * UNIT // 1_000_000 if is_unit else part
    return Micros(total) if task.get("billing") else None


def _ask(job: str) -> Call:
    return Call("GET", "/tasks", query=(("task_ids", job),))


def ask_by_token(lost: LostCall) -> Call:
    """Return the call for the task that was sent with our token, which is "unique within a single account"."""
    return Call("GET", "/tasks", query=(("external_task_ids", lost.token),))


def read_by_token(reply: Reply, lost: LostCall) -> Listing:
    """Return the task. No page tells what is answered where there is none, so that absence is no proof."""
    return Listing(tuple(Found(task["id"]) for task in reply.body["data"] if task.get("external_id") == lost.token), whole=False)


VENDOR = Vendor(
    name="kling",
    title="Kling",
    base_url="https://api-singapore.klingai.com",  # outside China
    keys=("KLING_API_KEY",),
    key_page="https://kling.ai/dev/api-key",  # setup texts of ten public repositories; no page of Kling's own (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    ask=lambda job, call: _ask(job),
    # https://kling.ai/document-api/api/get-started/error-codes
    refusals=(
        Refusal(404, "model_retired"),  # the model is in the path
        *(Refusal(429, "vendor_balance", word) for word in ("in arrears", "exhausted or expired", "balance not enough")),
        Refusal(429, "vendor_auth", "whitelist"),
        Refusal(400, "content_refused", "content security"),
    ),
    token_field="options.external_task_id",
    find=Search(ask_by_token, read_by_token),
    tells_cost=True,
    webhook=Webhook(in_field("options.callback_url")),
)
