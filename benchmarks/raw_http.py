"""What a call costs a service, in CPU: bytes over HTTP without a client library, against a trivial tool of the bare SDK in turn."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from .figures import Figure, at_most
from .raw_calls import CALLS, KEYS, MODEL, Measured, compare
from .service import HEADERS, META, VERSION, replica

TRIVIAL = """
import sys
from mcp.server import MCPServer
server = MCPServer("bare", log_level="WARNING")
@server.tool()
async def nothing() -> str:
    return "nothing"
server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]), stateless_http=True)
"""
PATIENCE_S = 30.0


class Caller(Measured):
    """A connection that is kept, to one server."""

    def __init__(self, port: int, pid: int) -> None:
        super().__init__(pid)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def measure(self, tool: str, arguments: Mapping[str, Any]) -> float:
        """Return the CPU seconds of one call, on a new connection: while the other server is measured, this one gives up the last."""
        self.close()
        return super().measure(tool, arguments)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of one call."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": META}}
        names = {"MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": tool}
        self._connection.request("POST", "/mcp", json.dumps(body), HEADERS | names)
        text = self._connection.getresponse().read().decode()
        data = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
        return json.loads(data[-1] if data else text)["result"]


@contextmanager
def start_bare() -> Iterator[tuple[int, int]]:
    """Run the bare server, and return its port and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", TRIVIAL, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + PATIENCE_S
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert process.poll() is None and time.monotonic() < end, "the bare server does not start"
                time.sleep(0.1)
            yield port, process.pid
        finally:
            process.kill()


def figures() -> Iterator[Figure]:
    """Yield a ratio for each kind of call: the median of several turns, in each of which both servers are measured."""
    if sys.platform != "linux":
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        served = stack.enter_context(replica(folder, KEYS))
        ours = stack.enter_context(closing(Caller(served.port, served.pid)))
        bare = stack.enter_context(closing(Caller(*stack.enter_context(start_bare()))))
        yield from compare(ours, bare, over=" over HTTP")
        waits = sorted(_measure_wait(ours) for _ in range(CALLS))
        yield at_most("`list_sizes` answers over HTTP, median", waits[CALLS // 2] * 1000, 20, " ms")


def _measure_wait(server: Caller) -> float:
    """Return the seconds until a call that needs no store is answered."""
    began = time.perf_counter()
    server.call("list_sizes", {"model": MODEL})
    return time.perf_counter() - began
