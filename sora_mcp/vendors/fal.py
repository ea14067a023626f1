"""fal: a queue for each model, with separate addresses for state and result. https://fal.ai/docs/model-apis/model-endpoints/queue

Its estimates count units and ignore resolutions (read 2026-11-20): an order is priced by our rates, a finished video by its billed units.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sora_mcp.domain import Balance, Call, Done, Failed, Order, Pending, PriceList, Reading, Refusal, Reply, Vendor, Webhook
from sora_mcp.vendors.fal_calls import UPLOAD, ask_bill, read_quote
from sora_mcp.vendors.fal_kling import ROWS as KLING
from sora_mcp.vendors.fal_offers import ROWS as SEVERAL
from sora_mcp.vendors.fal_other_models import ROWS as OTHERS
from sora_mcp.vendors.fal_prices import ask_prices, read_prices
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.offer_rows import write_fields, write_pictures
from sora_mcp.vendors.shared.requests import in_query
from sora_mcp.vendors.shared.responses import find_text, find_value

QUEUE = "https://queue.fal.run"
SERVERS = re.compile(r"(?:request|startup)_timeout|runner_\w+|internal_error")
"""Error types that stand for a 5xx. https://fal.ai/docs/documentation/model-apis/request-errors"""
REQUEST = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"
APP = r"(?:(?:workflows|comfy)/)?[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9_-][A-Za-z0-9._-]*"

ROWS = (*SEVERAL, *KLING, *OTHERS)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}


def submit(order: Order) -> Call:
    """Return the submit call, with the queue's own retries off: each attempt is billed."""
    wire = WIRES[order.offer.model]
    return Call("POST", order.slug, write_fields(wire, order) | write_pictures(wire, order), headers=(("X-Fal-No-Retry", "1"),))


def read(reply: Reply) -> Reading | None:
    """Return what a reply means: to the submit, about the state, or with the result."""
    path = reply.call.path
    if reply.call.method == "POST":
        next_ = _follow(reply.body.get("status_url"), f"/{_app(path)}/requests/{reply.body['request_id']}/status")
        return Pending(_job(next_.path), next_, "queued", "IN_QUEUE")
    return _read_state(reply) if path.endswith("/status") else _read_result(reply)


def _read_state(reply: Reply) -> Reading | None:
    if reply.status not in (200, 202):
        return None
    body, path, job = reply.body, reply.call.path, _job(reply.call.path)
    match body["status"]:
        case "IN_QUEUE":
            return Pending(job, reply.call, "queued", "IN_QUEUE")
        case "IN_PROGRESS":
            return Pending(job, reply.call, "running", "IN_PROGRESS")
        case "COMPLETED" if body.get("error") or body.get("error_type"):
            kind = find_text(body, "error_type")
            return _read_failure(job, "COMPLETED", kind, find_text(body, "error"), free=SERVERS.fullmatch(kind) is not None)
        case "COMPLETED":
            return Pending(job, _follow(body.get("response_url"), path.removesuffix("/status")), "running", "COMPLETED")
        case _:
            return None


def _read_result(reply: Reply) -> Reading | None:
    """Return what a result means. An error ends the job only where a type in header or body says what it is."""
    body, job, units = reply.body, _job(reply.call.path), reply.headers.get("x-fal-billable-units", "")
    if reply.status == 200:
        return Done(Call("GET", body["video"]["url"]), "OK", id=job, units=units if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", units) else None)
    kind, typed = reply.headers.get("x-fal-error-type") or find_text(body, "error_type"), find_text(body, "detail.0.type")
    message = find_text(body, "detail.0.msg", "detail")
    if reply.status == 400 and not kind and "in progress" in message:
        return Pending(job, reply.call, "running", "COMPLETED")
    ended = kind or typed or (reply.status < 500 and find_value(body, "detail") is not None)
    return _read_failure(job, "ERROR", f"{kind} {typed}".strip(), message, free=reply.status >= 500) if ended else None


def _read_failure(job: str, status: str, kind: str, message: str, *, free: bool) -> Failed:
    """Return a failure. Server errors are not billed; no page promises that for a refused video.

    https://docs.fal.ai/model-apis/model-endpoints/reliability
    """
    return Failed(classify_failure(kind, message), status, message or kind, "no" if free else "unknown", id=job)


def _app(path: str) -> str:
    """Return `owner/app`: job addresses omit the rest of the model's path."""
    return re.findall(f"^/({APP})/", path)[0]


def _job(path: str) -> str:
    """Return `owner/app/request` as the job's id, because its addresses need all three."""
    app, request = re.findall(f"^/({APP})/requests/({REQUEST})(?:/status)?$", path)[0]
    return f"{app}/{request}"


def _follow(address: object, ours: str) -> Call:
    """Return the vendor's address where it is on the queue's host and of this job; else `ours`, built from the id as documented."""
    parts = urlsplit(address if isinstance(address, str) else "")
    own = f"{parts.scheme}://{parts.netloc}" == QUEUE and parts.path.split("/requests/")[1:] == ours.split("/requests/")[1:]
    return Call("GET", parts.path if own else ours)


def cancel(job: str) -> Call:
    """Return the call that cancels a queued job, and a running one where the model allows it."""
    app, _, request = job.rpartition("/")
    return Call("PUT", f"/{app}/requests/{request}/cancel")


VENDOR = Vendor(
    name="fal",
    title="fal",
    base_url=QUEUE,
    keys=("FAL_KEY",),
    key_page="https://fal.ai/dashboard/keys",  # https://fal.ai/docs/documentation/setting-up/authentication (read 2026-11-30)
    offers=OFFERS,
    submit=submit,
    read=read,
    auth=("Authorization", "Key {key}"),
    refusals=(
        Refusal(403, "vendor_balance", "locked"),
        Refusal(403, "vendor_balance", "balance"),
        Refusal(404, "model_retired"),
    ),
    message=("detail", "error.message", "message"),
    job_id=rf"(?!.*\.\.){APP}/{REQUEST}",
    cancel=cancel,
    ask=lambda job, call: Call("GET", f"/{'/requests/'.join(job.rsplit('/', 1))}/status"),
    tells_cost=True,
    bill=ask_bill,
    quoted=read_quote,
    upload=UPLOAD,
    quote_url="https://api.fal.ai",
    price_list=PriceList(ask_prices(OFFERS), read_prices, needs_key=True),
    # With a key that may read billing. https://fal.ai/docs/platform-apis/v1/account/billing (read 2026-11-30)
    balance=Balance(
        Call("GET", "/v1/account/billing", query=(("expand", "credits"),)), "credits.current_balance", currency="credits.currency"
    ),
    ends=(400, 422, 500, 502, 503, 504),
    most_answer_bytes=32 << 20,  # a 422 repeats what it refuses, pictures too
    webhook=Webhook(in_query("fal_webhook")),  # https://docs.fal.ai/model-endpoints/webhooks
)
