"""The server on stdio as a client under test starts it: the real one, on a fixed day, so that prices and ends do not move.

`python -m evals.server`, with the settings in the environment. It is noon when it starts, or was at the moment that EVALS_NOON names, in
seconds since 1970: so a second server goes on where the first one ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from sora_mcp.config.settings import load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.net.client import VendorClient
from sora_mcp.server.app import build
from sora_mcp.server.transports.stdio import run_stdio
from tests.conversations.script import NOON
from tests.played.rig import TODAY


def make_clock(environ: Mapping[str, str]) -> Callable[[], float]:
    """Return the clock of that day."""
    began = float(environ.get("EVALS_NOON", time.time()))
    return lambda: NOON + time.time() - began


def main() -> None:
    """Serve one client until it leaves."""
    tell_time = make_clock(os.environ)
    settings = load(os.environ, today=TODAY, config=Path(os.environ["SORA_MCP_HOME"]) / "none.toml")

    @asynccontextmanager
    async def open_here() -> AsyncGenerator[VideoService]:
        client = VendorClient(settings.home, settings.keys, settings.trusted_hosts)
        async with open_service(settings, clock=tell_time, http_client=client) as service:
            yield service

    folders = (settings.output_dir, *settings.image_dirs)
    anyio.run(run_stdio, build(open_here, settings.catalogue, today=lambda: TODAY, folders=folders))


if __name__ == "__main__":
    main()
