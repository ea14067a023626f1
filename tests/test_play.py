"""A world for whole conversations: its vendors take any order, deliver it as ordered, and misbehave where that is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from evals.lenient import find_pixels, set_cost
from evals.play import READY, Opened, Options, approve, load_settings, open_world
from evals.world import ENDED, ROOT, Server, open_client
from sora_mcp.domain import Done
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.reading import read
from tests.each import each
from tests.played import VENDORS
from tests.played.rig import PRICES
from tests.stories import stories

KEYS = tuple(name for name in VENDORS if name != "compatible")
CAPS = {"PER_VIDEO": "100", "DAILY": "1000", "MONTHLY": "10000", "CONFIRM_ABOVE": "100"}
SUCCESS = "text_to_video"
SHAPED_BY_FRAME = ("muvi:kling-2.5-turbo-standard", "runway:grok-imagine-video-1.5-lite")
RICH = ("--per-video", "100", "--daily", "1000", "--monthly", "10000", "--confirm", "100")


@each(
    ("size", "picture", "pixels"),
    [
        ("1792x1024", None, (1792, 1024)),
        ("9:16", None, (720, 1280)),
        ("16:9 480p", None, (854, 480)),
        ("16:9 768P", None, (1366, 768)),
        ("1:1 1080p", None, (1080, 1080)),
        ("auto", None, (1280, 720)),
        ("1080p", (300, 200), (1620, 1080)),
    ],
)
def test_a_clip_has_the_pixels_that_a_size_stands_for(size: str, picture: tuple[int, int] | None, pixels: tuple[int, int]) -> None:
    assert find_pixels(size, picture) == pixels


def test_the_recorded_success_of_each_vendor_that_states_a_cost_can_state_another_one() -> None:
    for name, answer in ((one.vendor, answer) for one in stories() if one.path.stem == SUCCESS for answer in one.answers()):
        if not isinstance(answer.reading, Done):
            continue
        vendor = next(vendor for vendor in EVERY if vendor.name == name)
        for micros in (120_000, 2_400_000):
            reading = read(vendor, set_cost(vendor, answer.reply, micros))
            assert isinstance(reading, Done), (name, answer)
            most = micros if answer.reading.micros else answer.reading.micros
            assert reading.micros == most or (most and most * 0.99 < (reading.micros or 0) < most), name  # some count whole units


@pytest.mark.slow
async def test_each_vendor_delivers_a_clip_as_ordered_through_the_server_that_the_world_names(tmp_path: Path) -> None:
    with _start("--no-history", "--takes", "0.2", *RICH, str(tmp_path / "world")) as world:
        (tmp_path / "prices.toml").write_text(PRICES, "utf-8")
        started = json.loads((tmp_path / "world" / "env.json").read_text("utf-8"))
        env = started["env"] | {"SORA_MCP_PRICES": str(tmp_path / "prices.toml"), "SORA_MCP_POLL_SECONDS": "0.1"}
        async with open_client(Server(started["command"], tuple(started["args"]), env)) as client:
            jobs = {name: await _buy(client, tmp_path / "world", model=_choose_model(name, env)) for name in KEYS}
            framed = [await _buy(client, tmp_path / "world", model=model, image="beach.jpg") for model in SHAPED_BY_FRAME]
            ends = {name: await _wait(client, job) for name, job in jobs.items()}
            shapes = [(end["width"], end["height"]) for end in [await _wait(client, job) for job in framed]]
        for name, end in ends.items():
            assert end["state"] == "completed", (name, end)
            assert "you asked for" not in end["message"], (name, end)
            assert abs(end["duration_s"] - end["seconds"]) < 0.1, (name, end)
            assert find_pixels(end["size"]) == (end["width"], end["height"]), (name, end)
        assert shapes == [(1080, 720), (720, 480)]
        world.stdin.close()
        assert world.wait(60) == 0


@pytest.mark.slow
async def test_there_is_some_history_and_vendors_misbehave_where_that_is_asked_for(tmp_path: Path) -> None:
    options = Options(("muvi", "openrouter", "runway"), CAPS, takes_s=0.2, overcharge=("muvi",), fail=("openrouter",), slow=("runway",))
    async with open_world(options, tmp_path) as world, open_client(_name_server(world)) as client:
        videos = dict((await client.call_tool("list_videos", {"limit": 20})).structured_content or {})["videos"]
        states = [video["state"] for video in videos]
        assert sorted(states)[:6] == ["completed"] * 5 + ["failed"] and len(states) == 7, states
        over = await _wait(client, await _buy(client, tmp_path, model="muvi:veo-3.1-fast"))
        assert over["state"] == "completed" and over["usd"] == 1.8, over
        refused = await _wait(client, await _buy(client, tmp_path, model="openrouter:veo-3.1-fast"))
        assert refused["state"] == "failed" and refused["error"]["code"] == "content_refused", refused
        slow = await client.call_tool(
            "get_video_status", {"job_id": await _buy(client, tmp_path, model="runway:gen4.5"), "wait_seconds": 3}
        )
        assert dict(slow.structured_content or {})["state"] in ("queued", "running")


def _choose_model(vendor: str, env: Mapping[str, str]) -> str:
    """Return a model of the vendor that makes videos from text; OpenRouter's are in its list only."""
    offers = load_settings(env).catalogue.eligible_offers
    return next((offer.id for offer in offers if offer.vendor == vendor and offer.text), f"{vendor}:veo-3.1-fast")


async def _buy(client: Client, folder: Path, **wish: Any) -> str:
    """Order a clip, with the person's yes where one is needed, and return the job's id."""
    wish["prompt"] = f"A cat sleeps by the sea, by {wish['model']}"
    fields = dict((await client.call_tool("create_video", wish)).structured_content or {})
    if "job_id" not in fields:
        quote = fields["error"]["quote"]
        assert quote in await approve(quote, folder)
        fields = dict((await client.call_tool("create_video", {**wish, "quote": quote})).structured_content or {})
    return fields["job_id"]


async def _wait(client: Client, job: str) -> dict[str, Any]:
    now: dict[str, Any] = {}
    while now.get("state") not in ENDED:
        now = dict((await client.call_tool("get_video_status", {"job_id": job, "wait_seconds": 20})).structured_content or {})
    return now


def _name_server(world: Opened) -> Server:
    return Server(sys.executable, ("-m", "evals.server"), world.env)


@contextmanager
def _start(*words: str) -> Generator[Any]:
    """Start the world as a program, and yield it once it is there."""
    command = [sys.executable, "-m", "evals.play", *words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert any(line.strip() == READY for line in program.stdout)
            yield program
        finally:
            program.kill()
