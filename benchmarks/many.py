"""Many jobs: a thousand alive in one process, a hundred thousand in the store."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import sqlalchemy as sa
from mcp.client import Client

from sora_mcp.config.settings import Settings, load
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import open_later
from sora_mcp.store import Store

from .figures import ROOT, Figure, at_most
from .played import Busy, vendor
from .stored import fill

ALIVE, STORED, FEW = 1_000, 100_000, 100
TIMES, WARM = 60, 10
AGES_S = 1_200.0
"""How old the oldest of the living jobs is: twenty minutes, as in a busy evening."""


def figures() -> Iterator[Figure]:
    """The living first."""
    yield from _living()
    yield from anyio.run(_stored)


def _living() -> Iterator[Figure]:
    with vendor(Busy) as address, tempfile.TemporaryDirectory() as idle, tempfile.TemporaryDirectory() as busy:
        of(busy, alive=ALIVE)
        of(idle)
        quiet, load_ = followed(idle, address), followed(busy, address)
    yield at_most(
        f"{ALIVE:,} living jobs in one process, of one core", load_["cpu"] * 100, 5, " %", note=f"{quiet['cpu'] * 100:.1f} % with none"
    )
    yield at_most(f"{ALIVE:,} living jobs in one process, more memory", load_["mib"] - quiet["mib"], 32, " MiB")


def followed(home: str, address: str) -> dict[str, float]:
    """What the worker's process used, per second of time."""
    own = {"SORA_MCP_HOME": home, "SORA_MCP_MUVI_BASE_URL": address, "MUVI_API_KEY": "k", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.following"], env={**os.environ, **own}, capture_output=True, text=True, check=True
    )
    cpu, mib = map(float, done.stdout.split())
    return {"cpu": cpu, "mib": mib}


async def _stored() -> list[Figure]:
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        async with client(of(few, finished=FEW)) as small, client(of(many, finished=STORED)) as large:
            listed = await ratio(small, large, "list_videos", {"limit": 20})
            status = await ratio(small, large, "get_video_status", {"job_id": "v_0000000007", "wait_seconds": 0})
    return [
        at_most(f"`list_videos` with {STORED:,} jobs, against {FEW}", listed, 2, "x"),
        at_most(f"`get_video_status` with {STORED:,} jobs, against {FEW}", status, 2, "x"),
    ]


def client(settings: Settings) -> Client:
    """A client of a server in this process."""
    return Client(build_from_settings(settings, open_later("sora_mcp.jobs.runtime", "open_service", settings)))


async def ratio(small: Client, large: Client, tool: str, arguments: dict[str, Any]) -> float:
    """How much longer one takes than the other, called in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMES + WARM):
        for client, kept in zip((small, large), times, strict=True):
            began = time.perf_counter()
            answer = await client.call_tool(tool, arguments)
            kept.append(time.perf_counter() - began)
            assert not answer.is_error, answer
    return statistics.median(times[1][WARM:]) / statistics.median(times[0][WARM:])


def of(home: str, *, alive: int = 0, finished: int = 0) -> Settings:
    """The settings of a home whose store has so many jobs."""
    settings = load({"SORA_MCP_HOME": home, "SORA_MCP_OUTPUT_DIR": f"{home}/videos"}, today=date.today())
    Store(settings.database_url, Path(home)).close()
    engine = sa.create_engine(settings.database_url)
    fill(engine, alive=alive, finished=finished, ages_s=AGES_S)
    engine.dispose()
    return settings
