"""fal: a queue in front of each model; what it answered is fetched apart from how it is doing. https://fal.ai/docs/model-apis/model-endpoints/queue

Its estimates count units and know no resolutions, so an order is priced by the rows here, and a made video by the units it was billed.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sora_mcp.domain import Call, Done, Failed, Pending, Reading, Refusal, Reply, Vendor
from sora_mcp.vendors.fal_offers import OFFERS, bill, quoted, submit
from sora_mcp.vendors.shared.moderation import classify_failure
from sora_mcp.vendors.shared.responses import find_text, find_value

QUEUE = "https://queue.fal.run"
SERVERS = re.compile(r"(?:request|startup)_timeout|runner_\w+|internal_error")
"""Types whose status is a 5xx. https://fal.ai/docs/documentation/model-apis/request-errors"""
REQUEST = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"
APP = r"(?:(?:workflows|comfy)/)?[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9_-][A-Za-z0-9._-]*"


def read(reply: Reply) -> Reading | None:
    """Three answers: the queue's to the order, its state, and what the model made."""
    path = reply.call.path
    if reply.call.method == "POST":
        next_ = _next(reply.body.get("status_url"), f"/{_app(path)}/requests/{reply.body['request_id']}/status")
        return Pending(_job(next_.path), next_, "queued", "IN_QUEUE")
    return _state(reply) if path.endswith("/status") else _made(reply)


def _state(reply: Reply) -> Reading | None:
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
            return _lost(job, "COMPLETED", kind, find_text(body, "error"), free=SERVERS.fullmatch(kind) is not None)
        case "COMPLETED":
            return Pending(job, _next(body.get("response_url"), path.removesuffix("/status")), "running", "COMPLETED")
        case _:
            return None


def _made(reply: Reply) -> Reading | None:
    """A result that is an error says so in its status, and by a type, in the header or in the body, that it is the job's end."""
    body, job, units = reply.body, _job(reply.call.path), reply.headers.get("x-fal-billable-units", "")
    if reply.status == 200:
        return Done(Call("GET", body["video"]["url"]), "OK", id=job, units=units if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", units) else None)
    kind, typed = reply.headers.get("x-fal-error-type") or find_text(body, "error_type"), find_text(body, "detail.0.type")
    words = find_text(body, "detail.0.msg", "detail")
    if reply.status == 400 and not kind and "in progress" in words:
        return Pending(job, reply.call, "running", "COMPLETED")
    ended = kind or typed or (reply.status < 500 and find_value(body, "detail") is not None)
    return _lost(job, "ERROR", f"{kind} {typed}".strip(), words, free=reply.status >= 500) if ended else None


def _lost(job: str, said: str, kind: str, words: str, *, free: bool) -> Failed:
    """Errors of its servers are not billed; no page promises that for a refused video.

    https://docs.fal.ai/model-apis/model-endpoints/reliability
    """
    return Failed(classify_failure(kind, words), said, words or kind, "no" if free else "unknown", id=job)


def _app(path: str) -> str:
    """Owner and app: what follows them in a model's name is no part of a job's address."""
    return re.findall(f"^/({APP})/", path)[0]


def _job(path: str) -> str:
    """Our id of a job has its app in it, because its addresses have."""
    app, request = re.findall(f"^/({APP})/requests/({REQUEST})(?:/status)?$", path)[0]
    return f"{app}/{request}"


def _next(told: object, ours: str) -> Call:
    """The address that was told where it is the queue's own and this job's; else the one that the documentation makes of its id."""
    parts = urlsplit(told if isinstance(told, str) else "")
    own = f"{parts.scheme}://{parts.netloc}" == QUEUE and parts.path.split("/requests/")[1:] == ours.split("/requests/")[1:]
    return Call("GET", parts.path if own else ours)


def cancel(job: str) -> Call:
    """A queued one surely; one that runs as well as may be."""
    app, _, request = job.rpartition("/")
    return Call("PUT", f"/{app}/requests/{request}/cancel")


VENDOR = Vendor(
    name="fal",
    title="fal",
    base_url=QUEUE,
    keys=("FAL_KEY",),
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
    bill=bill,
    quoted=quoted,
    quote_url="https://api.fal.ai",
    ends=(400, 422, 500, 502, 503, 504),
)
