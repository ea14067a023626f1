"""The desk behind the server: opened in the background after the first answer, or when a call needs it, and closed with the server."""

from __future__ import annotations

import copy
import importlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.auth.middleware.auth_context import get_access_token

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import LOCAL
from sora_mcp.domain.errors import SoraError, StorageError

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

log = logging.getLogger(__name__)
OPEN_AFTER_S = 0.5
"""Long enough for the first answer: opening imports the database library."""
OpenService = Callable[[], "AbstractAsyncContextManager[VideoService]"]


def later(module: str, name: str, *args: Any) -> OpenService:
    """A way to open the desk that imports its module only then, in a worker thread."""

    @asynccontextmanager
    async def open_service() -> AsyncGenerator[VideoService]:
        room = await anyio.to_thread.run_sync(importlib.import_module, module)
        async with getattr(room, name)(*args) as service:
            yield service

    return open_service


def principal() -> str:
    """Whose request this is: the token's subject over HTTP, else the one user of this machine."""
    token = get_access_token()
    return (token.subject if token is not None else None) or LOCAL


@dataclass
class Attempt:
    """One try to open the desk, and who waits for it."""

    wanted: anyio.Event = field(default_factory=anyio.Event)
    over: anyio.Event = field(default_factory=anyio.Event)
    error: SoraError | None = None


class ServerContext:
    """What requests share: the catalogue at once, the desk when it is open."""

    def __init__(
        self,
        open_service: OpenService,
        catalogue: Catalogue,
        *,
        today: Callable[[], date],
        beside: Callable[[VideoService], Coroutine[Any, Any, None]],
    ) -> None:
        self._written = catalogue
        self.today = today
        self._open = open_service
        self._beside = beside
        self._attempt = Attempt()
        self._desk: VideoService | None = None
        self._closing = anyio.Event()

    @property
    def catalogue(self) -> Catalogue:
        """What is on sale: without the vendors' own lists until the desk is open."""
        return self._written if self._desk is None else self._desk.catalogue

    async def sold(self, name: str) -> Catalogue:
        """The catalogue for a question about this model, or about all; a vendor's own list is fetched where it may be meant and is old."""
        if self._desk is not None or self._written.lists(name):
            try:
                await (await self.service()).availability.look(name or None)
            except SoraError as error:
                log.warning("only the written offers are shown: %s", error)
        return self.catalogue

    async def service(self) -> VideoService:
        """The open desk. StorageError when it cannot be opened; the next call tries again."""
        attempt = self._attempt
        if self._desk is None:
            attempt.wanted.set()
            await attempt.over.wait()
        if attempt.error is not None:
            raise copy.copy(attempt.error)  # each caller's traceback grows its own
        if self._desk is None:
            raise StorageError("The store is closed.")
        return self._desk

    async def keep(self) -> None:
        """Open the desk, hold it open until `close`, and open it again when it broke and somebody asks."""
        with anyio.move_on_after(OPEN_AFTER_S):
            await self._attempt.wanted.wait()
        while not self._closing.is_set():
            attempt = self._attempt
            try:
                await self._hold(attempt)
            except Exception as error:
                attempt.error = _said(error)
            finally:
                self._attempt, self._desk = Attempt(), None
                attempt.over.set()
            if not self._closing.is_set():
                await self._attempt.wanted.wait()
        self._attempt.over.set()

    def close(self) -> None:
        """Let `keep` end."""
        self._closing.set()
        self._attempt.wanted.set()

    async def _hold(self, attempt: Attempt) -> None:
        async with self._open() as service, anyio.create_task_group() as tasks:
            self._desk = service
            attempt.over.set()
            tasks.start_soon(self._beside, service)
            await self._closing.wait()
            tasks.cancel_scope.cancel()


def _said(error: Exception) -> SoraError:
    """What a caller hears; anything unforeseen is in the log only."""
    if isinstance(error, SoraError):
        log.warning("the store cannot be opened: %s", error)
        return error
    log.error("the store cannot be opened", exc_info=error)
    return StorageError("The store cannot be opened; the server's log says why.")
