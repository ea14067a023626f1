"""The private parts of the SDK that the server leans on. When one of these fails after an upgrade, look at sdk.py first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.types import CallToolResult, TextContent

from sora_mcp.server.app import SoraServer
from sora_mcp.server.tools import TOOLS
from sora_mcp.server.transports.sdk import replace_surrogates, send_valid_unicode
from sora_mcp.server.transports.stdio import run_stdio
from tests.each import each
from tests.waiting import PATIENCE_S, patience

from .conftest import Era
from .counter import PlayedService, a_server

ENVELOPE = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
PROGRAM = """
    import sys
    from contextlib import asynccontextmanager
    import anyio
    from sora_mcp.server.app import build
    from sora_mcp.server.transports.stdio import run_stdio
    from tests.server.counter import PlayedService

    @asynccontextmanager
    async def open_service():
        print("a stray word")
        try:
            yield PlayedService()
        finally:
            await anyio.sleep(0)
            print("the service is closed", file=sys.stderr)

    anyio.run(run_stdio, build(open_service))
    print("the end", file=sys.stderr)
"""
ROOT = Path(__file__).parent.parent.parent


def test_the_low_level_server_stands_where_it_did() -> None:
    low = MCPServer("x")._lowlevel_server
    assert isinstance(low, Server)
    assert all(low.get_request_handler(method) for method in ("resources/list", "subscriptions/listen", "server/discover"))


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


class Process:
    """The server as a host starts it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._id = 0

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._id += 1
        self.say({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        return json.loads(self.process.stdout.readline())  # type: ignore[union-attr]

    def say(self, frame: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(frame).encode() + b"\n")
        self.process.stdin.flush()

    def shake(self) -> dict[str, Any]:
        answer = self.ask("initialize", **HELLO)
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def leave(self) -> tuple[int, bytes, bytes]:
        """The exit code, and what else was written."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@contextmanager
def started() -> Iterator[Process]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments: list[str] = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environ) as process:
        try:
            yield Process(process)
        finally:
            process.kill()


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


CLEAN = b"a stray word\nthe service is closed\nthe end\n"


def test_a_host_that_asks_and_then_shakes_hands_is_served() -> None:
    with started() as server:
        found = server.ask("server/discover", **ENVELOPE)
        assert found["result"]["supportedVersions"] == ["2026-07-28"]
        assert server.shake()["result"]["protocolVersion"] == "2025-11-25"
        assert len(server.ask("tools/list")["result"]["tools"]) == len(TOOLS)
        server.ask("tools/call", name="list_videos", arguments={})
        assert server.leave() == (0, b"", CLEAN)


def test_a_host_that_asks_and_goes_on_without_a_handshake_is_served() -> None:
    with started() as server:
        server.ask("server/discover", **ENVELOPE)
        server.ask("server/discover", **ENVELOPE)
        assert len(server.ask("tools/list", **ENVELOPE)["result"]["tools"]) == len(TOOLS)
        assert "error" in server.ask("initialize", **HELLO)
        assert server.leave()[0] == 0


@pytest.mark.fault("R05")
def test_a_host_that_leaves_without_a_word_ends_the_server() -> None:
    with started() as server:
        assert server.leave()[:2] == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@each("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_as_the_clients_leaving_does(number: signal.Signals) -> None:
    with started() as server:
        server.shake()
        server.ask("tools/call", name="list_videos", arguments={})
        server.process.send_signal(number)
        assert server.process.wait(timeout=PATIENCE_S) == 0
        assert server.process.stderr and server.process.stderr.read() == CLEAN


def test_a_prompt_in_any_script_goes_over_the_wire_and_back() -> None:
    with started() as server:
        server.shake()
        prompt = "Ein Boot \u2028 лодка 船 " + "x" * 90_000
        answer = server.ask("tools/call", name="create_video", arguments={"promt": prompt})
        assert answer["result"]["structuredContent"]["error"]["fixes"][0] == {"argument": "prompt", "value": prompt, "usd": 0.4}
