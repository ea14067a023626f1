"""What a call costs the server, in CPU: lines over stdio without a client library, against a trivial tool of the bare SDK in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from .calling import TRIVIAL
from .figures import ROOT, Figure, at_most

TURNS, CALLS = 5, 40
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
KEYS = {"FAL_KEY": "k1:abc", "RUNWAYML_API_SECRET": "k"}
MODEL = "runway:veo-3.1"
"""Its vendor is asked for no price: an estimate stays on this machine."""
MEASURED: tuple[tuple[str, str, dict[str, Any], float], ...] = (
    ("`estimate_cost` of one model", "estimate_cost", {"model": MODEL}, 2),
    ("`estimate_cost` of all models", "estimate_cost", {}, 8),
    ("`get_video_status` of a finished clip", "get_video_status", {}, 2),
    ("`list_sizes` of one model", "list_sizes", {"model": MODEL}, 2),
    ("`list_sizes` of all models", "list_sizes", {}, 2),
    ("`list_videos`", "list_videos", {}, 2),
)
"""What is measured, the tool, its arguments, and how many times a trivial tool's CPU it may cost."""


class Measured(ABC):
    """A server that can be called, and whose CPU is read."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @abstractmethod
    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of one call."""

    def measure(self, tool: str, arguments: Mapping[str, Any]) -> float:
        """Return the CPU seconds of one call, from several of them."""
        self.call(tool, arguments)
        before = read_cpu(self._pid)
        for _ in range(CALLS):
            self.call(tool, arguments)
        return (read_cpu(self._pid) - before) / CALLS


class Server(Measured):
    """A server that is spoken to in lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process.pid)
        self._process, self._count = process, 0
        self.ask("initialize", HELLO)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of one call."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to one request; notifications in between are skipped."""
        self._count += 1
        self._send({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params})
        assert self._process.stdout is not None
        while (answer := json.loads(self._process.stdout.readline())).get("id") != self._count:
            pass
        return answer["result"]

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()


def read_cpu(pid: int) -> float:
    """Return the CPU seconds of a process so far, also of its threads that have ended: by the clock that Linux keeps for it
    (clock_getcpuclockid(3)), to the nanosecond."""
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def start(*words: str) -> Iterator[Server]:
    """Start a server with a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        own = {"HOME": home, "SORA_MCP_HOME": f"{home}/home", "SORA_MCP_OUTPUT_DIR": f"{home}/videos", "PYTHONPATH": str(ROOT)}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([sys.executable, *words], env={**os.environ, **own, **KEYS}, **pipes) as process:
            try:
                yield Server(process)
            finally:
                process.kill()


def figures() -> Iterator[Figure]:
    """Yield a ratio for each kind of call: the median of several turns, in each of which both servers are measured."""
    if sys.platform != "linux":
        return
    with ExitStack() as stack:
        bare, ours = stack.enter_context(start("-c", TRIVIAL)), stack.enter_context(start("-m", "sora_mcp"))
        yield from compare(ours, bare)


def compare(ours: Measured, bare: Measured, *, over: str = "") -> Iterator[Figure]:
    """Yield a ratio for each kind of call; `over` names the transport where that is not stdio."""
    made = ours.call("create_video", {"prompt": "a kite", "model": "sample:sample", "size": "640x360"})
    clip = {"job_id": made["structuredContent"]["job_id"]}
    while ours.call("get_video_status", clip)["structuredContent"]["state"] != "completed":
        pass
    for what, tool, arguments, most in MEASURED:
        given = clip if tool == "get_video_status" else arguments
        ratios = sorted(ours.measure(tool, given) / bare.measure("nothing", {}) for _ in range(TURNS))
        yield at_most(f"CPU of {what}{over}, against a trivial tool", ratios[TURNS // 2], most, "x")
