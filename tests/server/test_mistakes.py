"""Thirty mistakes that models make: the first fix of each refusal, applied literally, works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from sora_mcp.config.settings import load
from sora_mcp.server.app import build
from tests.each import each
from tests.played.rig import opened

from .conftest import Era

pytestmark = pytest.mark.slow

VEO = "muvi:veo-3.1-fast"
"""4, 6 or 8 s; 16:9 or 9:16; 720p, 1080p, 4k."""
JOB = "the job's id"
"""Stands for the id of the clip that was asked for before."""
ONE_REQUEST = {"request_id": "first", "prompt": "a paper boat", "model": "sample:sample"}


@dataclass(frozen=True)
class Mistake:
    """A call as a model makes it, and what the first fix changes."""

    what: str
    call: dict[str, Any]
    code: str
    first: dict[str, Any]
    """The first fix: several arguments where several were wrong; None takes one out."""
    tool: str = "create_video"
    env: dict[str, str] = field(default_factory=dict[str, str])


def video(**given: Any) -> dict[str, Any]:
    return {"prompt": "a paper boat", "model": VEO, **given}


RICH = {"SORA_MCP_DAILY_USD": "100", "SORA_MCP_PER_VIDEO_USD": "50"}
MISTAKES = (
    Mistake("a unit on the seconds", video(seconds="8s"), "invalid_seconds", {"seconds": 8}),
    Mistake("words for the seconds", video(seconds="8 seconds"), "invalid_seconds", {"seconds": 8}),
    Mistake("a fraction of a second", video(seconds=8.4), "invalid_seconds", {"seconds": 8}),
    Mistake("ten seconds", video(seconds=10), "invalid_seconds", {"seconds": 8}),
    Mistake("five seconds", video(seconds=5), "invalid_seconds", {"seconds": 4}),
    Mistake("negative seconds", video(seconds=-8), "invalid_seconds", {"seconds": 4}),
    Mistake("a minute", video(seconds=60), "invalid_seconds", {"seconds": 8}),
    Mistake("HD", video(size="HD"), "invalid_size", {"size": "1280x720"}),
    Mistake("full HD", video(size="Full HD"), "invalid_size", {"size": "1920x1080"}),
    Mistake("a height alone", video(size="720"), "invalid_size", {"size": "1280x720"}),
    Mistake("a ratio that only other models have", video(size="4:3"), "invalid_size", {"model": "muvi:gen-4.5"}),
    Mistake("landscape 8k", video(size="landscape 8k"), "invalid_size", {"size": "3840x2160"}),
    Mistake("almost the size", video(size="1280x704"), "invalid_size", {"size": "1280x720"}),
    Mistake("size and seconds at once", video(size="8k", seconds=10), "invalid_size", {"size": "3840x2160", "seconds": 8}),
    Mistake(
        "a length that no model sells", {"prompt": "a boat", "size": "21:9", "seconds": 500}, "invalid_seconds", {"seconds": 15}, env=RICH
    ),
    Mistake(
        "a size and a length of no model",
        {"prompt": "a boat", "size": "31:9", "seconds": 500},
        "invalid_size",
        {"size": "16:9", "seconds": 15},
        env=RICH,
    ),
    Mistake("promt", {"promt": "a paper boat", "model": VEO}, "unknown_argument", {"prompt": "a paper boat", "promt": None}),
    Mistake("duration", video(duration=8), "unknown_argument", {"seconds": 8, "duration": None}),
    Mistake("aspect_ratio", video(aspect_ratio="9:16"), "unknown_argument", {"size": "9:16", "aspect_ratio": None}),
    Mistake("resolution", video(resolution="1080p"), "unknown_argument", {"size": "1080p", "resolution": None}),
    Mistake(
        "image_url",
        video(image_url="https://example.com/a.png"),
        "unknown_argument",
        {"image": "https://example.com/a.png", "image_url": None},
    ),
    Mistake("an extra of another server", video(style="noir"), "unknown_argument", {"style": None}),
    Mistake("an option as an argument", video(seed=7), "unknown_argument", {"options": {"seed": 7}, "seed": None}),
    Mistake("a slip in an option's name", video(options={"sed": 7}), "invalid_option", {"options": {"seed": 7}}),
    Mistake("an option's value as a text", video(options={"audio": "true"}), "invalid_option", {"options.audio": True}),
    Mistake("a vendor that nobody knows", video(model="openai:veo-3.1-fast"), "unknown_model", {"model": VEO}),
    Mistake("a slip in the model", video(model="muvi:veo-3.1-fats"), "unknown_model", {"model": VEO}),
    Mistake("a model without its dots", video(model="veo3.1-fast"), "unknown_model", {"model": VEO}),
    Mistake(
        "the model of a vendor without a key",
        video(model="xai:grok-imagine-video-1.5-lite"),
        "missing_key",
        {"model": "muvi:hailuo-2.3-standard"},
    ),
    Mistake("an ended model without a key", video(model="pixazo:sora-2-pro"), "model_retired", {"model": "muvi:hailuo-2.3-standard"}),
    Mistake("more than the caller's own cap", video(seconds=8, max_usd=1.3), "over_budget", {"seconds": 4}),
    Mistake("more than the day has", video(seconds=8), "over_budget", {"seconds": 4}, env={"SORA_MCP_DAILY_USD": "1.30"}),
    Mistake(
        "more than any keyed model costs",
        {"prompt": "a boat"},
        "over_budget",
        {"model": "sample:sample"},
        env={"SORA_MCP_DAILY_USD": "0.1"},
    ),
    Mistake(
        "a size that is too dear",
        video(size="1024x1792", max_usd=1.3, model="muvi:sora-2-pro"),
        "over_budget",
        {"size": "720x1280"},
    ),
    Mistake("a price with its currency", video(max_usd="5 USD"), "invalid_argument", {"max_usd": "5"}),
    Mistake("the same id for another wish", {**ONE_REQUEST, "prompt": "a red kite"}, "request_id_conflict", {"request_id": None}),
    Mistake("a count in words", {"model": VEO, "clips": "three"}, "invalid_argument", {"clips": 3}, tool="estimate_cost"),
    Mistake(
        "more patience than there is",
        {"job_id": JOB, "wait_seconds": 300},
        "invalid_argument",
        {"wait_seconds": 50},
        tool="get_video_status",
    ),
)


@asynccontextmanager
async def client(folder: Path, era: Era = "auto", **env: str) -> AsyncIterator[Client]:
    """A server over a real service, with a key at a vendor that never answers, and a clip that was asked for before."""
    environ = {
        "MUVI_API_KEY": "k",
        "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9",
        "SORA_MCP_HOME": str(folder / "home"),
        "SORA_MCP_OUTPUT_DIR": str(folder / "videos"),
        "SORA_MCP_CONFIRM_ABOVE_USD": "100",
        "SORA_MCP_TIMEZONE": "UTC",
        **env,
    }
    settings = load(environ, today=date(2026, 11, 20), config=folder / "none.toml")
    server = build(lambda: opened(settings), settings.catalogue, today=lambda: date(2026, 11, 20))
    async with Client(server, mode=era) as asking:
        yield asking


def mended(call: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The call with these arguments changed, as a model does it that takes the words for what they say."""
    changed = {**call, **({"options": dict(call["options"])} if isinstance(call.get("options"), dict) else {})}
    for name, value in changes.items():
        place, key = (changed.setdefault("options", {}), name[8:]) if name.startswith("options.") and name not in call else (changed, name)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
    return changed


def first_fix(error: dict[str, Any]) -> dict[str, Any]:
    """The first fix of each broken argument; of one argument, the first."""
    changes: dict[str, Any] = {}
    broken = {rule["argument"] for rule in error.get("broken", [])}
    moved = any("no such argument" in rule["allowed"] for rule in error.get("broken", []))
    for fix in error.get("fixes", []):
        if not changes or (fix["argument"] not in changes and (moved or (len(broken) > 1 and fix["argument"] in broken))):
            changes[fix["argument"]] = fix["value"]
    return changes


ALONE: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    ("another model whose price needs a yes", {"model": "muvi:sora-2", "seconds": 5}, {"GEMINI_API_KEY": "k"}),
    ("another size whose price needs a yes", {"model": "pixazo:sora-2-pro", "size": "4:3"}, {"SORA_MCP_CONFIRM_ABOVE_USD": "2"}),
    (
        "a shorter one whose price needs a yes",
        {"model": "pixazo:sora-2-pro", "size": "1792x1024", "seconds": 12},
        {"SORA_MCP_CONFIRM_ABOVE_USD": "2"},
    ),
    ("another model above the cap on one video", {"model": "muvi:sora-2", "options": {"seed": 1}}, {"SORA_MCP_PER_VIDEO_USD": "0.45"}),
    ("another size above the day's rest", {"model": "pixazo:sora-2-pro", "size": "4:3"}, {"SORA_MCP_DAILY_USD": "1.60"}),
    ("another model above the month's rest", {"model": "pixazo:sora-2-pro"}, {"SORA_MCP_MONTHLY_USD": "0.60"}),
    ("a model that only a yes makes dearer", {"model": "muvi:sora-2", "max_usd": 0.1}, {"SORA_MCP_CONFIRM_ABOVE_USD": "0.30"}),
)
"""A call with one thing wrong, under caps of its own: what it is, the arguments, the settings."""


@each(("call", "env"), [row[1:] for row in ALONE], ids=[row[0] for row in ALONE])
async def test_every_fix_of_a_refusal_works_alone(tmp_path: Path, call: dict[str, Any], env: dict[str, str]) -> None:
    dead = {f"SORA_MCP_{name}_BASE_URL": "http://127.0.0.1:9" for name in ("AIMLAPI", "PIXAZO", "GOOGLE")}
    caps = {"AIMLAPI_API_KEY": "k", "PIXAZO_API_KEY": "k", **dead, "SORA_MCP_DAILY_USD": "100", **env}
    async with client(tmp_path, **caps) as asking:
        error = (await asking.call_tool("create_video", video(**call))).structured_content or {}
        tried = [video(**call, request_id=f"fix {n}") for n, _ in enumerate(error["error"]["fixes"])]
        fixed = [mended(args, {fix["argument"]: fix["value"]}) for args, fix in zip(tried, error["error"]["fixes"], strict=True)]
    # Each in a folder of its own, so that no fix spends what the next one needs.
    answers: list[tuple[str, float]] = []
    for number, args in enumerate(fixed):
        (tmp_path / str(number)).mkdir()
        async with client(tmp_path / str(number), **caps) as asking:
            answer = await asking.call_tool("create_video", args)
            said = answer.structured_content or {}
            answers.append((said["error"]["code"], 0) if answer.is_error else ("", said["usd"]))
    assert fixed
    expected = [("needs_confirmation", 0) if fix.get("needs_confirmation") else ("", fix["usd"]) for fix in error["error"]["fixes"]]
    assert answers == expected


@each("mistake", MISTAKES, ids=lambda mistake: mistake.what)
async def test_the_first_fix_of_a_refusal_works_as_given(tmp_path: Path, mistake: Mistake) -> None:
    async with client(tmp_path, **mistake.env) as asking:
        call = dict(mistake.call)
        if JOB in call.values() or "request_id" in call:
            before = (await asking.call_tool("create_video", ONE_REQUEST)).structured_content or {}
            call = {name: before["job_id"] if value == JOB else value for name, value in call.items()}
        no = await asking.call_tool(mistake.tool, call)
        assert no.is_error
        error = (no.structured_content or {})["error"]
        assert error["code"] == mistake.code
        changes = first_fix(error)
        yes = await asking.call_tool(mistake.tool, mended(call, changes))
        assert (changes, yes.is_error) == (mistake.first, False)
        prices = {fix["usd"] for fix in error["fixes"] if fix.get("value") == changes.get(fix["argument"]) and "usd" in fix}
        assert mistake.tool == "get_video_status" or prices == {(yes.structured_content or {})["usd"]}


@each(
    ("key", "model", "wrong"),
    [("PIXAZO_API_KEY", "pixazo:veo-3.1", {"seconds": 4}), ("MULERUN_API_KEY", "mulerun:kling-v3", {"size": "9:21"})],
)
async def test_no_fix_leads_to_a_model_without_a_price(key: str, model: str, wrong: dict[str, Any], tmp_path: Path) -> None:
    async with client(tmp_path, "auto", **{key: "k"}) as at:
        refused = await at.call_tool("create_video", {"prompt": "a boat", "model": model, **wrong})
        fixes = (refused.structured_content or {})["error"].get("fixes", [])
        assert [fix["argument"] for fix in fixes] == ["model"] * len(fixes)
        assert all("usd" in fix for fix in fixes)


@each("image", ["nowhere.png", "http://x/y.png", "data:image/gif;base64,R0lGODlh"], ids=lambda image: image[:20])
async def test_no_fix_leaves_out_the_picture(image: str, tmp_path: Path, era: Era) -> None:
    async with client(tmp_path, era) as at:
        for more in ({}, {"seconds": "60"}, {"size": "4:3", "duration": 60}):
            refused = await at.call_tool("create_video", video(image=image, **more))
            error = (refused.structured_content or {})["error"]
            assert [fix for fix in error.get("fixes", []) if fix["argument"] == "image" and fix["value"] is None] == []
            assert "image" in {rule["argument"] for rule in error["broken"]}
            assert "leave out image" not in (refused.structured_content or {})["message"]
