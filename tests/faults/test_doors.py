"""Row R11 over HTTP: clients that send slowly, or never the end, keep nobody else waiting and the server from no end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import anyio
import httpx2
import pytest

from tests.cli.test_serving import free_port, up
from tests.each import each
from tests.faults.test_ending import MOST_S
from tests.played.processes import run
from tests.played.rig import environment
from tests.waiting import PATIENCE_S, patience

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that could be caught")]
SLOW = 200
ACCEPT = "application/json, text/event-stream"
BODY = f"Content-Type: application/json\r\nAccept: {ACCEPT}\r\nContent-Length: 1000\r\n\r\n{{"
REQUEST = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
HEADS = {"half a header": f"{REQUEST}X-Slow: ", "half a body": f"{REQUEST}{BODY}"}
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT}


@pytest.mark.fault("R11")
@each("head", HEADS.values(), ids=list(HEADS))
async def test_r11_slow_clients_hold_up_neither_others_nor_the_end(head: str, tmp_path: Path) -> None:
    port = free_port()
    process = await run("sora_mcp", "serve", "--port", str(port), env=environment(tmp_path, {}, ()))
    try:
        await up(port)
        slow = [await anyio.connect_tcp("127.0.0.1", port) for _ in range(SLOW)]
        for client in slow:
            await client.send(head.replace("PORT", str(port)).encode())
        async with httpx2.AsyncClient(verify=False) as quick:
            answer = await quick.post(f"http://127.0.0.1:{port}/mcp", json=HELLO, headers={"Accept": ACCEPT}, timeout=PATIENCE_S)
        assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        with patience("the server to end", MOST_S):
            await process.wait()
        for client in slow:
            await client.aclose()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
