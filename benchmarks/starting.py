"""From the start of the process to the answers to `initialize` and `tools/list`."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

from .figures import ROOT, Figure, at_most

BARE = (sys.executable, "-c", "from mcp.server import MCPServer; MCPServer('bare').run()")
OURS = (sys.executable, "-m", "sora_mcp")
ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}},
}
THEN = (
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)
TIMES = 15


def figures() -> Iterator[Figure]:
    """Ours against a server without a tool, in turns; the fastest of each, because whatever else the machine does only adds."""
    compileall.compile_dir(ROOT / "sora_mcp", quiet=1)  # as pip leaves both; not every environment writes it by itself
    with tempfile.TemporaryDirectory() as home:
        pairs = [(time_answers(BARE, home), time_answers(OURS, home)) for _ in range(TIMES + 1)][1:]
    for number, (method, most) in enumerate((("initialize", 1.1), ("tools/list", 1.0))):
        bare, ours = (min(times[number] for times in side) for side in zip(*pairs, strict=True))
        note = f"{ours * 1000:.0f} ms against {bare * 1000:.0f} ms"
        yield at_most(f"start to `{method}`, against a bare server", ours / bare, most, "x", note=note)


def time_answers(command: Sequence[str], home: str) -> tuple[float, float]:
    """Seconds to the answers to `initialize` and `tools/list`."""
    environ = {**os.environ, "SORA_MCP_HOME": home, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        ask(process, ASK)
        initialized = time.perf_counter()
        ask(process, *THEN)
        listed = time.perf_counter()
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    return initialized - began, listed - began


def ask(process: subprocess.Popen[bytes], *messages: Mapping[str, object]) -> None:
    """Send messages, and wait for the answer to the last one."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == messages[-1]["id"]
