"""Rows R01 and R05 to R07: clients that stop in the middle of a line, die beside their pipe, leave with jobs, or ask without end."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.faults.servers import WISH, ended_as, settings, speaking_of, talking
from tests.played import Muvi, played
from tests.played.rig import environment
from tests.played.stdio import chat
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="processes as Linux has them")]
BESIDE = 'exec 3<&0; "$@" <&3 3<&- & wait'
"""A client that starts the server and waits for it; who wrote to the client still holds the pipe when it is gone."""


@pytest.mark.fault("R01")
async def test_r01_half_a_line_and_then_the_end_ends_the_server(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        await spoken.write(b'{"jsonrpc": "2.0", "id": 5, "meth')
        assert await spoken.leave() == 0
        assert [json.loads(line)["id"] for line in spoken.said.splitlines()] == [1]


@pytest.mark.fault("R05")
async def test_r05_five_jobs_are_finished_after_the_client_left(tmp_path: Path) -> None:
    async with played(Muvi(walk=("pending",) * 5 + ("completed",))) as wire:
        async with chat(settings(tmp_path, wire, LINGER="1")) as spoken:
            for number in range(5):
                await spoken.call("create_video", prompt=f"boat {number}", **WISH)
            assert await eventually(lambda: len(wire.made) > 0)
            assert await spoken.leave() == 0
        assert await ended_as(tmp_path, *["completed"] * 5)
        assert (len(wire.made), await eventually(lambda: speaking_of(tmp_path) == [])) == (5, True)


@pytest.mark.fault("R05")
async def test_r05_a_broken_pipes_signal_is_nothing(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        spoken.process.send_signal(signal.SIGPIPE)
        assert (await spoken.ask("ping"))["result"] == {}
        assert await spoken.leave() == 0


@pytest.mark.fault("R06")
async def test_r06_a_client_that_is_killed_has_left_although_its_pipe_stays_open(tmp_path: Path) -> None:
    async with played(Muvi(walk=("pending",) * 20 + ("completed",))) as wire:
        async with chat(settings(tmp_path, wire, LINGER="1"), before=("sh", "-c", BESIDE, "sh")) as spoken:
            await spoken.call("create_video", prompt="a boat", **WISH)
            assert await eventually(lambda: wire.made != [])
            assert len(speaking_of(tmp_path)) == 2
            spoken.process.kill()
            assert await ended_as(tmp_path, "completed")
            assert await eventually(lambda: speaking_of(tmp_path) == [])
        assert len(wire.made) == 1


@pytest.mark.fault("R07")
async def test_r07_a_thousand_calls_at_once_are_one_purchase_and_all_answered(tmp_path: Path) -> None:
    async with talking(Muvi(walk=("completed",)), tmp_path) as (wire, spoken):
        wishes = [await spoken.begin("tools/call", name="create_video", arguments={"prompt": "a boat", **WISH}) for _ in range(200)]
        lists = [await spoken.begin("tools/call", name="list_videos", arguments={}) for _ in range(800)]
        assert (await spoken.ask("ping"))["result"] == {}
        jobs = {(await spoken.answer(number))["result"]["structuredContent"]["job_id"] for number in wishes}
        unsaid = [number for number in lists if "videos" not in (await spoken.answer(number))["result"]["structuredContent"]]
        assert (len(jobs), unsaid, await spoken.ended(jobs.pop()), len(wire.made)) == (1, [], "completed", 1)
        assert await spoken.leave() == 0
