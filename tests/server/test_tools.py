"""The tools through a client, in both eras of the protocol, over a played service."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver import Extension, ToolBinding
from mcp.types import CallToolResult, TextContent

from sora_mcp.domain import Job, VideoRequest
from sora_mcp.domain.errors import BrokenRule, BrokenRules, NotCancellable, StorageError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server.app import build
from tests.each import each
from tests.nouns import a_job
from tests.waiting import eventually

from .conftest import Era
from .counter import PlayedService, a_done_job, a_server


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


async def test_create_video_carries_every_argument_to_the_service(era: Era) -> None:
    service = PlayedService(made=replace(a_job(), day_left=usd("9.60")))
    result = await call(
        service,
        era,
        "create_video",
        prompt='{"a": "boat"}',
        model="muvi:sora-2",
        size="[1]",
        seconds=4,
        image="null",
        options={"seed": 7},
        max_usd="0.50",
        quote="q_1",
        request_id="{}",
    )
    assert service.requests == [
        VideoRequest(
            prompt='{"a": "boat"}',
            model="muvi:sora-2",
            size="[1]",
            seconds=4,
            image="null",
            options={"seed": 7},
            max_usd=usd("0.50"),
            quote_id="q_1",
            request_id="{}",
        )
    ]
    assert (result.is_error, fields(result)["job_id"], fields(result)["day_left_usd"]) == (False, "v_0123456789", 9.6)


async def test_what_a_caller_does_not_say_is_not_said(era: Era) -> None:
    service = PlayedService(made=a_job())
    await call(service, era, "create_video", prompt="A boat", model="", seconds=None, options=None, max_usd=None)
    assert service.requests == [VideoRequest(prompt="A boat")]


async def test_a_cap_may_be_a_number(era: Era) -> None:
    service = PlayedService(made=a_job())
    await call(service, era, "create_video", prompt="A boat", max_usd=0.1)
    assert [request.max_usd for request in service.requests] == [Micros(100_000)]


async def test_a_wrong_argument_never_reaches_the_service(era: Era) -> None:
    service = PlayedService(made=a_job())
    result = await call(service, era, "create_video", promt="A boat", seconds="8")
    assert (result.is_error, fields(result)["error"]["code"], service.requests) == (True, "unknown_argument", [])
    assert fields(result)["message"].startswith("Not sent, nothing charged. promt must be left out")


async def test_a_refusal_of_the_service_arrives_with_its_fixes(era: Era) -> None:
    broken = BrokenRules((BrokenRule("seconds", 5, "4, 8 or 12", "invalid_seconds"),), subject="muvi:sora-2")
    result = await call(PlayedService(made=broken), era, "create_video", prompt="A boat", seconds=5)
    assert fields(result) == {
        "message": "Not sent, nothing charged. muvi:sora-2: seconds must be 4, 8 or 12, not 5.",
        "error": {
            "code": "invalid_seconds",
            "message": "muvi:sora-2: seconds must be 4, 8 or 12, not 5.",
            "charged": "no",
            "broken": [{"argument": "seconds", "got": 5, "allowed": "4, 8 or 12"}],
        },
    }


async def test_a_bug_while_buying_says_that_the_outcome_is_unknown(era: Era, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "sora_mcp"):
        result = await call(PlayedService(made=ValueError("secret thing")), era, "create_video", prompt="A boat")
    assert fields(result) == {
        "message": "It is not known whether anything was charged: list_videos shows what is held. "
        "Something unforeseen went wrong in the server; its log says what.",
        "error": {
            "code": "internal",
            "message": "Something unforeseen went wrong in the server; its log says what.",
            "charged": "unknown",
        },
    }
    assert "secret thing" in caplog.text


async def test_a_bug_while_a_job_is_read_leaves_its_money_open(era: Era) -> None:
    service = service_with(replace(a_job(), created_at="x"))  # pyright: ignore[reportArgumentType] - what must not happen
    result = await call(service, era, "get_video_status", job_id="v_0123456789", wait_seconds=0)
    assert fields(result)["error"]["charged"] == "unknown"


async def test_an_unknown_tool_is_a_protocol_error(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("make_video", {})
    assert (refused.value.code, refused.value.message) == (-32602, "Unknown tool: make_video")


async def test_a_status_without_waiting_is_the_job_as_it_is(era: Era) -> None:
    service = service_with(a_job())
    result = await call(service, era, "get_video_status", job_id="v_0123456789", wait_seconds=0)
    assert (fields(result)["state"], service.looked) == ("queued", 1)


async def test_a_status_waits_for_the_end_and_not_for_the_steps_on_the_way(era: Era) -> None:
    service, answers = service_with(a_job()), list[CallToolResult]()

    async def ask() -> None:
        answers.append(await call(service, era, "get_video_status", job_id="v_0123456789", wait_seconds=50))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await eventually(lambda: service.looked >= 2)
        service.put(replace(a_job(), state="running"))
        await eventually(lambda: service.looked >= 3)
        await anyio.sleep(0.1)
        assert not answers
        service.put(replace(a_job(), state="failed", charged="no"))
    assert fields(answers[0])["state"] == "failed"


async def test_several_jobs_are_waited_for_until_all_have_ended(era: Era) -> None:
    other, answers = replace(a_job(), id="v_1111111111", version=2), list[CallToolResult]()
    service = service_with(a_job(), other)

    async def ask() -> None:
        answers.append(await call(service, era, "get_video_status", job_ids=["v_0123456789", "v_1111111111"], wait_seconds=50))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await eventually(lambda: service.looked >= 4)
        service.put(a_done_job())
        await eventually(lambda: service.looked >= 5)
        await anyio.sleep(0.1)
        assert not answers
        service.put(replace(other, state="unknown", charged="unknown"))
    assert [job["state"] for job in fields(answers[0])["jobs"]] == ["completed", "unknown"]
    assert fields(answers[0])["message"].startswith(
        "2 of 2 have ended.\nDone: v_0123456789, 4 s, 1280x720, with sound, 6.8 MB, $0.40. File: /Volumes"
    )


async def test_what_a_person_must_do_is_told_at_once(era: Era) -> None:
    for job, words in (
        (replace(a_job(), state="submitting", unwritten="was taken by muvi as 'job_1'"), "is its disk full?"),
        (replace(a_job(), trouble="Muvi does not accept the key.", todo="it goes on then."), "key. Tell the user: it goes on then."),
    ):
        result = await call(service_with(job), era, "get_video_status", job_id="v_0123456789", wait_seconds=50)
        assert words in fields(result)["message"]


@each(("jobs", "given"), [((), {}), ((a_job(),), {"job_ids": ["v_0123456789"] * 21})])
async def test_a_status_is_of_one_to_twenty_jobs(jobs: tuple[Job, ...], given: dict[str, Any], era: Era) -> None:
    result = await call(service_with(*jobs), era, "get_video_status", **given)
    assert (result.is_error, fields(result)["error"]["code"]) == (True, "invalid_argument")


@each(("jobs", "id"), [((a_done_job(),), "v_0123456789"), ((a_done_job(), replace(a_job(), id="v_1111111111")), "v_1111111111")])
async def test_a_status_without_an_id_is_of_what_is_under_way_else_of_the_newest(jobs: tuple[Job, ...], id: str, era: Era) -> None:
    result = await call(service_with(*jobs), era, "get_video_status", wait_seconds=0)
    assert (result.is_error, fields(result)["job_id"]) == (False, id)


async def test_a_status_ends_with_its_time(era: Era) -> None:
    service = service_with(a_job())
    result = await call(service, era, "get_video_status", job_id="v_0123456789", wait_seconds=0.3)
    assert (fields(result)["state"], service.looked in (2, 3)) == ("queued", True)  # the last one in time where the machine is not busy


async def test_a_job_that_is_over_is_not_waited_for(era: Era) -> None:
    service = service_with(replace(a_job(), state="unknown", charged="unknown"))
    await call(service, era, "get_video_status", job_id="v_0123456789", wait_seconds=50)
    assert service.looked == 1


async def test_a_waiting_client_hears_a_sentence(era: Era) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    service = service_with(a_job(), looks=[a_job(), replace(a_job(), state="running")])
    async with Client(a_server(service), mode=era) as client:
        await client.call_tool("get_video_status", {"job_id": "v_0123456789", "wait_seconds": 0.5}, progress_callback=hear)
    assert heard == [(0.0, 0.5, "v_0123456789 is queued, about 2 min left.")]


async def test_a_job_of_somebody_else_does_not_exist(era: Era) -> None:
    service = service_with(replace(a_job(), principal="eve"))
    result = await call(service, era, "get_video_status", job_id="v_0123456789")
    assert (result.is_error, fields(result)["error"]["code"]) == (True, "not_found")


async def test_list_sizes_answers_although_the_store_is_broken(era: Era) -> None:
    result = await call(PlayedService(no_budget=StorageError("The disk is gone.")), era, "list_sizes", model="muvi:sora-2")
    assert [offer["model"] for offer in fields(result)["offers"]] == ["muvi:sora-2"]


async def test_a_model_that_nobody_sells_is_refused_with_its_name(era: Era) -> None:
    result = await call(PlayedService(), era, "list_sizes", model="sora-9")
    assert (result.is_error, fields(result)["error"]["code"]) == (True, "unknown_model")


async def test_list_videos_carries_the_page_that_is_wanted(era: Era) -> None:
    service = service_with(a_done_job())
    result = await call(service, era, "list_videos", state="completed", query="boat", limit=5)
    assert [video["job_id"] for video in fields(result)["videos"]] == ["v_0123456789"]
    assert service.asked == [{"states": ("completed",), "query": "boat", "since": None, "limit": 5, "cursor": None}]


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
    assert lines[0] == "2026-11-20 12:00 v_0123456789 completed, muvi:sora-2, 4 s, 1280x720, with sound, $0.40 ($0.10/s x 4 s)."
    assert lines[1:4] == [f"Prompt: {job.prompt.strip()}", "Options: audio=true, seed=7", "First frame: from v_1111111111"]


async def test_all_videos_can_be_asked_for_by_a_client_that_has_to_name_a_state(era: Era) -> None:
    service = service_with(a_done_job())
    await call(service, era, "list_videos", state="all", query="", limit=20, cursor="")
    assert service.asked == [{"states": (), "query": None, "since": None, "limit": 20, "cursor": None}]


class Storeless(PlayedService):
    """A service over a store that is away."""

    async def job(self, job_id: str, *, principal: str) -> Job:
        raise StorageError("The disk is gone.")


AWAY = StorageError("The disk is gone.")


@each(
    ("tool", "service"),
    [
        ("get_video_status", Storeless()),
        ("cancel_video", Storeless()),
        ("cancel_video", PlayedService({"v_0123456789": a_job()}, called_back=AWAY)),
    ],
    ids=["status", "cancel", "called back, and not written down"],
)
async def test_nobody_says_that_a_job_cost_nothing_while_the_store_is_away(tool: str, service: PlayedService, era: Era) -> None:
    assert fields(await call(service, era, tool, job_id="v_0123456789")) == {
        "message": "It is not known whether anything was charged: list_videos shows what is held. The disk is gone.",
        "error": {"code": "storage_error", "message": "The disk is gone.", "charged": "unknown"},
    }


async def test_cancel_video_says_what_happened_to_the_job(era: Era) -> None:
    gone = replace(a_job(), state="cancelled", charged="no")
    result = await call(service_with(a_job(), called_back=gone), era, "cancel_video", job_id="v_0123456789")
    assert (result.is_error, fields(result)["message"]) == (False, "v_0123456789 was cancelled before it was sent. Nothing was charged.")


async def test_a_job_that_goes_on_is_not_said_to_be_refunded(era: Era) -> None:
    no = NotCancellable("v_0123456789 is being sent.", a_job())
    result = await call(service_with(a_job(), called_back=no), era, "cancel_video", job_id="v_0123456789")
    assert fields(result) == {
        "message": "Not cancelled, $0.40 stays reserved. v_0123456789 is being sent.",
        "error": {
            "code": "not_cancellable",
            "message": "v_0123456789 is being sent.",
            "charged": "unknown",
            "job_id": "v_0123456789",
        },
    }


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
