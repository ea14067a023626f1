"""A refusal that no other value mends says in plain words what the model lacks, and who has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.explain import explain, explain_unknown
from sora_mcp.catalogue.planner import plan
from sora_mcp.domain import Image, VideoRequest
from sora_mcp.domain.errors import BrokenRules, UnknownModel
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
    ("a face", ("aimlapi",), {**FACE, **VEO}, ("No model with a key takes references.", "`sora-mcp setup`", "does not take references:")),
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
    assert "'o3' is no single model. Cheapest first: muvi:kling-o3-std ($" in message
    assert "edit" not in message.partition("list_sizes")[0]
