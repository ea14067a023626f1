"""Whole sentences about jobs, lists and refusals: tests/snapshots/messages.json has them; here stands what each must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date
from typing import Any

from mcp.types import CallToolResult

from sora_mcp.domain import Artifact, Call, Ended, Job, JobError, Vendor
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import (
    BrokenRules,
    CancelUnclear,
    MissingKey,
    NeedsConfirmation,
    NotCancellable,
    OutcomeUnknown,
    SoraError,
    StorageError,
    VendorError,
)
from sora_mcp.domain.money import NO_LIMIT, Micros, Unsettled, usd
from sora_mcp.jobs.cancel import describe_end
from sora_mcp.jobs.poll import describe_todo
from sora_mcp.server.budget_text import describe_all_left, describe_left, describe_spent
from sora_mcp.server.messages import describe_error, describe_job
from sora_mcp.server.tools import cancel_video, create_video, edit_video, get_spend, get_video_status, list_videos
from sora_mcp.store.records import Costs, OwnSpending, Page
from sora_mcp.vendors import aimlapi, muvi, runway
from tests.each import each
from tests.nouns import a_job

from ..snapshot import check_snapshot
from .counter import BUDGET, FILE, NOW, a_done_job

ENDED = Ended("this model", "OpenAI", date(2026, 9, 24), "https://platform.openai.com/docs/deprecations")
LIVE: Mapping[str, Job] = {
    "being sent": replace(a_job(), state="submitting"),
    "waiting for an unclear call": replace(a_job(), state="submitting", waits_until=NOW + 95),
    "taken, but not recorded": replace(a_job(), state="submitting", unwritten="was taken by muvi as 'job_1'"),
    "queued": a_job(),
    "queued, slow": replace(a_job(), expected_s=30),
    "queued, nearly done": replace(a_job(), expected_s=65),
    "queued, with trouble": replace(a_job(), trouble="Muvi does not accept the key."),
    "queued, with trouble that a person ends": replace(a_job(), trouble="Muvi does not accept the key.", todo=describe_todo("vendor_auth")),
    "queued, paid": replace(a_job(), charged="yes"),
    "queued, free": replace(a_job(), charged="no", micros=Micros(0)),
    "running": replace(a_job(), state="running", progress=0.4256),
    "running, and asked to stop": replace(a_job(), state="running", progress=0.4256, cancel_asked_at=NOW),
    "asked to stop, and paid": replace(a_job(), charged="yes", cancel_asked_at=NOW),
    "being saved, and asked to stop before": replace(a_job(), state="running", charged="yes", media=Call("GET", "/f"), cancel_asked_at=NOW),
    "being saved": replace(a_job(), state="running", charged="yes", media=Call("GET", "/file")),
}
ASKED = replace(a_job(), cancel_asked_at=NOW)
CALLED_BACK = JobError("vendor_rejected", "Muvi cancelled this job.", "no")
UNANSWERED = JobError("vendor_unavailable", "The answer did not arrive. It may have been taken and may be charged.", "unknown")
REFUSED = JobError("content_refused", "Muvi refuses this content.", "no", "violates policy 7")
WRONG_KEY = JobError("vendor_auth", "Muvi does not accept the key.", "no")
NO_MONEY = JobError("vendor_balance", "The account at Muvi has not enough money left.", "no")
OVER: Mapping[str, Job] = {
    "completed": a_done_job(),
    "completed, unmeasured": replace(a_done_job(), artifact=Artifact("/v/boat.mp4", 12_001, "ab" * 32)),
    "completed in another size": replace(a_done_job(), artifact=replace(FILE, width=720, height=1280)),
    "completed with notes": replace(a_done_job(), warnings=("Muvi takes no prompt with a first frame: the prompt is not sent.",)),
    "completed with sound": replace(a_done_job(), artifact=replace(FILE, has_sound=True)),
    "completed without sound": replace(a_done_job(), artifact=replace(FILE, has_sound=False)),
    "completed GIF": replace(a_done_job(), artifact=replace(FILE, path="/videos/boat.gif")),
    "failed, as its key is refused": replace(a_job(), state="failed", charged="no", error=WRONG_KEY),
    "failed, as the account is empty": replace(a_job(), state="failed", charged="no", error=NO_MONEY),
    "completed picture": replace(a_done_job(), artifact=replace(FILE, path="/videos/frame.png")),
    "completed, shorter": replace(a_done_job(), artifact=replace(FILE, notes=("The clip is 2 s long (you asked for 4 s).",))),
    "completed, and not believed": replace(a_done_job(), warnings=("muvi reports $0.00 for a price of $0.40: $0.40 counts as spent.",)),
    "completed, before it could be cancelled": replace(a_done_job(), cancel_asked_at=NOW),
    "failed, charged": replace(a_job(), state="failed", charged="yes"),
    "failed with a reason": replace(a_job(), state="failed", charged="no", error=REFUSED),
    "cancelled, free": replace(a_job(), state="cancelled", charged="no", error=CALLED_BACK, vendor_id="j"),
    "cancelled, reserved": replace(a_job(), state="cancelled", charged="held", vendor_id="j"),
    "cancelled, unclear": replace(a_job(), state="cancelled", charged="unknown", vendor_id="j", cancel_asked_at=NOW),
    "expired": replace(a_job(), state="expired", charged="yes"),
    "unknown": replace(a_job(), state="unknown", charged="unknown"),
    "unknown, with a reason": replace(a_job(), state="unknown", charged="unknown", error=UNANSWERED),
}
ABOVE = replace(a_done_job(), micros=usd("0.52"), actual=usd("1.56"))
DEARER: Mapping[str, Job] = {
    "above its quote": ABOVE,
    "above its quote, and paused": replace(ABOVE, is_paused=True),
    "failed above its quote": replace(ABOVE, state="failed", artifact=None, error=REFUSED, charged="yes"),
    "running above its quote": replace(ABOVE, state="running", artifact=None, charged="held"),
}
BROKEN_SECONDS = BrokenRule("seconds", 5, "4, 8 or 12", "invalid_seconds")
BROKEN_SIZE = BrokenRule("size", "4:3", "1280x720", "invalid_size")
UNKNOWN_NAME = BrokenRule("duration", None, "left out: create_video has no such argument (did you mean seconds?)", "unknown_argument")
SAMPLE = Fix("model", "sample:sample", usd("0"))
NEEDED = NeedsConfirmation(
    "muvi:sora-2 costs $2.40, above $2.00 a call, so the user must approve it first, within 15 min.", quote_id="q_7k2", total=usd("2.40")
)
ERRORS: Mapping[str, SoraError] = {
    "one broken rule": BrokenRules((BROKEN_SECONDS,), subject="muvi:sora-2", fixes=(Fix("seconds", 8, usd("0.80")), SAMPLE)),
    "two broken rules": BrokenRules(
        (BROKEN_SIZE, BROKEN_SECONDS), fixes=(Fix("size", "1280x720", usd("0.4")), Fix("seconds", 4, usd("0.4")), SAMPLE)
    ),
    "an unknown argument": BrokenRules((UNKNOWN_NAME,), fixes=(Fix("seconds", 8, usd("0.8")), Fix("duration", None, usd("0.8")))),
    "something to leave out": BrokenRules((BROKEN_SIZE,), fixes=(Fix("options.fps", None, usd("0.4")),)),
    "a needed approval": NEEDED,
    "a needed approval, asked for on a page": NeedsConfirmation(NEEDED.message, quote_id="q_7k2", page="A confirmation page was opened"),
    "no key": MissingKey("No key."),
    "no store": StorageError("The disk is full."),
    "an unknown outcome": OutcomeUnknown("No answer came."),
    "a job that cannot be cancelled": NotCancellable("Muvi refused to cancel v_0123456789.", a_job()),
}


MONTH_IS_SHORT = replace(BUDGET, month_left=usd("4.190001"))
WEEK = get_spend.Period(date(2026, 11, 14), None)
UNCLEAR = replace(BUDGET, month_spent=usd("1.44"), month_unsettled=Unsettled(unclear=usd("1.04")))
COSTS = (
    Costs("muvi:veo-3.1", 3, spent=usd("2.40"), held=usd("0.80"), unclear=Micros(0), unstated=usd("0.80"), finished=2, under_way=1),
    Costs("aimlapi:veo-3.1-fast", 1, Micros(0), Micros(0), unclear=usd("0.52"), unstated=Micros(0), perhaps_charged=1),
    Costs("v_0123456789", 1, usd("1.6"), Micros(0), Micros(0), Micros(0), prompt="A paper boat", model="muvi:veo-3.1", day="2026-11-20"),
)


def an_edit(*parents: str, **options: str | float) -> Job:
    return replace(a_done_job(), model="local:edit", options=options, parents=parents, micros=Micros(0), charged="no")


def message(result: CallToolResult) -> str:
    return (result.structured_content or {})["message"]


def status(job: Job) -> str:
    return message(get_video_status.format_result(job, now=NOW))


def started(job: Job, request_id: str = "") -> str:
    return message(create_video.format_result(job, now=NOW, request_id=request_id))


def cancelled(job: Job, refunds: bool | None) -> str:
    return message(cancel_video.format_result(job, replace(muvi.VENDOR, refunds=refunds), now=NOW))


def test_the_messages_are_those_of_the_snapshot() -> None:
    new, again = replace(a_job(), state="submitting", day_left=usd("9.6")), replace(a_job(), deduplicated=True)
    edit = an_edit("v_1111111111", "v_2222222222", action="join")
    listed = Page((a_done_job(), replace(a_job(), prompt="b\u202eoat " * 20)), "c2")
    several = message(get_video_status.format_results((LIVE["running"], *OVER.values()), now=NOW))
    found: dict[str, Any] = {
        "create_video": {
            "started": started(new),
            "started with notes": started(replace(new, ended=ENDED, warnings=("Muvi is its cheapest vendor with a key.",))),
            "started without sound": started(replace(new, options={"audio": False})),
            "started at one with a choice": started(replace(new, model="muvi:veo-3.1", options={"audio": True})),
            "started at one without a word of it": started(replace(new, model="muvi:wan-2.7")),
            "started, and goes on alone": message(create_video.format_result(new, now=NOW, lingers=True)),
            "started, a sample": started(
                replace(new, vendor="sample", model="sample:sample", micros=Micros(0), charged="no", expected_s=5)
            ),
            "started, waiting": started(replace(new, waits_until=NOW + 95)),
            "repeated": started(again),
            "repeated by request_id": started(again, "r1"),
            "repeated, completed": started(replace(a_done_job(), deduplicated=True)),
        },
        "get_video_status": {name: status(job) for name, job in (LIVE | OVER | DEARER).items()} | {"several": several},
        "cancel_video": {
            "asked": cancelled(ASKED, None),
            "refunded": cancelled(OVER["cancelled, reserved"], True),
            "not refunded": cancelled(OVER["cancelled, reserved"], False),
            "never charged": cancelled(OVER["cancelled, free"], True),
        },
        "edit_video": {
            "made": message(edit_video.format_result(edit, now=NOW)),
            "made before": message(edit_video.format_result(replace(edit, deduplicated=True), now=NOW)),
        },
        "list_videos": {
            "of every state": message(list_videos.format_result(Page(tuple((LIVE | OVER | DEARER).values()), None), BUDGET, UTC, now=NOW)),
            "one whole, above its quote": message(list_videos.format_whole(DEARER["above its quote"], BUDGET, UTC, now=NOW)),
            "one whole": message(list_videos.format_whole(OVER["failed with a reason"], BUDGET, UTC, now=NOW)),
            "two": message(list_videos.format_result(listed, BUDGET, UTC, now=NOW)),
            "none": message(list_videos.format_result(Page((), None), UNCLEAR, UTC, now=NOW)),
        },
        "get_spend": {
            "by model": message(get_spend.format_result(WEEK, "model", COSTS[:2], sums=COSTS[:2], budget=BUDGET)),
            "by job": message(get_spend.format_result(WEEK, "job", COSTS[2:], sums=COSTS[:2], budget=MONTH_IS_SHORT)),
            "nothing": message(get_spend.format_result(replace(WEEK, until=WEEK.since), "day", (), sums=(), budget=BUDGET)),
        },
        "refusals": {name: describe_error(error, error.fixes) for name, error in ERRORS.items()},
        "refusals of free tools": {name: describe_error(ERRORS[name], could_send=False) for name in ("no store", "an unknown outcome")},
    }
    check_snapshot("messages", found)


TOKEN = 3.6
"""Bytes."""


def test_a_start_and_a_finished_clip_stay_short() -> None:
    new = replace(a_job(), state="submitting", day_left=usd("9.6"))
    for text in (message(create_video.format_result(new, now=NOW, lingers=True)), status(a_done_job())):
        assert len(text.encode()) <= 90 * TOKEN, text


@each(
    ("day", "month", "words"),
    [("9.60", "99.60", "Left today $9.60 of $10.00"), ("196.80", "97", "Left this month $97.00 of $100.00")],
)
def test_what_is_left_is_the_smaller_of_day_and_month(day: str, month: str, words: str) -> None:
    assert describe_left(replace(BUDGET, day_left=usd(day), month_left=usd(month))) == words


def test_a_live_job_names_its_money_and_the_next_call_and_forbids_another() -> None:
    for name, job in LIVE.items():
        again = "" if job.is_stopping else " Do not create it again."
        assert status(job).endswith(f'.{again} Next: get_video_status("v_0123456789").'), name
        assert ("$0.40" in status(job)) == bool(job.micros), name


def test_a_job_that_is_over_names_its_price_or_that_nothing_was_charged() -> None:
    for name, job in OVER.items():
        assert ("$0.40" in status(job)) != ("Nothing was charged." in status(job)), name


def test_a_refusal_begins_with_the_money_where_something_could_have_been_sent() -> None:
    for name, error in ERRORS.items():
        begins = describe_error(error).removesuffix(describe_error(error, could_send=False))
        assert (begins == "Not sent, nothing charged. ") == (error.charged == "no"), name


SENT: dict[str, Any] = {"vendor_id": "job_1", "cancel_asked_at": NOW}
AT_VENDOR: dict[str, Any] = {"vendor_id": "job_1", "state": "cancelled"}
KEEPS, SILENT = replace(muvi.VENDOR, refunds=False), replace(muvi.VENDOR, refunds=None)
ANSWERS: Mapping[str, tuple[dict[str, Any], Vendor]] = {
    "never sent": ({"state": "cancelled", "charged": "no"}, muvi.VENDOR),
    "for nothing": ({**AT_VENDOR, "charged": "no", "error": CALLED_BACK}, muvi.VENDOR),
    "for nothing, with words": ({**AT_VENDOR, "charged": "no", "error": replace(CALLED_BACK, vendor_message="Stopped.")}, muvi.VENDOR),
    "a free one": ({**AT_VENDOR, "micros": Micros(0), "charged": "no"}, muvi.VENDOR),
    "for a part": ({**AT_VENDOR, "charged": "yes", "actual": usd("0.10")}, muvi.VENDOR),
    "for the whole price": ({**AT_VENDOR, "charged": "yes", "actual": usd("0.40")}, muvi.VENDOR),
    "charged, at one that refunds": ({**AT_VENDOR, "charged": "yes"}, muvi.VENDOR),
    "charged, at one that keeps it": ({**AT_VENDOR, "charged": "yes"}, KEEPS),
    "unclear, at one that refunds": ({**AT_VENDOR, "charged": "unknown"}, muvi.VENDOR),
    "unclear, at one that does not say": ({**AT_VENDOR, "charged": "unknown"}, SILENT),
    "charged, at one that refunds what waits": ({**AT_VENDOR, "charged": "yes", "vendor": "runway"}, runway.VENDOR),
    "asked for, reserved": (SENT, muvi.VENDOR),
    "asked for, paid": ({**SENT, "charged": "yes"}, SILENT),
}
NO = VendorError("vendor_rejected", "Muvi refuses this request.", vendor="Muvi", vendor_message="too late")
FAILURES: Mapping[str, NotCancellable] = {
    "cannot, will be charged": NotCancellable(f"{aimlapi.VENDOR.title} can't cancel a running clip.", a_job(), must_pay=True),
    "cannot, was charged": NotCancellable("Muvi can't cancel a running clip.", replace(a_job(), charged="yes"), must_pay=True),
    "refused": NotCancellable("Muvi refused to cancel v_0123456789.", a_job()),
    "unclear": CancelUnclear("vendor_unavailable", "Muvi answers 503.", a_job()),
}
FAILURES["refused"].__cause__ = NO
ENDS: Mapping[str, dict[str, Any]] = {
    "completed": {},
    "failed": {"state": "failed", "charged": "no"},
    "cancelled": {"state": "cancelled", "charged": "no"},
    "expired": {"state": "expired"},
    "being saved": {"state": "running", "media": Call("GET", "/file")},
    "unknown": {"state": "unknown", "charged": "unknown"},
}


def answer(changes: dict[str, Any], vendor: Vendor) -> str:
    return message(cancel_video.format_result(replace(a_job(), **changes), vendor, now=NOW))


def refuse(changes: dict[str, Any]) -> str:
    job = replace(a_done_job(), **changes)
    return describe_error(NotCancellable(describe_end(job), job))


def test_what_is_said_of_a_cancelled_clip_is_that_of_the_snapshot() -> None:
    found = {
        "cancelled": {name: answer(*row) for name, row in ANSWERS.items()},
        "not cancelled": {name: describe_error(error) for name, error in FAILURES.items()},
        "over": {name: refuse(changes) for name, changes in ENDS.items()},
    }
    check_snapshot("cancellations", found)


def test_a_clip_that_its_vendor_was_asked_to_cancel_says_so_until_its_end() -> None:
    whole = message(list_videos.format_whole(ASKED, BUDGET, UTC, now=NOW))
    line = message(list_videos.format_result(Page((ASKED,), None), BUDGET, UTC, now=NOW))
    many = message(get_video_status.format_results([ASKED, a_done_job()], now=NOW))
    again = message(cancel_video.format_result(ASKED, SILENT, now=NOW + 60, first_asked_at=NOW))
    for told in (status(ASKED), whole, many):
        assert "The user asked to cancel it at 12:01 UTC; Muvi has not stopped it yet. Not settled yet: nothing if " in told
    assert "v_0123456789 queued (cancellation asked for at 12:01 UTC), " in line
    assert again.startswith("Muvi was asked again (first at 12:01 UTC) to cancel v_0123456789, and has not stopped it yet.")
    for told in (status(ASKED), whole, line, many, again):
        assert ("left." in told, "create it again" in told, "create them again" in told) == (False, False, False)


def test_nothing_was_charged_is_said_of_what_cost_nothing_and_of_nothing_else() -> None:
    for name, (changes, vendor) in ANSWERS.items():
        assert ("othing was charged" in answer(changes, vendor)) == (changes.get("charged") == "no"), name
    for name, changes in ENDS.items():
        assert ("nothing was charged" in refuse(changes)) == (changes.get("charged") == "no"), name


def test_a_list_says_what_came_where_it_differs_from_the_order() -> None:
    came = Artifact("/films/a.mp4", 1000, "0" * 64, duration_s=1.2, width=64, height=36)
    for changed, words in (
        ({}, "1.2 s (4 s ordered), 64x36 (1280x720 ordered), "),
        ({"size": "16:9", "options": {"edits": "v_a"}}, "4 s, 64x36, "),
        ({"size": "64x36", "seconds": 2, "model": "local:edit"}, "2 s, 64x36, "),
    ):
        job = replace(a_job(), state="completed", artifact=came, **changed)
        assert words in message(list_videos.format_result(Page((job,), None), BUDGET, UTC, now=NOW)), changed


@each(
    ("options", "words"),
    [
        ({"action": "caption", "text": "Hi"}, 'caption of v_a: "Hi" at the bottom, for the whole clip. Done'),
        ({"action": "caption", "text": "Hi", "start": 1.0}, 'caption of v_a: "Hi" at the bottom, from 1 s on. Done'),
        ({"action": "title", "text": "Hi"}, 'title of v_a: "Hi" large in the middle, shown for 3 s (end=… is when it goes). Done'),
        ({"action": "title", "text": "Hi", "end": 1.5}, 'title of v_a: "Hi" large in the middle, from 0 s to 1.5 s. Done'),
        ({"action": "trim", "start": 0.5, "end": 2.0}, "trim of v_a: from 0.5 s to 2 s. Done"),
        ({"action": "reframe", "ratio": "9:16"}, 'reframe of v_a: 9:16, edges blurred (or fill="crop", "pad"). Done'),
        ({"action": "reframe", "ratio": "9:16", "fill": "pad"}, "reframe of v_a: 9:16, with bars. Done"),
        ({"action": "speed", "speed": 0.5}, "speed of v_a: 0.5 x. Done"),
        ({"action": "mute"}, "mute of v_a. Done"),
        ({"action": "frame"}, "frame of v_a: at 0 s (start=… is when). Done"),
        ({"action": "frame", "start": 1.5}, "frame of v_a: at 1.5 s. Done"),
    ],
)
def test_an_edit_says_in_every_tool_what_it_did(options: dict[str, Any], words: str) -> None:
    for text in (status(an_edit("v_a", **options)), message(edit_video.format_result(an_edit("v_a", **options), now=NOW))):
        assert text.startswith(words), text


@each(
    ("changes", "words"),
    [
        ({"options": {"edits": "v_a"}, "parents": ("v_a",)}, ", changed from v_a, "),
        ({"options": {"edits": "https://example.com/a.mp4"}}, ", changed from a video of the user, "),
        ({"options": {"continues": "v_a"}, "parents": ("v_a",)}, ", goes on from v_a, "),
        ({"options": {"image": "v_a#last"}, "parents": ("v_a",)}, ", goes on from v_a, "),
        ({"options": {"image": "v_a#2.5s"}, "parents": ("v_a",)}, ", begins with a frame of v_a, "),
    ],
)
def test_a_clip_says_which_one_it_was_made_of(changes: dict[str, Any], words: str) -> None:
    assert words in status(replace(a_done_job(), **changes))


def test_joined_clips_say_whether_they_begin_with_a_title() -> None:
    joined = replace(a_done_job(), model="local:edit", options={"action": "join", "text": "Night"})
    assert ', with the title "Night", ' in describe_job(joined, now=0)
    assert "title" not in describe_job(replace(joined, options={"action": "join"}), now=0)


SPENDING = replace(
    BUDGET,
    day_spent=usd("0.35"),
    month_spent=usd("1.36"),
    day_unsettled=Unsettled(held=usd("0.25")),
    month_unsettled=Unsettled(usd("0.25"), usd("0.25")),
)


def test_reserved_and_perhaps_charged_money_is_told_apart_from_what_was_spent() -> None:
    assert describe_spent(SPENDING) == (
        "Spent today $0.10, $0.25 reserved (counts as $0.35 of $10.00); "
        "this month $0.86, $0.25 reserved, $0.25 perhaps charged (counts as $1.36 of $100.00). "
        "get_spend names what was perhaps charged."
    )
    assert describe_left(SPENDING) == "Left today $9.60 of $10.00 ($0.25 reserved counts as spent)"
    mine = OwnSpending(usd("0.35"), usd("0.35"), "film", usd("0.85"), usd("0.85"), day_unsettled=SPENDING.day_unsettled)
    said = describe_spent(replace(SPENDING, own=replace(mine, team_month_unsettled=Unsettled(held=usd("0.25")))))
    assert said.startswith(
        "You spent $0.10, $0.25 reserved (counts as $0.35) today; $0.35 this month. Team film spent $0.60, $0.25 reserved (counts as $0.85)"
    )


def test_clips_that_failed_or_go_on_are_not_counted_as_paid() -> None:
    costs = (*COSTS[:2], Costs("fal:kling", 1, usd("0.25"), Micros(0), Micros(0), Micros(0)))
    words = message(get_spend.format_result(WEEK, "model", costs, sums=costs, budget=SPENDING)).splitlines()[0]
    assert words == (
        "Since 2026-11-14: about $2.65 spent (vendors do not state what they charged for $0.80 of it), "
        "$0.80 reserved, $0.52 perhaps charged (counts as $3.97): "
        "2 clips finished and paid, 1 under way, 1 charged without a video, 1 perhaps charged."
    )


DOUBTFUL = (
    Costs("v_1111111111", 1, Micros(0), Micros(0), usd("0.40"), Micros(0), 0, 0, 1, "A fox", "muvi:sora-2", "2026-11-20", "unknown"),
    Costs("v_2222222222", 1, Micros(0), Micros(0), usd("0.25"), Micros(0), 0, 0, 1, "A dog", "muvi:kling-3.0", "2026-11-19", "failed"),
)


def spending(*doubtful: Costs, clips: int) -> list[str]:
    sums = (Costs("muvi", clips, Micros(0), Micros(0), usd("0.40"), Micros(0), perhaps_charged=clips),)
    return message(get_spend.format_result(WEEK, "job", (), sums=sums, budget=BUDGET, doubtful=doubtful)).splitlines()


def test_what_was_perhaps_charged_is_named_with_the_way_to_settle_it() -> None:
    assert spending(*DOUBTFUL[:1], clips=1)[-2:] == [
        "Perhaps charged, and counted as spent until the user has looked in the account at Muvi and run "
        "`sora-mcp resolve v_1111111111 --charged` or `--not-charged` in a terminal:",
        'v_1111111111 of 2026-11-20, "A fox", $0.40: whether Muvi accepted it is not known',
    ]
    first, *others = spending(*DOUBTFUL, clips=5)[-4:]
    assert "`sora-mcp resolve ID --charged` or `--not-charged`" in first
    assert others[1:] == [
        'v_2222222222 of 2026-11-19, "A dog", $0.25: it failed, and Muvi did not say whether that costs anything',
        "and 3 more",
    ]
    elsewhere = spending(DOUBTFUL[0], replace(DOUBTFUL[1], model="fal:kling-3.0"), clips=2)
    assert "in the account at the vendor" in elsewhere[-3] and elsewhere[-1].startswith(
        'v_2222222222 of 2026-11-19, "A dog" at fal:kling-3.0, '
    )


def test_both_limits_are_told_unless_the_month_has_less_left() -> None:
    assert describe_all_left(BUDGET) == "Left today $9.60 of $10.00 (until 00:00 UTC), this month $99.60 of $100.00"
    assert describe_all_left(MONTH_IS_SHORT) == "Left this month $4.19 of $100.00"
    assert describe_all_left(replace(BUDGET, month_left=NO_LIMIT, month_limit=None)) == "Left today $9.60 of $10.00 (until 00:00 UTC)"
    assert describe_all_left(replace(BUDGET, day_left=NO_LIMIT, day_limit=None)) == "Left this month $99.60 of $100.00"
    assert describe_all_left(replace(BUDGET, day_left=NO_LIMIT, month_left=NO_LIMIT)) == "No day or month is limited"


@each(
    ("by", "of", "words"),
    [("model", "muvi:veo-3.1", "all on muvi:veo-3.1."), ("vendor", "muvi", "all at muvi."), ("day", "2026-11-20", "all on 2026-11-20.")],
)
def test_one_row_alone_repeats_no_figure(by: str, of: str, words: str) -> None:
    rows = (replace(COSTS[0], of=of),)
    head, left = message(get_spend.format_result(WEEK, by, rows, sums=rows, budget=BUDGET)).splitlines()
    assert head.endswith(f"2 clips finished and paid, 1 under way, {words}") and left.startswith("Left today ")


def test_the_rest_of_the_time_never_grows_while_the_progress_is_the_same() -> None:
    steady = replace(a_job(), state="running", progress=0.5, expected_s=180, updated_at=a_job().created_at + 60)
    rests = [status(steady).partition(", ")[2].partition(".")[0]]
    rests += [
        message(get_video_status.format_result(steady, now=NOW + later)).partition(", ")[2].partition(".")[0] for later in (30, 60, 100)
    ]
    assert rests == ["about 90 s left", "about 60 s left", "about 30 s left", "slower than usual, about 3 min so far"]


def test_an_edit_of_a_few_seconds_is_not_called_slow() -> None:
    edit = replace(an_edit("v_1111111111", action="gif"), state="running", artifact=None, progress=None, expected_s=2)
    words = [message(get_video_status.format_result(edit, now=edit.created_at + later)) for later in (3, 40)]
    assert "a few seconds left" in words[0] and "slower than usual" in words[1]


def test_clips_that_belong_together_name_the_one_call_that_joins_them() -> None:
    first, second, third = (replace(a_done_job(), id=f"v_{n}" * 5, prompt=f"Shot {n}") for n in "123")
    goes_on = replace(second, parents=(first.id,), chain=(first.id, second.id))
    join = 'edit_video(action="join", inputs=['
    both, whole = f'{join}"{first.id}", "{second.id}"]) joins both.', f'{join}"{first.id}", "{second.id}", "{third.id}"]) joins all.'
    tall = replace(second, artifact=replace(FILE, width=720, height=1280))
    changed = replace(second, parents=(first.id,), options={"edits": first.id})
    for jobs, words in (
        ([goes_on, first], both),
        ([first, second, third], whole),
        ([second, replace(third, chain=(first.id, second.id, third.id))], whole),
        ([first, replace(goes_on, prompt=first.prompt)], both),
        ([first, tall], ""),
        ([first, replace(second, model="muvi:wan-2.6")], ""),
        ([first, changed], ""),
        ([replace(first, batch=first.id), replace(second, batch=first.id), third], ""),
        ([first, replace(second, state="failed", artifact=None)], ""),
        ([first, replace(second, prompt=first.prompt)], ", and to choose one: continues="),
    ):
        told = message(get_video_status.format_results(jobs, now=NOW)).rpartition("\n")[2]
        assert told.startswith("Next: tell the user th") and told.count(join) == (join in words), told
        assert words in told, told
