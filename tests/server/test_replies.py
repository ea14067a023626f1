"""Jobs, lists and errors as a client gets them: tests/snapshots/results.json has them whole, what each must hold stands here."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from mcp.types import CallToolResult, TextContent

from sora_mcp.domain import Ended, Job, JobError
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules, NeedsConfirmation, NotCancellable, VendorError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server.results import build_refusal
from sora_mcp.server.tools import cancel_video, create_video, get_video_status, list_videos
from sora_mcp.store.records import Page
from tests.each import each
from tests.nouns import a_job

from ..snapshot import check_snapshot
from .counter import BUDGET, FILE, NOW, a_done_job

ONE_RESULT = 720
"""Bytes: 200 tokens."""
LONG = (
    "OpenAI ended this model on 2026-09-24; Muvi may refuse it.",
    "Muvi takes no prompt with a first frame: the prompt is not sent.",
)
ENDED = Ended("this model", "OpenAI", date(2026, 9, 24), "https://platform.openai.com/docs/deprecations")
REFUSED = JobError("content_refused", "Muvi refuses this content.", "no", "violates policy 7")
CALLED_BACK = JobError("vendor_rejected", "Muvi cancelled this job.", "no")
CANCELLED = replace(a_job(), vendor_id="j", state="cancelled", charged="no", error=CALLED_BACK)
STOPPED = replace(CANCELLED, error=replace(CALLED_BACK, vendor_message="Stopped by an operator."))
UNKNOWN = replace(a_job(), state="unknown", charged="unknown")


def said(result: CallToolResult) -> str:
    return str(result.structured_content["message"]) if result.structured_content else ""


def status(job: Job) -> CallToolResult:
    return get_video_status.format_result(job, now=NOW)


def started(**changes: Any) -> CallToolResult:
    job = replace(a_job(), **{"state": "submitting", "day_left": usd("9.6"), **changes})
    return create_video.format_result(job, now=NOW)


RESULTS: Mapping[str, CallToolResult] = {
    "started, of an ended model": started(ended=ENDED),
    "done": status(a_done_job()),
    "done, with warnings": status(replace(a_done_job(), warnings=LONG)),
    "done, and nothing goes on from it": status(replace(a_done_job(), continuation=None)),
    "done, going on from another": status(replace(a_done_job(), chain=("v_1111111111", "v_0123456789"))),
    "done, going on from two": status(replace(a_done_job(), chain=("v_1111111111", "v_2222222222", "v_0123456789"))),
    "done, a picture": status(replace(a_done_job(), artifact=replace(FILE, path="/videos/frame.png"))),
    "done, without progress": status(replace(a_done_job(), progress=None)),
    "running": status(replace(a_job(), state="running", progress=0.4256)),
    "repeated": create_video.format_result(replace(a_job(), deduplicated=True), now=NOW),
    "another price than quoted": status(replace(a_job(), actual=Micros(380_000))),
    "free in the end": status(replace(a_job(), actual=Micros(0))),
    "failed with the vendor's words": status(replace(a_job(), state="failed", charged="no", error=REFUSED)),
    "cancelled": status(CANCELLED),
    "cancelled, with the vendor's words": status(STOPPED),
    "two videos": list_videos.format_result(Page((a_done_job(), replace(a_job(), prompt="b\u202eoat " * 30)), "c2"), BUDGET, UTC, now=NOW),
    "no videos": list_videos.format_result(Page((), None), BUDGET, UTC, now=NOW),
}
SIZE = BrokenRule("size", "4:3", "1280x720", "invalid_size")
SECONDS = BrokenRule("seconds", 5, "4", "invalid_seconds")
FRAME = BrokenRule("image", "720x1280", "exactly as large", "invalid_image")
SAMPLE, WAN, FOUR = Fix("model", "sample:sample", usd("0")), Fix("model", "muvi:wan-2.6", usd("1")), Fix("seconds", 4, usd("0.4"))
STRANGE = ("x" * 300, math.nan, math.inf, [1, {"a": 2}], 10**30, True, 2.5)
BEHIND = NotCancellable("Muvi refused to cancel v_0123456789.", a_job())
BEHIND.__cause__ = VendorError("vendor_rejected", "Muvi refuses.", vendor="Muvi", vendor_message="too late")
REFUSALS: Mapping[str, CallToolResult] = {
    "a broken rule with fixes": build_refusal(BrokenRules((SECONDS,), subject="muvi:sora-2", fixes=(FOUR, WAN))),
    "a first frame and more, mended by another size": build_refusal(
        BrokenRules((FRAME, SECONDS), fixes=(Fix("size", "720x1280", usd("0.4")), FOUR, SAMPLE))
    ),
    "two broken arguments, mended by another model": build_refusal(BrokenRules((SIZE, SECONDS), fixes=(WAN, SAMPLE))),
    "something to leave out": build_refusal(
        BrokenRules((BrokenRule("options.fps", 7, "left out", "invalid_option"),), fixes=(Fix("options.fps", None, usd("0.4")),))
    ),
    "values that JSON cannot hold": build_refusal(BrokenRules(tuple(replace(SIZE, got=got) for got in STRANGE))),
    "a needed approval": build_refusal(NeedsConfirmation("muvi:sora-2 costs $2.40 for this.", quote_id="q_7k2")),
    "a vendor's words": build_refusal(
        VendorError("vendor_rate_limited", "Muvi is busy.", vendor="Muvi", vendor_message="slow down", retry_after_s=7.0)
    ),
    "a vendor's no behind ours": build_refusal(BEHIND),
}


@pytest.mark.fault("S51")
def test_the_results_are_those_of_the_snapshot() -> None:
    check_snapshot("results", {name: result.structured_content for name, result in (RESULTS | REFUSALS).items()})


def test_a_result_is_one_text_its_message_without_a_link_on_which_clients_fail() -> None:
    for name, result in (RESULTS | REFUSALS).items():
        assert result.content == [TextContent(type="text", text=said(result))], name
        assert next(iter(result.structured_content or {})) == "message", name
        assert result.is_error is (name in REFUSALS), name  # a job that failed is no error of the call


def size(result: CallToolResult) -> int:
    """Bytes of the structured part, as they go over the wire."""
    return len(json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":")).encode())


PAUSED = "Paused: it cost $1.20 where $0.40 was quoted. Only the user can go on: `sora-mcp resume muvi:sora-2` in a terminal."
TWICE: dict[str, Any] = {"deduplicated": True, "actual": usd("1.2"), "warnings": (PAUSED,), "day_left": usd("998.80")}
SMALL: Mapping[str, CallToolResult] = {
    "queued": status(a_job()),
    "completed": status(a_done_job()),
    "completed with warnings": status(replace(a_done_job(), warnings=LONG, actual=Micros(380_000))),
    "unknown": status(replace(UNKNOWN, warnings=LONG)),
    "running": status(replace(a_job(), state="running", progress=0.5, warnings=LONG)),
    "waiting": status(replace(a_job(), state="submitting", waits_until=NOW + 120, warnings=LONG)),
    "a start": started(warnings=LONG),
    "a start that waits": started(warnings=LONG, waits_until=NOW + 120),
    **{
        f"a repeat {by} of a {job.state} job of a paused model": create_video.format_result(replace(job, **TWICE), now=NOW, request_id=by)
        for job in (a_done_job(), a_job(), UNKNOWN)
        for by in ("", "r1")
    },
}


def test_one_result_stays_small() -> None:
    assert {name: size(result) for name, result in SMALL.items() if size(result) > ONE_RESULT} == {}


@each("words", ["x" * 500, '"' * 500, "no"], ids=["ASCII", "quotes", "short"])
@each("tell", [status, lambda job: create_video.format_result(job, now=NOW), lambda job: cancel_video.format_result(job, None, now=NOW)])
def test_a_vendors_words_are_cut_where_a_result_would_grow_too_long(words: str, tell: Callable[[Job], CallToolResult]) -> None:
    error = JobError("vendor_rejected", "Muvi refuses this request.", "no", vendor_message=words)
    result = tell(replace(a_job(), state="failed", charged="no", error=error, warnings=LONG[:1], day_left=usd("9.6")))
    told: str = (result.structured_content or {})["error"]["vendor_message"]
    assert told == words or (told.endswith("…") and words.startswith(told[:-1]) and size(result) > ONE_RESULT - 4)
    assert size(result) <= ONE_RESULT


@each("words", ["界" * 500, "🎬" * 500], ids=["Chinese", "emoji"])
def test_a_vendors_words_for_which_there_is_no_room_stand_in_the_message_only(words: str) -> None:
    error = JobError("vendor_rejected", "Muvi refuses this request.", "no", vendor_message=words)
    result = status(replace(a_job(), state="failed", charged="no", error=error))
    assert f'Muvi says: "{words[:200]}…"' in said(result)
    assert list((result.structured_content or {})["error"]) == ["code", "message", "charged"]


def test_a_list_shows_the_beginning_of_a_long_prompt() -> None:
    result = list_videos.format_result(
        Page((replace(a_job(), prompt="x" * 900), replace(a_job(), prompt="x" * 120)), None), BUDGET, UTC, now=NOW
    )
    prompts = [video["prompt"] for video in (result.structured_content or {})["videos"]]
    assert prompts == ["x" * 119 + "…", "x" * 120]


def test_a_page_holds_as_many_jobs_as_a_client_can_take() -> None:
    jobs = (replace(a_done_job(), prompt="x" * 900),) * 100
    fitting = list_videos.count_fitting(list_videos.make_rows(Page(jobs, None), UTC, NOW))
    result = list_videos.format_result(Page(jobs[:fitting], "next"), BUDGET, UTC, now=NOW)
    assert 10 < fitting < 100
    assert len(json.dumps(result.structured_content, ensure_ascii=False).encode()) / 3.6 < 6_000
