"""The SDK's private parts that this server touches; each has a test that fails loudly when an upgrade moves it."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any, cast

import anyio
from mcp import MCPError
from mcp.server import MCPServer, NotificationOptions
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.runner import serve_dual_era_loop
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    EmptyResult,
    ErrorData,
    JSONRPCError,
    JSONRPCRequest,
    RequestParams,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from sora_mcp.server.transports import stdin, stdout
from sora_mcp.server.transports.signals import asked_to_stop

TELL_S = 2.0
"""How long one client that does not read may hold up the news for the others."""
LAST_S = 1.0
"""How long the last answers wait for a client that left without reading them."""
MOST_SUBSCRIBED = 1000
Ctx = ServerRequestContext[Any, Any]


def answer(server: MCPServer[Any], method: str, params: type[RequestParams], handler: Callable[[Ctx, Any], Awaitable[Any]]) -> None:
    """Serve a method in our own way: the SDK's own handlers for lists know no pages, and those for completions no store."""
    _low(server).add_request_handler(method, params, handler)


class Sessions:
    """Connections of the 2025 era, and what each subscribed to. In the 2026 era the SDK's bus knows that itself."""

    def __init__(self) -> None:
        self._subscribed: dict[Connection, set[str]] = {}

    def __len__(self) -> int:
        return len(self._subscribed)

    def join(self, server: MCPServer[Any]) -> None:
        """Serve the era's subscriptions, and say so in its handshake."""
        low = _low(server)
        said = partial(low.create_initialization_options, NotificationOptions(resources_changed=True))
        low.create_initialization_options = said  # type: ignore[method-assign]
        answer(server, "resources/subscribe", SubscribeRequestParams, self._subscribe)
        answer(server, "resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        server.middleware.append(self._meet)

    async def updated(self, uri: str) -> None:
        """Tell who subscribed to it."""
        for connection in [known for known, uris in self._subscribed.items() if uri in uris]:
            with anyio.move_on_after(TELL_S):
                await connection.send_resource_updated(uri)

    async def listed(self) -> None:
        """Tell everybody that the list of resources is another."""
        for connection in list(self._subscribed):
            with anyio.move_on_after(TELL_S):
                await connection.send_resource_list_changed()

    async def _meet(self, ctx: Ctx, call_next: CallNext) -> HandlerResult:
        if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS and ctx.method != "initialize":
            self._known(ctx)
        return await call_next(ctx)

    def _known(self, ctx: Ctx) -> set[str]:
        """What this connection subscribed to; it is forgotten when the connection ends."""
        connection = _connection(ctx)
        if connection not in self._subscribed:
            self._subscribed[connection] = set()
            connection.exit_stack.callback(self._subscribed.pop, connection, None)
        return self._subscribed[connection]

    async def _subscribe(self, ctx: Ctx, params: SubscribeRequestParams) -> EmptyResult:
        uris = self._known(ctx)
        if len(uris) < MOST_SUBSCRIBED:
            uris.add(params.uri)
        return EmptyResult()

    async def _unsubscribe(self, ctx: Ctx, params: UnsubscribeRequestParams) -> EmptyResult:
        self._known(ctx).discard(params.uri)
        return EmptyResult()


async def sendable(ctx: Ctx, call_next: CallNext) -> HandlerResult:
    """The last safety, as middleware: a lone surrogate in an answer would end the SDK's writer, and with it the process."""
    try:
        return mended(await call_next(ctx))
    except MCPError as error:
        raise MCPError(error.code, mended(error.message), mended(error.data)) from error


def mended(value: Any) -> Any:
    """The same, with every text in it valid Unicode."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {mended(name): mended(inner) for name, inner in cast(dict[Any, Any], value).items()}
        case list():
            return [mended(inner) for inner in cast(list[Any], value)]
        case _:
            return value


async def run_stdio(server: MCPServer[Any]) -> None:
    """Serve one client on standard input and output, until it leaves or SIGINT or SIGTERM comes."""
    # A print that waits in a buffer would reach the wire at the end.
    cast(io.TextIOWrapper, sys.stdout).reconfigure(line_buffering=True)
    low = _low(server)
    with stdin.claimed() as descriptor, stdout.claimed() as out:
        lines = stdin.Lines(descriptor)
        if out is not None:
            out.closed = lines.end
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_on_signal, lines.end)
            async with stdio_server(stdin=cast(Any, lines), stdout=cast(Any, out)) as (read, write):
                lines.refuse = partial(_too_long, write)
                async with low.lifespan(low) as state:
                    await serve(server, _readable(read, write), write, state)
                tasks.cancel_scope.deadline = anyio.current_time() + LAST_S
            tasks.cancel_scope.cancel()


async def _too_long(write: Any, message: stdin.TooLong) -> None:
    await _refuse(write, message.id, INVALID_REQUEST, f"The message has {message.characters} characters; the most is {stdin.MOST_LINE}.")


async def _readable(read: Any, write: Any) -> AsyncIterator[Any]:
    """The frames, without what the SDK's parser failed on: the SDK would only note that."""
    async for frame in read:
        fault = frame.errors(include_url=False)[0] if isinstance(frame, ValidationError) else None
        if fault is None or fault["type"] != "json_invalid":
            yield frame
        else:
            id_, why = stdin.unread(fault["input"], fault.get("ctx", {})["error"])
            await _refuse(write, id_, PARSE_ERROR, why)


async def _refuse(write: Any, id_: int | str | None, code: int, why: str) -> None:
    """An answer to what was never read, so that nobody waits for it."""
    if id_ is not None:
        await write.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=id_, error=ErrorData(code=code, message=why))))


async def serve(server: MCPServer[Any], read: Any, write: Any, state: Any) -> None:
    """One client. Some ask `server/discover` and then shake hands after all, so a leading one does not decide the era."""
    low, lead = _low(server), list[Any]()
    async for frame in read:
        if _request(frame) == "server/discover":
            await write.send(await _aside(low, frame, state))
            continue
        lead.append(frame)
        if _request(frame) is not None:
            break
    feed, frames = anyio.create_memory_object_stream[Any](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_relay, lead, read, feed)
        await serve_dual_era_loop(low, frames, write, lifespan_state=state, init_options=low.create_initialization_options())
        tasks.cancel_scope.cancel()


def _request(frame: Any) -> str | None:
    """The method, where the frame is a request."""
    return frame.message.method if isinstance(frame, SessionMessage) and isinstance(frame.message, JSONRPCRequest) else None


async def _aside(low: Any, frame: SessionMessage, state: Any) -> SessionMessage:
    """The answer of a connection that lives for this one frame."""
    asking, asked = anyio.create_memory_object_stream[Any](1)
    replying, replies = anyio.create_memory_object_stream[Any](1)
    async with anyio.create_task_group() as tasks, asking, replies:
        tasks.start_soon(partial(serve_dual_era_loop, low, asked, replying, lifespan_state=state))
        await asking.send(frame)
        reply = await replies.receive()
        tasks.cancel_scope.cancel()
        return reply
    raise AssertionError("a task group swallows nothing but its own cancelling")


async def _relay(lead: Iterable[Any], read: Any, feed: Any) -> None:
    async with feed:
        for frame in lead:
            await feed.send(frame)
        async for frame in read:
            await feed.send(frame)


async def _on_signal(end: Callable[[], None]) -> None:
    """The first signal ends the server as the client's leaving does; a second one ends the process."""
    await asked_to_stop()
    end()


def _low(server: MCPServer[Any]) -> Any:
    return server._lowlevel_server  # pyright: ignore[reportPrivateUsage] - the SDK has no public way to it


def _connection(ctx: Ctx) -> Connection:
    return ctx.session._connection  # pyright: ignore[reportPrivateUsage] - news go to the connection, not to the request
