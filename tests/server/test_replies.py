"""Jobs, estimates and errors as a client sees them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from mcp.types import CallToolResult, ResourceLink, TextContent

from sora_mcp.domain import Artifact, Call, Job, JobError
from sora_mcp.domain.errors import (
    BrokenRule,
    BrokenRules,
    Fix,
    MissingKey,
    NeedsConfirmation,
    NotCancellable,
    OutcomeUnknown,
    SoraError,
    StorageError,
    VendorError,
)
from sora_mcp.domain.money import Micros, usd
from sora_mcp.server import results as replies
from sora_mcp.server.messages import of_refunds
from sora_mcp.store.records import Page
from tests.each import each
from tests.nouns import a_job

from .counter import BUDGET, DONE, FILE, NOW, a_done_job

ONE_RESULT = 720
"""Bytes: 200 tokens."""
LONG = (
    "OpenAI ended this model on 2026-09-24; Muvi may answer that it is gone.",
    "Muvi takes no prompt beside a first frame: it is not sent.",
)


def said(result: CallToolResult) -> str:
    return str(result.structured_content["message"]) if result.structured_content else ""


def status(job: Job) -> CallToolResult:
    return replies.status(job, now=NOW)


def test_a_started_job_says_price_budget_time_and_next_step() -> None:
    job = replace(a_job(), state="submitting", warnings=LONG[:1])
    message = (
        "Started v_0123456789 on muvi:sora-2: 4 s, 1280x720, $0.40 (left today $9.60). "
        f"Note: {LONG[0]} "
        'Usually ready in about 3 min. Next: get_video_status("v_0123456789").'
    )
    assert replies.started(replace(job, day_left=usd("9.6")), now=NOW).structured_content == {
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


def test_a_repeat_says_that_nothing_was_bought_again() -> None:
    result = replies.started(replace(a_job(), deduplicated=True), now=NOW)
    assert said(result) == (
        "Not bought again (the same wish; to repeat it: options.variation): "
        "v_0123456789 is queued, about 2 min left. $0.40 is set aside for it: do not create it again. "
        'Next: get_video_status("v_0123456789").'
    )
    assert result.structured_content and result.structured_content["deduplicated"] is True


def test_a_repeat_by_request_id_says_so() -> None:
    job = replace(a_done_job(), deduplicated=True, request_id="r1")
    assert said(replies.started(job, now=NOW, request_id="r1")).startswith(
        "Not bought again (the same request_id): v_0123456789, $0.40.\nFile: "
    )


def test_the_same_wish_without_a_request_id_is_no_repeat_by_request_id() -> None:
    job = replace(a_done_job(), deduplicated=True, request_id="r1")
    assert said(replies.started(job, now=NOW)).startswith("Not bought again (the same wish;")


def test_a_running_job_says_how_far_it_is() -> None:
    result = status(replace(a_job(), state="running", progress=0.4256))
    assert said(result) == (
        "v_0123456789 is running: 42 %, about 90 s left. $0.40 is set aside for it: do not create it again. "
        'Next: get_video_status("v_0123456789").'
    )
    assert result.structured_content and result.structured_content["progress"] == 0.426


@each(
    ("changes", "message"),
    [
        ({"state": "submitting"}, "v_0123456789 is being sent. $0.40 is set aside for it: do not create it again."),
        (
            {"state": "submitting", "waits_until": NOW + 95},
            "v_0123456789 waits, nothing is sent yet: an earlier paid call of its model is unclear. It is sent when that is clear, "
            "at the latest in about 2 min (12:03 UTC). $0.40 is set aside: do not create it again.",
        ),
        (
            {"state": "submitting", "unwritten": "was taken by muvi as 'job_1'"},
            "v_0123456789 was taken by muvi as 'job_1'. The store does not take that down: is its disk full? Leave this server running. "
            "$0.40 is set aside for it: do not create it again.",
        ),
        ({"expected_s": 30}, "v_0123456789 is queued, slower than usual. $0.40 is set aside for it: do not create it again."),
        ({"expected_s": 65}, "v_0123456789 is queued, a few seconds left. $0.40 is set aside for it: do not create it again."),
        (
            {"trouble": "Muvi does not accept the key."},
            "v_0123456789 is queued, about 2 min left. Muvi does not accept the key. This is tried again. "
            "$0.40 is set aside for it: do not create it again.",
        ),
        ({"charged": "yes"}, "v_0123456789 is queued, about 2 min left. Already paid ($0.40): do not create it again."),
        ({"charged": "no", "micros": Micros(0)}, "v_0123456789 is queued, about 2 min left. It is free: do not create it again."),
    ],
)
def test_a_living_job_is_never_to_be_created_again(changes: dict[str, Any], message: str) -> None:
    assert said(status(replace(a_job(), **changes))) == f'{message} Next: get_video_status("v_0123456789").'


def test_a_finished_job_says_time_measures_price_and_path() -> None:
    result = status(a_done_job())
    assert result.structured_content == {
        "message": f"Done in 84 s: v_0123456789, 4 s, 1280x720, 6.8 MB, $0.40.\nFile: {FILE.path}\nNext: tell the user this path; "
        'view_video shows it, image="v_0123456789#last" continues it.',
        **DONE,
    }
    assert result.content[1:] == [
        ResourceLink(
            type="resource_link",
            uri="sora://videos/v_0123456789.mp4",
            name="2026-11-20_a-paper-boat-drifts_v_0123456789.mp4",
            mime_type="video/mp4",
            size=6_812_345,
        )
    ]


def test_a_file_that_could_not_be_measured_is_told_as_it_was_ordered() -> None:
    bare = Artifact("/v/boat.mp4", 12_001, "ab" * 32)
    result = status(replace(a_done_job(), artifact=bare))
    assert said(result).startswith("Done in 84 s: v_0123456789, 4 s, 1280x720, 13 kB, $0.40.")


def test_a_job_whose_file_is_being_saved_says_so() -> None:
    job = replace(a_job(), state="running", charged="yes", media=Call("GET", "/file"))
    assert said(status(job)).startswith("v_0123456789 is made; its file is being saved. Already paid ($0.40): do not create it again.")


def test_a_progress_that_no_vendor_reported_is_left_out() -> None:
    result = status(replace(a_done_job(), progress=None))
    assert result.structured_content and "progress" not in result.structured_content


@each(
    ("actual", "micros", "is_"),
    [(None, 400_000, "estimate"), (Micros(380_000), 380_000, "actual"), (Micros(0), 0, "free")],
)
def test_the_price_is_the_vendors_word_where_there_is_one(actual: Micros | None, micros: int, is_: str) -> None:
    fields = replies.job_fields(replace(a_job(), actual=actual))
    assert (fields["micros"], fields["usd"], fields["usd_is"]) == (micros, micros / 1e6, is_)


def test_a_failed_job_says_why_and_what_became_of_the_money() -> None:
    error = JobError("content_refused", "Muvi refuses this content.", "no", "violates policy 7")
    result = status(replace(a_job(), state="failed", charged="no", error=error))
    assert said(result) == "v_0123456789 failed. Muvi refuses this content. Nothing was charged."
    assert result.structured_content and result.structured_content["error"] == {
        "code": "content_refused",
        "message": "Muvi refuses this content.",
        "vendor_message": "violates policy 7",
        "charged": "no",
    }
    assert result.is_error is False


@each(
    ("state", "charged", "message"),
    [
        ("failed", "yes", "v_0123456789 failed. $0.40 was charged."),
        ("cancelled", "no", "v_0123456789 was cancelled. Nothing was charged."),
        ("cancelled", "unknown", "v_0123456789 was cancelled. It is not known whether $0.40 was charged."),
        ("expired", "yes", "v_0123456789 was made, but its link died before the file was saved. $0.40 was charged."),
        (
            "unknown",
            "unknown",
            "v_0123456789: muvi may have taken it and charged $0.40. Nothing is sent again: a person decides, "
            "with `sora-mcp resolve v_0123456789`. Do not create it again.",
        ),
    ],
)
def test_every_end_says_what_became_of_the_money(state: Any, charged: Any, message: str) -> None:
    assert said(status(replace(a_job(), state=state, charged=charged))) == message


@each(("words", "told"), [(None, False), ("Stopped by an operator.", True)])
def test_being_called_back_is_no_error_but_for_what_the_vendor_says_of_it(words: str | None, told: bool) -> None:
    error = JobError("vendor_rejected", "Muvi called this job back.", "no", words)
    result = status(replace(a_job(), state="cancelled", charged="no", error=error))
    assert said(result) == "v_0123456789 was cancelled. Muvi called this job back. Nothing was charged."
    assert ("error" in (result.structured_content or {})) == told


def test_a_clip_of_another_size_than_was_ordered_says_both() -> None:
    turned = replace(a_done_job(), artifact=replace(FILE, width=720, height=1280))
    assert "4 s, 720x1280 although 1280x720 was ordered, 6.8 MB" in said(status(turned))
    assert "although" not in said(status(replace(turned, size="16:9")))


def test_a_cancelled_job_that_cost_something_says_what_the_vendor_does() -> None:
    job = replace(a_job(), state="cancelled", charged="held")
    assert said(replies.cancelled(job, now=NOW, refunds=of_refunds("Muvi", True))) == (
        "v_0123456789 was cancelled. $0.40 stays set aside. Muvi gives the money of a cancelled clip back by itself."
    )


def test_a_job_that_never_left_needs_no_refund() -> None:
    job = replace(a_job(), state="cancelled", charged="no")
    assert said(replies.cancelled(job, now=NOW, refunds=of_refunds("Muvi", None))) == "v_0123456789 was cancelled. Nothing was charged."


def test_a_job_that_the_vendor_was_asked_to_call_back_is_still_followed() -> None:
    assert said(replies.cancelled(a_job(), now=NOW, refunds=of_refunds("Muvi", False))).startswith(
        "muvi was asked to call v_0123456789 back; its next answer says what became of it. "
        "Muvi does not give the money of a cancelled clip back. v_0123456789 is queued"
    )


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


@each("words", ["x" * 500, "界" * 500, '"\\' * 250, "🎬" * 500, "no"], ids=["ASCII", "Chinese", "quotes", "emoji", "short"])
@each("tell", [status, lambda job: replies.started(job, now=NOW), lambda job: replies.cancelled(job, now=NOW, refunds="")])
def test_a_vendors_words_are_cut_where_a_result_would_grow_too_long(words: str, tell: Callable[[Job], CallToolResult]) -> None:
    error = JobError("vendor_rejected", "Muvi refuses this request.", "no", vendor_message=words)
    result = tell(replace(a_job(), state="failed", charged="no", error=error, warnings=LONG[:1], day_left=usd("9.6")))
    told: str = (result.structured_content or {})["error"]["vendor_message"]
    assert told == words or (told.endswith("…") and words.startswith(told[:-1]) and size(result) > ONE_RESULT - 4)
    assert size(result) <= ONE_RESULT


def test_a_vendors_words_for_which_there_is_no_room_are_left_out() -> None:
    error = JobError("vendor_rejected", "Muvi refuses this request. " * 30, "no", vendor_message="no")
    told = (status(replace(a_job(), state="failed", charged="no", error=error)).structured_content or {})["error"]
    assert list(told) == ["code", "message", "charged"]


PAUSED = "Paused: it cost $1.20 where $0.40 was quoted. Only the user can go on: sora-mcp resume muvi:sora-2"


@each("request_id", ["", "r1"])
@each("job", [a_done_job(), a_job(), replace(a_job(), state="unknown", charged="unknown")], ids=lambda job: job.state)
def test_a_repeat_of_a_model_that_is_paused_stays_small(job: Job, request_id: str) -> None:
    known = replace(job, deduplicated=True, actual=usd("1.2"), warnings=(PAUSED,), day_left=usd("998.80"))
    assert size(replies.started(known, now=NOW, request_id=request_id)) <= ONE_RESULT


@each("waits_until", [None, NOW + 120], ids=["sent", "waiting"])
def test_a_start_stays_small(waits_until: float | None) -> None:
    result = replies.started(replace(a_job(), state="submitting", warnings=LONG, waits_until=waits_until, day_left=usd("9.6")), now=NOW)
    assert len(json.dumps(result.structured_content, separators=(",", ":")).encode()) <= ONE_RESULT


@each(
    ("changes", "next_"),
    [
        ({}, '; view_video shows it, image="v_0123456789#last" continues it.'),
        ({"warnings": LONG}, "; view_video shows it."),
        ({"parents": ("v_1111111111",)}, "; view_video shows it."),
        ({"artifact": replace(FILE, path="/videos/frame.png")}, "."),
    ],
)
def test_a_finished_clip_says_how_to_look_at_it_and_to_go_on(changes: dict[str, Any], next_: str) -> None:
    assert said(status(replace(a_done_job(), **changes))).partition("Next: tell the user this path")[2] == next_


def test_a_list_says_the_budget_and_a_line_for_each() -> None:
    result = replies.listed(Page((a_done_job(), replace(a_job(), prompt="b\u202eoat " * 20)), "c2"), BUDGET)
    assert said(result) == (
        "2 videos, and more on the next page. Spent today $0.40 of $10.00, this month $0.40 of $100.00.\n"
        f'v_0123456789 completed, muvi:sora-2, 4 s, 1280x720, $0.40: "A paper boat drifts down a rainy street" {FILE.path}\n'
        'v_0123456789 queued, muvi:sora-2, 4 s, 1280x720, $0.40: "boat boat boat boat boat boat boat boat boat boat boat boat…"'
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
    result = replies.listed(Page((), None), BUDGET)
    assert said(result) == "0 videos. Spent today $0.40 of $10.00, this month $0.40 of $100.00."
    assert result.structured_content and result.structured_content["videos"] == []


def test_a_refusal_names_every_broken_rule_and_values_that_work() -> None:
    error = BrokenRules(
        (BrokenRule("seconds", 10, "4, 8 or 12", "invalid_seconds"),),
        subject="muvi:sora-2",
        fixes=(Fix("seconds", 8, usd("0.80")), Fix("model", "muvi:wan-2.6", usd("1"))),
    )
    message = "muvi:sora-2: seconds must be 4, 8 or 12, not 10."
    result = replies.refused(error)
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


def test_several_broken_arguments_are_mended_together() -> None:
    error = BrokenRules(
        (BrokenRule("size", "4:3", "1280x720", "invalid_size"), BrokenRule("seconds", 5, "4", "invalid_seconds")),
        fixes=(Fix("size", "1280x720", usd("0.4")), Fix("seconds", 4, usd("0.4")), Fix("model", "sample:sample", usd("0"))),
    )
    assert said(replies.refused(error)).endswith('Fix: size="1280x720" with seconds=4 ($0.40), or model="sample:sample" (free).')


def test_a_first_frame_that_is_mended_by_another_size_is_mended_together_with_the_rest() -> None:
    error = BrokenRules(
        (BrokenRule("image", "720x1280", "exactly as large", "invalid_image"), BrokenRule("seconds", 5, "4", "invalid_seconds")),
        fixes=(Fix("size", "720x1280", usd("0.4")), Fix("seconds", 4, usd("0.4")), Fix("model", "sample:sample", usd("0"))),
    )
    assert said(replies.refused(error)).endswith('Fix: size="720x1280" with seconds=4 ($0.40), or model="sample:sample" (free).')


def test_another_model_mends_several_broken_arguments_alone() -> None:
    error = BrokenRules(
        (BrokenRule("size", "4:3", "1280x720", "invalid_size"), BrokenRule("seconds", 5, "4", "invalid_seconds")),
        fixes=(Fix("model", "muvi:wan-2.6", usd("1")), Fix("model", "sample:sample", usd("0"))),
    )
    assert said(replies.refused(error)).endswith('Fix: model="muvi:wan-2.6" ($1.00), or model="sample:sample" (free).')


def test_a_fix_may_be_to_leave_something_out() -> None:
    error = BrokenRules((BrokenRule("options.fps", 7, "left out", "invalid_option"),), fixes=(Fix("options.fps", None, usd("0.4")),))
    result = replies.refused(error)
    assert said(result).endswith("Fix: leave out options.fps ($0.40).")
    assert result.structured_content and result.structured_content["error"]["fixes"] == [
        {"argument": "options.fps", "value": None, "usd": 0.4}
    ]


def test_what_came_is_repeated_only_as_far_as_json_can_hold_it() -> None:
    given = ("x" * 300, math.nan, math.inf, [1, {"a": 2}], 10**30, True, 2.5)
    broken = tuple(BrokenRule("size", got, "a text", "invalid_size") for got in given)
    result = replies.refused(BrokenRules(broken))
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
def test_a_needed_yes_names_the_quote_and_how_a_person_gives_it() -> None:
    result = replies.refused(NeedsConfirmation("muvi:sora-2 costs $2.40 for this.", quote_id="q_7k2"))
    assert said(result) == (
        "Not sent, nothing charged. muvi:sora-2 costs $2.40 for this. The user approves it outside of this chat, with "
        '`sora-mcp approve q_7k2`; then call again with the same arguments and quote="q_7k2".'
    )
    assert result.structured_content and result.structured_content["error"]["quote"] == "q_7k2"


def test_a_vendors_words_stand_apart() -> None:
    result = replies.refused(VendorError("vendor_rate_limited", "Muvi is busy.", vendor_message="slow down", retry_after_s=7.0))
    assert result.structured_content == {
        "message": "Not sent, nothing charged. Muvi is busy.",
        "error": {
            "code": "vendor_rate_limited",
            "message": "Muvi is busy.",
            "charged": "no",
            "retry_after_s": 7.0,
            "vendor_message": "slow down",
        },
    }


def test_a_vendors_no_behind_ours_is_quoted_too() -> None:
    error = NotCancellable("Muvi does not take v_0123456789 back any more.", a_job())
    error.__cause__ = VendorError("vendor_rejected", "Muvi refuses.", vendor_message="too late")
    result = replies.refused(error)
    assert result.structured_content == {
        "message": "Nothing was cancelled, nothing more was charged. Muvi does not take v_0123456789 back any more.",
        "error": {
            "code": "not_cancellable",
            "message": "Muvi does not take v_0123456789 back any more.",
            "charged": "unknown",
            "vendor_message": "too late",
            "job_id": "v_0123456789",
        },
    }


@each(
    ("error", "begins"),
    [
        (MissingKey("No key."), "Not sent, nothing charged. No key."),
        (StorageError("The disk is full."), "Not sent, nothing charged. The disk is full."),
        (
            OutcomeUnknown("No answer came."),
            "It is not known whether anything was charged: list_videos shows what is held. No answer came.",
        ),
    ],
)
def test_a_refusal_begins_with_the_money(error: SoraError, begins: str) -> None:
    assert said(replies.refused(error)) == begins
