"""estimate_cost and get_spend over a real service: the price, what is left, and what would be refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mcp import Client

from sora_mcp.catalogue.catalogue import Catalogue
from tests.each import each

from ..snapshot import check_snapshot
from .conftest import Era
from .keyed import ask, connect

ONE_RESULT = 720
"""Bytes: 200 tokens."""
MUVI = {"MUVI_API_KEY": "k"}
KEYS = {**MUVI, "MULERUN_API_KEY": "k", "AIMLAPI_API_KEY": "k", "PIXAZO_API_KEY": "k"}


async def estimate(folder: Path, environ: Mapping[str, str], era: Era = "auto", **arguments: Any) -> dict[str, Any]:
    async with connect(folder, environ, era) as at:
        return await ask(at, "estimate_cost", arguments)


async def test_an_estimate_says_the_sum_and_what_is_left(era: Era, tmp_path: Path) -> None:
    found = await estimate(tmp_path, KEYS, era, model="muvi:sora-2", seconds=8, size="portrait", clips=2)
    check_snapshot("estimate", found)


async def test_without_a_model_the_offers_are_compared(tmp_path: Path) -> None:
    found = await estimate(tmp_path, MUVI, seconds=12)
    assert found["offers"][:2] == [
        {"model": "muvi:kling-text2video-v3", "size": "16:9", "seconds": 12, "usd": 0.9},
        {"model": "muvi:kling-o3-std", "size": "16:9", "seconds": 12, "usd": 1.008, "audio": False},
    ]
    assert not any("needs_key" in offer for offer in found["offers"])
    assert "Cannot be bought now" not in found["message"]


IN_PARTS = {
    "": "30 s: 3 x 10 s on muvi:hailuo-2.3-standard at 768p, $1.05 in all, or 2 x 15 s on muvi:kling-text2video-v3 (separate shots), "
    "$2.25 in all, joined with edit_video.",
    "muvi:veo-3.1": "muvi:veo-3.1 does not make 30 s in one clip. 30 s: 5 x 6 s, $6.00 in all, joined with edit_video.",
}


@each(("model", "said"), IN_PARTS.items())
async def test_a_length_that_no_model_makes_is_priced_in_parts(keyed: Client, model: str, said: str) -> None:
    found = await ask(keyed, "estimate_cost", {"seconds": 30, "model": model})
    assert said in found["message"]
    assert found["clips"] * found["seconds"] == 30
    assert found["usd"] == min([found["usd"], *(offer["usd"] for offer in found.get("offers", []))])


async def test_a_picture_that_is_not_known_yet_is_priced_where_its_kind_is_taken(keyed: Client) -> None:
    for image in ("url", "file"):
        assert (await ask(keyed, "estimate_cost", {"image": image}))["model"].startswith("muvi:"), image
    assert (await ask(keyed, "estimate_cost", {"model": "muvi:sora-2", "image": "url"}))["allowed"] is True


@each(
    ("model", "pictures"),
    [
        ("muvi:wan-2.7", {"image": "url", "last_image": "url"}),
        ("xai:grok-imagine-video-1.5", {"image": "url", "last_image": "file"}),
        ("xai:grok-imagine-video", {"references": ["url", "https://example.com/other.png"]}),
    ],
)
async def test_pictures_cost_what_they_cost_as_options(model: str, pictures: dict[str, Any], tmp_path: Path) -> None:
    real = "https://example.com/a.png"
    options = {name: real if isinstance(value, str) else [real, real] for name, value in pictures.items() if name != "image"}
    image = {"image": real} if "image" in pictures else {}
    async with connect(tmp_path, {**KEYS, "XAI_API_KEY": "k"}) as at:
        found = await ask(at, "estimate_cost", {"model": model, **pictures})
        bought = await ask(at, "estimate_cost", {"model": model, "options": options, **image})
    assert (found.get("usd"), found.get("model")) == (bought.get("usd"), model), (found, bought)


async def test_a_last_picture_that_no_vendor_with_a_key_takes_is_refused_as_a_purchase_is(keyed: Client) -> None:
    found = await ask(keyed, "estimate_cost", {"model": "muvi:gen-4.5", "image": "url", "last_image": "file"})
    assert found["error"]["broken"][0]["argument"] == "last_image"


@each(
    ("wish", "said"),
    [
        (
            {"options": {"negative_prompt": "rain"}, "seconds": 8},
            "Longer for less: 10 s, 16:9, on muvi:kling-2.5-turbo-pro, $0.50; trimming is free.",
        ),
        ({"audio": True, "seconds": 10}, None),
        ({"model": "muvi:veo-3.1", "seconds": 6}, None),
    ],
)
async def test_a_longer_or_larger_clip_that_costs_less_is_named(wish: dict[str, Any], said: str | None, keyed: Client) -> None:
    message = (await ask(keyed, "estimate_cost", wish))["message"]
    assert said in message if said else " for less:" not in message


async def test_a_larger_size_that_costs_less_is_named_once(tmp_path: Path) -> None:
    found = await estimate(tmp_path, {"FAL_KEY": "k"}, size="16:9 540p", seconds=5)
    cheaper = "\nfal:seedance-1-pro-fast, may have sound, 720p: $0.11, needs approval"
    assert (found["model"], cheaper in found["message"], "Larger for less" in found["message"]) == ("fal:pixverse-v5", True, False)


async def test_an_edit_is_priced_by_the_models_that_edit(tmp_path: Path) -> None:
    refused = await estimate(tmp_path / "a", {"FAL_KEY": "k"}, edits="holiday.mp4")
    assert 'model="edit" says what an edit costs at each model' in refused["message"]
    found = await estimate(tmp_path / "b", {"FAL_KEY": "k"}, model="edit", seconds=6)
    assert "6 s, 480p, may have sound, on fal:grok-imagine-video-edit: $0.36" in found["message"]
    best = await estimate(tmp_path / "c", {"FAL_KEY": "k"}, model="best", seconds=5)
    assert "on fal:seedance-2.0: $0.67" in best["message"]


async def test_the_best_look_is_named_at_a_size_that_may_be_bought(tmp_path: Path) -> None:
    found = await estimate(tmp_path, {"FAL_KEY": "k"}, size="9:16", seconds=5)
    assert (
        "\nfal:seedance-2.0 (best look, say sellers), with sound: 480p $0.67, 720p $1.52, 1080p $3.41 (only 1080p needs approval)\n"
        in found["message"]
    )


async def test_a_length_that_nobody_said_is_told_where_it_is_short(keyed: Client) -> None:
    found = await ask(keyed, "estimate_cost", {"model": "muvi:gen-4.5"})
    assert "muvi:gen-4.5 makes 2 to 10 s; 5 s cost $0.60 a clip." in found["message"]


async def test_what_the_user_must_approve_names_the_command_where_the_client_shows_no_forms(tmp_path: Path) -> None:
    kling = {"model": "muvi:kling-text2video-v3", "seconds": 15}
    async with connect(tmp_path, KEYS) as at:
        dear = await ask(at, "estimate_cost", {"model": "muvi:sora-2-pro", "seconds": 12})
        few, many = [await ask(at, "estimate_cost", {**kling, "clips": clips}) for clips in (3, 4)]  # an hour's unasked purchases
    assert (dear["needs_confirmation"], dear["allowed"]) == (True, True)
    assert f"`sora-mcp approve {dear['quote']}`" in dear["message"]
    assert (few["needs_confirmation"], many["needs_confirmation"]) == (False, True)
    assert f"`sora-mcp approve {many['quote']}` in a terminal and types 4.50. It covers all 4 for 60 min" in many["message"]


async def test_sound_is_said_and_can_be_chosen(keyed: Client) -> None:
    silent = await ask(keyed, "estimate_cost", {"model": "muvi:veo-3.1-fast", "audio": False})
    loud = await ask(keyed, "estimate_cost", {"model": "muvi:veo-3.1-fast"})
    assert (", without sound, on" in silent["message"], ", with sound, on" in loud["message"]) == (True, True)
    assert silent["usd"] < loud["usd"]


async def test_what_can_be_had_is_among_the_offers_that_are_compared(tmp_path: Path) -> None:
    found = await estimate(tmp_path, {"AIMLAPI_API_KEY": "k"})
    assert found["model"] in [offer["model"] for offer in found["offers"]]
    assert [offer["usd"] for offer in found["offers"]] == sorted(offer["usd"] for offer in found["offers"])


@each(
    ("key", "wish"),
    [
        ("PIXAZO_API_KEY", {}),
        ("PIXAZO_API_KEY", {"size": "1280x720", "seconds": 8}),
        ("MULERUN_API_KEY", {}),
        ("GEMINI_API_KEY", {"size": "1:1", "seconds": 8}),
        ("AIMLAPI_API_KEY", {"seconds": 7}),
        ("SORA_MCP_COMPATIBLE_API_KEY", {}),
    ],
)
async def test_offers_are_compared_also_where_no_vendor_with_a_key_sells_it(key: str, wish: dict[str, Any], tmp_path: Path) -> None:
    found = await estimate(tmp_path, {key: "k", "SORA_MCP_COMPATIBLE_BASE_URL": "https://gateway.example"}, **wish)
    assert ("error" in found, found.get("allowed"), len(found.get("offers", [])) > 1) == (False, False, True), found
    assert found["refusal"].startswith(("No key for", "No model is left to choose: "))


async def test_without_any_key_the_sample_is_free_and_what_would_be_refused_is_said_before(tmp_path: Path) -> None:
    async with connect(tmp_path, {}) as at:
        sample, refused = await ask(at, "estimate_cost", {}), await ask(at, "estimate_cost", {"model": "muvi:veo-3.1-fast"})
    assert (sample["model"], sample["usd"], sample["allowed"]) == ("sample:sample", 0, True)
    assert sample["message"].startswith(
        "A real clip with seconds=5 costs $0.05 on fal:seedance-1-pro-fast (480p), with the best look, say sellers, $0.35 on "
        "byteplus:seedance-2.0 (with sound)."
    )
    assert " Without a key: 4 s on sample:sample, free. A sample clip is a drawn scene " in sample["message"]
    assert len(sample["message"].encode()) <= 120 * 3.6
    assert "Cannot be bought now" not in sample["message"]
    assert (refused["allowed"], refused["refusal"]) == (False, "No key for Muvi.")
    assert refused["message"].endswith(
        " Not now: No key for Muvi. The user gets one at https://developer.muvi.video/docs/authentication, runs `sora-mcp setup muvi` in a "
        "terminal and restarts the chat app."
        " Free: model='sample:sample', drawn."
    )


async def test_the_price_of_an_ended_model_without_a_key_is_a_refusal_that_names_a_living_one(tmp_path: Path) -> None:
    error = (await estimate(tmp_path, {"AIMLAPI_API_KEY": "k"}, model="muvi:sora-2"))["error"]
    assert error["code"] == "model_retired"
    assert [(fix["argument"], fix["value"].partition(":")[0]) for fix in error["fixes"][:1]] == [("model", "aimlapi")]


async def test_what_cannot_be_made_is_refused_with_values_that_work(era: Era, tmp_path: Path) -> None:
    error = (await estimate(tmp_path, KEYS, era, model="muvi:sora-2", seconds=5))["error"]
    assert (error["code"], error["fixes"][0]) == ("invalid_seconds", {"argument": "seconds", "value": 4, "usd": 0.4})


LOW = (
    ("no key", {}),
    ("a low cap on one video", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "0.01"}),
    ("a low cap on the day", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "100", "SORA_MCP_DAILY_USD": "0.01"}),
    ("a low cap on the month", {**KEYS, "SORA_MCP_PER_VIDEO_USD": "100", "SORA_MCP_MONTHLY_USD": "0.01"}),
)


def size(found: dict[str, Any]) -> int:
    return len(json.dumps(found, separators=(",", ":")).encode())


async def measure(folder: Path, keys: dict[str, str], models: Iterable[str]) -> dict[str, int]:
    """Return the bytes of each model's estimate."""
    sizes: dict[str, int] = {}
    async with connect(folder, keys) as at:
        for model in models:
            wants_image = not next(offer.text or offer.video for offer in Catalogue().offers if offer.id == model)
            found = await ask(at, "estimate_cost", {"model": model, "clips": 3, **({"image": "url"} if wants_image else {})})
            sizes[model] = 0 if "error" in found else size(found)
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
    assert size(await estimate(tmp_path, MUVI, **wish)) <= ONE_RESULT


async def test_what_was_spent_this_week_is_one_call(tmp_path: Path) -> None:
    async with connect(tmp_path, {}) as at:
        found = await ask(at, "get_spend", {"since": "7d", "by": "model"})
        week = await ask(at, "get_spend", {"since": "this week"})
        wrong = await ask(at, "get_spend", {"until": "this week"})
    assert found["message"].startswith(
        "Since 2026-11-14: no paid clips (free ones are not counted), $0.00 spent.\nLeft today $10.00 of $10.00 (until "
    )
    assert (found["spent_usd"], found["held_usd"], found["budget"]["day_left_usd"]) == (0, 0, 10)
    assert week["message"].startswith("Since 2026-11-16: ")  # a Monday
    assert wrong["error"]["broken"][0]["argument"] == "until"
