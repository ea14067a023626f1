"""The MCP server: its instructions and capabilities, and late imports of everything that answers later requests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError
from mcp.server import CacheHint, MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.caching import CacheableMethod
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, Extension
from mcp.server.request_state import RequestStateSecurity
from mcp.server.subscriptions import ResourcesListChanged, ResourceUpdated
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    Icon,
    InputRequiredResult,
    ListResourcesResult,
    PaginatedRequestParams,
    Prompt,
    Resource,
    ResourceTemplate,
    SubscriptionsListenRequestParams,
    Tool,
)

from sora_mcp import __version__
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.config.settings import Settings
from sora_mcp.domain import QUOTE_GOOD_FOR_S
from sora_mcp.domain.errors import StorageError
from sora_mcp.server import sdk
from sora_mcp.server.apps import apps
from sora_mcp.server.context import OpenService, ServerContext
from sora_mcp.server.tasks import Tasks

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.server.loopback_pages import Pages
    from sora_mcp.server.transports.shared_state import SharedStateCodec

INSTRUCTIONS = """\
Makes video clips from words or a first frame. Every clip costs money, except on sample:sample. \
Unless the user has agreed to a price, call estimate_cost first and say the price. \
create_video answers at once, the clip takes minutes: wait with get_video_status until it is completed, \
and never start it again because it is slow. \
Some prices need the user's approval: in a form, on a page, or with a command that you give them. \
Wait for it, and never answer for them. \
{files} One shot per clip works best."""
HERE = (
    "Finished files stay on this computer; give the user the path. "
    "Pictures are read from {folders} only: ask the user to put theirs there, or for links."
)
ELSEWHERE = "Finished files stay on the server; give the user the address, {door}. Pictures come as links or data: URIs."
"""What the instructions say of files to callers on this machine, and to those with tokens."""
DOORS = {False: "which asks for the same token", True: "where they sign in"}
"""How an address is opened, by whether there are pages on which people sign in."""
WEBSITE = "https://github.com/sora-mcp/sora-mcp"
ICON = (
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnIHZpZXdCb3g9JzAgMCAzMiAzMic+PHJl"
    "Y3Qgd2lkdGg9JzMyJyBoZWlnaHQ9JzMyJyByeD0nNycgZmlsbD0nIzI0NicvPjxwYXRoIGQ9J00xMiA5bDEyIDctMTIgN3onIGZpbGw9JyNmZm"
    "YnLz48L3N2Zz4="
)
"""A play sign. It stands in the address itself, so that no client has to fetch it; in base64, as a URI holds no blanks."""
SCHEME = "sora://"
HOUR_MS = 3_600_000
CACHED: Mapping[CacheableMethod, CacheHint] = {
    "tools/list": CacheHint(HOUR_MS, "public"),
    "resources/templates/list": CacheHint(HOUR_MS, "public"),
    "resources/list": CacheHint(0, "private"),
}


class SoraServer(MCPServer[ServerContext]):
    """An MCPServer whose tools are strict, whose errors say what to change, and whose resources come from the store."""

    context: ServerContext | None = None
    """Of the lifespan that began last; over HTTP there is one."""

    async def open_service(self) -> VideoService:
        """Return the open service. Raise StorageError when it cannot be opened, or the server is only starting."""
        if self.context is None:
            raise StorageError("The server is starting.")
        return await self.context.service()

    async def list_tools(self) -> list[Tool]:
        """Return our tools, and those of extensions."""
        return [*_list_tools(), *await super().list_tools()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[ServerContext, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Return refusals and failures as results. Raise MCPError only for a tool that does not exist."""
        dispatch = _dispatch()
        if name not in dispatch.TOOLS and name not in {tool.name for tool in await super().list_tools()}:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {name[:100]}")
        try:
            if name in dispatch.TOOLS:
                return await dispatch.call_tool(name, arguments, context or Context(mcp_server=self))
            return await super().call_tool(name, arguments, context)
        except MCPError:
            raise
        except Exception as error:
            return dispatch.refuse(error, name)

    async def list_prompts(self) -> list[Prompt]:
        """Return the prompts. Ours are added at the first question about prompts, because the SDK's model of one is slow to build."""
        for prompt in _dispatch().prompts.PROMPTS:
            self.add_prompt(prompt)
        return await super().list_prompts()

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[ServerContext, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Return the prompt. Raise MCPError, in our own words, for a wrong name or argument."""
        if (why := _dispatch().prompts.find_fault(await self.list_prompts(), name, arguments or {})) is not None:
            raise MCPError(INVALID_PARAMS, why)
        return await super().get_prompt(name, arguments, context)

    async def list_resources(self) -> list[Resource]:
        """Return the resources that are always there."""
        return [*_dispatch().resources.list_fixed(), *await super().list_resources()]

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Return the resource templates."""
        return [*_dispatch().resources.list_templates(), *await super().list_resource_templates()]

    async def read_resource(
        self, uri: Any, context: Context[ServerContext, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource of ours from the store; any other as the SDK does."""
        if context is None or not str(uri).startswith(SCHEME):
            return await super().read_resource(uri, context)
        return await _dispatch().resources.read_resource(str(uri), context.request_context.lifespan_context)


def build(
    open_service: OpenService,
    catalogue: Catalogue | None = None,
    *,
    today: Callable[[], date] = date.today,
    extensions: Sequence[Extension] = (),
    auth: AuthSettings | None = None,
    tokens: TokenVerifier | None = None,
    pages: Pages | None = None,
    state_codec: SharedStateCodec | None = None,
    has_sessions: bool = True,
    folders: Sequence[Path] = (),
    signs_in: bool = False,
) -> SoraServer:
    """Return the server. It answers at once; the video service is opened later, and closed when the server ends.

    `signs_in` is whether people sign in on pages of the service. An extension of `extensions` takes the place of one of ours with the same
    identifier. Without sessions, as where replicas take turns, no client of the 2025 era can subscribe to resources.
    """
    bus, sessions = sdk.OwnedBus(), sdk.Sessions()
    all_extensions = {extension.identifier: extension for extension in (apps(), Tasks(lambda: _dispatch().TASKS), *extensions)}
    notify = _notify_both_eras(bus, sessions)
    prepare = None if state_codec is None else state_codec.load

    def create_context() -> ServerContext:
        async def watch(service: VideoService) -> None:
            await _dispatch().subscriptions.watch(service, notify, context.changes)

        context = ServerContext(open_service, catalogue or Catalogue(), today=today, background=watch, prepare=prepare, pages=pages)
        return context

    sdk.keep_log_handlers()
    server = SoraServer(
        "sora-mcp",
        title="Sora MCP",
        version=__version__,
        instructions=write_instructions(folders, is_here=tokens is None, signs_in=signs_in),
        website_url=WEBSITE,
        icons=[Icon(src=ICON, mime_type="image/svg+xml", sizes=["any"])],
        lifespan=_lifespan(create_context),
        subscriptions=bus,
        request_state_security=_secure_state(state_codec),
        extensions=list(all_extensions.values()),
        auth=auth,
        token_verifier=tokens,
        cache_hints=CACHED,
        warn_on_duplicate_prompts=False,
    )
    server.middleware.append(sdk.send_valid_unicode)
    if has_sessions:
        sessions.install(server)
    sdk.add_handler(server, "resources/list", PaginatedRequestParams, _list_resources(server))
    sdk.add_handler(server, "completion/complete", CompleteRequestParams, _complete)
    if isinstance(tasks := all_extensions[Tasks.identifier], Tasks):
        sdk.wrap_handler(server, "subscriptions/listen", SubscriptionsListenRequestParams, tasks.listen)
    return server


def write_instructions(folders: Sequence[Path], *, is_here: bool, signs_in: bool = False) -> str:
    """Return the instructions; `folders` are those that pictures are read from, `signs_in` is whether people sign in on pages."""
    here = HERE.format(folders=" or ".join(map(str, folders)) or "one folder")
    return INSTRUCTIONS.format(files=here if is_here else ELSEWHERE.format(door=DOORS[signs_in]))


def _secure_state(codec: SharedStateCodec | None) -> RequestStateSecurity:
    """Return how the state between the rounds of a request is sealed: without a codec, by this process alone."""
    if codec is None:
        return RequestStateSecurity.ephemeral(ttl=QUOTE_GOOD_FOR_S)
    return RequestStateSecurity(codec=codec, ttl=QUOTE_GOOD_FOR_S)


def build_from_settings(settings: Settings, open_service: OpenService, **access: Any) -> SoraServer:
    """Return the server with this user's catalogue and calendar.

    `access`: `auth`, `tokens`, `state_codec`, `has_sessions` and `signs_in` over HTTP, `pages` on stdio.
    """
    folders = (settings.output_dir, *settings.image_dirs)
    return build(open_service, settings.catalogue, today=lambda: datetime.now(settings.zone).date(), folders=folders, **access)


def _notify_both_eras(bus: sdk.OwnedBus, sessions: sdk.Sessions) -> Callable[[str, Iterable[str], bool], Awaitable[None]]:
    """Return a function that notifies a principal's subscribers: those of the 2026 era over a bus, the others over their connections."""

    async def notify(principal: str, uris: Iterable[str], list_changed: bool) -> None:
        for uri in uris:
            await bus.publish_to(principal, ResourceUpdated(uri=uri))
            await sessions.send_updated(principal, uri)
        if list_changed:
            await bus.publish_to(principal, ResourcesListChanged())
            await sessions.send_list_changed(principal)

    return notify


def _lifespan(
    create_context: Callable[[], ServerContext],
) -> Callable[[MCPServer[ServerContext]], AbstractAsyncContextManager[ServerContext]]:
    """Return the server's lifespan, in which the context keeps the service open."""

    @asynccontextmanager
    async def lifespan(server: MCPServer[ServerContext]) -> AsyncGenerator[ServerContext]:
        context = create_context()
        if isinstance(server, SoraServer):
            server.context = context
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(context.keep)
            try:
                yield context
            finally:
                context.close()

    return lifespan


def _list_resources(server: SoraServer) -> Callable[[sdk.Ctx, PaginatedRequestParams], Any]:
    async def list_resources(ctx: sdk.Ctx, params: PaginatedRequestParams) -> ListResourcesResult:
        return await _dispatch().list_resources(ctx, params, await server.list_resources())

    return list_resources


async def _complete(ctx: sdk.Ctx, params: CompleteRequestParams) -> CompleteResult:
    return await _dispatch().complete(ctx, params)


def _list_tools() -> list[Tool]:
    """Return our tools as a client sees them. What answers calls is not imported yet."""
    from sora_mcp.server.tools import TOOLS

    return [tool.listing for tool in TOOLS.values()]


def _dispatch():
    """Import the module that answers requests; neither `initialize` nor `tools/list` may wait for it."""
    from sora_mcp.server import dispatch

    return dispatch
