"""The state that requests share. The video service is opened in the background after the first answer, or when a call needs it."""

from __future__ import annotations

import copy
import importlib
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
from anyio.abc import TaskGroup
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import LOCAL
from sora_mcp.domain.errors import SoraError, StorageError, VendorError
from sora_mcp.server.caller_identity import Callers
from sora_mcp.server.finished_meanwhile import Chat, Visits
from sora_mcp.server.job_changes import Changes

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.server.loopback_pages import Pages

log = logging.getLogger(__name__)
OPEN_AFTER_S = 0.5
"""Seconds that leave the first answer alone: opening the service imports the database library."""
REQUEST_ID = "[A-Za-z0-9._-]{1,64}"
OpenService = Callable[[], "AbstractAsyncContextManager[VideoService]"]


def open_later(module: str, name: str, *args: Any) -> OpenService:
    """Return a function that opens the service, and imports its module only then, in a worker thread."""

    @asynccontextmanager
    async def open_service() -> AsyncGenerator[VideoService]:
        loaded = await anyio.to_thread.run_sync(importlib.import_module, module)
        async with getattr(loaded, name)(*args) as service:
            yield service

    return open_service


def principal() -> str:
    """Return the owner of this request: the token's subject over HTTP, else the one user of this machine."""
    token = get_access_token()
    return (token.subject if token is not None else None) or LOCAL


@dataclass
class Attempt:
    """One try to open the service, and the callers that wait for it."""

    wanted: anyio.Event = field(default_factory=anyio.Event)
    over: anyio.Event = field(default_factory=anyio.Event)
    error: SoraError | None = None


class ServerContext:
    """The state that requests share: the catalogue at once, the service once it is open."""

    def __init__(
        self,
        open_service: OpenService,
        catalogue: Catalogue,
        *,
        today: Callable[[], date],
        background: Callable[[VideoService], Coroutine[Any, Any, None]],
        prepare: Callable[[VideoService], Awaitable[None]] | None = None,
        pages: Pages | None = None,
    ) -> None:
        self._written = catalogue.on_day(today())
        self.today = today
        self._open = open_service
        self._background = background
        self._prepare = prepare
        self.pages = pages
        """Confirmation pages, where the user sits at this machine and did not turn them off."""
        self._tasks: TaskGroup | None = None
        self.changes = Changes()
        self.visits = Visits()
        self._callers = Callers()
        self._attempt = Attempt()
        self._service: VideoService | None = None
        self._closing = anyio.Event()

    @property
    def catalogue(self) -> Catalogue:
        """The offers; without the vendors' own lists until the service is open."""
        return self._written if self._service is None else self._service.catalogue

    @property
    def current(self) -> VideoService | None:
        """The service, where it is open now."""
        return self._service

    async def load_catalogue(self, model: str) -> Catalogue:
        """Return the offers for a question about a model, or about all. Fetch a vendor's own list where it may apply and is old."""
        if self._service is not None or self._written.may_list(model):
            try:
                await (await self.service()).availability.look(model or None)
            except VendorError:
                raise
            except SoraError as error:
                log.warning("only the written offers are shown: %s", error)
        return self.catalogue

    async def service(self) -> VideoService:
        """Return the open service. Raise StorageError when it cannot be opened; the next call tries again."""
        attempt = self._attempt
        if self._service is None:
            attempt.wanted.set()
            await attempt.over.wait()
        if attempt.error is not None:
            raise copy.copy(attempt.error)  # each caller's traceback grows its own
        if self._service is None:
            raise StorageError("The store is closed.")
        await self._callers.note(self._service)
        return self._service

    async def start(self, serve: Callable[..., Coroutine[Any, Any, None]]) -> None:
        """Run `serve` beside the open service and return once it has started. StorageError where the service is closed."""
        if self._tasks is None:
            raise StorageError("The store is closed.")
        await self._tasks.start(serve)

    async def keep(self) -> None:
        """Open the service and hold it open until `close`; after a failure, open it again when a call needs it."""
        with anyio.move_on_after(OPEN_AFTER_S):
            await self._attempt.wanted.wait()
        while not self._closing.is_set():
            attempt = self._attempt
            try:
                await self._hold(attempt)
            except Exception as error:
                attempt.error = _describe_failure(error)
            finally:
                self._attempt, self._service, self._tasks = Attempt(), None, None
                attempt.over.set()
            if not self._closing.is_set():
                await self._attempt.wanted.wait()
        self._attempt.over.set()

    def close(self) -> None:
        """End `keep`."""
        self._closing.set()
        self._attempt.wanted.set()

    async def _hold(self, attempt: Attempt) -> None:
        async with self._open() as service, anyio.create_task_group() as tasks:
            if self._prepare is not None:
                await self._prepare(service)
            self._service, self._tasks = service, tasks
            attempt.over.set()
            tasks.start_soon(self._background, service)
            await self._closing.wait()
            tasks.cancel_scope.cancel()


ToolContext: TypeAlias = "Context[ServerContext, Any]"
"""The SDK's context of one tool call; as a text, because the SDK builds a model for each pair of types."""


async def get_service(ctx: ToolContext) -> VideoService:
    """Return the open service, and count the call to the caller's visit. Raise StorageError when it cannot be opened."""
    context: ServerContext = ctx.request_context.lifespan_context
    service = await context.service()
    context.visits.enter(name_chat(ctx), service.clock())
    return service


def name_chat(ctx: ToolContext) -> Chat:
    """Return the chat of a call, as far as chats can be told apart: 2026-07-28 has no sessions, whatever a client sends."""
    context = ctx.request_context
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return principal(), ""
    headers: Mapping[str, str] = getattr(context.request, "headers", None) or {}
    return principal(), headers.get("mcp-session-id", "")


def name_request(ctx: ToolContext) -> str | None:
    """Return by which name the log calls a request: the balancer's `X-Request-Id`, else its number in the chat; None for an odd one, and
    for a call that no client sent."""
    try:
        context = ctx.request_context
    except ValueError:
        return None
    headers: Mapping[str, str] = getattr(context.request, "headers", None) or {}
    name = headers.get("x-request-id") or str(context.request_id)
    return name if re.fullmatch(REQUEST_ID, name) else None


def _describe_failure(error: Exception) -> SoraError:
    """Return the error for callers; the details of anything unforeseen stay in the log."""
    if isinstance(error, SoraError):
        log.warning("the store cannot be opened: %s", error)
        return error
    log.error("the store cannot be opened", exc_info=error)
    return StorageError("The store cannot be opened; the server's log says why.")
