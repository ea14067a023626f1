"""Thirty mistakes that models make: the first fix of each refusal, applied literally, works."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.each import each

from .keyed import NOBODY, ONE_REQUEST, VEO, ask, connect_muvi, mended, video

pytestmark = pytest.mark.slow

JOB = "the job's id"
"""Stands for the id of the clip that was asked for before."""


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


RICH = {"SORA_MCP_DAILY_USD": "100", "SORA_MCP_PER_VIDEO_USD": "50"}
MISTAKES = (
    Mistake("a unit on the seconds", video(seconds="8s"), "invalid_seconds", {"seconds": 8}),
    Mistake("words for the seconds", video(seconds="8 seconds"), "invalid_seconds", {"seconds": 8}),
    Mistake("a fraction of a second", video(seconds=8.4), "invalid_seconds", {"seconds": 8}),
    Mistake("ten seconds", video(seconds=10), "invalid_seconds", {"seconds": 8}),
    Mistake("five seconds", video(seconds=5), "invalid_seconds", {"seconds": 4}),
    Mistake("negative seconds", video(seconds=-8), "invalid_seconds", {"seconds": 4}),
    Mistake("a minute", video(seconds=60), "invalid_seconds", {"seconds": 8}),
    Mistake("HD", video(size="HD"), "invalid_size", {"size": "720p"}),
    Mistake("a format of paper", video(size="A4"), "invalid_size", {"size": "1280x720"}),
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
    Mistake("a misspelled model", video(model="veo3.1-fsat"), "unknown_model", {"model": VEO}),
    Mistake(
        "the model of a vendor without a key",
        video(model="xai:grok-imagine-video-1.5-lite"),
        "missing_key",
        {"model": "muvi:hailuo-2.3-standard"},
    ),
    Mistake("an ended model without a key", video(model="pixazo:sora-2-pro"), "model_retired", {"model": "muvi:veo-3.1-fast"}),
    Mistake("more than the caller's own cap", video(prompt="a kite", seconds=8, max_usd=1.3), "over_budget", {"seconds": 4}),
    Mistake("more than the day has", video(seconds=8), "over_budget", {"seconds": 4}, env={"SORA_MCP_DAILY_USD": "1.30"}),
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
)
"""A call with one thing wrong, under caps of its own: what it is, the arguments, the settings."""


@each(("call", "env"), [row[1:] for row in ALONE], ids=[row[0] for row in ALONE])
async def test_every_fix_of_a_refusal_works_alone(tmp_path: Path, call: dict[str, Any], env: dict[str, str]) -> None:
    dead = {f"SORA_MCP_{name}_BASE_URL": NOBODY for name in ("AIMLAPI", "PIXAZO", "GOOGLE")}
    caps = {"AIMLAPI_API_KEY": "k", "PIXAZO_API_KEY": "k", **dead, "SORA_MCP_DAILY_USD": "100", **env}
    async with connect_muvi(tmp_path, **caps) as asking:
        fixes = (await ask(asking, "create_video", video(**call)))["error"]["fixes"]
        answers: list[tuple[str, float]] = []
        for number, fix in enumerate(fixes):
            answer = await ask(asking, "create_video", mended(video(**call, request_id=f"fix {number}"), {fix["argument"]: fix["value"]}))
            answers.append((answer["error"]["code"], 0) if "error" in answer else ("", answer["usd"]))
            if "job_id" in answer:  # no fix spends what the next one needs
                await ask(asking, "cancel_video", {"job_id": answer["job_id"]})
    assert fixes
    assert answers == [("needs_confirmation", 0) if fix.get("needs_confirmation") else ("", fix["usd"]) for fix in fixes]


@each("mistake", MISTAKES, ids=lambda mistake: mistake.what)
async def test_the_first_fix_of_a_refusal_works_as_given(tmp_path: Path, keyed: Client, mistake: Mistake) -> None:
    async with connect_muvi(tmp_path, **mistake.env) if mistake.env else nullcontext(keyed) as asking:
        call = dict(mistake.call)
        if JOB in call.values() or "request_id" in call:
            before = await ask(asking, "create_video", ONE_REQUEST)
            await ask(asking, "cancel_video", {"job_id": before["job_id"]})  # nobody waits for it
            call = {name: before["job_id"] if value == JOB else value for name, value in call.items()}
        error = (await ask(asking, mistake.tool, call))["error"]
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
    async with connect_muvi(tmp_path, **{key: "k"}) as at:
        fixes = (await ask(at, "create_video", {"prompt": "a boat", "model": model, **wrong}))["error"].get("fixes", [])
    assert [fix["argument"] for fix in fixes] == ["model"] * len(fixes)
    assert all("usd" in fix for fix in fixes)


@each("image", ["nowhere.png", "http://x/y.png", "data:image/gif;base64,R0lGODlh"], ids=lambda image: image[:20])
async def test_no_fix_leaves_out_the_picture(image: str, keyed: Client) -> None:
    for more in ({}, {"seconds": "60"}, {"size": "4:3", "duration": 60}):
        refused = await ask(keyed, "create_video", video(image=image, **more))
        assert [fix for fix in refused["error"].get("fixes", []) if fix["argument"] == "image" and fix["value"] is None] == []
        assert "image" in {rule["argument"] for rule in refused["error"]["broken"]}
        assert "leave out image" not in refused["message"]
