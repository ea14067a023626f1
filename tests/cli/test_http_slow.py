"""Requests that do not come: they are given up, and clients that do send theirs notice nothing."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from .test_http import AS_BEN, BEN, HEADERS, PING
from .test_serving import PATIENCE_S, served

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="descriptors are limited with resource")]
DESCRIPTORS = 256
HEAD = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"


def limit_descriptors() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def closed_after(connection: socket.socket) -> float:
    """Seconds until the server closes the connection."""
    connection.settimeout(PATIENCE_S)
    begun = time.monotonic()
    with suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return time.monotonic() - begun


def test_a_head_that_does_not_come_is_closed_after_five_seconds_and_a_body_after_thirty(said: dict[str, str], tmp_path: Path) -> None:
    with served(said, tmp_path, preexec_fn=limit_descriptors) as server, ExitStack() as stack:
        port = server.port
        silent, half, answered, drip = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(4)]
        half.sendall(b"GET / HTTP/1.1\r\nX: ")
        answered.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n")
        drip.sendall(HEAD % port + b"Content-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        took = [closed_after(connection) for connection in (silent, half, answered)]
        assert sum(took) > 4
        drip.setblocking(False)
        with pytest.raises(BlockingIOError):  # still open: a body has more time than a head
            drip.recv(1)
        drip.sendall(b'"')
        closed_after(drip)
        assert time.monotonic() - begun > 28


def test_eleven_hundred_slow_connections_change_nothing_for_a_client_with_a_token(said: dict[str, str], tmp_path: Path) -> None:
    (tokens := tmp_path / "tokens").write_text(f"ben:{BEN}\n", "utf-8")
    headers = {**HEADERS, **AS_BEN}
    with served(said, tmp_path, "--token-file", str(tokens), preexec_fn=limit_descriptors) as server, ExitStack() as stack:
        port = server.port
        for number in range(1100):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            kinds = (b"GET / HTTP/1.1\r\nX: ", b"", HEAD % port + b"Content-Length: 100\r\n\r\n{", HEAD % port + b"\r\nGET")
            with suppress(OSError):  # closed already, to make room
                slow.sendall(kinds[number % len(kinds)])
            if number % 100 == 99:
                assert httpx2.post(f"http://127.0.0.1:{port}/mcp", json=PING, headers=headers, timeout=PATIENCE_S).status_code == 200
        made = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "create_video", "arguments": {"prompt": "a kite"}}}
        with httpx2.Client(headers=headers, timeout=PATIENCE_S) as client:
            session = client.post(f"http://127.0.0.1:{port}/mcp", json=PING).headers["mcp-session-id"]
            answer = client.post(f"http://127.0.0.1:{port}/mcp", json=made, headers={"mcp-session-id": session}).text
        assert '"job_id":"v_' in answer.replace(" ", "")
    assert not [line for line in server.lines if "Traceback" in line or "unable to open" in line]
