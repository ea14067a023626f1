"""Probes of balancers and supervisors: `/livez` and `/readyz`, without a token, a name or a body."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sora_mcp.domain.errors import SoraError
from sora_mcp.server.context import ServerContext
from sora_mcp.server.transports.drain import Drain

ANSWER_S = 5.0
"""Seconds that the store has to answer."""
ASK_AGAIN_S = 1.0
"""Seconds for which an answer counts, so that strangers who probe do not keep the store busy."""


class AnswerProbes:
    """An ASGI middleware in front of all checks: a probe addresses this machine as it likes, and learns nothing else."""

    def __init__(self, app: ASGIApp, get_context: Callable[[], ServerContext | None], drain: Drain) -> None:
        self._app, self._get_context, self._drain = app, get_context, drain
        self._asked_at, self._is_ready = float("-inf"), False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, and pass on everything else."""
        path = scope["path"] if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else ""
        if path == "/livez":  # never asks the store: a database that is away must not restart every server
            await Response()(scope, receive, send)
        elif path == "/readyz":
            await Response(status_code=200 if await self._check_ready() else 503)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _check_ready(self) -> bool:
        """Return whether the store can be read, and the server goes on."""
        if self._drain.has_begun:
            return False
        if time.monotonic() - self._asked_at >= ASK_AGAIN_S:
            self._asked_at = time.monotonic()
            self._is_ready = await self._read_store()
        return self._is_ready

    async def _read_store(self) -> bool:
        if (context := self._get_context()) is None:
            return False
        with anyio.move_on_after(ANSWER_S):
            try:
                await (await context.service()).store.jobs.get_version()
            except SoraError:
                return False
            return True
        return False
