"""The MCP server: what it offers is in tables, what it does is the desk's."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Literal

import anyio
from mcp import MCPError
from mcp.server import CacheHint, MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.caching import CacheableMethod
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, Extension
from mcp.server.request_state import RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ResourceUpdated
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    InputRequiredResult,
    ListResourcesResult,
    PaginatedRequestParams,
    Resource,
    ResourceTemplate,
    Tool,
)

from .. import __version__
from ..errors import UNFORESEEN, BrokenRules, SoraError, StorageError, before_money
from ..vendors import Catalogue
from . import approval, completions, prompts, protocol, remedies, replies, resources
from .apps import META, SHOWN_BY, apps
from .arguments import checked
from .changes import watch
from .opened import OpenDesk, Opened, principal
from .texts import FACES, INSTRUCTIONS
from .tools import TOOLS

log = logging.getLogger(__name__)
PAGE = 100
HOUR_MS = 3_600_000
CACHED: Mapping[CacheableMethod, CacheHint] = {
    "tools/list": CacheHint(HOUR_MS, "public"),
    "resources/templates/list": CacheHint(HOUR_MS, "public"),
    "resources/list": CacheHint(0, "private"),
}
OF_A_JOB = ("get_video_status", "cancel_video")
"""Without the store nobody can say what became of the job's money, whatever this call did not do."""
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class SoraServer(MCPServer[Opened]):
    """An MCPServer whose tools are strict, whose errors say what to change, and whose resources come from the store."""

    async def list_tools(self) -> list[Tool]:
        """Ours as the tables have them, and those of extensions."""
        return [*map(_faced, TOOLS), *await super().list_tools()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Opened, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Refusals and failures are results; only a tool that does not exist is a protocol error.

        Ours are called here, with what their tables let through: the SDK would check it again by models that take long to make.
        """
        if name not in TOOLS and name not in {tool.name for tool in await super().list_tools()}:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {name[:100]}")
        try:
            if name not in TOOLS:
                return await super().call_tool(name, arguments, context)
            with before_money():
                given = await _taken(name, arguments, context)
            return await TOOLS[name](ctx=context, **given)
        except MCPError:
            raise
        except Exception as error:
            return replies.refused(_reason(error, name))

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Opened, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """A wrong name or argument is said in our words."""
        if (why := prompts.wrong(await self.list_prompts(), name, arguments or {})) is not None:
            raise MCPError(INVALID_PARAMS, why)
        return await super().get_prompt(name, arguments, context)

    async def list_resources(self) -> list[Resource]:
        """Those that are always there."""
        return [*resources.fixed(), *await super().list_resources()]

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """The kinds of resources."""
        return [*resources.templates(), *await super().list_resource_templates()]

    async def read_resource(
        self, uri: Any, context: Context[Opened, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Ours by their addresses, all others as the SDK has them."""
        if context is None or not str(uri).startswith(resources.SCHEME):
            return await super().read_resource(uri, context)
        return await resources.read(str(uri), context.request_context.lifespan_context)


def build(
    open_desk: OpenDesk,
    catalogue: Catalogue | None = None,
    *,
    today: Callable[[], date] = date.today,
    log_level: Level = "WARNING",
    extensions: Sequence[Extension] = (),
    auth: AuthSettings | None = None,
    tokens: TokenVerifier | None = None,
) -> SoraServer:
    """The server. It answers at once; the desk is opened later, and closed when the server ends."""
    bus, sessions = InMemorySubscriptionBus(), protocol.Sessions()

    async def tell(uris: Iterable[str], listed: bool) -> None:
        for uri in uris:
            await bus.publish(ResourceUpdated(uri=uri))
            await sessions.updated(uri)
        if listed:
            await bus.publish(ResourcesListChanged())
            await sessions.listed()

    @asynccontextmanager
    async def lifespan(_: MCPServer[Opened]) -> AsyncGenerator[Opened]:
        opened = Opened(open_desk, catalogue or Catalogue(), today=today, beside=lambda desk: watch(desk, tell))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(opened.keep)
            try:
                yield opened
            finally:
                opened.close()

    server = SoraServer(
        "sora-mcp",
        title="Sora MCP",
        version=__version__,
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        log_level=log_level,
        subscriptions=bus,
        request_state_security=RequestStateSecurity.ephemeral(ttl=approval.GOOD_FOR_S),
        extensions=(apps(), *extensions),
        auth=auth,
        token_verifier=tokens,
        cache_hints=CACHED,
    )
    _offer(server)
    server.middleware.append(protocol.sendable)
    sessions.join(server)
    protocol.answer(server, "resources/list", PaginatedRequestParams, _pages(server))
    protocol.answer(server, "completion/complete", CompleteRequestParams, _complete)
    return server


async def _taken(name: str, arguments: Mapping[str, Any], context: Context[Opened, Any] | None) -> dict[str, Any]:
    """What the tool is called with; or all that is wrong."""
    try:
        return checked(name, FACES[name].arguments, arguments)
    except BrokenRules as error:
        raise await remedies.whole(error, name, arguments, context) from None


def _offer(server: SoraServer) -> None:
    for prompt in prompts.PROMPTS:
        server.add_prompt(prompt)


def _faced(name: str) -> Tool:
    face = FACES[name]
    return Tool(
        name=name,
        title=face.title,
        description=face.says,
        input_schema=face.input_schema,
        output_schema=face.output_schema,
        annotations=face.hints,
        _meta=META if name in SHOWN_BY else None,
    )


def _reason(error: Exception, name: str) -> SoraError:
    """What the tool meant to say; anything unforeseen stays in the log."""
    if isinstance(error, SoraError):
        if isinstance(error, StorageError) and name in OF_A_JOB:
            error.charged = "unknown"
        return error
    log.error("%s failed", name, exc_info=error)
    unforeseen = SoraError(UNFORESEEN)
    if name not in FACES or FACES[name].destroys or name in OF_A_JOB:
        unforeseen.charged = "unknown"
    return unforeseen


def _pages(server: SoraServer) -> Callable[[protocol.Ctx, PaginatedRequestParams], Any]:
    async def page(ctx: protocol.Ctx, params: PaginatedRequestParams) -> ListResourcesResult:
        """First the fixed ones, then finished files, newest first."""
        opened: Opened = ctx.lifespan_context
        try:
            found = await (await opened.desk()).jobs(principal=principal(), state="completed", limit=PAGE, cursor=params.cursor)
        except SoraError as error:
            raise MCPError(INVALID_PARAMS if isinstance(error, BrokenRules) else INTERNAL_ERROR, error.message) from None
        first = [] if params.cursor else await server.list_resources()
        return ListResourcesResult(resources=[*first, *resources.finished(found.jobs)], next_cursor=found.next_cursor)

    return page


async def _complete(ctx: protocol.Ctx, params: CompleteRequestParams) -> CompleteResult:
    before = (params.context.arguments if params.context else None) or {}
    found = await completions.complete(params.argument.name, params.argument.value, before, ctx.lifespan_context)
    return CompleteResult(completion=found)
