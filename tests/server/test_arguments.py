"""Arguments are taken as they are published, or refused all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.money import Micros
from sora_mcp.server.schema import Spec, check_arguments, input_schema, parse_arguments, parse_dollars, read_arguments
from sora_mcp.server.suggestions import fix_arguments
from sora_mcp.server.tools import TOOLS
from tests.each import each


@dataclass(frozen=True)
class Declared:
    """Arguments of every kind."""

    prompt: Annotated[str, Spec("What to show")]
    model: str = ""
    seconds: int | None = None
    limit: Annotated[int, Spec(minimum=1, maximum=100)] = 20
    wait_seconds: Annotated[float, Spec(minimum=0, maximum=50)] = 25
    max_usd: Micros | None = None
    image: bool = False
    options: Annotated[dict[str, Any] | None, Spec(properties={"seed": "integer"})] = None
    state: Literal["queued", "running"] | None = None


ARGUMENTS = read_arguments(Declared)


def broken(**given: Any) -> tuple[BrokenRule, ...]:
    with pytest.raises(BrokenRules) as refused:
        check_arguments("create_video", ARGUMENTS, given)
    return refused.value.broken


def test_what_is_right_comes_back_without_nulls() -> None:
    call = {"prompt": "A boat", "model": "muvi:sora-2", "limit": 100, "max_usd": "0.50"}
    assert check_arguments("create_video", ARGUMENTS, {**call, "seconds": None}) == call


def test_a_checked_call_becomes_the_dataclass_that_declares_it() -> None:
    call = {"prompt": "A boat", "max_usd": "0.50", "state": "queued"}
    assert parse_arguments(Declared, ARGUMENTS, call) == Declared("A boat", max_usd=Micros(500_000), state="queued")


@pytest.mark.fault("C08")
def test_a_misspelt_argument_is_named_with_the_nearest_one_and_mended() -> None:
    with pytest.raises(BrokenRules) as refused:
        check_arguments("create_video", ARGUMENTS, {"promt": "A boat"})
    assert refused.value.message == (
        "promt must be left out: create_video has no such argument (did you mean prompt?). prompt must be given: a text that is not empty."
    )
    assert refused.value.its_code == "unknown_argument"
    assert fix_arguments(ARGUMENTS, {"promt": "A boat"}) == (Fix("prompt", "A boat"), Fix("promt", None))


@each("value", [1, None])
def test_a_strange_argument_is_answered_with_the_known_ones_even_when_it_is_null(value: int | None) -> None:
    known = "(it takes prompt, model, seconds, limit, wait_seconds, max_usd, image, options or state)"
    rule = BrokenRule("zzz", None, f"left out: create_video has no such argument {known}", "unknown_argument")
    assert broken(prompt="A boat", zzz=value) == (rule,)


def test_the_value_of_a_misspelt_argument_is_offered_in_its_kind() -> None:
    assert fix_arguments(ARGUMENTS, {"prompt": "A boat", "second": "8 s"}) == (Fix("seconds", 8), Fix("second", None))


TURNED: dict[str, list[tuple[Any, Any]]] = {
    "seconds": [("eight", 8), ("two minutes", 120), ("long", None), (True, None)],
    "limit": [(500, 100)],
    "max_usd": [("5 USD", "5"), ("much", None)],
    "image": [("yes", True)],
    "options": [("[1]", None), ("{", None)],
    "prompt": [(7, "7")],
    "model": [(7, None), (True, None)],
    "state": [("queue", "queued"), ("zzz", None)],
}


@each("name", TURNED)
def test_a_value_of_another_kind_is_turned_where_it_can_be_and_else_left_out(name: str) -> None:
    for said, value in TURNED[name]:
        assert fix_arguments(ARGUMENTS, {"prompt": "A boat", name: said}) == (Fix(name, value),), said


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rules = broken(seconds="8s", limit=0, max_usd=-1, image=1, options=[])
    assert [(rule.argument, rule.got, rule.allowed, rule.code) for rule in rules] == [
        ("seconds", "8s", "a whole number such as 8", "invalid_seconds"),
        ("limit", 0, "a whole number from 1 to 100", "invalid_argument"),
        ("max_usd", -1, "an amount of dollars such as 0.50", "invalid_argument"),
        ("image", 1, "true or false", "invalid_image"),
        ("options", [], 'an object such as {"seed": 7}', "invalid_option"),
        ("prompt", None, "given: a text that is not empty", "invalid_prompt"),
    ]


STRICT: dict[str, list[Any]] = {
    "prompt": [7, "", ["A boat"]],
    "model": [7],
    "seconds": ["8", True, 8.0, math.nan],
    "limit": [101, False, 10**400],
    "wait_seconds": ["5", 50.1, -0.1, math.inf, math.nan, True],
    "max_usd": [True, math.nan, "much", "1e3"],
    "image": ["true"],
    "options": ['{"seed": 7}'],
    "state": ["done"],
}


@each("name", STRICT)
def test_the_strict_check_turns_nothing_into_something_else(name: str) -> None:
    for value in STRICT[name]:
        assert [rule.argument for rule in broken(**{"prompt": "A boat", name: value})] == [name], value


NUMBERS = [(tool.name, row.name) for tool in TOOLS.values() for row in tool.rows if row.kind in ("number", "dollars")]


@each("value", [10**400, -(10**400), 10**4000])
@each(("tool", "name"), NUMBERS)
def test_a_number_that_no_computer_counts_with_is_refused(tool: str, name: str, value: int) -> None:
    arguments = TOOLS[tool].rows
    needed = {argument.name: ["v_1"] if argument.kind == "texts" else "x" for argument in arguments if argument.required}
    with pytest.raises(BrokenRules) as refused:
        check_arguments(tool, arguments, {**needed, name: value})
    assert BrokenRule(name, value, next(a.legal_values for a in arguments if a.name == name), "invalid_argument") in refused.value.broken
    assert Fix(name, None) in fix_arguments(arguments, {**needed, name: value})


AMOUNTS = [(1, 1_000_000), (0, 0), (0.1, 100_000), ("0.1", 100_000), ("$1.20", 1_200_000), (" 2 ", 2_000_000), (1e-9, 0)]
ROUNDED = ("0.0000019", 1)
"""A cap is never rounded up."""
NO_AMOUNTS = (-0.01, "-1", math.inf, 10**400, "", None, True)


@each(("amount", "micros"), [*AMOUNTS, ROUNDED, *((amount, None) for amount in NO_AMOUNTS)])
def test_amounts_are_exact_micros(amount: object, micros: int | None) -> None:
    assert parse_dollars(amount) == micros


def test_a_schema_says_no_more_than_it_must() -> None:
    assert input_schema(ARGUMENTS) == {
        "type": "object",
        "properties": {
            "prompt": {"type": "string", "description": "What to show"},
            "model": {"type": "string"},
            "seconds": {"type": "integer"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            "wait_seconds": {"type": "number", "minimum": 0, "maximum": 50},
            "max_usd": {"type": "number"},
            "image": {"type": "boolean"},
            "options": {"type": "object", "properties": {"seed": {"type": "integer"}}},
            "state": {"type": "string", "enum": ["queued", "running"]},
        },
        "required": ["prompt"],
    }


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


def draw_arguments(data: st.DataObject, tool: str) -> dict[str, Any]:
    """Arguments of a tool's own names and of any others, with any values."""
    return data.draw(st.dictionaries(st.sampled_from([row.name for row in TOOLS[tool].rows]) | st.text(), JSON, max_size=4))


SCHEMAS = {name: Draft202012Validator(input_schema(tool.rows)) for name, tool in TOOLS.items()}


@given(tool=st.sampled_from(sorted(TOOLS)), data=st.data())
def test_what_is_taken_keeps_to_the_published_schema(tool: str, data: st.DataObject) -> None:
    try:
        taken = check_arguments(tool, TOOLS[tool].rows, draw_arguments(data, tool))
    except BrokenRules as error:
        assert error.broken
        return
    SCHEMAS[tool].validate(taken)
