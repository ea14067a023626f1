"""The service opens late, is tried again after a failure, and ends with the server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
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
    calls = {"get_video_status": {"job_id": "v_0123456789"}, "create_video": {"prompt": "a kite"}, "estimate_cost": {}}
    charged: dict[str, str] = {}
    async with Client(server(Opening(StorageError("The disk is full.")))) as client:

        async def ask(tool: str) -> None:
            charged[tool] = ((await client.call_tool(tool, calls[tool])).structured_content or {})["error"]["charged"]

        async with anyio.create_task_group() as tasks:
            for tool in calls:
                tasks.start_soon(ask, tool)
    assert charged == {"get_video_status": "unknown", "create_video": "no", "estimate_cost": "no"}


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


entered: list[str] = []


@asynccontextmanager
async def enter(name: str) -> AsyncIterator[Any]:
    entered.append(name)
    yield PlayedService()
    entered.append("left")


async def test_a_later_room_is_imported_only_when_it_is_entered() -> None:
    later = open_later(__name__, "enter", "settings")
    assert entered == []
    async with later() as service:
        assert isinstance(service, PlayedService)
    assert entered == ["settings", "left"]


LISTED = """
import anyio, sys, sora_mcp.server.app as app, sora_mcp.server.transports.stdio
server = app.build(lambda: None)
rooms = ("store", "jobs", "artifacts", "media.api", "server.dispatch", "server.prompts")
late = ("sqlalchemy", "av", "PIL", "rich", *(f"sora_mcp.{name}" for name in rooms))
print([name for name in (*late, "sora_mcp.server.tools") if name in sys.modules])
print(len(anyio.run(server.list_tools)), [name for name in late if name in sys.modules])
"""


def test_the_server_is_built_and_lists_its_tools_without_what_only_calls_need() -> None:
    assert subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True).stdout == "[]\n9 []\n"


@each(("subject", "expected"), [("ana", "ana"), (None, "local"), ("", "local")])
def test_a_request_belongs_to_the_subject_of_its_token_else_to_the_one_user(subject: str | None, expected: str) -> None:
    token = None if subject == "" else AccessToken(token="t", client_id="c", scopes=[], subject=subject)  # "" stands for no token
    user = AuthenticatedUser(token) if token else None
    before = auth_context_var.set(user)
    try:
        assert principal() == expected
    finally:
        auth_context_var.reset(before)
