"""Servers over HTTP as processes of their own, called without a client library, and the CPU that they use."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from .figures import ROOT

PATIENCE_S = 120.0
VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Replica:
    """A running server."""

    port: int
    pid: int
    metrics_port: int

    @property
    def url(self) -> str:
        """Its MCP address."""
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def cpu_ms(self) -> float:
        """The CPU of all its threads so far."""
        return _read_cpu_ms(self.pid)


@contextmanager
def replica(folder: Path, environ: Mapping[str, str], *words: str) -> Iterator[Replica]:
    """Run a server with a home of its own."""
    folder.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        port, metrics_port = first.getsockname()[1], second.getsockname()[1]
    own = {"HOME": str(folder), "SORA_MCP_HOME": f"{folder}/home", "SORA_MCP_OUTPUT_DIR": f"{folder}/videos", "SORA_MCP_TIMEZONE": "UTC"}
    command = [sys.executable, "-m", "sora_mcp", "serve", "--port", str(port), "--metrics-port", str(metrics_port), *words]
    with (folder / "stderr").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), **own, **environ}, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _is_ready(port):
            assert process.poll() is None and time.monotonic() < end, (folder / "stderr").read_text("utf-8")
            time.sleep(0.2)
        yield Replica(port, process.pid, metrics_port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


async def ask(http: httpx2.AsyncClient, server: Replica, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the structured part of a tool's answer."""
    body = {
        "jsonrpc": "2.0",
        "id": next(NUMBERS),
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, "_meta": META},
    }
    names = {"MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": tool, "Authorization": f"Bearer {token}"}
    answer = await http.post(server.url, content=json.dumps(body), headers=HEADERS | names)
    text = answer.text
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        text = [line for line in text.splitlines() if line.startswith("data:")][-1].removeprefix("data:")
    return json.loads(text)["result"]["structuredContent"]


async def read_metric(http: httpx2.AsyncClient, server: Replica, name: str) -> float:
    """Return the sum of a metric over its labels."""
    text = (await http.get(f"http://127.0.0.1:{server.metrics_port}/metrics")).text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))


def name_person(number: int) -> str:
    """Return the name of one of the people."""
    return f"person-{number:04}"


def token_of(number: int) -> str:
    """Return the person's token."""
    return f"token-of-{name_person(number)}"


def measure_cpu(parent: int) -> float:
    """Return the CPU ms of a process and its children so far, also of those that have ended."""
    children = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _find_parent(int(entry.name)) == parent]
    return sum(map(_read_cpu_ms, (parent, *children)))


def _read_cpu_ms(pid: int) -> float:
    """Return the CPU of all threads, also of those that have ended, and of children that were waited for."""
    with suppress(OSError):
        return sum(map(int, _read_stat(pid)[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")
    return 0.0


def _find_parent(pid: int) -> int:
    with suppress(OSError):
        return int(_read_stat(pid)[1])
    return 0


def _read_stat(pid: int) -> list[str]:
    """Return the fields behind the name of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5.0, verify=False).status_code == 200
    except httpx2.TransportError:
        return False
