"""Fetch a small JSON document of a server that the user named: one request, no redirects, a bounded answer."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import httpx2

from sora_mcp.domain.errors import NotSent
from sora_mcp.net.client import FIXED_HEADERS
from sora_mcp.net.codings import read_codings, unpack
from sora_mcp.net.environment import explain_failure, find_proxy, load_certificates

MOST_BYTES = 1 << 19
FETCH_S = 10.0


async def fetch_json(url: str, *, deadline_s: float = FETCH_S) -> dict[str, Any] | None:
    """Return the JSON object at an address; None for any other answer. Raise NotSent, whose message is a clause, where none arrives."""
    proxy = find_proxy(url)
    transport = httpx2.AsyncHTTPTransport(verify=load_certificates(), trust_env=False, proxy=proxy)
    headers = {**FIXED_HEADERS, "Accept": "application/json"}
    try:
        with anyio.fail_after(deadline_s):
            async with (
                httpx2.AsyncClient(transport=transport, trust_env=False) as client,
                client.stream("GET", url, headers=headers) as reply,
            ):
                return _parse_object(await _read(reply)) if reply.status_code == 200 else None
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
