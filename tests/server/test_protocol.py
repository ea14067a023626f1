"""The private parts of the SDK that the server leans on. When one of these fails after an upgrade, look at sdk.py first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.types import CallToolResult, TextContent

from scripts.house import ROOT
from sora_mcp.server.app import SoraServer
from sora_mcp.server.sdk import replace_surrogates, send_valid_unicode
from sora_mcp.server.tools import TOOLS
from sora_mcp.server.transports.stdio import run_stdio
from tests.each import each
from tests.played.forks import Forked
from tests.played.stdio import CLIENT as HELLO
from tests.played.stdio import Chat
from tests.waiting import patience

from .conftest import Era
from .counter import PlayedService, a_server

ENVELOPE = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
}


def test_the_low_level_server_stands_where_it_did() -> None:
    low = MCPServer("x")._lowlevel_server
    assert isinstance(low, Server)
    assert all(low.get_request_handler(method) for method in ("resources/list", "subscriptions/listen", "server/discover"))


def test_the_log_stays_as_the_command_set_it_up() -> None:
    """MCPServer would install a handler that loads `rich`, where it finds none."""
    code = "import logging; from sora_mcp.server.app import build; build(lambda: None); print(logging.getLogger().handlers)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_connection_keeps_its_teardown_and_its_channel() -> None:
    connection = Connection.from_envelope("2026-07-28", None, None)
    assert {"exit_stack", "send_resource_updated", "send_resource_list_changed"} <= set(dir(connection))


async def test_a_request_knows_its_connection() -> None:
    seen: list[Any] = []
    server = SoraServer("x")

    async def look(ctx: Any, call_next: Any) -> Any:
        seen.append(ctx.session._connection)
        return await call_next(ctx)

    server.middleware.append(look)
    async with Client(server, mode="legacy"):
        pass
    assert seen and all(isinstance(connection, Connection) for connection in seen)


BROKEN = "a\ud800b \ud83d\ude00"
WHOLE = "a\ufffdb \U0001f600"


def test_lone_surrogates_are_replaced_and_pairs_are_joined() -> None:
    replaced = replace_surrogates({BROKEN: [BROKEN, 1, None, {"x": BROKEN}], "é": "plain"})
    assert replaced == {WHOLE: [WHOLE, 1, None, {"x": WHOLE}], "é": "plain"}


class BrokenWords(SoraServer):
    """Answers with words that no wire can carry."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> CallToolResult:
        if name == "refused":
            raise MCPError(-32602, BROKEN, {"word": BROKEN})
        return CallToolResult(content=[TextContent(type="text", text=BROKEN)], structured_content={"message": BROKEN})


@pytest.mark.fault("Q01")
async def test_no_answer_ever_holds_a_lone_surrogate(era: Era) -> None:
    server = BrokenWords("x")
    server.middleware.append(send_valid_unicode)
    async with Client(server, mode=era) as client:
        answer = await client.call_tool("anything", {})
        with pytest.raises(MCPError) as refused:
            await client.call_tool("refused", {})
    assert answer.structured_content == {"message": WHOLE}
    assert (refused.value.message, refused.value.data) == (WHOLE, {"word": WHOLE})


async def test_a_client_that_listens_does_not_keep_the_server_open() -> None:
    async with Client(a_server(PlayedService())) as client, client.listen(resources_list_changed=True):
        pass
    with patience("a client that comes and goes"):
        async with Client(a_server(PlayedService())):
            pass


@asynccontextmanager
async def started(folder: Path) -> AsyncGenerator[Chat]:
    """The server as a host starts it, before any handshake; its stderr goes to a file in the folder."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await anyio.to_thread.run_sync(Forked, ("tests.server.program",), environ, folder / "stderr")
    async with anyio.create_task_group() as group:
        group.start_soon((server := Chat(process)).hear)  # fails where anything but messages comes on stdout
        try:
            yield server
        finally:
            process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
            group.cancel_scope.cancel()


async def shake(server: Chat) -> dict[str, Any]:
    answer = await server.ask("initialize", **HELLO)
    await server.tell("notifications/initialized")
    return answer["result"]


@contextmanager
def standard_input() -> Iterator[int]:
    """What is written here is read from descriptor 0."""
    (reading, writing), kept = os.pipe(), os.dup(0)
    os.dup2(reading, 0)
    try:
        yield writing
    finally:
        os.dup2(kept, 0)
        for descriptor in (reading, kept):
            os.close(descriptor)


ENDS = {"the client leaves": os.close, "a signal comes": lambda _: os.kill(os.getpid(), signal.SIGTERM)}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
async def test_the_server_talks_on_standard_input_and_output(end: Any, capfd: pytest.CaptureFixture[str]) -> None:
    server = a_server(PlayedService())
    asked = [("server/discover", ENVELOPE), ("initialize", HELLO), ("ping", {})]
    frames = [{"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number, (method, params) in enumerate(asked)]

    async def end_at_ping(ctx: Any, call_next: Any) -> Any:
        if ctx.method == "ping":
            end(writing)
        return await call_next(ctx)

    server.middleware.append(end_at_ping)
    with standard_input() as writing, patience("the server to read to the end"):
        os.write(writing, "".join(json.dumps(frame) + "\n" for frame in frames).encode())
        await run_stdio(server)
    answers = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers][:2] == [0, 1]
    assert all("result" in answer for answer in answers[:2])


async def test_a_client_that_says_nothing_is_answered_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with standard_input() as writing, patience("the server to end"):
        os.close(writing)
        await run_stdio(a_server(PlayedService()))
    assert capfd.readouterr().out == ""


CLEAN = "a stray word\nthe service is closed\nthe end\n"


async def test_a_host_that_asks_and_then_shakes_hands_is_served(tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        assert (await server.ask("server/discover", **ENVELOPE))["result"]["supportedVersions"] == ["2026-07-28"]
        assert (await shake(server))["protocolVersion"] == "2025-11-25"
        assert len((await server.ask("tools/list"))["result"]["tools"]) == len(TOOLS)
        await server.call("list_videos")
        assert (await server.leave(), (tmp_path / "stderr").read_text("utf-8")) == (0, CLEAN)


async def test_a_host_that_asks_and_goes_on_without_a_handshake_is_served(tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        for _ in range(2):
            await server.ask("server/discover", **ENVELOPE)
        assert len((await server.ask("tools/list", **ENVELOPE))["result"]["tools"]) == len(TOOLS)
        assert "error" in await server.ask("initialize", **HELLO)
        assert await server.leave() == 0


@pytest.mark.fault("R05")
async def test_a_host_that_leaves_without_a_word_ends_the_server(tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        assert (await server.leave(), server.said) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@each("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_server_as_the_clients_leaving_does(number: signal.Signals, tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        await shake(server)
        await server.call("list_videos")
        server.process.send_signal(number)
        with patience("the server to end"):
            assert await server.process.wait() == 0
    assert (tmp_path / "stderr").read_text("utf-8") == CLEAN


async def test_a_prompt_in_any_script_goes_over_the_wire_and_back(tmp_path: Path) -> None:
    async with started(tmp_path) as server:
        await shake(server)
        prompt = "Ein Boot \u2028 лодка 船 " + "x" * 90_000
        answer = await server.call("create_video", promt=prompt)
        assert answer["error"]["fixes"][0] == {"argument": "prompt", "value": prompt, "usd": 0.4}
