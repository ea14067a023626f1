"""A session with the real server in a temporary folder, from which all pictures are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from sora_mcp.config.settings import Settings, load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.server.app import build
from sora_mcp.server.loopback_pages import Pages
from tests.played import KEY, Cdn, Muvi, played

SHOWN = "~"
"""What stands in the pictures for the temporary folder."""
ENDED = ("completed", "failed", "cancelled", "expired", "unknown")
PAUSE_S = 0.1


def environment(folder: Path, addresses: Mapping[str, str] | None = None, *, hosts: str = "") -> dict[str, str]:
    """Return the settings of somebody who has a key at Muvi, whose address is a simulated vendor's or leads nowhere."""
    return {
        "MUVI_API_KEY": KEY,
        "SORA_MCP_HOME": str(folder / ".local" / "share" / "sora-mcp"),
        "SORA_MCP_OUTPUT_DIR": str(folder / "Videos" / "sora-mcp"),
        "SORA_MCP_MUVI_BASE_URL": (addresses or {}).get("muvi", "http://127.0.0.1:9"),
        "SORA_MCP_TRUSTED_HOSTS": hosts,
        "SORA_MCP_TIMEZONE": "UTC",
        "SORA_MCP_POLL_SECONDS": "0.1",
        "SORA_MCP_LINGER": "0",
    }


@asynccontextmanager
async def open_session(environ: Mapping[str, str], folder: Path, pages: Pages | None = None) -> AsyncGenerator[Client]:
    """Open a client of the server with these settings."""
    settings: Settings = load(environ, today=date.today(), config=folder / "none.toml")
    async with Client(build(lambda: open_service(settings), settings.catalogue, pages=pages)) as client:
        yield client


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncGenerator[Client]:
    """Open a session whose Muvi is simulated on loopback, so that clips can be bought."""
    vendor = Muvi()
    async with played(vendor) as wire, played(Cdn(vendor.clip)) as cdn:
        vendor.cdn = cdn.address
        environ = environment(folder, {"muvi": wire.address}, hosts=f"{wire.host},{cdn.host}")
        async with open_session(environ, folder) as client:
            yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a tool's result as a host gets it."""
    result = await client.call_tool(tool, arguments)
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def make_clip(client: Client, prompt: str, size: str, **more: Any) -> str:
    """Make a sample clip to its end; return its job. Raise RuntimeError where none comes."""
    return await finish(client, await call(client, "create_video", prompt=prompt, model="sample:sample", size=size, **more))


async def finish(client: Client, started: dict[str, Any]) -> str:
    """Wait for the end of a job that was started; return it. Raise RuntimeError where there is no file."""
    job = _fields(started).get("job_id", "")
    now = _fields(started)
    while job and (now := _fields(await call(client, "get_video_status", job_id=job, wait_seconds=20))):
        if now.get("state") == "completed":
            return str(job)
        if now.get("state") in ENDED:
            break
        await anyio.sleep(PAUSE_S)
    raise RuntimeError(f"no clip: {now}")


def _fields(result: Mapping[str, Any]) -> dict[str, Any]:
    return dict(result.get("structuredContent") or {})


def replace_folder(text: str, folder: Path) -> str:
    """Return the text with the home of the session in place of the temporary folder."""
    return text.replace(str(folder), SHOWN)
