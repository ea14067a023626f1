"""Ask a server that the user named for a small JSON document: one request, no redirects, a bounded answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import anyio
import httpx2

from sora_mcp.domain.errors import NotSent
from sora_mcp.net.client import FIXED_HEADERS
from sora_mcp.net.content_encoding import read_codings, unpack
from sora_mcp.net.proxy_settings import explain_failure, find_proxy, load_certificates

MOST_BYTES = 1 << 19
FETCH_S = 10.0


async def fetch_json(url: str, *, deadline_s: float = FETCH_S) -> dict[str, Any] | None:
    """Return the JSON object at an address; None for any other answer. Raise NotSent, whose message is a clause, where none arrives."""
    status, found = await _ask("GET", url, {}, deadline_s=deadline_s)
    return found if status == 200 else None


async def post_form(
    url: str, fields: Mapping[str, str], headers: Mapping[str, str], *, deadline_s: float = FETCH_S
) -> tuple[int, dict[str, Any] | None]:
    """Post a form, and return the status with the JSON object that is answered; None for anything else. Raise NotSent as `fetch_json`."""
    as_form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    return await _ask("POST", url, as_form, content=urlencode(fields).encode(), deadline_s=deadline_s)


async def _ask(
    method: str, url: str, headers: Mapping[str, str], *, content: bytes | None = None, deadline_s: float
) -> tuple[int, dict[str, Any] | None]:
    proxy = find_proxy(url)
    transport = httpx2.AsyncHTTPTransport(verify=load_certificates(), trust_env=False, proxy=proxy)
    sent = {**FIXED_HEADERS, "Accept": "application/json", **headers}
    try:
        with anyio.fail_after(deadline_s):
            async with (
                httpx2.AsyncClient(transport=transport, trust_env=False) as client,
                client.stream(method, url, headers=sent, content=content) as reply,
            ):
                return reply.status_code, _parse_object(await _read(reply))
    except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, TimeoutError) as error:
        raise NotSent(explain_failure(error, urlsplit(url).hostname or "its host", proxy=proxy)) from error


async def _read(reply: httpx2.Response) -> bytes | None:
    """Return the body; None for one that is too long, or packed in an unknown way."""
    body = bytearray()
    async for chunk in reply.aiter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return unpack(bytes(body), read_codings(reply.headers), MOST_BYTES)


def _parse_object(body: bytes | None) -> dict[str, Any] | None:
    try:
        parsed: Any = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None
