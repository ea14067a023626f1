"""`get_video_status` beside sixteen of the longest searches over five thousand jobs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator

import anyio
import sqlalchemy as sa
from mcp.client import Client

from sora_mcp.config.settings import Settings
from sora_mcp.store.schema import jobs

from .figures import Figure, at_most
from .many import client, of

STORED, SEARCHES, CALLS = 5_000, 16, 200
PROMPT = ("a paper boat drifts down a rainy street while lanterns sway above the water " * 40)[:2_000]
QUERY = " ".join(["water", "lanterns", "street", "drifts", "boat", "rainy", "sway", "above", "paper", "nothing-has-this-word"])
"""As many words as may be searched for, of which each job has all but the last."""
GOAL_MS = 100


def figures() -> Iterator[Figure]:
    """The busy server's calls, with their ratio to an idle one's."""
    with tempfile.TemporaryDirectory() as folder:
        settings = of(folder, finished=STORED)
        lengthen(settings)
        idle, busy, searched = anyio.run(measure, settings)
    note = f"{idle * 1000:.2g} ms idle, so {busy / idle:.0f}x; {searched} searches meanwhile"
    yield at_most(
        f"`get_video_status` beside {SEARCHES} longest searches over {STORED:,} jobs, p95", busy * 1000, GOAL_MS, " ms", note=note
    )


async def measure(settings: Settings) -> tuple[float, float, int]:
    """Return the 95th percentile in seconds of a call to an idle and to a busy server, and how many searches were answered."""
    answered = 0

    async def search_on(searching: Client) -> None:
        nonlocal answered
        while True:
            await searching.call_tool("list_videos", {"query": QUERY, "limit": 100})
            answered += 1

    async with client(settings) as calling:
        idle = await time_calls(calling)
        async with anyio.create_task_group() as tasks:
            for _ in range(SEARCHES):
                tasks.start_soon(search_on, calling)
            await anyio.sleep(1.0)
            busy = await time_calls(calling)
            tasks.cancel_scope.cancel()
    return idle, busy, answered


async def time_calls(calling: Client) -> float:
    """Return the 95th percentile of CALLS calls in seconds."""
    times: list[float] = []
    for number in range(CALLS):
        began = time.perf_counter()
        answer = await calling.call_tool("get_video_status", {"job_id": f"v_{number:010}", "wait_seconds": 0})
        times.append(time.perf_counter() - began)
        assert not answer.is_error, answer
    return statistics.quantiles(times, n=20)[-1]


def lengthen(settings: Settings) -> None:
    """Give every job a prompt of two thousand characters."""
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as conn:
        conn.execute(sa.update(jobs).values(prompt=PROMPT, words=PROMPT.casefold()))
    engine.dispose()


if __name__ == "__main__":
    for figure in figures():
        print(figure)
