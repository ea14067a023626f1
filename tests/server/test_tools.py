"""The tools through a client, in both eras of the protocol, over a played service."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver import Extension, ToolBinding
from mcp.types import CallToolResult, TextContent

from sora_mcp.domain import Job, State, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, NotCancellable, StorageError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server.app import build
from sora_mcp.server.results import build_refusal
from sora_mcp.server.tools import get_video_status
from tests.each import each
from tests.nouns import a_job
from tests.waiting import eventually

from .conftest import Era
from .counter import NOW, PlayedService, a_done_job, a_server

ID = "v_0123456789"
BOAT = '"A paper boat drifts down a rainy street"'
AWAY = StorageError("The disk is gone.")


async def call(service: PlayedService, era: Era, name: str, **arguments: Any) -> CallToolResult:
    async with Client(a_server(service), mode=era) as client:
        result = await client.call_tool(name, arguments)
    first = result.content[0]
    assert isinstance(first, TextContent)
    assert result.structured_content and next(iter(result.structured_content)) == "message"
    assert first.text == result.structured_content["message"]
    return result


def fields(result: CallToolResult) -> dict[str, Any]:
    return result.structured_content or {}


def service_with(*jobs: Any, **more: Any) -> PlayedService:
    return PlayedService({job.id: job for job in jobs}, **more)


EVERY = {
    "prompt": '{"a": "boat"}',
    "model": "muvi:sora-2",
    "size": "[1]",
    "seconds": 4,
    "image": "null",
    "options": {"seed": 7},
    "max_usd": "0.50",
    "quote": "q_1",
    "request_id": "{}",
}
SAID: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    (EVERY, {**{name: value for name, value in EVERY.items() if name != "quote"}, "max_usd": usd("0.50"), "quote_id": "q_1"}),
    ({"prompt": "A boat", "model": "", "seconds": None, "options": None, "max_usd": None}, {"prompt": "A boat"}),
    ({"prompt": "A boat", "max_usd": 0.1}, {"prompt": "A boat", "max_usd": Micros(100_000)}),
)
"""Arguments, and what the service hears of them."""


@each(("arguments", "heard"), SAID, ids=["every argument", "what is not said", "a cap as a number"])
async def test_create_video_carries_to_the_service_what_a_caller_says(arguments: dict[str, Any], heard: dict[str, Any], era: Era) -> None:
    service = PlayedService(made=replace(a_job(), day_left=usd("9.60")))
    result = await call(service, era, "create_video", **arguments)
    assert service.requests == [VideoRequest(**heard)]
    assert (result.is_error, fields(result)["job_id"], fields(result)["day_left_usd"]) == (False, "v_0123456789", 9.6)


async def test_a_wrong_argument_never_reaches_the_service(era: Era) -> None:
    service = PlayedService(made=a_job())
    result = await call(service, era, "create_video", promt="A boat", seconds="8")
    assert (result.is_error, fields(result)["error"]["code"], service.requests) == (True, "unknown_argument", [])
    assert fields(result)["message"].startswith("Not sent, nothing charged. promt must be left out")


async def test_a_refusal_of_the_service_arrives_as_it_is(era: Era) -> None:
    broken = BrokenRules((BrokenRule("seconds", 5, "4, 8 or 12", "invalid_seconds"),), subject="muvi:sora-2")
    result = await call(PlayedService(made=broken), era, "create_video", prompt="A boat", model="muvi:sora-2", seconds=5)
    assert (result.is_error, fields(result)) == (True, build_refusal(broken).structured_content)


OPEN = "It is not known whether anything was charged: list_videos shows what is held."
OURS = "Something unforeseen went wrong in the server; its log says what."


async def test_a_bug_while_buying_says_that_the_outcome_is_unknown(era: Era, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "sora_mcp"):
        result = await call(PlayedService(made=ValueError("secret thing")), era, "create_video", prompt="A boat")
    assert fields(result) == {"message": f"{OPEN} {OURS}", "error": {"code": "internal", "message": OURS, "charged": "unknown"}}
    assert "secret thing" in caplog.text


async def test_a_bug_while_a_job_is_read_leaves_its_money_open(era: Era) -> None:
    service = service_with(replace(a_job(), created_at="x"))  # pyright: ignore[reportArgumentType] - what must not happen
    result = await call(service, era, "get_video_status", job_id=ID, wait_seconds=0)
    assert fields(result)["error"]["charged"] == "unknown"


async def test_an_unknown_tool_is_a_protocol_error(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("make_video", {})
    assert (refused.value.code, refused.value.message) == (-32602, "Unknown tool: make_video")


@each("state", ["queued", "unknown"])
async def test_nobody_waits_who_does_not_want_to_or_whose_job_is_over(state: State, era: Era) -> None:
    service = service_with(replace(a_job(), state=state))
    result = await call(service, era, "get_video_status", job_id=ID, wait_seconds=0 if state == "queued" else 50)
    assert (fields(result)["state"], service.looked) == (state, 1)


@asynccontextmanager
async def waiting(service: PlayedService, era: Era, **of: Any) -> AsyncGenerator[list[CallToolResult]]:
    """The answers of a call that waits beside the block, and ends after it."""
    answers = list[CallToolResult]()

    async def ask() -> None:
        answers.append(await call(service, era, "get_video_status", wait_seconds=50, **of))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        yield answers


async def test_a_status_waits_for_the_end_and_not_for_the_steps_on_the_way(era: Era) -> None:
    service = service_with(a_job())
    async with waiting(service, era, job_id=ID) as answers:
        await eventually(lambda: service.looked >= 2)
        service.put(replace(a_job(), state="running"))
        await eventually(lambda: service.looked >= 3)
        await anyio.sleep(0.1)
        assert not answers
        service.put(replace(a_job(), state="failed", charged="no"))
    assert fields(answers[0])["state"] == "failed"


async def test_several_jobs_are_waited_for_until_all_have_ended(era: Era) -> None:
    other = replace(a_job(), id="v_1111111111", version=2, created_at=NOW)
    service = service_with(replace(a_job(), created_at=NOW), other)
    async with waiting(service, era, job_ids=[ID, other.id]) as answers:
        await eventually(lambda: service.looked >= 4)
        service.put(replace(a_done_job(), created_at=NOW))
        await eventually(lambda: service.looked >= 5)
        await anyio.sleep(0.1)
        assert not answers
        service.put(replace(other, state="unknown", charged="unknown"))
    assert [job["state"] for job in fields(answers[0])["jobs"]] == ["completed", "unknown"]
    assert fields(answers[0])["message"].startswith(
        "2 of 2 have ended (Muvi does not state what it charged).\n"
        "Done: v_0123456789, 4 s, 1280x720, with sound, 6.8 MB, about $0.40. File: /Volumes"
    )


async def test_what_a_person_must_do_is_told_at_once(era: Era) -> None:
    for job, words in (
        (replace(a_job(), state="submitting", unwritten="was taken by muvi as 'job_1'"), "is its disk full?"),
        (replace(a_job(), trouble="Muvi does not accept the key.", todo="it goes on then."), "key. Tell the user: it goes on then."),
    ):
        service = service_with(job)
        result = await call(service, era, "get_video_status", job_id=ID, wait_seconds=50)
        assert (words in fields(result)["message"], service.looked) == (True, 1)


@each(("jobs", "given"), [((), {}), ((a_job(),), {"job_ids": [ID] * 21})])
async def test_a_status_is_of_one_to_twenty_jobs(jobs: tuple[Job, ...], given: dict[str, Any], era: Era) -> None:
    result = await call(service_with(*jobs), era, "get_video_status", **given)
    assert (result.is_error, fields(result)["error"]["code"]) == (True, "invalid_argument")


async def test_a_clip_that_the_caller_did_not_name_is_named_by_its_prompt(era: Era) -> None:
    long = replace(
        a_job(), id="v_1111111111", prompt="A sailing boat glides through the morning mist on a lake", state="failed", charged="no"
    )
    of_this_chat, of_another = {"created_at": NOW + 1}, {"created_at": NOW - 9000}
    for job, given, begin in (
        (replace(a_job(), **of_this_chat), {}, f"{BOAT} ({ID}) is queued"),
        (replace(a_job(), **of_this_chat), {"job_id": ID}, f"{ID} is queued"),
        (replace(a_job(), **of_another), {"job_id": ID}, f"{BOAT} ({ID}) is queued"),
        (replace(a_done_job(), **of_another), {"job_id": ID}, f"Done in 9024 s: {BOAT} ({ID}), 4 s"),
        (replace(long, **of_another), {"job_id": long.id}, '"A sailing boat glides through the…" (v_1111111111) failed.'),
    ):
        result = await call(service_with(job), era, "get_video_status", wait_seconds=0, **given)
        assert fields(result)["message"].startswith(begin), fields(result)["message"]


@each(("jobs", "id"), [((a_done_job(),), ID), ((a_done_job(), replace(a_job(), id="v_1111111111")), "v_1111111111")])
async def test_a_status_without_an_id_is_of_what_is_under_way_else_of_the_newest(jobs: tuple[Job, ...], id: str, era: Era) -> None:
    result = await call(service_with(*jobs), era, "get_video_status", wait_seconds=0)
    assert (result.is_error, fields(result)["job_id"]) == (False, id)


@each(
    ("made", "shown", "line"),
    [
        ((NOW + 1, NOW - 3600), [ID], f"Also under way, from earlier: {BOAT} (v_1111111111), running."),
        ((NOW - 5000, NOW - 5060), [ID, "v_1111111111"], "0 of 2 have ended."),
        ((NOW - 5000, NOW - 9000), [ID], f"Also under way, from earlier: {BOAT} (v_1111111111), running."),
    ],
    ids=["one of this chat", "none of this chat", "none of this chat, and one long before"],
)
async def test_a_status_without_an_id_is_of_the_clips_of_this_chat_else_of_the_newest(
    made: tuple[float, float], shown: list[str], line: str, era: Era
) -> None:
    newer, older = (replace(a_job(), id=id, created_at=at, state="running") for id, at in zip((ID, "v_1111111111"), made, strict=True))
    result = await call(service_with(older, newer), era, "get_video_status", wait_seconds=0)
    found = fields(result)
    assert sorted(job["job_id"] for job in found.get("jobs", [found])) == shown
    assert line in found["message"].splitlines()


async def test_one_of_a_list_is_told_as_one_alone(era: Era) -> None:
    alone = await call(service_with(a_done_job()), era, "get_video_status", job_id=ID)
    of_list = await call(service_with(a_done_job()), era, "get_video_status", job_ids=[ID])
    assert fields(of_list)["message"] == fields(alone)["message"]
    assert [job["job_id"] for job in fields(of_list)["jobs"]] == [ID]


async def test_a_status_ends_with_its_time(era: Era) -> None:
    service = service_with(a_job())
    result = await call(service, era, "get_video_status", job_id=ID, wait_seconds=0.3)
    assert (fields(result)["state"], service.looked in (2, 3)) == ("queued", True)  # the last one in time where the machine is not busy


async def test_a_waiting_client_hears_a_sentence(era: Era) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    service = service_with(a_job(), looks=[a_job(), replace(a_job(), state="running")])
    async with Client(a_server(service), mode=era) as client:
        await client.call_tool("get_video_status", {"job_id": "v_0123456789", "wait_seconds": 0.5}, progress_callback=hear)
    assert heard == [(0.0, 0.5, f"{BOAT} (v_0123456789) is queued, about 2 min left.")]


async def test_a_waiting_client_hears_the_same_sentence_once(era: Era, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    monkeypatch.setattr(get_video_status, "PROGRESS_S", 0.05)
    service = service_with(a_job())
    async with Client(a_server(service), mode=era) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(partial(client.call_tool, "get_video_status", {"job_id": ID, "wait_seconds": 1}, progress_callback=hear))
        await anyio.sleep(0.4)
        service.put(replace(a_job(), state="running"))
    assert heard == [f"{BOAT} ({ID}) is queued, about 2 min left.", f"{BOAT} ({ID}) is running, about 2 min left."]


@each(
    ("tool", "of", "code"),
    [("get_video_status", {"job_id": "v_0123456789"}, "not_found"), ("list_sizes", {"model": "sora-9"}, "unknown_model")],
    ids=["a job of somebody else", "a model that nobody sells"],
)
async def test_what_does_not_exist_is_refused(tool: str, of: dict[str, Any], code: str, era: Era) -> None:
    result = await call(service_with(replace(a_job(), principal="eve")), era, tool, **of)
    assert (result.is_error, fields(result)["error"]["code"]) == (True, code)


async def test_list_sizes_answers_although_the_store_is_broken(era: Era) -> None:
    result = await call(PlayedService(no_budget=AWAY), era, "list_sizes", model="muvi:sora-2")
    assert [offer["model"] for offer in fields(result)["offers"]] == ["muvi:sora-2"]


@each(
    ("given", "states", "query", "limit"),
    [
        ({"state": "completed", "query": "boat", "limit": 5}, ("completed",), "boat", 5),
        ({"state": "all", "query": "", "limit": 20, "cursor": ""}, (), None, 20),  # of a client that has to name a state
    ],
)
async def test_list_videos_carries_the_page_that_is_wanted(given: dict[str, Any], states: Any, query: Any, limit: int, era: Era) -> None:
    service = service_with(a_done_job())
    result = await call(service, era, "list_videos", **given)
    assert [video["job_id"] for video in fields(result)["videos"]] == [ID]
    assert service.asked == [{"states": states, "query": query, "since": None, "limit": limit, "cursor": None}]


@each(
    ("since", "day"),
    [
        ("today", "2026-11-21"),
        ("yesterday", "2026-11-20"),
        ("7d", "2026-11-14"),
        ("week", "2026-11-16"),
        ("this month", "2026-11-01"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11", "2026-11-01"),
    ],
)
async def test_a_list_begins_with_the_day_that_is_named(since: str, day: str, era: Era) -> None:
    service = service_with(a_done_job())
    await call(service, era, "list_videos", since=since, state="active")
    assert service.asked[0]["since"] == datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()
    assert service.asked[0]["states"] == ("submitting", "queued", "running")


@each("since", ["last week", "2026-13-01", "99999d", "2026-11-20x"])
async def test_a_day_that_cannot_be_read_is_refused_with_those_that_can(since: str, era: Era) -> None:
    result = await call(service_with(a_done_job()), era, "list_videos", since=since)
    assert (result.is_error, fields(result)["error"]["broken"][0]["argument"]) == (True, "since")


async def test_one_job_is_shown_whole(era: Era) -> None:
    job = replace(a_done_job(), prompt="a boat " * 500, options={"audio": True, "seed": 7}, with_image=True, parents=("v_1111111111",))
    result = await call(service_with(job), era, "list_videos", job_id="sora://videos/v_0123456789.mp4")
    (video,) = fields(result)["videos"]
    assert (video["prompt"], video["options"], video["parents"]) == (job.prompt, {"audio": True, "seed": 7}, ["v_1111111111"])
    lines = fields(result)["message"].splitlines()
    assert lines[0] == "2026-11-20 12:00 v_0123456789 completed, muvi:sora-2, 4 s, 1280x720, with sound, about $0.40 ($0.10/s x 4 s)."
    assert lines[1:4] == [f"Prompt: {job.prompt.strip()}", "Options: audio=true, seed=7", "First frame: from v_1111111111"]


class Storeless(PlayedService):
    """A service over a store that is away."""

    async def job(self, job_id: str, *, principal: str) -> Job:
        raise AWAY


@each(
    ("tool", "service"),
    [
        ("get_video_status", Storeless()),
        ("cancel_video", Storeless()),
        ("cancel_video", PlayedService({ID: a_job()}, called_back=AWAY)),
    ],
    ids=["status", "cancel", "called back, and not written down"],
)
async def test_nobody_says_that_a_job_cost_nothing_while_the_store_is_away(tool: str, service: PlayedService, era: Era) -> None:
    error = {"code": "storage_error", "message": "The disk is gone.", "charged": "unknown"}
    assert fields(await call(service, era, tool, job_id=ID)) == {"message": f"{OPEN} The disk is gone.", "error": error}


async def test_cancel_video_says_what_happened_to_the_job_and_its_money(era: Era) -> None:
    gone = replace(a_job(), state="cancelled", charged="no")
    result = await call(service_with(a_job(), called_back=gone), era, "cancel_video", job_id=ID)
    assert (result.is_error, fields(result)["message"]) == (False, "v_0123456789 was cancelled before it was sent. Nothing was charged.")
    no = NotCancellable("v_0123456789 is being sent.", a_job())
    result = await call(service_with(a_job(), called_back=no), era, "cancel_video", job_id=ID)
    assert (result.is_error, fields(result)) == (True, build_refusal(no).structured_content)
    assert fields(result)["message"] == "Not cancelled, $0.40 stays reserved. v_0123456789 is being sent."


class Toy(Extension):
    """A tool of another room, which brings its own schema."""

    identifier = "com.example/toy"

    def tools(self) -> Sequence[ToolBinding]:
        return [ToolBinding(fn=double), ToolBinding(fn=fail)]


def double(number: int) -> int:
    """Twice as much."""
    return 2 * number


def fail() -> None:
    """Fails."""
    raise ValueError("secret thing")


async def test_tools_of_extensions_are_the_sdks(era: Era) -> None:
    async with Client(build(lambda: nullcontext(PlayedService()), extensions=[Toy()]), mode=era) as client:  # pyright: ignore
        names = [tool.name for tool in (await client.list_tools()).tools]
        doubled = await client.call_tool("double", {"number": 21})
        failed = await client.call_tool("fail", {})
    assert (names[0], names[-2:]) == ("create_video", ["double", "fail"])
    assert (doubled.structured_content, fields(failed)["error"]["code"]) == ({"result": 42}, "internal")
