"""Jobs, estimates and errors as a client sees them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from mcp.types import CallToolResult, TextContent

from sora_mcp.domain import Ended, Job, JobError
from sora_mcp.domain.errors import (
    BrokenRule,
    BrokenRules,
    Fix,
    NeedsConfirmation,
    NotCancellable,
    VendorError,
)
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server.results import build_refusal, job_fields
from sora_mcp.server.tools import cancel_video, create_video, get_video_status, list_videos
from sora_mcp.store.records import Page
from tests.each import each
from tests.nouns import a_job

from .counter import BUDGET, DONE, FILE, NOW, a_done_job

ONE_RESULT = 720
"""Bytes: 200 tokens."""
LONG = (
    "OpenAI ended this model on 2026-09-24; Muvi may refuse it.",
    "Muvi takes no prompt with a first frame: the prompt is not sent.",
)


def said(result: CallToolResult) -> str:
    return str(result.structured_content["message"]) if result.structured_content else ""


def status(job: Job) -> CallToolResult:
    return get_video_status.format_result(job, now=NOW)


def test_a_started_job_says_price_budget_time_and_next_step() -> None:
    ended = Ended("this model", "OpenAI", date(2026, 9, 24), "https://platform.openai.com/docs/deprecations")
    job = replace(a_job(), state="submitting", ended=ended)
    message = (
        f"{LONG[0]} Started v_0123456789 on muvi:sora-2: 4 s, 1280x720, with sound, $0.40 (left today $9.60). "
        'Usually ready in about 3 min. Next: get_video_status("v_0123456789").'
    )
    assert create_video.format_result(replace(job, day_left=usd("9.6")), now=NOW).structured_content == {
        "message": message,
        "job_id": "v_0123456789",
        "state": "submitting",
        "model": "muvi:sora-2",
        "size": "1280x720",
        "seconds": 4,
        "usd": 0.4,
        "micros": 400_000,
        "usd_is": "estimate",
        "charged": "held",
        "day_left_usd": 9.6,
        "warnings": [LONG[0]],
    }


def test_the_text_is_the_message() -> None:
    result = status(a_job())
    assert result.content == [TextContent(type="text", text=said(result))]


def test_a_finished_job_says_time_measures_price_and_path() -> None:
    result = status(a_done_job())
    assert result.structured_content == {
        "message": f"Done in 84 s: v_0123456789, 4 s, 1280x720, with sound, 6.8 MB, $0.40.\nFile: {FILE.path}\n"
        "Next: tell the user this path; "
        'view_video shows it, continues="v_0123456789" goes on from it.',
        **DONE,
    }


def test_a_finished_job_is_told_in_one_text_without_a_link_on_which_clients_fail() -> None:
    result = status(a_done_job())
    assert (len(result.content), result.content[0].type) == (1, "text")
    assert result.structured_content and result.structured_content["uri"] == "sora://videos/v_0123456789.mp4"


def test_progress_is_a_share_of_one() -> None:
    assert job_fields(replace(a_job(), state="running", progress=0.4256))["progress"] == 0.426


def test_a_repeat_is_marked() -> None:
    assert job_fields(replace(a_job(), deduplicated=True))["deduplicated"] is True


def test_a_progress_that_no_vendor_reported_is_left_out() -> None:
    result = status(replace(a_done_job(), progress=None))
    assert result.structured_content and "progress" not in result.structured_content


@each(
    ("actual", "micros", "is_"),
    [(None, 400_000, "estimate"), (Micros(380_000), 380_000, "actual"), (Micros(0), 0, "free")],
)
def test_the_price_is_the_vendors_word_where_there_is_one(actual: Micros | None, micros: int, is_: str) -> None:
    fields = job_fields(replace(a_job(), actual=actual))
    assert (fields["micros"], fields["usd"], fields["usd_is"]) == (micros, micros / 1e6, is_)


def test_a_failed_job_says_why_and_what_happened_to_the_money() -> None:
    error = JobError("content_refused", "Muvi refuses this content.", "no", "violates policy 7")
    result = status(replace(a_job(), state="failed", charged="no", error=error))
    assert said(result) == 'v_0123456789 failed. Muvi refuses this content. Muvi says: "violates policy 7". Nothing was charged.'
    assert result.structured_content and result.structured_content["error"] == {
        "code": "content_refused",
        "message": "Muvi refuses this content.",
        "vendor_message": "violates policy 7",
        "charged": "no",
    }
    assert result.is_error is False


@each(("words", "told"), [(None, False), ("Stopped by an operator.", True)])
def test_being_cancelled_is_no_error_but_for_what_the_vendor_says_of_it(words: str | None, told: bool) -> None:
    error = JobError("vendor_rejected", "Muvi cancelled this job.", "no", words)
    result = status(replace(a_job(), state="cancelled", charged="no", error=error))
    quoted = f'Muvi says: "{words}" ' if words else ""
    assert said(result) == f"v_0123456789 was cancelled. Muvi cancelled this job. {quoted}Nothing was charged."
    assert ("error" in (result.structured_content or {})) == told


@each(
    "job",
    [
        a_job(),
        a_done_job(),
        replace(a_done_job(), warnings=LONG, actual=Micros(380_000)),
        replace(a_job(), state="unknown", charged="unknown", warnings=LONG),
        replace(a_job(), state="running", progress=0.5, warnings=LONG),
        replace(a_job(), state="submitting", waits_until=NOW + 120, warnings=LONG),
    ],
    ids=["queued", "completed", "completed with warnings", "unknown", "running", "waiting"],
)
def test_one_job_stays_small(job: Job) -> None:
    assert len(json.dumps(status(job).structured_content, separators=(",", ":")).encode()) <= ONE_RESULT


def size(result: CallToolResult) -> int:
    """Bytes of the structured part, as they go over the wire."""
    return len(json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":")).encode())


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


PAUSED = "Paused: it cost $1.20 where $0.40 was quoted. Only the user can go on: sora-mcp resume muvi:sora-2"


@each("request_id", ["", "r1"])
@each("job", [a_done_job(), a_job(), replace(a_job(), state="unknown", charged="unknown")], ids=lambda job: job.state)
def test_a_repeat_of_a_model_that_is_paused_stays_small(job: Job, request_id: str) -> None:
    known = replace(job, deduplicated=True, actual=usd("1.2"), warnings=(PAUSED,), day_left=usd("998.80"))
    assert size(create_video.format_result(known, now=NOW, request_id=request_id)) <= ONE_RESULT


@each("waits_until", [None, NOW + 120], ids=["sent", "waiting"])
def test_a_start_stays_small(waits_until: float | None) -> None:
    result = create_video.format_result(
        replace(a_job(), state="submitting", warnings=LONG, waits_until=waits_until, day_left=usd("9.6")), now=NOW
    )
    assert len(json.dumps(result.structured_content, separators=(",", ":")).encode()) <= ONE_RESULT


@each(
    ("changes", "next_"),
    [
        ({}, '; view_video shows it, continues="v_0123456789" goes on from it.'),
        ({"warnings": LONG}, "; view_video shows it."),
        ({"can_continue": False}, "; view_video shows it."),
        ({"parents": ("v_1111111111",)}, '; edit_video(action="join", inputs=["v_1111111111", "v_0123456789"]) joins both.'),
        ({"artifact": replace(FILE, path="/videos/frame.png")}, "."),
    ],
)
def test_a_finished_clip_says_how_to_look_at_it_and_to_go_on(changes: dict[str, Any], next_: str) -> None:
    assert said(status(replace(a_done_job(), **changes))).partition("Next: tell the user this path")[2] == next_


def test_a_list_says_the_budget_and_a_line_for_each() -> None:
    result = list_videos.format_result(Page((a_done_job(), replace(a_job(), prompt="b\u202eoat " * 30)), "c2"), BUDGET, UTC)
    assert said(result) == (
        '2 videos, and more with cursor="c2". Spent today $0.40 of $10.00, this month $0.40 of $100.00.\n'
        "2026-11-20 12:00 v_0123456789 completed, muvi:sora-2, 4 s, 1280x720, with sound, $0.40: "
        f'"A paper boat drifts down a rainy street" {FILE.path}\n'
        "2026-11-20 12:00 v_0123456789 queued, muvi:sora-2, 4 s, 1280x720, with sound, $0.40 reserved: "
        f'"{"boat " * 19}boat…"'
    )
    assert result.structured_content
    assert list(result.structured_content) == ["message", "videos", "next_cursor", "budget"]
    assert result.structured_content["videos"][0]["prompt"] == "A paper boat drifts down a rainy street"
    assert result.structured_content["videos"][0]["created_at"] == "2026-11-20T12:00:00Z"
    assert result.structured_content["budget"] == {
        "per_video_usd": 5,
        "day_limit_usd": 10,
        "day_spent_usd": 0.4,
        "day_left_usd": 9.6,
        "month_limit_usd": 100,
        "month_spent_usd": 0.4,
        "month_left_usd": 99.6,
        "resets_at": "2026-11-22T00:00:00Z",
    }


def test_an_empty_list_is_said_so() -> None:
    result = list_videos.format_result(Page((), None), BUDGET, UTC)
    assert said(result) == "0 videos. Spent today $0.40 of $10.00, this month $0.40 of $100.00."
    assert result.structured_content and result.structured_content["videos"] == []


def test_a_refusal_names_every_broken_rule_and_values_that_work() -> None:
    error = BrokenRules(
        (BrokenRule("seconds", 10, "4, 8 or 12", "invalid_seconds"),),
        subject="muvi:sora-2",
        fixes=(Fix("seconds", 8, usd("0.80")), Fix("model", "muvi:wan-2.6", usd("1"))),
    )
    message = "muvi:sora-2: seconds must be 4, 8 or 12, not 10."
    result = build_refusal(error)
    assert (result.is_error, result.structured_content) == (
        True,
        {
            "message": f'Not sent, nothing charged. {message} Fix: seconds=8 ($0.80), or model="muvi:wan-2.6" ($1.00).',
            "error": {
                "code": "invalid_seconds",
                "message": message,
                "charged": "no",
                "broken": [{"argument": "seconds", "got": 10, "allowed": "4, 8 or 12"}],
                "fixes": [
                    {"argument": "seconds", "value": 8, "usd": 0.8},
                    {"argument": "model", "value": "muvi:wan-2.6", "usd": 1},
                ],
            },
        },
    )


def test_a_first_frame_that_is_mended_by_another_size_is_mended_together_with_the_rest() -> None:
    error = BrokenRules(
        (BrokenRule("image", "720x1280", "exactly as large", "invalid_image"), BrokenRule("seconds", 5, "4", "invalid_seconds")),
        fixes=(Fix("size", "720x1280", usd("0.4")), Fix("seconds", 4, usd("0.4")), Fix("model", "sample:sample", usd("0"))),
    )
    assert said(build_refusal(error)).endswith('Fix: size="720x1280" with seconds=4 ($0.40), or model="sample:sample" (free).')


def test_another_model_mends_several_broken_arguments_alone() -> None:
    error = BrokenRules(
        (BrokenRule("size", "4:3", "1280x720", "invalid_size"), BrokenRule("seconds", 5, "4", "invalid_seconds")),
        fixes=(Fix("model", "muvi:wan-2.6", usd("1")), Fix("model", "sample:sample", usd("0"))),
    )
    assert said(build_refusal(error)).endswith('Fix: model="muvi:wan-2.6" ($1.00), or model="sample:sample" (free).')


def test_a_fix_may_be_to_leave_something_out() -> None:
    error = BrokenRules((BrokenRule("options.fps", 7, "left out", "invalid_option"),), fixes=(Fix("options.fps", None, usd("0.4")),))
    result = build_refusal(error)
    assert said(result).endswith("Fix: leave out options.fps ($0.40).")
    assert result.structured_content and result.structured_content["error"]["fixes"] == [
        {"argument": "options.fps", "value": None, "usd": 0.4}
    ]


def test_what_came_is_repeated_only_as_far_as_json_can_hold_it() -> None:
    given = ("x" * 300, math.nan, math.inf, [1, {"a": 2}], 10**30, True, 2.5)
    broken = tuple(BrokenRule("size", got, "a text", "invalid_size") for got in given)
    result = build_refusal(BrokenRules(broken))
    assert result.structured_content
    assert [row["got"] for row in result.structured_content["error"]["broken"]] == [
        "x" * 199 + "…",
        "NaN",
        "Infinity",
        '[1, {"a": 2}]',
        "1" + "0" * 30,
        True,
        2.5,
    ]


@pytest.mark.fault("S51")
def test_a_needed_approval_names_the_quote() -> None:
    result = build_refusal(NeedsConfirmation("muvi:sora-2 costs $2.40 for this.", quote_id="q_7k2"))
    assert result.structured_content and result.structured_content["error"]["quote"] == "q_7k2"


def test_a_vendors_words_stand_apart() -> None:
    error = VendorError("vendor_rate_limited", "Muvi is busy.", vendor="Muvi", vendor_message="slow down", retry_after_s=7.0)
    result = build_refusal(error)
    assert result.structured_content == {
        "message": 'Not sent, nothing charged. Muvi is busy. Muvi says: "slow down".',
        "error": {
            "code": "vendor_rate_limited",
            "message": "Muvi is busy.",
            "charged": "no",
            "retry_after_s": 7.0,
            "vendor_message": "slow down",
        },
    }


def test_a_vendors_no_behind_ours_is_quoted_too() -> None:
    error = NotCancellable("Muvi refused to cancel v_0123456789.", a_job())
    error.__cause__ = VendorError("vendor_rejected", "Muvi refuses.", vendor="Muvi", vendor_message="too late")
    result = build_refusal(error)
    assert result.structured_content == {
        "message": 'Not cancelled, $0.40 stays reserved. Muvi refused to cancel v_0123456789. Muvi says: "too late".',
        "error": {
            "code": "not_cancellable",
            "message": "Muvi refused to cancel v_0123456789.",
            "charged": "unknown",
            "vendor_message": "too late",
            "job_id": "v_0123456789",
        },
    }


def test_a_list_shows_the_beginning_of_a_long_prompt() -> None:
    result = list_videos.format_result(Page((replace(a_job(), prompt="x" * 900), replace(a_job(), prompt="x" * 120)), None), BUDGET, UTC)
    prompts = [video["prompt"] for video in (result.structured_content or {})["videos"]]
    assert prompts == ["x" * 119 + "…", "x" * 120]


def test_a_page_holds_as_many_jobs_as_a_client_can_take() -> None:
    jobs = (replace(a_done_job(), prompt="x" * 900),) * 100
    fitting = list_videos.count_fitting(Page(jobs, None), UTC)
    result = list_videos.format_result(Page(jobs[:fitting], "next"), BUDGET, UTC)
    assert 10 < fitting < 100
    assert len(json.dumps(result.structured_content, ensure_ascii=False).encode()) / 3.6 < 6_000
