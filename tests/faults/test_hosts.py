"""Rows R of the catalogue that are about the machine: what is missing or small there, what sleeps, what is started over and over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import pytest

from scripts.house import ROOT
from sora_mcp.config.settings import ROWS
from sora_mcp.domain.errors import OverBudget
from tests.each import each
from tests.faults.checks import hurried
from tests.faults.servers import WISH, jobs_in, settings
from tests.played import Muvi, played
from tests.played.rig import NOON, environment, rig
from tests.played.stdio import chat
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="limits and folders as Linux has them")]
ASCII = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
GONE = 'mkdir "$SORA_MCP_HOME.gone" && cd "$SORA_MCP_HOME.gone" && rmdir "$SORA_MCP_HOME.gone"'
MACHINES: dict[str, tuple[str, dict[str, str]]] = {
    "no home, LANG=C, umask 000, 64 open files, and a working folder that is gone": (f"unset HOME; umask 000; ulimit -n 64; {GONE}", ASCII),
    "512 MB of addresses": ("ulimit -v 524288", {}),
    "160 MB of addresses": ("ulimit -v 163840", {}),
}
"""256 MB are the machine of the same call three times, below."""


@pytest.mark.fault("R08")
@each("name", MACHINES)
async def test_r08_a_poor_machine_makes_a_video_all_the_same(name: str, tmp_path: Path) -> None:
    first, besides = MACHINES[name]
    async with played(Muvi(walk=("completed",))) as wire:
        env = settings(tmp_path, wire) | besides | {"XDG_CONFIG_HOME": str(tmp_path / "config")}
        async with chat(env, before=("sh", "-c", f'{first} && exec "$@"', "sh"), stderr=tmp_path / "stderr") as spoken:
            job = await spoken.call("create_video", prompt="Ein Boot, лодка, 船", **WISH)
            assert await spoken.ended(job["job_id"]) == "completed", (tmp_path / "stderr").read_text()
            assert await spoken.leave() == 0
        assert [made.body["input"]["prompt"] for made in wire.made] == ["Ein Boot, лодка, 船"]
    files = [path for folder in ("home", "videos", "config") for path in (tmp_path / folder, *(tmp_path / folder).rglob("*"))]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


ZONES = (
    *({"TZ": zone} for zone in ("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "Nowhere/Land", ":/nonexistent")),
    {"PYTHONTZPATH": "", "TZ": "Europe/Lisbon"},
    {"PYTHONTZPATH": "", "SORA_MCP_TIMEZONE": "Europe/Lisbon"},
)


@pytest.mark.fault("R08")
@each("zone", ZONES, ids=str)
async def test_r08_a_zone_that_has_no_name_or_no_table_is_asked_for_in_one_line(zone: dict[str, str], tmp_path: Path) -> None:
    environ = {**os.environ, **environment(tmp_path, {}, ()), "SORA_MCP_TIMEZONE": "", **zone, "PYTHONPATH": str(ROOT)}
    said = await anyio.run_process([sys.executable, "-m", "sora_mcp", "jobs"], env=environ, check=False)
    assert (said.returncode, said.stderr.decode()) == (2, f"sora-mcp: {ROWS['SORA_MCP_TIMEZONE'].requirement}\n")


@pytest.mark.fault("D15", "R08")
@each("folder", ["HOME", "OUTPUT_DIR"])
async def test_r08_a_folder_that_cannot_be_is_said_before_anything_is_bought(folder: str, tmp_path: Path) -> None:
    async with played(Muvi(walk=("completed",))) as wire:
        env = settings(tmp_path, wire, **{folder: "/proc/nowhere"})
        async with chat(env) as spoken:
            answer = (await spoken.ask("tools/call", name="create_video", arguments={"prompt": "a boat", **WISH}))["result"]
            said = answer["structuredContent"]
            assert (said["error"]["code"], said["message"][:27], wire.accepted) == ("storage_error", "Not sent, nothing charged. ", 0)
            assert "/proc/nowhere" in said["message"] or folder == "HOME"
            assert await spoken.leave() == 0


@pytest.mark.fault("R08")
async def test_r08_with_little_memory_the_same_call_three_times_is_one_purchase(tmp_path: Path) -> None:
    async with played(Muvi(walk=("completed",))) as wire:
        env = settings(tmp_path, wire)
        async with chat(env, before=("sh", "-c", 'ulimit -v 262144 && exec "$@"', "sh")) as spoken:
            calls = [await spoken.begin("tools/call", name="create_video", arguments={"prompt": "a boat", **WISH}) for _ in range(3)]
            answers = [(await spoken.answer(call))["result"]["structuredContent"] for call in calls]
            assert len({answer["job_id"] for answer in answers}) == 1
            assert await spoken.ended(answers[0]["job_id"]) == "completed"
        assert ([job.state for job in jobs_in(tmp_path)], len(wire.made)) == (["completed"], 1)


@pytest.mark.fault("R08")
async def test_r08_too_little_memory_to_begin_is_told_in_one_line(tmp_path: Path) -> None:
    environ = {**os.environ, **environment(tmp_path, {}, ()), "PYTHONPATH": str(ROOT)}
    command = ["sh", "-c", 'ulimit -v 131072 && exec "$@"', "sh", sys.executable, "-m", "sora_mcp"]
    ended = await anyio.run_process(command, env=environ, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (
        1,
        "sora-mcp: `ulimit -v` allows 128 MB of addresses, but 160 MB are needed. Raise the limit.\n",
    )


@pytest.mark.fault("R12")
async def test_r12_a_hundred_restarts_with_twenty_jobs_are_no_storm(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("processing",)), tmp_path, POLL_SECONDS="3600") as at:
        jobs = [await at.bought(seconds=4, prompt=f"boat {number}") for number in range(20)]
        assert await eventually(lambda: len(at.wire.made) == 20)
        assert [(await at.until(job.id, "queued", "running")).state in ("queued", "running") for job in jobs] == [True] * 20
        for _ in range(100):
            await at.restart()
        assert (len(at.posts), len(at.wire.requests("status")) <= 20) == (20, True)
        at.vendor.walk = ("completed",)
        for job in jobs:
            assert await hurried(at, job.id, "completed") == "completed"
        assert (len(at.wire.made), len(at.cdn.heard)) == (20, 20)


@pytest.mark.fault("R14")
async def test_r14_a_night_asleep_is_a_new_day_and_no_burst(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(Muvi(walk=("processing",)), tmp_path, clock=lambda: now[0], POLL_SECONDS="3600", DAILY_USD="25") as at:
        jobs = [await at.until((await at.bought(seconds=4, prompt=f"boat {number}")).id, "queued") for number in range(20)]
        asked = len(at.wire.requests("status"))
        with pytest.raises(OverBudget):
            await at.bought(seconds=12, prompt="one too many")
        now[0] += 13 * 3600
        for job in jobs:
            await at.service.store.leases.make_due(job)
        at.service.wake()
        assert await eventually(lambda: len(at.wire.requests("status")) >= asked + 20)
        await anyio.sleep(0.2)
        assert (len(at.wire.requests("status")), len(at.posts), at.held()) == (asked + 20, 20, 20 * 1_200_000)
        budget = await at.service.budget()
        assert (budget.day_spent, budget.month_spent) == (0, 20 * 1_200_000)
