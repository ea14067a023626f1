"""The evaluation: its fifty rows, how it judges, and what it says of a client that does not answer."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from evals.__main__ import Score, play, write_table
from evals.adapters import AdapterFailure, Made, Outcome, Program, Replay, find_adapter, read_outcome
from evals.conversation import Conversation, must, row
from evals.rows import CONVERSATIONS
from evals.scoring import judge
from evals.world import Server
from sora_mcp.server.tools import TOOLS
from tests.each import each
from tests.played import VENDORS

ROW = row(
    "a-row",
    "Make it",
    must("create_video", prompt="A cat", model="muvi:sora-2", size="9:16", seconds=4),
    tells=("$0.40", "started|done"),
    bought=("muvi of sora-2",),
    never=("cancel_video",),
    keys=("muvi",),
)
CALL = Made("create_video", {"prompt": "Another cat", "model": "sora-2", "size": "vertical", "seconds": "4", "max_usd": 1})
POST = "muvi {'model': 'sora-2'}"
GOOD = Outcome((CALL,), "It is STARTED, for $0.40.")
NOWHERE = Server("none", (), {})
ECHO = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"calls": [{"tool": "mcp__sora__estimate_cost", "arguments": {"seconds": 4}}], "final": asked["turns"][0]}))
"""


def test_there_are_fifty_rows_each_with_a_name_of_its_own_known_tools_and_known_vendors() -> None:
    assert len({one.name for one in CONVERSATIONS}) == len(CONVERSATIONS) == 50
    tools = {step.tool for one in CONVERSATIONS for step in (*one.solution, *one.before)} | {
        name for one in CONVERSATIONS for name in one.never
    }
    assert tools <= {*TOOLS}
    assert {name for one in CONVERSATIONS for name in one.keys} <= {*VENDORS}
    assert [one.name for one in CONVERSATIONS if not (one.says or one.bought or one.never)] == []


def test_a_call_is_taken_by_what_it_means() -> None:
    assert judge(ROW, GOOD, [POST]) == []


@each(
    ("outcome", "bought", "wrong"),
    [
        (GOOD, [], "not bought: muvi of sora-2"),
        (GOOD, [POST, POST], f"bought without being asked: {POST}"),
        (GOOD, [POST, "fal {}"], "bought without being asked: fal {}"),
        (replace(GOOD, calls=()), [POST], "no call create_video(model='muvi:sora-2', size='9:16', seconds=4)"),
        (replace(GOOD, calls=(Made("create_video", {**CALL.arguments, "seconds": 8}),)), [POST], "no call create_video"),
        (replace(GOOD, calls=(CALL, Made("cancel_video", {}))), [POST], "cancel_video was called"),
        (replace(GOOD, final="It is started."), [POST], "the last message does not say '$0.40'"),
        (replace(GOOD, final="$0.40 it is."), [POST], "the last message does not say 'started|done'"),
    ],
)
def test_each_kind_of_fault_is_found(outcome: Outcome, bought: list[str], wrong: str) -> None:
    found = judge(ROW, outcome, bought)
    assert len(found) == 1 and found[0].startswith(wrong), found


def test_what_must_not_be_said_is_a_fault() -> None:
    assert judge(replace(ROW, never_says=("started",)), GOOD, [POST]) == ["the last message says 'started'"]


def test_any_id_stands_for_one_and_any_frame_for_a_file() -> None:
    trim = row("x", "y", must("edit_video", inputs=["{job}"], end=2), must("estimate_cost", image="file"))
    calls = (Made("edit_video", {"inputs": ["v_1"], "end": 2.0}), Made("estimate_cost", {"image": "cat.png"}))
    assert judge(trim, Outcome(calls, ""), []) == []
    assert len(judge(trim, Outcome((Made("edit_video", {"inputs": [], "end": 2}),), ""), [])) == 2


async def test_a_program_is_given_the_turns_and_the_server_and_its_calls_lose_their_prefix() -> None:
    outcome = await Program((sys.executable, "-c", ECHO)).play(ROW, NOWHERE)
    assert outcome == Outcome((Made("estimate_cost", {"seconds": 4}),), "Make it")


@each(
    ("command", "why"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no model here')"), "no model here"),
        ((sys.executable, "-c", "print('hello')"), "not as agreed"),
        (("no-such-program-at-all",), "no-such-program-at-all"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "no answer within"),
    ],
)
async def test_a_client_that_does_not_answer_is_named(command: tuple[str, ...], why: str) -> None:
    with pytest.raises(AdapterFailure, match=why):
        await Program(command, patience_s=2 if "sleep" in command[-1] else 60).play(ROW, NOWHERE)


def test_calls_that_are_none_are_not_as_agreed() -> None:
    with pytest.raises(AdapterFailure, match="not as agreed"):
        read_outcome(json.dumps({"calls": [{"name": "x"}], "final": ""}).encode())


@each(("name", "command"), [("program", ()), ("gpt", ("x",))])
def test_an_adapter_that_is_none_is_refused(name: str, command: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="replay"):
        find_adapter(name, command)


def test_the_table_names_what_went_wrong() -> None:
    rows = list(write_table([Score("one", True, [], 2, 1, 1.25), Score("two", False, ["not bought: x", "y"], 0, 0, 0.5)]))
    assert rows[1] == "one                   ok         2       1      1.2"
    assert rows[2].endswith("0.5  not bought: x; y") and rows[3] == "1 of 2 passed"


@pytest.mark.slow
async def test_a_row_is_passed_by_its_solution() -> None:
    """`make evals` plays all rows."""
    assert (await play(_find("price-no-key"), Replay())).wrong == []


@pytest.mark.slow
async def test_a_purchase_that_nobody_asked_for_is_seen_at_the_vendor() -> None:
    bought = replace(_find("buy-after-price"), bought=())
    assert [one[:27] for one in (await play(bought, Replay())).wrong] == ["bought without being asked:"]


def _find(name: str) -> Conversation:
    return next(one for one in CONVERSATIONS if one.name == name)
