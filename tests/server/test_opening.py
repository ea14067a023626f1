"""The service opens late, is tried again after a failure, and ends with the server."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain.errors import StorageError
from sora_mcp.server import context as opened
from sora_mcp.server.app import build
from sora_mcp.server.context import ServerContext, open_later, principal
from tests.each import each
from tests.waiting import patience

from .conftest import Era
from .counter import PlayedService


class Opening:
    """A way to open a played service that fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries = 0
        self.closed = 0
        self.opened = anyio.Event()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.opened.set()
        try:
            yield PlayedService()
        finally:
            self.closed += 1


def server(opening: Callable[[], Any]) -> Any:
    return build(opening, Catalogue())


async def test_the_service_opens_although_nobody_calls() -> None:
    opening = Opening()
    async with Client(server(opening)):
        with patience("the store to open"):
            await opening.opened.wait()
    assert (opening.tries, opening.closed) == (1, 1)


async def test_a_call_opens_the_service_at_once_and_only_once(era: Era) -> None:
    opening = Opening()
    async with Client(server(opening), mode=era) as client:
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(client.call_tool, "list_videos")
        assert (opening.tries, opening.closed) == (1, 0)
    assert opening.closed == 1


async def test_what_needs_no_store_does_not_open_it(era: Era, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "OPEN_AFTER_S", 60.0)  # else it opens by itself where the machine is slow
    opening = Opening(StorageError("The disk is full."))
    async with Client(server(opening), mode=era) as client:
        assert (await client.call_tool("list_sizes", {})).is_error is False
        assert opening.tries == 0


async def test_a_store_that_cannot_be_opened_is_said_at_each_call_and_tried_again(era: Era) -> None:
    opening = Opening(StorageError("The disk is full."), OSError("no such thing"))
    async with Client(server(opening), mode=era) as client:
        answers = [await client.call_tool("list_videos", {}) for _ in range(3)]
    assert [(answer.structured_content or {}).get("error") for answer in answers] == [
        {"code": "storage_error", "message": "The disk is full.", "charged": "no"},
        {"code": "storage_error", "message": "The store cannot be opened; the server's log says why.", "charged": "no"},
        None,
    ]


async def test_each_who_waited_for_a_store_that_cannot_be_opened_has_a_refusal_of_his_own() -> None:
    answers: dict[str, Any] = {}
    async with Client(server(Opening(StorageError("The disk is full.")))) as client:

        async def ask(tool: str, **arguments: Any) -> None:
            answers[tool] = (await client.call_tool(tool, arguments)).structured_content

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(ask, "get_video_status", job_id="v_0123456789"))
            tasks.start_soon(partial(ask, "create_video", prompt="a kite"))
            tasks.start_soon(ask, "estimate_cost")
    assert {tool: answer["error"]["charged"] for tool, answer in answers.items()} == {
        "get_video_status": "unknown",
        "create_video": "no",
        "estimate_cost": "no",
    }


class Breaking(Opening):
    """A service that breaks while it is open, when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = anyio.Event()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        async with super().__call__() as service, anyio.create_task_group() as tasks:
            if self.tries == 1:
                tasks.start_soon(self._break)
            yield service

    async def _break(self) -> None:
        await self.now.wait()
        raise RuntimeError("a bug of the worker")


async def test_a_service_that_broke_is_opened_again_for_the_next_call(era: Era) -> None:
    opening = Breaking()
    async with Client(server(opening), mode=era) as client:
        await client.call_tool("list_videos", {})
        opening.now.set()
        with patience("the store to close"):
            while not opening.closed:
                await anyio.lowlevel.checkpoint()
        assert (await client.call_tool("list_videos", {})).is_error is False
    assert (opening.tries, opening.closed) == (2, 2)


async def test_who_asks_when_all_is_over_hears_that_the_store_is_closed() -> None:
    opening = Opening()
    opened = ServerContext(opening, Catalogue(), today=date.today, background=lambda service: anyio.lowlevel.checkpoint())
    opened.close()
    await opened.keep()
    with pytest.raises(StorageError, match="closed"):
        await opened.service()
    assert opening.tries == 0


async def test_a_later_room_is_imported_only_when_it_is_entered() -> None:
    entered: list[str] = []

    class Room:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __aenter__(self) -> Any:
            entered.append(self.name)
            return PlayedService()

        async def __aexit__(self, *exc: object) -> None:
            entered.append("left")

    room = importlib.import_module(__name__)
    room.Room = Room  # type: ignore[attr-defined]
    async with open_later(__name__, "Room", "settings")() as service:
        assert isinstance(service, PlayedService)
    assert entered == ["settings", "left"]


def test_the_server_is_built_without_what_only_later_requests_need() -> None:
    code = (
        "import sys, sora_mcp.server.app as app, sora_mcp.server.transports.stdio; app.build(lambda: None);"
        "late = ('sqlalchemy', 'av', 'PIL', *(f'sora_mcp.{name}' for name in "
        "('server.dispatch', 'server.tools', 'store', 'jobs.service', 'jobs.runtime', 'jobs.worker')));"
        "print([name for name in late if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@each(("subject", "expected"), [("ana", "ana"), (None, "local")])
def test_a_request_belongs_to_the_subject_of_its_token(subject: str | None, expected: str) -> None:
    token = AccessToken(token="t", client_id="c", scopes=[], subject=subject)
    before = auth_context_var.set(AuthenticatedUser(token))
    try:
        assert principal() == expected
    finally:
        auth_context_var.reset(before)


def test_without_a_token_there_is_one_user() -> None:
    assert principal() == "local"
