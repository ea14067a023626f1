"""From the start of the process to the answer to `initialize`."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from .figures import ROOT, Figure, at_most

BARE = (sys.executable, "-c", "from mcp.server import MCPServer; MCPServer('bare').run()")
OURS = (sys.executable, "-m", "sora_mcp")
ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}},
}
TIMES = 15


def figures() -> Iterator[Figure]:
    """Ours against a server without a tool, in turns; the fastest of each, because whatever else the machine does only adds."""
    compileall.compile_dir(ROOT / "sora_mcp", quiet=1)  # as pip leaves both; not every environment writes it by itself
    with tempfile.TemporaryDirectory() as home:
        pairs = [(answered(BARE, home), answered(OURS, home)) for _ in range(TIMES + 1)][1:]
    bare, ours = (min(times) for times in zip(*pairs, strict=True))
    yield at_most(
        "start to `initialize`, against a bare server", ours / bare, 1.1, "x", note=f"{ours * 1000:.0f} ms against {bare * 1000:.0f} ms"
    )


def answered(command: Sequence[str], home: str) -> float:
    """Seconds to the first answer."""
    environ = {**os.environ, "SORA_MCP_HOME": home, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(ASK).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        took = time.perf_counter() - began
        process.stdin.close()
        process.wait()
    return took
