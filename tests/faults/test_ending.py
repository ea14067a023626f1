"""However it is left or stopped: a paid call gets its last while, the job is known, nobody stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from scripts.house import ROOT
from tests.cli.test_serving import free_port
from tests.faults.servers import MOST_S, PRICES, WISH, ended_as, jobs_in, settings, speaking_of, talking
from tests.played import Muvi, played
from tests.played.rig import environment
from tests.played.stdio import chat
from tests.waiting import eventually, patience

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that could be caught")]
STEPS_MS = range(0, 110, 10)


async def left(folder: Path, how: signal.Signals | None) -> tuple[int | None, list[tuple[str, str]], int, bool]:
    """Exit code, jobs, creates, and whether it ended in time: a server whose paid call hangs, on EOF or a signal."""
    folder.mkdir()
    async with played(Muvi()) as wire:
        wire.arm("submit", "hang")
        async with chat(settings(folder, wire)) as spoken:
            await spoken.call("create_video", prompt="a boat", **WISH)
            assert await eventually(lambda: wire.made != [])
            began = time.monotonic()
            if how is not None:
                spoken.process.send_signal(how)
                code = await spoken.process.wait()
            else:
                code = await spoken.leave()
            in_time = time.monotonic() - began < MOST_S
        return code, [(job.state, job.charged) for job in jobs_in(folder)], len(wire.made), in_time


@pytest.mark.fault("S36", "S37", "R05")
async def test_a_hanging_paid_call_holds_nobody_up_for_more_than_ten_seconds(tmp_path: Path) -> None:
    ends: dict[str, object] = {}

    async def one(name: str, how: signal.Signals | None) -> None:
        ends[name] = await left(tmp_path / name, how)

    async with anyio.create_task_group() as group:
        group.start_soon(one, "EOF", None)
        group.start_soon(one, "SIGTERM", signal.SIGTERM)
        group.start_soon(one, "SIGINT", signal.SIGINT)
    assert ends == dict.fromkeys(("EOF", "SIGTERM", "SIGINT"), (0, [("unknown", "unknown")], 1, True))


@pytest.mark.fault("S36")
async def test_an_answer_that_comes_while_it_ends_is_written_down(tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        wire.arm("submit", "slow", seconds=1.0)
        async with chat(settings(tmp_path, wire)) as spoken:
            await spoken.call("create_video", prompt="a boat", **WISH)
            assert await eventually(lambda: wire.made != [])
            assert await spoken.leave() == 0
        assert [job.vendor_id for job in jobs_in(tmp_path)] == [wire.made[0].id]


async def test_who_is_left_with_jobs_leaves_only_the_announced_watch_which_ends_too(tmp_path: Path) -> None:
    async with played(Muvi(walk=("pending",) * 30 + ("completed",))) as wire:
        async with chat(environment(tmp_path, {"muvi": wire.address}, (wire.host,), prices=PRICES)) as spoken:
            job = await spoken.call("create_video", prompt="a boat", **WISH)
            assert await eventually(lambda: wire.made != [])
            assert await spoken.leave() == 0
        assert await ended_as(tmp_path, "completed")
        assert await eventually(lambda: speaking_of(tmp_path) == [])
        assert [one.id for one in jobs_in(tmp_path)] == [job["job_id"]]


@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
async def test_serving_over_http_ends_on_a_signal_and_leaves_nobody(tmp_path: Path) -> None:
    environ = {**os.environ, **environment(tmp_path, {}, ()), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "sora_mcp", "serve", "--port", str(free_port())]
    process = await anyio.open_process(words, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stderr is not None
    said = b""
    try:
        while b"serves" not in said:
            said += await process.stderr.receive()
        await anyio.sleep(0.3)  # until uvicorn has taken over the signal
        process.send_signal(signal.SIGTERM)
        with patience("the server to end", MOST_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    assert speaking_of(tmp_path) == []


@pytest.mark.fault("S35")
async def test_a_create_that_is_called_off_at_any_moment_leaves_a_known_job_or_none(tmp_path: Path) -> None:
    async with talking(Muvi(walk=("completed",)), tmp_path) as (wire, spoken):
        await spoken.call("list_videos")
        for ms in STEPS_MS:
            number = await spoken.begin("tools/call", name="create_video", arguments={"prompt": f"after {ms} ms", **WISH})
            await anyio.sleep(ms / 1000)
            await spoken.tell("notifications/cancelled", requestId=number, reason="never mind")
        assert (await spoken.ask("ping"))["result"] == {}
        known = (await spoken.call("list_videos", limit=50))["videos"]
        for job in known:
            assert await spoken.ended(job["job_id"]) == "completed"
        bought = sorted(made.body["input"]["prompt"] for made in wire.made)
        assert bought == sorted(job["prompt"] for job in known)
        assert len(bought) == len(set(bought))
