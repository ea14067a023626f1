"""The real server over HTTP with the suite's fixtures on it: `python -m tests.conformance.server PORT HOME`."""

from __future__ import annotations

import sys
import warnings
from datetime import date
from pathlib import Path

import uvicorn
from mcp import MCPDeprecationWarning

from sora_mcp.config.logging import log_to_stderr
from sora_mcp.config.settings import load
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import open_later

from .fixtures import mount
from .tasks import FixtureTasks


def main(port: int, home: Path) -> None:
    """Until it is stopped."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)  # the suite asks for what the protocol is about to drop
    environ = {"SORA_MCP_HOME": str(home), "SORA_MCP_OUTPUT_DIR": str(home / "videos"), "SORA_MCP_LOG": "critical"}
    settings = load(environ, today=date.today())
    log_to_stderr(settings)
    tasks = FixtureTasks()
    server = build_from_settings(settings, open_later("sora_mcp.jobs.runtime", "open_service", settings), extensions=(tasks,))
    mount(server)
    tasks.mount(server)
    uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
