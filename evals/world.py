"""Where a conversation happens: vendors played on loopback, the person's files, and what was made earlier."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from mcp import Client, StdioServerParameters, stdio_client

from tests.conversations.script import make_environment, place_files
from tests.played import CLIP, VENDORS, Cdn, Wire, played
from tests.waiting import eventually

from .conversation import Conversation, Step

ROOT = Path(__file__).parent.parent
KEPT = ("PATH", "HOME", "SYSTEMROOT", "TMPDIR", "LANG")
"""Variables that any program needs."""
ENDED = ("completed", "failed", "cancelled", "expired")


@dataclass(frozen=True)
class Server:
    """How a client under test starts the server."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True)
class World:
    """The server of one conversation, and what its vendors heard."""

    server: Server
    wires: Mapping[str, Wire]
    folder: Path
    heard_before: Mapping[str, int]

    def list_bought(self) -> list[str]:
        """Return every paid call that came during the conversation, as `vendor body`."""
        posts = ((name, heard) for name, wire in self.wires.items() for heard in wire.requests("submit")[self.heard_before[name] :])
        return [f"{name} {heard.body}" for name, heard in posts]

    async def settle(self) -> None:
        """Let what was ordered be sent and ended: a client may leave before the server has done either."""
        async with open_client(self.server) as client:
            await wait_until_idle(client)


@asynccontextmanager
async def open_world(conversation: Conversation, folder: Path) -> AsyncGenerator[World]:
    """Play the vendors of whose keys the person has one, and make what was made earlier."""
    async with AsyncExitStack() as stack:
        vendors = {name: VENDORS[name]() for name in conversation.keys}
        wires = {name: await stack.enter_async_context(played(vendor)) for name, vendor in vendors.items()}
        cdn = await stack.enter_async_context(played(Cdn(CLIP))) if vendors else None
        for vendor in vendors.values():
            vendor.cdn = cdn.address if cdn else ""
        place_files(folder)
        hosts = [wire.host for wire in wires.values()] + ([cdn.host] if cdn else [])
        own = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PYTHONPATH": str(ROOT)}
        env = own | make_environment(folder, wires, hosts) | {"SORA_MCP_LINGER": "0"} | dict(conversation.env)
        server = Server(sys.executable, ("-m", "evals.server"), env)
        if conversation.before:
            await _make_earlier(conversation.before, server)
        yield World(server, wires, folder, {name: len(wire.requests("submit")) for name, wire in wires.items()})


@asynccontextmanager
async def open_client(server: Server) -> AsyncGenerator[Client]:
    """Start the server, and open a client that shows no forms."""
    started = StdioServerParameters(command=server.command, args=list(server.args), env=dict(server.env), cwd=ROOT)
    with _open_nowhere() as nowhere:
        async with Client(stdio_client(started, errlog=nowhere)) as client:
            yield client


async def wait_until_idle(client: Client) -> None:
    """Wait until every job has ended."""

    async def is_idle() -> bool:
        return not (await _call(client, "list_videos", {"state": "active"}))["videos"]

    await eventually(is_idle)


def _open_nowhere() -> TextIO:
    return Path(os.devnull).open("w")


async def _make_earlier(steps: tuple[Step, ...], server: Server) -> None:
    async with open_client(server) as client:
        for step in steps:
            now = await _call(client, step.tool, dict(step.arguments))
            while now.get("job_id") and now["state"] not in ENDED:
                now = await _call(client, "get_video_status", {"job_id": now["job_id"], "wait_seconds": 20})
            if now.get("state") != "completed":
                raise RuntimeError(f"{step.tool} of an earlier chat: {now.get('message')}")


async def _call(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return dict((await client.call_tool(tool, arguments)).structured_content or {})
