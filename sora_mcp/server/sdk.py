"""The private parts of the SDK that this server uses. tests/server/test_protocol.py fails when an upgrade moves one of them.

Looked at with mcp 2.3 on 2026-11-29; look again with mcp 2.5 or on 2027-03-01, whichever comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import anyio
from mcp import MCPError
from mcp.server import MCPServer, NotificationOptions
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import server as mcpserver
from mcp.server.subscriptions import InMemorySubscriptionBus, ServerEvent
from mcp.types import EmptyResult, RequestParams, SubscribeRequestParams, UnsubscribeRequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from sora_mcp.server.context import principal

NOTIFY_S = 2.0
"""Seconds that one client which does not read may delay the notifications of the others."""
MOST_SUBSCRIBED = 1000
Ctx = ServerRequestContext[Any, Any]
Handler = Callable[[Ctx, Any], Awaitable[Any]]


def low_level(server: MCPServer[Any]) -> Any:
    """Return the low-level server behind an MCPServer, which has no public way to it. No upstream issue is known."""
    return server._lowlevel_server  # pyright: ignore[reportPrivateUsage] - see above


def keep_log_handlers() -> None:
    """Keep MCPServer from configuring the root logger, for which it loads `rich` at each start.

    https://github.com/modelcontextprotocol/python-sdk/issues/1656
    """
    mcpserver.configure_logging = _configure_no_logging  # pyright: ignore[reportPrivateImportUsage] - see above


def _configure_no_logging(level: object = None) -> None:
    """Stand in for the SDK's function."""


def add_handler(server: MCPServer[Any], method: str, params: type[RequestParams], handler: Callable[[Ctx, Any], Awaitable[Any]]) -> None:
    """Replace the SDK's handler of a method: its lists have no pages, and its completions see no lifespan context."""
    low_level(server).add_request_handler(method, params, handler)


def wrap_handler(server: MCPServer[Any], method: str, params: type[RequestParams], wrap: Callable[[Handler], Handler]) -> None:
    """Put a handler around the SDK's own of a method; an extension may not bind a method of the specification."""
    add_handler(server, method, params, wrap(low_level(server).get_request_handler(method).handler))


class Sessions:
    """Connections of the 2025 era with their subscriptions. MCPServer has none: https://github.com/modelcontextprotocol/python-sdk/issues/710

    In the 2026 era the SDK's own bus delivers notifications.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[Connection, set[str]] = {}
        self._owners: dict[Connection, str] = {}

    def __len__(self) -> int:
        return len(self._subscriptions)

    def install(self, server: MCPServer[Any]) -> None:
        """Serve `resources/subscribe` and `resources/unsubscribe`, and announce both in the handshake."""
        low = low_level(server)
        options = partial(low.create_initialization_options, NotificationOptions(resources_changed=True))
        low.create_initialization_options = options  # type: ignore[method-assign]
        add_handler(server, "resources/subscribe", SubscribeRequestParams, self._subscribe)
        add_handler(server, "resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        server.middleware.append(self._register)

    async def send_updated(self, owner: str, uri: str) -> None:
        """Notify the owner's subscribers of a resource."""
        for connection in [connection for connection in self._connections_of(owner) if uri in self._subscriptions[connection]]:
            with anyio.move_on_after(NOTIFY_S):
                await connection.send_resource_updated(uri)

    async def send_list_changed(self, owner: str) -> None:
        """Notify each of the owner's connections that the list of resources changed."""
        for connection in self._connections_of(owner):
            with anyio.move_on_after(NOTIFY_S):
                await connection.send_resource_list_changed()

    def _connections_of(self, owner: str) -> list[Connection]:
        return [connection for connection, its_owner in self._owners.items() if its_owner == owner]

    async def _register(self, ctx: Ctx, call_next: CallNext) -> HandlerResult:
        """Remember the connection of every request, because list changes go to all of them; a middleware."""
        if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS and ctx.method != "initialize":
            self._subscriptions_of(ctx)
        return await call_next(ctx)

    def _subscriptions_of(self, ctx: Ctx) -> set[str]:
        """Return the URIs that this connection subscribed to; they are forgotten when the connection ends."""
        connection = _connection(ctx)
        if connection not in self._subscriptions:
            self._subscriptions[connection], self._owners[connection] = set(), principal()
            connection.exit_stack.callback(self._forget, connection)
        return self._subscriptions[connection]

    def _forget(self, connection: Connection) -> None:
        self._subscriptions.pop(connection, None)
        self._owners.pop(connection, None)

    async def _subscribe(self, ctx: Ctx, params: SubscribeRequestParams) -> EmptyResult:
        uris = self._subscriptions_of(ctx)
        if len(uris) < MOST_SUBSCRIBED:
            uris.add(params.uri)
        return EmptyResult()

    async def _unsubscribe(self, ctx: Ctx, params: UnsubscribeRequestParams) -> EmptyResult:
        self._subscriptions_of(ctx).discard(params.uri)
        return EmptyResult()


class OwnedBus:
    """A SubscriptionBus of the 2026 era with events that only one principal's subscribers hear: the SDK's bus, once for each principal."""

    def __init__(self) -> None:
        self._buses: defaultdict[str, InMemorySubscriptionBus] = defaultdict(InMemorySubscriptionBus)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Register a listener for the principal of the request that is being answered."""
        return self._buses[principal()].subscribe(listener)

    async def publish(self, event: ServerEvent) -> None:
        """Deliver an event to every listener."""
        for bus in list(self._buses.values()):
            await bus.publish(event)

    async def publish_to(self, owner: str, event: ServerEvent) -> None:
        """Deliver an event to the listeners of one principal."""
        if (bus := self._buses.get(owner)) is not None:
            await bus.publish(event)


def _connection(ctx: Ctx) -> Connection:
    """Return the connection of a request, which outlives it. No upstream issue is known."""
    return ctx.session._connection  # pyright: ignore[reportPrivateUsage] - see above


async def send_valid_unicode(ctx: Ctx, call_next: CallNext) -> HandlerResult:
    """Replace lone surrogates in every answer; a middleware. One would end the SDK's writer, and with it the process."""
    try:
        return replace_surrogates(await call_next(ctx))
    except MCPError as error:
        raise MCPError(error.code, replace_surrogates(error.message), replace_surrogates(error.data)) from error


def replace_surrogates(value: Any) -> Any:
    """Return the JSON value with every text in it valid Unicode. Plain values, which are nearly all, cost no further call."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {
                name if name.isascii() else replace_surrogates(name): inner
                if (isinstance(inner, str) and inner.isascii()) or isinstance(inner, int | float)
                else replace_surrogates(inner)
                for name, inner in cast("dict[str, Any]", value).items()
            }
        case list():
            return [replace_surrogates(inner) for inner in cast(list[Any], value)]
        case _:
            return value
