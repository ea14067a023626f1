"""ASGI middlewares for clients that the SDK turns away although they can be served (mcp 2.3, looked at on 2026-11-29)."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator
from typing import Any, cast

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOTH = "application/json, text/event-stream"
SESSION = "mcp-session-id"
log = logging.getLogger(__name__)


class HungUp(Exception):
    """A client left before its request was complete."""


class NoteHangUps:
    """Log one line for a client that leaves in the middle of a body; the SDK logs a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app until the client leaves."""
        whole = False

        async def receive_whole() -> Message:
            nonlocal whole
            message = await receive()
            if message["type"] == "http.disconnect" and not whole:
                raise HungUp
            whole = whole or not message.get("more_body", False)
            return message

        try:
            await self._app(scope, receive_whole if scope["type"] == "http" else receive, send)
        except HungUp:
            log.warning("a client left in the middle of its request")


class ReviveSessions:
    """Open a new session for an `initialize` that carries the id of a lost one: some clients keep sending the header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, and once more without the session id where it does not know the session of an `initialize`."""
        if scope["type"] != "http" or scope["method"] != "POST" or SESSION not in Headers(scope=scope):
            return await self._app(scope, receive, send)
        received, held = list[Message](), list[Message]()

        async def record() -> Message:
            received.append(message := await receive())
            return message

        async def hold_lost(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 404 and _is_initialize(received):
                held.append(message)
            elif not held:
                await send(message)

        await self._app(scope, record, hold_lost)
        if held:
            await self._app(_change_header(scope, SESSION, None), _replay(received, receive), send)


class AnswerAnyAccept:
    """Answer a POST without an `Accept` header as one that takes everything, and one that takes only JSON with JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app as if the client took JSON and event streams; turn a stream into JSON where it does not take one."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        types = {part.split(";")[0].strip().lower() for part in ",".join(headers.getlist("accept")).split(",")} - {""}
        takes_json, takes_streams = bool(types & {"application/json", "application/*"}), bool(types & {"text/event-stream", "text/*"})
        if not types:
            await self._app(_change_header(scope, "accept", BOTH), receive, send)
        elif "*/*" in types or takes_streams or not takes_json or headers.get("mcp-method") == "subscriptions/listen":
            await self._app(scope, receive, send)
        else:
            await self._app(_change_header(scope, "accept", BOTH), receive, JsonOnly(send))


class JsonOnly:
    """An ASGI `send` that answers with the one response of an event stream, as JSON. Notifications on the way are left out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._rest = b""
        self._is_over = False

    async def __call__(self, message: Message) -> None:
        """Send a message on; of a stream, its response once it is there."""
        if message["type"] == "http.response.start" and _is_stream(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        elif message["type"] == "http.response.body" and not self._is_over:
            *events, self._rest = (self._rest + message.get("body", b"")).replace(b"\r\n", b"\n").split(b"\n\n")
            found = next(_find_responses(events), None)
            if found is not None:
                await self._answer(self._start["status"], found)
            elif not message.get("more_body", False):
                await self._answer(500, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"The request was not answered."}}')

    async def _answer(self, status: int, body: bytes) -> None:
        start, self._is_over = cast(Message, self._start), True
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"], headers["content-length"] = "application/json", str(len(body))
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _find_responses(events: list[bytes]) -> Iterator[bytes]:
    """Yield the JSON of each event that is a response, no notification and no request."""
    for event in events:
        data = b"\n".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
        if data and not {"result", "error"}.isdisjoint(_read_object(data)):
            yield data


def _is_initialize(received: list[Message]) -> bool:
    return _read_object(b"".join(message.get("body", b"") for message in received)).get("method") == "initialize"


def _read_object(data: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}


def _is_stream(start: Message) -> bool:
    return Headers(raw=list(start["headers"])).get("content-type", "").startswith("text/event-stream")


def _change_header(scope: Scope, name: str, value: str | None) -> Scope:
    """Return the scope with another value of a header, or without it."""
    others = [(known, its) for known, its in scope["headers"] if known != name.encode()]
    return {**scope, "headers": others if value is None else [*others, (name.encode(), value.encode())]}


def _replay(received: list[Message], receive: Receive) -> Receive:
    """Return an ASGI `receive` that begins with what was received before."""
    waiting = deque(received)

    async def replay() -> Message:
        return waiting.popleft() if waiting else await receive()

    return replay
