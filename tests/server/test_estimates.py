"""estimate_cost over a real service: the price, what is left, and what would be refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.types import CallToolResult

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.config.settings import Settings, load
from sora_mcp.jobs.runtime import open_service
from sora_mcp.server.app import build
from tests.each import each

from .conftest import Era

TODAY = date(2026, 11, 21)
ONE_RESULT = 720
"""Bytes: 200 tokens."""
NOON = 1_795_262_400.0
NOBODY = {"SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9"}
"""Where nobody answers a vendor's quote."""
KEYS = {"MUVI_API_KEY": "k", "MULERUN_API_KEY": "k", "AIMLAPI_API_KEY": "k", "PIXAZO_API_KEY": "k"}


def settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    places = {"SORA_MCP_HOME": str(folder / "home"), "SORA_MCP_OUTPUT_DIR": str(folder / "out"), "SORA_MCP_TIMEZONE": "UTC", **NOBODY}
    return load({**places, **environ}, today=TODAY, config=folder / "config.toml")


def client(folder: Path, environ: Mapping[str, str], era: Era = "auto") -> Client:
    known = settings(folder, environ)
    return Client(build(lambda: open_service(known, work=False, clock=lambda: NOON), known.catalogue, today=lambda: TODAY), mode=era)


async def estimate(folder: Path, environ: Mapping[str, str], era: Era = "auto", **arguments: Any) -> CallToolResult:
    async with client(folder, environ, era) as at:
        return await at.call_tool("estimate_cost", arguments)


async def test_an_estimate_says_the_sum_and_what_is_left(era: Era, tmp_path: Path) -> None:
    result = await estimate(tmp_path, KEYS, era, model="muvi:sora-2", seconds=8, size="portrait", clips=2)
    assert result.structured_content == {
        "message": "OpenAI ended Sora 2 on 2026-09-24; Muvi may refuse it. "
        "2 clips of 8 s, 720x1280, with sound, on muvi:sora-2: $1.60 ($0.10/s x 8 s x 2 clips). Left today $10.00 of $10.00.",
        "model": "muvi:sora-2",
        "size": "720x1280",
        "seconds": 8,
        "clips": 2,
        "usd": 1.6,
        "micros": 1_600_000,
        "basis": "$0.10/s x 8 s x 2 clips",
        "source": "https://developer.muvi.video/docs/models/video/openai/sora-2-text-to-video",
        "checked": "2026-11-20",
        "confidence": "listed",
        "needs_confirmation": False,
        "allowed": True,
        "budget": {
            "per_video_usd": 5,
            "day_limit_usd": 10,
            "day_spent_usd": 0,
            "day_left_usd": 10,
            "month_limit_usd": 100,
            "month_spent_usd": 0,
            "month_left_usd": 100,
            "resets_at": "2026-11-22T00:00:00Z",
        },
    }


async def test_without_a_model_the_offers_are_compared(era: Era, tmp_path: Path) -> None:
    result = await estimate(tmp_path, {"MUVI_API_KEY": "k"}, era, seconds=12)
    found = result.structured_content or {}
    assert found["offers"][:2] == [
        {"model": "muvi:kling-text2video-v3", "size": "16:9", "seconds": 12, "usd": 0.9},
        {"model": "muvi:wan-2.7", "size": "16:9 720p", "seconds": 12, "usd": 1.8},
    ]
    assert not any("needs_key" in offer for offer in found["offers"])
    assert "Cannot be bought now: " in found["message"]


@each(
    ("wish", "said"),
    [
        (
            {"seconds": 30},
            "30 s: 3 x 10 s on muvi:hailuo-2.3-standard (separate shots), $1.05 in all, or 2 x 15 s on "
            "muvi:kling-text2video-v3 (separate shots), $2.25 in all, or 3 x 10 s on muvi:kling-2.6-pro, $2.10 in all, joined",
        ),
        (
            {"seconds": 30, "model": "muvi:veo-3.1"},
            "muvi:veo-3.1 does not make 30 s in one clip. 30 s: 5 x 6 s, $6.00 in all, joined with edit_video.",
        ),
    ],
)
async def test_a_length_that_no_model_makes_is_priced_in_parts(wish: dict[str, Any], said: str, tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {"MUVI_API_KEY": "k"}, **wish)).structured_content or {}
    assert said in found["message"]
    assert found["clips"] * found["seconds"] == 30
    assert found["usd"] == min([found["usd"], *(offer["usd"] for offer in found.get("offers", []))])


@each("image", ["url", "file"])
async def test_a_picture_that_is_not_known_yet_is_priced_where_its_kind_is_taken(image: str, tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {"MUVI_API_KEY": "k"}, image=image)).structured_content or {}
    assert found["model"].startswith("muvi:")


@each(
    ("model", "pictures"),
    [
        ("muvi:wan-2.7", {"image": "url", "last_image": "url"}),
        ("xai:grok-imagine-video-1.5", {"image": "url", "last_image": "file"}),
        ("xai:grok-imagine-video", {"references": ["url", "https://example.com/other.png"]}),
    ],
)
async def test_pictures_cost_what_they_cost_as_options(model: str, pictures: dict[str, Any], tmp_path: Path) -> None:
    keys, real = {**KEYS, "XAI_API_KEY": "k"}, "https://example.com/a.png"
    options = {name: real if isinstance(value, str) else [real, real] for name, value in pictures.items() if name != "image"}
    image = {"image": real} if "image" in pictures else {}
    found = (await estimate(tmp_path, keys, model=model, **pictures)).structured_content or {}
    bought = (await estimate(tmp_path, keys, model=model, options=options, **image)).structured_content or {}
    assert (found.get("usd"), found.get("model")) == (bought.get("usd"), model), (found, bought)


async def test_a_last_picture_that_no_vendor_with_a_key_takes_is_refused_as_a_purchase_is(tmp_path: Path) -> None:
    found = await estimate(tmp_path, {"MUVI_API_KEY": "k"}, model="muvi:gen-4.5", image="url", last_image="file")
    error = (found.structured_content or {})["error"]
    assert (found.is_error, error["broken"][0]["argument"]) == (True, "last_image")


@each(
    ("wish", "said"),
    [
        ({"audio": True, "seconds": 8}, "Cheaper: 10 s, 16:9, on muvi:kling-3.0-standard, $1.26; trimming is free."),
        ({"audio": True, "seconds": 10}, None),
        ({"model": "muvi:veo-3.1", "seconds": 6}, None),
    ],
)
async def test_a_longer_or_larger_clip_that_costs_less_is_named(wish: dict[str, Any], said: str | None, tmp_path: Path) -> None:
    message = ((await estimate(tmp_path, {"MUVI_API_KEY": "k"}, **wish)).structured_content or {})["message"]
    assert said in message if said else "Cheaper:" not in message


async def test_a_larger_size_that_costs_less_is_named(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {"FAL_KEY": "k"}, size="9:16 1080p", seconds=5)).structured_content or {}
    assert found["model"] == "fal:seedance-2.0"
    assert "Cheaper: 5 s, 9:16 2K, on fal:minimax-h3, $0.65." in found["message"]


async def test_a_length_that_nobody_said_is_told_where_it_is_short(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {"MUVI_API_KEY": "k"}, model="muvi:gen-4.5")).structured_content or {}
    assert "2 s is its shortest; seconds can be up to 10." in found["message"]


async def test_several_clips_that_pass_an_hours_unasked_purchases_need_a_yes(tmp_path: Path) -> None:
    wish = {"model": "muvi:kling-text2video-v3", "seconds": 15}
    few = (await estimate(tmp_path, KEYS, clips=3, **wish)).structured_content or {}
    many = (await estimate(tmp_path, KEYS, clips=4, **wish)).structured_content or {}
    assert (few["needs_confirmation"], many["needs_confirmation"]) == (False, True)
    assert f"`sora-mcp approve {many['quote']}`. That yes covers all 4" in many["message"]


async def test_sound_is_said_and_can_be_chosen(tmp_path: Path) -> None:
    silent = (await estimate(tmp_path, KEYS, model="muvi:veo-3.1-fast", audio=False)).structured_content or {}
    loud = (await estimate(tmp_path, KEYS, model="muvi:veo-3.1-fast")).structured_content or {}
    assert (", without sound, on" in silent["message"], ", with sound, on" in loud["message"]) == (True, True)
    assert silent["usd"] < loud["usd"]


async def test_what_can_be_had_is_among_the_offers_that_are_compared(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {"AIMLAPI_API_KEY": "k"})).structured_content or {}
    assert found["model"] in [offer["model"] for offer in found["offers"]]
    assert [offer["usd"] for offer in found["offers"]] == sorted(offer["usd"] for offer in found["offers"])


@each(
    ("key", "wish"),
    [
        ("PIXAZO_API_KEY", {}),
        ("PIXAZO_API_KEY", {"size": "1280x720", "seconds": 8}),
        ("MULERUN_API_KEY", {}),
        ("GEMINI_API_KEY", {"size": "1280x720", "seconds": 8}),
        ("AIMLAPI_API_KEY", {"seconds": 7}),
        ("SORA_MCP_COMPATIBLE_API_KEY", {}),
    ],
)
async def test_offers_are_compared_also_where_no_vendor_with_a_key_sells_it(key: str, wish: dict[str, Any], tmp_path: Path) -> None:
    result = await estimate(tmp_path, {key: "k", "SORA_MCP_COMPATIBLE_BASE_URL": "https://gateway.example"}, **wish)
    found = result.structured_content or {}
    assert (result.is_error, found.get("allowed"), len(found.get("offers", [])) > 1) == (False, False, True), found
    assert found["refusal"].startswith(("No key for", "No model is left to choose: "))


async def test_without_any_key_the_sample_is_free(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {})).structured_content or {}
    assert (found["model"], found["usd"], found["allowed"]) == ("sample:sample", 0, True)
    compared = "Cheapest first: sample:sample free (4 s, with sound)"
    assert found["message"].startswith(f"4 s, 1280x720, with sound, on sample:sample: free. {compared}")


async def test_a_first_frame_counts_without_being_there(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, KEYS, model="muvi:sora-2", image="url")).structured_content or {}
    assert found["allowed"] is True


async def test_what_the_user_must_approve_names_the_command_where_the_client_shows_no_forms(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, KEYS, model="muvi:sora-2-pro", seconds=12)).structured_content or {}
    assert (found["needs_confirmation"], found["allowed"]) == (True, True)
    assert f"`sora-mcp approve {found['quote']}`" in found["message"]


async def test_what_would_be_refused_is_said_before(tmp_path: Path) -> None:
    found = (await estimate(tmp_path, {}, model="muvi:veo-3.1-fast")).structured_content or {}
    assert (found["allowed"], found["refusal"]) == (False, "No key for Muvi.")
    assert found["message"].endswith(
        " Refused now: No key for Muvi. Only the user can add it: `sora-mcp setup muvi` in a terminal, then a new start of this client."
        " model='sample:sample' needs none."
    )


async def test_the_price_of_an_ended_model_without_a_key_is_a_refusal_that_names_a_living_one(tmp_path: Path) -> None:
    result = await estimate(tmp_path, {"AIMLAPI_API_KEY": "k"}, model="muvi:sora-2")
    error = (result.structured_content or {})["error"]
    assert (result.is_error, error["code"]) == (True, "model_retired")
    assert [(fix["argument"], fix["value"].partition(":")[0]) for fix in error["fixes"][:1]] == [("model", "aimlapi")]


async def test_what_cannot_be_made_is_refused_with_values_that_work(era: Era, tmp_path: Path) -> None:
    result = await estimate(tmp_path, KEYS, era, model="muvi:sora-2", seconds=5)
    found = result.structured_content or {}
    assert (result.is_error, found["error"]["code"]) == (True, "invalid_seconds")
    assert found["error"]["fixes"][0] == {"argument": "seconds", "value": 4, "usd": 0.4}


LOW = (
    ("no key", {}),
    ("a low cap on one video", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "0.01"}),
    ("a low cap on the day", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "100", "SORA_MCP_DAILY_USD": "0.01"}),
    ("a low cap on the month", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "100", "SORA_MCP_MONTHLY_USD": "0.01"}),
)


async def measure(folder: Path, keys: dict[str, str], models: Iterable[str]) -> dict[str, int]:
    """Return the bytes of each model's estimate."""
    sizes: dict[str, int] = {}
    async with client(folder, keys) as at:
        for model in models:
            wants_image = not next(offer.text or offer.video for offer in Catalogue().offers if offer.id == model)
            result = await at.call_tool("estimate_cost", {"model": model, "clips": 3, **({"image": "url"} if wants_image else {})})
            sizes[model] = len(json.dumps(result.structured_content, separators=(",", ":")).encode()) if not result.is_error else 0
    return sizes


async def test_an_estimate_of_one_model_stays_small(tmp_path: Path) -> None:
    sizes = await measure(tmp_path / "every", KEYS, [offer.id for offer in Catalogue().offers])
    assert {model: size for model, size in sizes.items() if size > ONE_RESULT} == {}
    longest = sorted(sizes, key=lambda model: -sizes[model])[:6]
    for name, keys in LOW:
        sizes = await measure(tmp_path / name, keys, longest)
        assert {model: size for model, size in sizes.items() if size > ONE_RESULT} == {}, name


@each(
    "wish",
    [
        {"model": "sora-2-pro", "size": "9:16 1080p", "seconds": 8, "clips": 2},
        {"model": "sora-2-pro", "size": "9:16 1080p", "seconds": 12, "clips": 100, "image": "url"},
        {"model": "seedance-2.0", "size": "16:9 1440p", "seconds": 15, "options": {"fps": 60}},
    ],
)
async def test_the_longest_estimates_stay_short(wish: dict[str, Any], tmp_path: Path) -> None:
    result = await estimate(tmp_path, {"MUVI_API_KEY": "k"}, **wish)
    assert len(json.dumps(result.structured_content, separators=(",", ":")).encode()) <= ONE_RESULT
