"""Answer only requests to a known `Host` and from a known `Origin`, both compared exactly, and let browsers read the answers (CORS)."""

from __future__ import annotations

import logging
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("GET", "POST", "DELETE")
SENT = ("authorization", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id", "range")
"""Headers that a page may send."""
SHOWN = ("mcp-session-id", "www-authenticate", "content-range", "accept-ranges")
"""Headers of an answer that a page may read."""
log = logging.getLogger(__name__)


class CheckNames:
    """An ASGI middleware that refuses requests by their `Host` and `Origin`. A page in a browser can forge neither.

    The SDK's own check takes `127.0.0.1:evil.example` for an address of the loopback, and knows no CORS (mcp 2.3, 2026-11-29).
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app = CORSMiddleware(app, allow_origins=[*origins], allow_methods=METHODS, allow_headers=SENT, expose_headers=SHOWN)
        self._hosts, self._origins = frozenset(hosts), frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is addressed rightly. A preflight is answered here: a browser sends it without the token."""
        if scope["type"] == "http" and (refusal := self._find_fault(Headers(scope=scope))) is not None:
            return await refusal(scope, receive, send)
        await self._app(scope, receive, send)

    def _find_fault(self, headers: Headers) -> PlainTextResponse | None:
        """Return what is answered to a wrong `Host` or `Origin`; None where both are right. A client that is no browser has no origin."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host.lower() not in self._hosts:
            log.warning("refused a request to the Host %.200r; --allowed-host names those that are answered", host)
            return PlainTextResponse("Invalid Host header", 421)
        if origin is not None and origin not in self._origins:
            log.warning("refused a request from the Origin %.200r; --allowed-origin names those that are answered", origin)
            return PlainTextResponse("Invalid Origin header", 403)
        return None
