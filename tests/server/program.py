"""A server over a played service, for tests to run as a process: `python -m tests.server.program`."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel

from sora_mcp.server.app import build
from sora_mcp.server.transports.stdio import run_stdio
from tests.nouns import a_job

from .counter import PlayedService, a_done_job


@asynccontextmanager
async def open_service() -> AsyncGenerator[Any]:
    """A service with one job, which ends at the fourth look."""
    print("a stray word")
    try:
        yield PlayedService({a_job().id: a_job()}, made=a_job(), looks=[a_job(), a_job(), a_done_job()])
    finally:
        await anyio.lowlevel.checkpoint()
        print("the service is closed", file=sys.stderr)


if __name__ == "__main__":
    anyio.run(run_stdio, build(open_service))
    print("the end", file=sys.stderr)
