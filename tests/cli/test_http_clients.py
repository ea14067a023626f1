"""Clients over HTTP as they are: odd `Accept` headers, lost sessions, connections that end in the middle."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest

from .test_http import PING
from .test_serving import PATIENCE_S, free_port, started, up

pytestmark = pytest.mark.slow
MODERN = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}


async def test_clients_are_served_as_they_are(said: dict[str, str], tmp_path: Path) -> None:
    port, err = free_port(), tmp_path / "stderr"
    with err.open("wb") as file, started(said, "serve", "--port", str(port), stderr=file) as process:
        await up(port)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            del client.headers["accept"]
            await check_accept(client)
            await check_lost_session(client)
        for head in (b"Content-Length: 5000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as hasty:
                own = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n" % port
                hasty.sendall(own + head)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            assert (await client.post("/mcp", json=PING)).status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
    lines = [line for line in err.read_text().splitlines() if "serves" not in line]
    assert len(lines) == 2, lines
    assert all("a client left in the middle of its request" in line for line in lines)


async def check_accept(client: httpx2.AsyncClient) -> None:
    """Whatever the client takes, it is answered in a form that it takes."""
    for accept, kind in (
        (None, "text/event-stream"),
        ("*/*", "text/event-stream"),
        ("application/json", "application/json"),
        ("application/json;q=0.9", "application/json"),
        ("application/*", "application/json"),
        ("application/json, text/event-stream", "text/event-stream"),
    ):
        headers = {} if accept is None else {"Accept": accept}
        opened = await client.post("/mcp", json=PING, headers=headers)
        assert (opened.status_code, opened.headers["content-type"].split(";")[0]) == (200, kind), accept
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        listed = await client.post("/mcp", json=LIST, headers={**headers, **session})
        assert (listed.status_code, listed.headers["content-type"].split(";")[0]) == (200, kind), accept
        if kind == "application/json":
            assert (opened.json()["id"], len(listed.json()["result"]["tools"]) >= 8) == (1, True)
        modern = await client.post("/mcp", json={**LIST, "params": {"_meta": META}}, headers={**headers, **MODERN})
        assert (modern.status_code, len(modern.json()["result"]["tools"]) >= 8) == (200, True), accept
    assert (await client.post("/mcp", json=PING, headers={"Accept": "text/html"})).status_code == 406


async def check_lost_session(client: httpx2.AsyncClient) -> None:
    """A handshake with the id of a lost session begins a new one; any other request is told that the session is gone."""
    lost = {"mcp-session-id": "0" * 32}
    opened = await client.post("/mcp", json=PING, headers=lost)
    assert (opened.status_code, opened.headers["mcp-session-id"] != "0" * 32) == (200, True)
    assert (await client.post("/mcp", json=LIST, headers={"mcp-session-id": opened.headers["mcp-session-id"]})).status_code == 200
    answer = await client.post("/mcp", json=LIST, headers=lost)
    assert (answer.status_code, json.loads(answer.content)["error"]["message"]) == (404, "Session not found")
