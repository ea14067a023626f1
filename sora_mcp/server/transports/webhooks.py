"""Webhooks of vendors, at `/webhooks/VENDOR/TOKEN`: each wakes its job, and the vendor's own answer to the next poll decides.

The token was made for one paid call and is known to its vendor only, so that it is the whole secret, and no signature is looked at:
who forges a post causes one poll. What is posted is read to its end and dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sora_mcp.domain import Vendor
from sora_mcp.domain.errors import SoraError
from sora_mcp.telemetry import count_webhook_wake

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

MOST_BODY = 64 << 10
TOKEN = re.compile(r"[0-9a-f]{32}")
MOST_CHALLENGE = 500


def route_webhooks(open_service: Callable[[], Awaitable[VideoService]]) -> Route:
    """Return the route that vendors post to."""

    async def receive(request: Request) -> Response:
        try:
            body = await _read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(status_code=413) if body is None else await _wake(request.path_params, body)

    async def _wake(names: dict[str, str], body: bytes) -> Response:
        if not TOKEN.fullmatch(names["token"]):
            return Response(status_code=404)
        try:
            service = await open_service()
            is_due = await service.store.webhooks.wake(names["vendor"], names["token"])
        except SoraError:
            return Response(status_code=503)
        if is_due is None:
            count_webhook_wake("other", "stranger")  # a stranger's word is no label
            return Response(status_code=404)
        count_webhook_wake(names["vendor"], "woken" if is_due else "idle")
        if is_due:
            service.wake()
        # Also for an ended job: a vendor would repeat anything else for hours.
        return _answer_challenge(service.catalogue.find_vendor(names["vendor"]), body) or Response(status_code=204)

    return Route("/webhooks/{vendor}/{token}", endpoint=receive, methods=["POST"])


async def _read_body(request: Request) -> bytes | None:
    """Return the body; None for one that is too large, of which the rest is not waited for."""
    body = b""
    async for chunk in request.stream():
        if len(body) + len(chunk) > MOST_BODY:
            return None
        body += chunk
    return body


def _answer_challenge(vendor: Vendor | None, body: bytes) -> Response | None:
    """Return the answer to a vendor that checks the address first; None for any other post."""
    name = "" if vendor is None or vendor.webhook is None else vendor.webhook.challenge
    if not name or name.encode() not in body:
        return None
    try:
        challenge = json.loads(body)[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    is_one = isinstance(challenge, str) and len(challenge) <= MOST_CHALLENGE
    return JSONResponse({name: challenge}, headers={"x-content-type-options": "nosniff"}) if is_one else None
