"""Drain the HTTP server: after SIGTERM it goes on answering for a while, says that it is not ready, and keeps no connection open."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Drain:
    """The end of a server, once it has begun."""

    def __init__(self, on_begin: Callable[[], None]) -> None:
        """Keep what answers the callers that wait."""
        self._on_begin = on_begin
        self.has_begun = False

    def begin(self) -> None:
        """Begin the end."""
        self.has_begun = True
        self._on_begin()


class CloseConnections:
    """An ASGI middleware that closes every connection with its answer while the server drains, so that no balancer uses it again."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app, self._drain = app, drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""

        async def close_connection(message: Message) -> None:
            if self._drain.has_begun and message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", [])))
                headers["connection"] = "close"
                message = {**message, "headers": headers.raw}
            await send(message)

        await self._app(scope, receive, close_connection)


class DrainingServer(uvicorn.Server):
    """A uvicorn server that drains for some seconds at its first SIGTERM. A second one, or Ctrl-C, ends it at once."""

    def __init__(self, config: uvicorn.Config, drain: Drain, seconds: float) -> None:
        super().__init__(config)
        self._drain, self._seconds = drain, seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain, then end as uvicorn does."""
        if sig != signal.SIGTERM or self._drain.has_begun or not self._seconds:
            super().handle_exit(sig, frame)
            return
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(self._drain.begin)
        loop.call_soon_threadsafe(loop.call_later, self._seconds, super().handle_exit, sig, frame)
