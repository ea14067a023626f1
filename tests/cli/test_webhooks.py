"""`serve` behind a public address: what webhooks save, measured over real sockets, and that they leave no trace in a log."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from anyio.abc import TaskGroup

from tests.played import Cdn, Muvi, Wire, played
from tests.played.nouns import Heard
from tests.played.rig import environment
from tests.waiting import PATIENCE_S, eventually

from .test_http import AS_ANNA, call, client, write_tokens
from .test_serving import Served, served

pytestmark = pytest.mark.slow
PUBLIC = "https://videos.example.com"
LASTS_S = [40.0 + 2.5 * number for number in range(12)]
"""How long the measured clips take: 40 to 67.5 s."""
FIRST_S = 50.0
"""How long the three clips take that come first: from them it is known how long clips take, and that webhooks arrive."""
FORGED = f"{PUBLIC}/webhooks/muvi/{'f' * 32}"


@dataclass
class Clip:
    """A clip as its vendor knows it."""

    url: str
    made_at: float
    lasts_s: float
    polls: int = 0
    seen_at: float = 0.0
    """When a poll heard of its end."""

    @property
    def ended_at(self) -> float:
        """When it is ready."""
        return self.made_at + self.lasts_s


@dataclass
class TellingMuvi(Muvi):
    """Muvi, whose clips take their time, and which posts to their addresses."""

    lasts: list[float] = field(default_factory=list[float])
    clips: dict[str, Clip] = field(default_factory=dict[str, Clip])

    def make(self, job_id: str, heard: Heard) -> str:
        """Takes a job that lasts as long as the next one should."""
        self.clips[job_id] = Clip(heard.body.get("webhookUrl", ""), anyio.current_time(), self.lasts[len(self.clips)])
        return super().make(job_id, heard)

    def state(self, job_id: str) -> str:
        """By the clock."""
        clip, now = self.clips[job_id], anyio.current_time()
        clip.polls += 1
        if now < clip.ended_at:
            return "processing"
        clip.seen_at = clip.seen_at or now
        return "completed"


@dataclass
class Stage:
    """A server, its vendor, and the proxy with TLS that stands between them."""

    vendor: TellingMuvi
    wire: Wire
    server: Served
    answers: list[int] = field(default_factory=list[int])

    async def post(self, url: str, content: bytes = b"{}") -> int:
        """Post as the vendor does, to the public address."""
        async with httpx2.AsyncClient(timeout=PATIENCE_S, verify=False) as web:
            headers = {"Host": urlsplit(PUBLIC).netloc, "Content-Type": "application/json"}
            answer = await web.post(f"{self.server.url}{urlsplit(url).path}", content=content, headers=headers)
        self.answers.append(answer.status_code)
        return answer.status_code

    async def tell(self, clip: Clip) -> None:
        """Tell of the clip's end: twice, and with what strangers and faulty vendors send besides."""
        await anyio.sleep_until(clip.made_at + clip.lasts_s / 2)
        assert await self.post(FORGED) == 404
        assert await self.post(clip.url, b"x" * 100_000) == 413
        await anyio.sleep_until(clip.ended_at)
        for content in (b'{"status": "completed"}', b"not JSON", b""):
            assert await self.post(clip.url, content) == 204


@asynccontextmanager
async def stage(folder: Path, **env: str) -> AsyncGenerator[Stage]:
    folder.mkdir()
    vendor = TellingMuvi(walk=(), lasts=[FIRST_S] * 3 + LASTS_S)
    async with played(vendor, lifetime_s=600) as wire, played(Cdn(vendor.clip), lifetime_s=600) as cdn:
        vendor.cdn = cdn.address
        environ = environment(folder, {"muvi": wire.address}, (wire.host, cdn.host), **env)
        del environ["SORA_MCP_POLL_SECONDS"]
        # A thread, so that the vendor answers while the server starts.
        manager = served(environ, folder, "--token-file", str(write_tokens(folder)))
        server = await anyio.to_thread.run_sync(manager.__enter__)
        try:
            yield Stage(vendor, wire, server)
        finally:
            await anyio.to_thread.run_sync(manager.__exit__, None, None, None)


async def make_clips(at: Stage, *, is_told: bool) -> list[Clip]:
    """Return the measured clips, once the server has all of them."""
    async with client(at.server, AS_ANNA, "2026-07-28") as who, anyio.create_task_group() as telling:
        for number in range(3):
            await _make(at, who, telling, f"first {number}", is_told=is_told)
        await _finish(at, who)
        at.wire.arm("submit", "slow", seconds=0.5)
        for number in range(len(LASTS_S)):
            await _make(at, who, telling, f"measured {number}", is_told=is_told, is_early=number == 0)
        await _finish(at, who)
    return list(at.vendor.clips.values())[3:]


async def _make(at: Stage, who: Any, telling: TaskGroup, prompt: str, *, is_told: bool, is_early: bool = False) -> None:
    count = len(at.vendor.clips)
    made = await call(who, "create_video", prompt=prompt, model="muvi:sora-2", seconds=4)
    assert made["state"] == "submitting", made
    assert await eventually(lambda: len(at.vendor.clips) > count)
    clip = list(at.vendor.clips.values())[-1]
    if is_told:
        if is_early:
            assert await at.post(clip.url) == 204
        telling.start_soon(at.tell, clip)


async def _finish(at: Stage, who: Any) -> None:
    async def is_over() -> bool:
        return not (await call(who, "list_videos", state="active"))["videos"]

    await anyio.sleep_until(max(clip.ended_at for clip in at.vendor.clips.values()))
    assert await eventually(is_over)


async def test_webhooks_save_polls_and_tell_of_the_end_at_once_and_broken_ones_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips: dict[str, list[Clip]] = {}

    async def measure(name: str, *, is_told: bool, **env: str) -> None:
        async with stage(tmp_path / name, **env) as at:
            clips[name] = await make_clips(at, is_told=is_told)
            assert len(at.wire.requests("submit")) == 3 + len(LASTS_S)
            assert all(clip.url.startswith(PUBLIC) is bool(env) for clip in clips[name])
            tokens = [clip.url.rpartition("/")[2] for clip in clips[name] if clip.url]
            assert not any(token in line for token in tokens for line in at.server.lines)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: measure("told", is_told=True, PUBLIC_URL=PUBLIC, LOG="debug"))
        group.start_soon(lambda: measure("broken", is_told=False, PUBLIC_URL=PUBLIC))
        group.start_soon(lambda: measure("polled", is_told=False))
    polls = {name: mean(clip.polls for clip in some) for name, some in clips.items()}
    seen = {name: [clip.seen_at - clip.ended_at for clip in some] for name, some in clips.items()}
    with capsys.disabled():
        for name in ("told", "broken", "polled"):
            print(f"\n{name}: {polls[name]:.2f} polls a job, seen after {median(seen[name]):.2f} s (most {max(seen[name]):.2f} s)", end="")
    # `benchmarks.webhooks` has the figures of a quiet machine; one that is busy is later with all of them alike.
    assert polls["told"] <= polls["polled"] / 2
    assert median(seen["told"]) <= median(seen["polled"])
    assert polls["broken"] == pytest.approx(polls["polled"], rel=0.5)
    assert median(seen["broken"]) <= 2 * median(seen["polled"]) + 4
