"""A refusal that no other value mends says in plain words what the model lacks, and who has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.explain import explain
from sora_mcp.catalogue.families import explain_unknown
from sora_mcp.catalogue.planner import UNSTATED, plan
from sora_mcp.domain import Clip, Image, VideoRequest
from sora_mcp.domain.errors import BrokenRules, UnknownModel
from sora_mcp.domain.money import usd
from tests.each import each

TODAY = date(2026, 11, 20)
FRAME = Image("data:image/png;base64,AAAA", "image/png", 512, 512, 3)
FACE: dict[str, Any] = {"options": {"references": FRAME.uri}, "arguments": frozenset(("references",))}
PHOTO = Image("data:image/jpeg;base64,AAAA", "image/jpeg", 4032, 3024, 3)
LITE = "grok-imagine-video-1.5-lite"
VEO = {"model": "aimlapi:veo-3.1-fast"}

ROWS: tuple[tuple[str, tuple[str, ...], dict[str, Any], tuple[str, ...]], ...] = (
    ("too long", ("muvi",), {"seconds": 60}, ("No model here makes 60 s in one clip. 60 s: 6 x 10 s on muvi:", "or 4 x 15 s on muvi:")),
    (
        "too long for a model",
        ("muvi",),
        {"seconds": 30, "model": "muvi:veo-3.1"},
        ("30 s: 5 x 6 s, $6.00 in all", "create_video(seconds=6)"),
    ),
    ("too long, going on", ("aimlapi",), {"seconds": 16, **VEO}, ('continues="JOB_ID"', 'edit_video(action="join")')),
    ("a shape", ("aimlapi", "muvi"), {"size": "square", **VEO}, ("has no square: size must be 16:9 or 9:16.",)),
    ("a shape of nobody", ("aimlapi",), {"size": "1:1 720p", **VEO}, ("No model with a key makes 1:1 videos.", "runway:", 'ratio="1:1"')),
    (
        "a face",
        ("aimlapi",),
        {**FACE, **VEO},
        ("No model with a key takes references.", "`sora-mcp setup fal`", "does not take references:"),
    ),
    (
        "a face, elsewhere",
        ("muvi", "xai"),
        {**FACE, "model": "kling-2.6-pro"},
        ("muvi:kling-2.6-pro does not take references: it takes audio",),
    ),
    (
        "a photo of another shape",
        (),
        {"image": PHOTO},
        ("The picture is 4032x3024 (sample:sample makes 16:9, 9:16, 1:1, 7:4 or 4:7): options.fit", "takes it as it is, with a key of"),
    ),
    (
        "a large photo of another shape",
        ("aimlapi",),
        {"image": replace(PHOTO, bytes=12_040_000), **VEO},
        ('has 12.1 MB (10 MB at most): options.fit="crop" cuts it to fit and makes it smaller, "pad" adds bars, both for free.',),
    ),
    (
        "no size of any model",
        ("muvi",),
        {"size": "5000x40"},
        ("No model with a key takes all of this; the nearest is muvi:", ". size must be"),
    ),
    ("a face in 1080p", ("xai",), {**FACE, "size": "1080p", "model": LITE}, ("takes references, but not all else", "list_sizes(")),
)
"""What is lacking, the keys, the request, and what is said."""


@each(("keys", "asked", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_refusal_says_what_is_lacking_and_who_has_it(keys: tuple[str, ...], asked: dict[str, Any], says: tuple[str, ...]) -> None:
    catalogue, request = Catalogue(keyed=frozenset(keys)), VideoRequest("a fox", **asked)
    with pytest.raises(BrokenRules) as caught:
        plan(request, catalogue, today=TODAY)
    message = explain(caught.value, request, catalogue, can_fit=True, today=TODAY).message
    assert [phrase for phrase in says if phrase not in message] == [], message


def test_a_family_that_makes_and_edits_is_compared_by_what_it_makes() -> None:
    here = Catalogue(keyed=frozenset({"muvi"}))
    message = explain_unknown(UnknownModel("?"), VideoRequest("a fox", "o3"), here, today=TODAY).message
    assert "'o3' means several models. Cheapest first: muvi:kling-o3-std ($" in message
    assert "edit" not in message.partition("list_sizes")[0]


EDITED = Clip("data:video/mp4;base64,AAAA", duration_s=12.0, bytes=1000)
FAMILIES: tuple[tuple[str, tuple[str, ...], dict[str, Any], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Kling 3",
        ("fal", "muvi"),
        {"seconds": 5},
        ("muvi:kling-3.0-standard ($0.42 for 5 s, without sound)", "lists all"),
        ("replicate", "No v"),
    ),
    (
        "veo",
        ("fal",),
        {"seconds": 30},
        ("None makes 30 s in one clip: 3 x 8 s + 6 s on fal:veo-3.1-lite at 720p, $1.50 in all", 'model="fal:veo-3.1-lite"'),
        (),
    ),
    ("veo", ("fal",), {"seconds": 5}, ("seconds must be 4, 6 or 8, not 5.", "fal:veo-3.1-lite ($0.30 for 6 s"), ()),
    ("veo", ("fal",), {"size": "1:1", "image": FRAME}, ("None makes 1:1 videos: they make ", "fal:veo-3.1-lite ($"), ()),
    ("veo", ("fal",), {"size": "1080p", "seconds": 8}, ("Cheapest first: fal:veo-3.1-lite ($0.64 for 8 s, with sound, 1080p)",), ("None",)),
    ("veo", ("fal",), {"options": {"negative_prompt": "cats", "style": "x"}}, ("None of them takes style.", "Cheapest first: fal:veo"), ()),
    (
        "kling",
        ("muvi", "fal"),
        {"edits": replace(EDITED, duration_s=8.0)},
        ("Cheapest first: muvi:kling-o3-standard ($0.03 for 8 s",),
        ("text2video",),
    ),
    (
        "kling",
        ("muvi",),
        {"edits": EDITED},
        ("None takes all of this: edits must be", "muvi:kling-o3-standard ($0.03 for 10 s"),
        ("text2video",),
    ),
    ("veo", ("fal",), {"edits": EDITED}, ("None of them edits videos.",), ()),
    (
        "sora",
        ("muvi",),
        {},
        ("OpenAI ended Sora 2 on 2026-09-24. Still sold, and perhaps refused: muvi:sora-2 ($0.40", "Best look, say sellers: muvi:"),
        ("No v",),
    ),
    ("openai sora", (), {}, ("ended Sora 2", "Real clips need an account and a key"), ("Still sold", "of no use")),
    ("sroa 2", ("fal",), {}, ("No vendor sells 'sroa 2'. OpenAI ended Sora 2", "a key for it would be of no use"), ("Still sold",)),
    ("klign 3", ("fal",), {}, ("No vendor sells 'klign 3'. Cheapest first: fal:kling-3.0",), ("kling-o3",)),
    (
        "Veo 3",
        (),
        {},
        ("No vendor sells 'Veo 3'. No key here for any of these. The user gets one, ", " the chat app. Cheapest first: "),
        (),
    ),
    ("Hailuo", ("fal",), {"size": "square"}, ("None makes square videos: their shape cannot be chosen.",), ("they make",)),
    ("veo", ("fal",), {"max_usd": usd("0.1")}, ("All of these cost more than max_usd $0.10.",), ()),
    ("the cheapest", ("fal",), {}, ("Cheapest first: fal:", "Leave model out"), ("lists all",)),
    ("seedance 1", ("fal",), {"options": {"audio": True}}, ("None of them takes audio.", "fal:seedance-1-pro-fast ($"), ("None takes",)),
    ("runway", ("muvi",), {}, ("muvi:gen-4.5 ($",), ("No key here",)),
    ("gen4", ("runway",), {"size": "9:16"}, ("image must be given", "Cheapest first: runway:gen4-turbo ($0.10 for 2 s"), ()),
)
"""The name, the keys, the request, what is said, and what is not."""


@each(("name", "keys", "asked", "says", "never"), FAMILIES, ids=[f"{row[0]} {number}" for number, row in enumerate(FAMILIES)])
def test_a_name_of_several_models_is_answered_with_what_the_request_costs_on_each(
    name: str, keys: tuple[str, ...], asked: dict[str, Any], says: tuple[str, ...], never: tuple[str, ...]
) -> None:
    catalogue, request = Catalogue(keyed=frozenset(keys)), VideoRequest("a fox", name, **asked)
    with pytest.raises(UnknownModel) as caught:
        catalogue.find_named(name)
    message = explain_unknown(caught.value, request, catalogue, today=TODAY).message
    assert [phrase for phrase in says if phrase not in message] == [], message
    assert [phrase for phrase in never if phrase in message] == [], message


@each(
    ("option", "instead"), [("seed", "Without a seed every take differs."), ("negative_prompt", "Say in the prompt what must not be seen.")]
)
def test_in_place_of_an_option_that_a_model_does_not_have_something_else_is_named(option: str, instead: str) -> None:
    with pytest.raises(BrokenRules) as caught:
        plan(VideoRequest("a fox", "fal:kling-o3-standard", options={option: 7}), Catalogue(keyed=frozenset({"fal"})), today=TODAY)
    assert caught.value.message.endswith(f"or variation. {instead}")


@each(
    ("name", "keys", "options", "why"),
    [
        (
            "kling-3.0-standard",
            "muvi fal",
            {},
            "Muvi is its cheapest vendor with a key. It has no sound: with audio=true a clip costs $0.63.",
        ),
        ("muvi:kling-3.0-standard", "muvi fal", {}, "It has no sound: with audio=true a clip costs $0.63."),
        ("kling-3.0-standard", "muvi fal", {"audio": False}, "Muvi is its cheapest vendor with a key."),
        ("kling-3.0-standard", "fal", {}, "Only fal has a key for it."),
        ("fal:kling-3.0-standard", "fal", {}, None),
    ],
)
def test_an_order_says_why_this_vendor_and_what_the_model_costs_with_sound(
    name: str, keys: str, options: dict[str, Any], why: str | None
) -> None:
    here = Catalogue(keyed=frozenset(keys.split()))
    order, _ = plan(VideoRequest("a fox", name, seconds=5, options=options), here, today=TODAY)
    assert order.why == " ".join(filter(None, (why, UNSTATED)))
