"""What a client waits for: calls over stdio, against a tool that does nothing."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

from .figures import ROOT, Figure, at_most
from .played import Mute, vendor

TRIVIAL = """
from mcp.server import MCPServer
server = MCPServer("bare")
@server.tool()
async def nothing() -> str:
    return "nothing"
server.run()
"""
TIMES, WARM = 300, 30
CREATED = 20
NO_CAPS = {"SORA_MCP_PER_VIDEO_USD": "1000", "SORA_MCP_DAILY_USD": "1000", "SORA_MCP_CONFIRM_ABOVE_USD": "1000", "SORA_MCP_LINGER": "0"}


def figures() -> Iterator[Figure]:
    """Both kinds of calls."""
    yield from anyio.run(_reading)
    yield from anyio.run(_creating)


async def _reading() -> list[Figure]:
    async with client(["-c", TRIVIAL], {}) as bare, client(["-m", "sora_mcp"], {}) as ours:
        trivial, estimate, listed = await medians(
            partial(called, bare, "nothing"),
            partial(called, ours, "estimate_cost", model="muvi:veo-3.1", size="portrait", seconds=8),
            partial(called, ours, "list_sizes", model="muvi:veo-3.1"),
        )
    note = f"{trivial * 1000:.2f} ms for the trivial one"
    return [
        at_most("`estimate_cost` of one model, against a trivial tool", estimate / trivial, 2, "x", note=note),
        at_most("`list_sizes` of one model, against a trivial tool", listed / trivial, 2, "x"),
    ]


async def _creating() -> list[Figure]:
    with vendor(Mute) as address:
        mute = NO_CAPS | {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": address}
        async with client(["-m", "sora_mcp"], mute) as ours:
            waits = [await created(ours, model="muvi:sora-2", prompt=f"boat {number}") for number in range(CREATED)]
        async with client(["-m", "sora_mcp"], NO_CAPS) as ours:
            idle = [await created(ours, model="sample:sample", prompt=f"fail:content {number}") for number in range(CREATED)]
    return [
        at_most("`create_video` answers, median", statistics.median(idle) * 1000, 10, " ms"),
        at_most("`create_video` with a vendor that never answers, longest", max(waits), 3, " s"),
    ]


async def created(ours: Client, **arguments: Any) -> float:
    """Seconds to the answer; then its job is waited for, so that the next one finds the server idle."""
    began = time.perf_counter()
    answer = await ours.call_tool("create_video", arguments)
    took = time.perf_counter() - began
    assert answer.structured_content is not None
    assert not answer.is_error, answer.structured_content
    if arguments["model"] == "sample:sample":
        job = answer.structured_content["job_id"]
        while (await ours.call_tool("get_video_status", {"job_id": job, "wait_seconds": 5})).structured_content["state"] != "failed":  # type: ignore[index]
            pass
    return took


async def medians(*calls: Callable[[], Awaitable[float]]) -> list[float]:
    """Of many turns, so that what else the machine does meets all of them alike."""
    turns = [[await call() for call in calls] for _ in range(TIMES + WARM)][WARM:]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


async def called(server: Client, tool: str, **arguments: Any) -> float:
    """Seconds for one call."""
    began = time.perf_counter()
    answer = await server.call_tool(tool, arguments)
    took = time.perf_counter() - began
    assert not answer.is_error, answer
    return took


@asynccontextmanager
async def client(argv: list[str], settings: Mapping[str, str]) -> AsyncIterator[Client]:
    """A client of a server in a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        own = {"SORA_MCP_HOME": home, "SORA_MCP_OUTPUT_DIR": f"{home}/videos", "PYTHONPATH": str(ROOT)}
        server = StdioServerParameters(command=sys.executable, args=argv, env={**os.environ, **own, **settings})
        async with Client(stdio_client(server)) as opened:
            yield opened
