"""A call that its tool does not take is told all that is wrong with it, and one call that works, with its price; nothing is bought."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp import Client

from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server.suggestions import apply_fixes, find_differences
from tests.each import each

from .keyed import ONE_REQUEST, VEO, ask, connect_muvi, mended, video

Row = tuple[str, dict[str, Any], list[str], dict[str, Any], float]
KEYLESS = "pixazo:sora-2-pro"
MADE_BY_ANOTHER = {"model": "muvi:gen-4.5", "size": "21:9", "aspect_ratio": None}
EIGHT = {"seconds": 8, "duration": None}

WRONG: tuple[Row, ...] = (
    ("a minute as a text", video(seconds="60 s"), ["seconds"], {"seconds": 8}, 2.4),
    ("a minute's duration", video(duration=60), ["duration", "seconds"], EIGHT, 2.4),
    ("a duration that is sold", video(duration=8), ["duration"], EIGHT, 2.4),
    ("a ratio that only another has", video(aspect_ratio="21:9"), ["aspect_ratio", "size"], MADE_BY_ANOTHER, 0.24),
    ("a resolution that is not", video(resolution="8k"), ["resolution", "size"], {"size": "3840x2160", "resolution": None}, 1.8),
    ("an option beside others", video(seed=7, options={"audio": True}), ["seed"], {"options.seed": 7, "seed": None}, 1.2),
    (
        "an option as a refusal names it",
        video(**{"options.audio": "no"}),
        ["options.audio", "options.audio"],
        {"options": {"audio": True}, "options.audio": None},
        1.2,
    ),
    (
        "four at once",
        video(size="8K vertical", seconds="60 s", bogus=1, options={"zz": 1}),
        ["bogus", "seconds", "options.zz", "size"],
        {"size": "2160x3840", "seconds": 8, "options.zz": None, "bogus": None},
        3.6,
    ),
    (
        "a model without a key",
        video(model=KEYLESS, seconds="8 s"),
        ["seconds", "model"],
        {"model": "muvi:veo-3.1-fast", "seconds": 8},
        2.4,
    ),
    (
        "a prompt's name and a length",
        {"promt": "a kite", "model": VEO, "seconds": "5 s"},
        ["promt", "seconds", "prompt"],
        {"prompt": "a kite", "seconds": 4, "promt": None},
        1.2,
    ),
    (
        "the request_id of another wish",
        {**ONE_REQUEST, "length": 5},
        ["length", "request_id"],
        {"seconds": 5, "request_id": None, "length": None},
        0,
    ),
)
"""A call with several things wrong: what, the arguments, the broken ones, the changes that mend it, what it costs then."""


def told(error: dict[str, Any]) -> tuple[list[str], dict[str, Any], set[float]]:
    """The broken arguments; the fixes, by argument; their prices."""
    fixes = error.get("fixes", [])
    return [rule["argument"] for rule in error["broken"]], {f["argument"]: f["value"] for f in fixes}, {f["usd"] for f in fixes}


@each("row", WRONG, ids=lambda row: row[0])
async def test_all_that_is_wrong_is_told_at_once_with_a_call_that_works_and_its_price(keyed: Client, row: Row) -> None:
    _, call, broken, changes, price = row
    await ask(keyed, "create_video", ONE_REQUEST)
    assert told((await ask(keyed, "create_video", call))["error"]) == (broken, changes, {price})
    yes = await keyed.call_tool("create_video", mended(call, changes))
    assert (yes.is_error, (yes.structured_content or {}).get("usd")) == (False, price)


async def test_the_call_that_works_passes_no_cap_and_the_message_says_why(tmp_path: Path) -> None:
    async with connect_muvi(tmp_path, SORA_MCP_DAILY_USD="1.30") as asking:
        error = (await ask(asking, "create_video", video(duration=8)))["error"]
    assert told(error) == (["duration", "seconds"], {"seconds": 4, "duration": None}, {1.2})
    assert error["broken"][1] == {"argument": "seconds", "got": 8, "allowed": "4"}
    assert f"{VEO} costs $2.40. The limit of a day is $1.30." in error["message"]


async def test_a_clip_above_the_cap_of_one_video_is_named_in_shorter_ones_that_both_caps_allow(tmp_path: Path) -> None:
    async with connect_muvi(tmp_path, SORA_MCP_PER_VIDEO_USD="2") as client:
        for cap, parts in ((None, True), (3, True), (2, False)):
            refused = await ask(client, "create_video", video(seconds=8, max_usd=cap))
            assert refused["error"]["code"] == "over_budget"
            assert ("2 x 4 s, $2.40 in all, joined with edit_video." in refused["message"]) is parts, cap


async def test_where_no_call_works_nothing_is_offered(keyed: Client) -> None:
    error = (await ask(keyed, "create_video", video(input_image="v_0000000000#last")))["error"]
    assert (told(error), "There is no job" in error["message"]) == ((["input_image"], {}, set()), True)
    assert told((await ask(keyed, "create_video", video(**{"x" * 101: 1})))["error"]) == (["x" * 100], {}, set())


async def test_a_prompt_that_no_model_takes_is_told_with_the_rest_and_never_offered(keyed: Client) -> None:
    error = (await ask(keyed, "create_video", {"text": "x" * 10_000, "model": VEO, "duration": 60}))["error"]
    fixes = {"seconds": 8, "text": None, "duration": None}
    assert told(error) == (["text", "duration", "prompt", "seconds"], fixes, {2.4})


async def test_an_estimate_is_told_as_much_and_its_call_may_pass_a_cap(tmp_path: Path) -> None:
    async with connect_muvi(tmp_path, SORA_MCP_DAILY_USD="1") as asking:
        call = {"model": VEO, "duration": 60, "image": "url", "aspect_ratio": "16:9 4k"}
        broken, changes, prices = told((await ask(asking, "estimate_cost", call))["error"])
        assert broken == ["duration", "aspect_ratio", "seconds"]
        assert changes == {"seconds": 8, "size": "16:9 4k", "duration": None, "aspect_ratio": None}
        yes = await ask(asking, "estimate_cost", mended(call, changes))
        assert (yes["allowed"], {yes["usd"]}) == (False, prices)


BESIDE = (
    ("missing_key", {"model": "xai:grok-imagine-video-1.5-lite", "seconds": 99, "max_usd": 9}, ["seconds"]),
    ("missing_key", {"model": "xai:grok-imagine-video-1.5-lite", "max_usd": 0.01}, ["max_usd"]),
    ("model_retired", {"model": "pixazo:sora-2-pro", "seconds": 5, "size": "4:3"}, ["size", "seconds"]),
    ("price_unknown", {"model": "pixazo:veo-3.1", "seconds": 4}, ["seconds"]),
    ("invalid_seconds", {"model": VEO, "seconds": 5, "max_usd": 0.5}, ["seconds", "max_usd"]),
)
"""A call that cannot be bought, and that breaks rules besides: the code, the arguments, the broken ones."""


@each(("code", "call", "broken"), BESIDE)
async def test_broken_rules_are_named_also_beside_what_no_argument_mends(
    keyed: Client, code: str, call: dict[str, Any], broken: list[str]
) -> None:
    said = await ask(keyed, "create_video", video(**call))
    assert (said["error"]["code"], [rule["argument"] for rule in said["error"]["broken"]]) == (code, broken), said
    assert all(f"{name} must be" in said["message"] or "ask the user whether $1.20 is fine" in said["message"] for name in broken), said
    if call["model"] == VEO:
        assert {fix["argument"] for fix in said["error"]["fixes"]} == {"model"}


async def test_an_ended_model_is_mended_by_another(keyed: Client) -> None:
    retired = await ask(keyed, "create_video", video(model=KEYLESS))
    assert retired["error"]["fixes"][0]["argument"] == "model"


async def test_a_wrong_call_leaves_no_trace(tmp_path: Path) -> None:
    async with connect_muvi(tmp_path, SORA_MCP_CONFIRM_ABOVE_USD="0.01") as asking:
        before = await ask(asking, "list_videos", {})
        error = (await ask(asking, "create_video", video(duration=8)))["error"]
        assert await ask(asking, "list_videos", {}) == before
    assert (error["fixes"][0], "quote" in error) == ({"argument": "seconds", "value": 8, "usd": 2.4, "needs_confirmation": True}, False)


def test_changes_and_differences_are_each_others_inverse() -> None:
    before = {"prompt": "a", "seconds": 8.0, "options": {"a": 1, "b": True}, "bogus": 1}
    fixes = (Fix("seconds", 8, usd("1")), Fix("options.b", 1, usd("1")), Fix("bogus", None, usd("1")), Fix("options.a", None, usd("1")))
    after = {"prompt": "a", "seconds": 8, "options": {"b": 1}}
    assert (apply_fixes(before, fixes), tuple(find_differences(before, after, usd("1")))) == (after, fixes)


def test_options_that_were_none_and_are_none_need_no_change() -> None:
    assert tuple(find_differences({"prompt": "a"}, {"prompt": "a", "options": {}}, Micros(0))) == ()
