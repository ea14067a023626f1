"""What clients write for the same value is taken as it is meant, and nothing else is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_mcp.domain.errors import BrokenRules
from sora_mcp.server.schema import Argument
from sora_mcp.server.tools import TOOLS
from tests.clients.programs.story import Call, fill
from tests.each import each

from .test_arguments import draw_arguments

LONG_OPTIONS = '{"a": "' + "b" * 30_000 + '"}'
ID = "v_0123456789"
MEANT: dict[tuple[str, str], list[tuple[Any, Any]]] = {
    ("create_video", "seconds"): [("8", 8), ("8.0", 8), (" 8 ", 8), (8.0, 8), (["8"], 8)],
    ("create_video", "options"): [
        ('{"seed": 7}', {"seed": 7}),
        ('{"seed": 7.0, "audio": true}', {"seed": 7, "audio": True}),
        ({"seed": 7.0, "negative_prompt": "", "last_image": None}, {"seed": 7}),
        ({"seed": -1, "negative_prompt": ""}, {}),
        ("{}", {}),
    ],
    ("create_video", "size"): [(["1280x720"], "1280x720")],
    ("create_video", "prompt"): [(["A boat"], "A boat"), *((text, text) for text in ('["A boat"]', '{"scene": "a boat"}'))],
    ("create_video", "max_usd"): [(["0.50"], "0.50")],
    ("get_video_status", "wait_seconds"): [("25", 25), ("0.5", 0.5)],
    ("get_video_status", "job_id"): [([ID], ID), (f"sora://videos/{ID}", ID), (f"sora://videos/{ID}.mp4", ID)],
    ("view_video", "job_id"): [
        (f"sora://videos/{ID}/poster.jpg", ID),
        (f"https://films.example:8443/videos/{ID}.mp4", ID),
        (f"/videos/2026-11-20_a-paper-boat_{ID}.mp4", ID),
        (f"C:\\Users\\Mia\\Videos\\2026-11-20_a-paper-boat_{ID}-2.mp4", ID),
        (f"file:///videos/{ID}.mp4", ID),
        (f'"2026-11-20_a-paper-boat_{ID}.mp4"', ID),
        (f"2026-11-20_a-paper-boat_{ID}.mp4.json", ID),
    ],
    ("view_video", "frames"): [("4", 4)],
    ("estimate_cost", "image"): [("true", "url")],
    ("estimate_cost", "clips"): [(3.0, 3)],
    ("edit_video", "inputs"): [
        (ID, [ID]),
        (f'["{ID}", "b.mp4"]', [ID, "b.mp4"]),
        (f"sora://videos/{ID}.mp4", [ID]),
        ([f"sora://videos/{ID}.mp4", "b.mp4"], [ID, "b.mp4"]),
        (f"/films/a_{ID}.mp4", [f"/films/a_{ID}.mp4"]),
    ],
    ("edit_video", "start"): [("1.5", 1.5)],
    ("list_videos", "limit"): [("5", 5)],
}


@each(("tool", "name"), MEANT)
def test_a_value_is_taken_as_it_was_intended(tool: str, name: str) -> None:
    for said, meant in MEANT[tool, name]:
        taken = TOOLS[tool].coerce({name: said})[name]
        kind = float if isinstance(meant, float) or name == "wait_seconds" else type(meant)
        assert (taken, type(taken)) == (meant, kind), said


STRICT: dict[str, dict[str, Any]] = {
    "create_video": {"prompt": "A boat", "seconds": 4},
    "get_video_status": {"job_id": ID},
    "cancel_video": {"job_id": ID},
    "view_video": {"job_id": ID},
    "edit_video": {"inputs": [ID], "action": "mute"},
}
"""What a model says of its own; all else is sent because it has to be."""


def require_all(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema as OpenAI's helper makes it strict."""
    properties = {name: require_all(inner) if inner["type"] == "object" else inner for name, inner in schema["properties"].items()}
    return {**schema, "properties": properties, "required": [*properties]}


OPTIONAL = [(tool.name, row) for tool in TOOLS.values() for row in tool.rows if not row.required]


@each("empty", [None, "", [], [""], [None]])
@each(("tool", "row"), OPTIONAL)
def test_an_empty_optional_argument_is_not_said(tool: str, row: Argument, empty: Any) -> None:
    # An empty list says nothing of references or jobs, but a cap or a quote that came so would be lost.
    says_something = empty == [] and row.kind != "texts"
    meant = {} if row.kind == "object" else []
    assert TOOLS[tool].coerce({row.name: empty}) == ({row.name: meant} if says_something else {})


def test_a_client_that_fills_in_every_argument_says_only_the_prompt() -> None:
    every = {row.name: "" for row in TOOLS["create_video"].rows} | {"prompt": "A boat"}
    assert TOOLS["create_video"].parse(every) == TOOLS["create_video"].parse({"prompt": "A boat"})


@each("name", TOOLS)
def test_a_strict_client_can_call_every_tool_without_a_dead_end(name: str) -> None:
    """A converter to a strict mode requires every argument and allows no null."""
    filled = fill(Call(name, STRICT.get(name, {})), require_all(TOOLS[name].listing.input_schema))
    assert set(filled.arguments) == {row.name for row in TOOLS[name].rows}
    TOOLS[name].parse(filled.arguments)


@each("tool", ["create_video", "estimate_cost"])
def test_a_strict_client_can_leave_an_option_unsaid(tool: str) -> None:
    schema = require_all(TOOLS[tool].listing.input_schema["properties"]["options"])
    assert TOOLS[tool].coerce({"options": fill(Call(tool, {}), schema).arguments}) == {"options": {}}


UNCLEAR: dict[tuple[str, str], list[Any]] = {
    ("create_video", "prompt"): ["", None, ["A boat", "at night"], {"text": "A boat"}],
    ("create_video", "seconds"): ["8 s", "8.5", "eight", "8,0", "1e1", "0x8", "٨", True, 8.5, math.nan, math.inf, 1e300, [4, 8]],
    ("create_video", "options"): ["seed=7", "[7]", '{"seed": 7, "seed": 8}', '{"seed": NaN}', '{"seed": 7', "[" * 9_000, LONG_OPTIONS],
    ("estimate_cost", "image"): [1],
    ("get_video_status", "wait_seconds"): ["nan", "51"],
    ("list_videos", "limit"): ["500"],
    ("edit_video", "inputs"): [[], [["a.mp4"]]],
}


@each(("tool", "name"), UNCLEAR)
def test_what_may_mean_several_things_is_refused(tool: str, name: str) -> None:
    needed = {row.name: ["a.mp4"] if row.kind == "texts" else "trim" if row.one_of else "x" for row in TOOLS[tool].rows if row.required}
    for value in UNCLEAR[tool, name]:
        with pytest.raises(BrokenRules) as refused:
            TOOLS[tool].parse(needed | {name: value})
        assert [rule.argument for rule in refused.value.broken] == [name], str(value)[:50]


OTHER_NAMES = (
    *(f"{ID} v_abcdefghij.mp4", f"a_{ID}_v_abcdefghij.mp4", f"sora://spend/{ID}"),
    *(f"sora://videos/{ID}/other.jpg", "2026-11-20_a-paper-boat.mp4", f"{ID}/clip.mp4"),
)


@each("text", OTHER_NAMES)
def test_a_name_that_is_no_jobs_stays_as_it_is(text: str) -> None:
    assert TOOLS["view_video"].coerce({"job_id": text}) == {"job_id": text}


@given(tool=st.sampled_from(sorted(TOOLS)), data=st.data())
def test_reading_twice_changes_nothing_more(tool: str, data: st.DataObject) -> None:
    once = TOOLS[tool].coerce(draw_arguments(data, tool))
    assert repr(TOOLS[tool].coerce(once)) == repr(once)
