"""What becomes of a paid call whose answer was lost: adopted, given back after proof, or left to a person. Never a second call."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from sora_mcp.domain import Call, Found, Job, Listing, LostCall, Reply
from sora_mcp.domain.secret import Secret
from sora_mcp.jobs.reconcile import GIVE_UP_S, SETTLE_S
from sora_mcp.server.messages import describe_job
from sora_mcp.server.tools import create_video
from sora_mcp.store import Store
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.aimlapi import LOG_DELAY_S
from sora_mcp.vendors.reading import read_search_page
from tests.each import each
from tests.waiting import eventually

from .played import KEY, AimlApi, MuleRun, Muvi, Pixazo, Played
from .played.rig import NOON, Rig, rig
from .stored import Clock, begun, place_empty_store

THEN = "2026-11-20T12:00:10Z"
"""Ten seconds after the paid call left."""
SLUG = "openai/sora-2-pro/text-to-video"
PROVEN_S = SETTLE_S + 1
LATE_S = LOG_DELAY_S + 1
VENDORS = {vendor.name: vendor for vendor in EVERY}
LOST = LostCall(Call("POST", "/v1/jobs/submit", {"model": SLUG}), "our-token", NOON - 30, NOON + 120)


@asynccontextmanager
async def lost(vendor: Played, folder: Path, fault: str = "close", **args: Any) -> AsyncGenerator[tuple[Rig, Job, Clock]]:
    """A job whose paid call had no answer; with `taken: false` the vendor never took it."""
    clock = Clock(NOON)
    async with rig(vendor, folder, clock=clock) as at:
        at.wire.arm("submit", fault, **args)
        job = await at.until((await at.bought(seconds=4)).id, "unknown")
        assert (job.state, job.charged, at.held()) == ("unknown", "unknown", job.micros)
        yield at, job, clock


async def hurried(at: Rig, job: Job) -> None:
    """The next look is now, and has begun unless the job needs none."""
    heard = len(at.wire.heard)
    await at.service.store.leases.make_due(job)
    at.service.wake()
    with anyio.move_on_after(0.05):
        await eventually(lambda: len(at.wire.heard) > heard)


async def looked(at: Rig, job: Job, *, times: int = 4) -> Job:
    """The job after so many looks."""
    seen = len(at.wire.requests("other"))

    async def enough() -> bool:
        await hurried(at, job)
        return len(at.wire.requests("other")) >= seen + times

    assert await eventually(enough)
    return await at.job(job.id)


async def ended(at: Rig, job: Job, *states: str) -> Job:
    """The job once it is in one of the states, with the looks that this takes."""

    async def there() -> bool:
        await hurried(at, job)
        return (await at.job(job.id)).state in states

    await eventually(there)
    return await at.job(job.id)


def row(job_id: str, model: str = SLUG, at: str = THEN) -> dict[str, Any]:
    """A job of somebody's in Muvi's list."""
    return {"jobId": job_id, "status": "pending", "progress": 0, "model": model, "createdAt": at, "completedAt": None}


def logged(token: str | None = "another", job: str = "other-1", at: str = THEN, **facts: Any) -> dict[str, Any]:
    """A request of somebody's in AI/ML API's log."""
    return {"created": at, "status": "succeeded", "cost": {"usd": 1}, "inference_id": job, "client_request_id": token, **facts}


OTHERS = [row(f"job_other{number}", at="2026-11-20T10:00:00Z") for number in range(5)]
LISTED: dict[str, Callable[[], Played]] = {
    "muvi": lambda: Muvi(created_at=THEN),
    "muvi, several pages": lambda: Muvi(created_at=THEN, strangers=OTHERS, page=2),
    "aimlapi": lambda: AimlApi(logs=[logged(), logged(None, "other-2")]),
}
"""Where the lost job is found: in a list that carries nothing of ours, or in a log that carries our token."""
LOSSES: dict[str, tuple[str, dict[str, Any]]] = {
    "closed": ("close", {}),
    "reset": ("reset", {}),
    "half an answer": ("half_headers", {}),
    "500, taken anyway": ("instead", {"status": 500, "taken": True}),
    "no id": ("mended", {"with": {"jobId": 7, "id": 7}}),
}
ADOPTED = [*((where, loss) for where in ("muvi", "aimlapi") for loss in LOSSES), ("muvi, several pages", "closed")]
LATER_S = {"Muvi": PROVEN_S, "AimlApi": LATE_S}


async def test_a_call_whose_process_ended_before_its_answer_is_unclear_and_never_sent_again(tmp_path: Path) -> None:
    before = Store(place_empty_store(tmp_path / "home"), tmp_path / "home", clock=Clock(NOON))
    job = begun(before)
    before.leases.sign_off.sync("me")
    before.close()
    async with rig(Muvi(), tmp_path) as at:
        found = await at.until(job.id, "unknown", "failed", "completed")
        assert (found.state, found.charged, at.held(), at.posts) == ("unknown", "unknown", job.micros, [])


@pytest.mark.fault("S05", "S06", "S10", "S14", "S23")
@each(("where", "loss"), ADOPTED, at_once=8)
async def test_the_one_job_that_it_can_be_is_adopted_and_brought_home(where: str, loss: str, tmp_path: Path) -> None:
    fault, args = LOSSES[loss]
    async with lost(LISTED[where](), tmp_path, fault, **args) as (at, job, _):
        done = await ended(at, job, "completed")
        assert (done.state, done.charged, done.vendor_id, done.error) == ("completed", "yes", at.wire.made[0].id, None)
        assert (len(at.posts), len(at.wire.made), at.held()) == (1, 1, 0)


# A list that carries nothing of ours


@pytest.mark.fault("S34")
async def test_of_two_jobs_that_it_may_be_a_person_says_which(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN, strangers=[row("job_other")]), tmp_path) as (at, job, _):
        open_ = await looked(at, job)
        assert (open_.state, open_.charged, open_.vendor_id, at.held()) == ("unknown", "unknown", None, job.micros)
        assert open_.error is not None
        assert open_.error.message == "Muvi's list has 2 jobs that may be this one: a person has to say which."
        assert open_.error.vendor_message == f"job_other, {at.wire.made[0].id}"


@pytest.mark.fault("S33")
@each(
    "stranger",
    [{"model": "google/veo-3.1/text-to-video"}, {"at": "2026-11-20T11:50:00Z"}, {"at": "2026-11-20T12:10:00Z"}],
    at_once=8,
)
async def test_a_job_of_another_model_or_time_is_never_adopted(stranger: dict[str, Any], tmp_path: Path) -> None:
    async with lost(Muvi(strangers=[row("job_other", **stranger)]), tmp_path, taken=False) as (at, job, _):
        assert ((await looked(at, job)).state, at.held()) == ("unknown", job.micros)


@pytest.mark.fault("S33")
async def test_a_job_that_is_another_of_ours_is_never_adopted(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(created_at=THEN), tmp_path, clock=clock) as at:
        first = await at.until((await at.bought(seconds=8)).id, "completed")
        at.wire.arm("submit", "close", taken=False)
        job = await at.until((await at.bought(seconds=4)).id, "unknown")
        assert ((await looked(at, job)).vendor_id, first.vendor_id) == (None, at.wire.made[0].id)


# A clock that is wrong


def told(moment: float) -> str:
    """As Muvi writes a time."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


@each(("vendor", "fast_s"), itertools.product((Muvi, AimlApi), (45, 3_600, -180, -7_200)), at_once=8)
async def test_a_clock_that_is_wrong_hides_no_job(vendor: Any, fast_s: int, tmp_path: Path) -> None:
    async with lost(vendor(created_at=told(NOON - fast_s + 1)), tmp_path) as (at, job, clock):
        at.wire.clock = lambda: clock() - fast_s
        clock.at += LATER_S[vendor.__name__]
        done = await ended(at, job, "completed", "failed")
        assert (done.state, done.charged, done.vendor_id, len(at.posts)) == ("completed", "yes", at.wire.made[0].id, 1)


OLD = row("job_old", at=told(NOON - 2 * 86_400))


@each(
    ("strangers", "fast_s"), [([], 3_600), ([OLD], 0)], ids=["a clock that is an hour fast", "a job of another day in the list"], at_once=2
)
async def test_what_was_not_taken_is_given_back_after_the_settle_time(strangers: list[Any], fast_s: int, tmp_path: Path) -> None:
    async with lost(Muvi(strangers=strangers), tmp_path, taken=False) as (at, job, clock):
        at.wire.clock = lambda: clock() - fast_s
        assert (await looked(at, job)).state == "unknown"
        clock.at += PROVEN_S
        gone = await ended(at, job, "failed")
        assert (gone.state, gone.charged, at.held()) == ("failed", "no", 0)


@each("dates", [None, "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 20 Nov 0000 12:00:00 GMT"], ids=str, at_once=8)
async def test_where_nobody_tells_the_vendors_time_absence_proves_nothing(dates: str | None, tmp_path: Path) -> None:
    async with lost(Muvi(), tmp_path, taken=False) as (at, job, clock):
        headers = {} if dates is None else {"Date": dates}
        at.wire.arm("other", "instead", times=-1, json={"jobs": [], "hasMore": False, "nextCursor": None}, headers=headers)
        clock.at += PROVEN_S
        assert ((await looked(at, job, times=6)).state, at.held()) == ("unknown", job.micros)


async def test_where_nobody_tells_the_vendors_time_the_job_at_ours_is_still_adopted(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN), tmp_path) as (at, job, _):
        at.wire.clock = None
        assert (await ended(at, job, "completed")).vendor_id == at.wire.made[0].id


@each("off_s", [-82_800, -600, 300, 82_800], at_once=8)
async def test_a_job_near_the_time_is_neither_adopted_nor_proof_of_absence(off_s: int, tmp_path: Path) -> None:
    async with lost(Muvi(created_at=told(NOON + off_s)), tmp_path) as (at, job, clock):
        clock.at += PROVEN_S
        open_ = await looked(at, job, times=8)
        assert (open_.state, open_.charged, open_.vendor_id, at.held()) == ("unknown", "unknown", None, job.micros)
        assert open_.error is not None
        assert open_.error.message == "Muvi's list has 1 job that may be this one: a person has to say which."
        assert open_.error.vendor_message == at.wire.made[0].id


def a_list(*jobs: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "json": {"jobs": list(jobs), "hasMore": False, "nextCursor": None}}


def a_log(has_more: bool | None, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "json": {"data": list(rows), "pagination": {"has_more": has_more}}}


LIES: dict[str, tuple[type[Played], dict[str, Any]]] = {
    "an error": (Muvi, {"status": 500, "text": "<html>"}),
    "a page": (Muvi, {"status": 200, "text": "<html>"}),
    "no list": (Muvi, {"status": 200, "json": {"jobs": "none", "hasMore": False}}),
    "pages without end": (Muvi, {"status": 200, "json": {"jobs": [], "hasMore": True, "nextCursor": "1"}}),
    "an id that leads elsewhere": (Muvi, a_list({"jobId": "../x", "model": SLUG, "createdAt": THEN})),
    "no time": (Muvi, a_list({"jobId": "job_1", "model": SLUG, "createdAt": "soon"})),
    "log: refused": (AimlApi, {"status": 400, "json": {"message": "Provide either period or both start and end"}}),
    "log: no pages": (AimlApi, {"status": 200, "json": {"data": []}}),
    "log: pages without end": (AimlApi, a_log(True)),
    "log: no word on pages": (AimlApi, a_log(None)),
    "log: rows without a token": (AimlApi, a_log(False, {"created": THEN, "status": "succeeded"})),
}


@pytest.mark.fault("S33")
@each(("vendor", "lie"), LIES.values(), ids=LIES, at_once=8)
async def test_a_list_that_lies_decides_nothing(vendor: Any, lie: dict[str, Any], tmp_path: Path) -> None:
    async with lost(vendor(created_at=THEN), tmp_path) as (at, job, clock):
        at.wire.arm("other", "instead", times=-1, **lie)
        clock.at += LATER_S[vendor.__name__]
        assert ((await looked(at, job, times=5)).state, at.held(), len(at.posts)) == ("unknown", job.micros, 1)


@pytest.mark.fault("S24", "S32")
async def test_what_the_list_does_not_have_is_given_back_after_the_settle_time_and_three_looks(tmp_path: Path) -> None:
    async with lost(Muvi(), tmp_path, taken=False) as (at, job, clock):
        assert (await looked(at, job, times=5)).state == "unknown"
        clock.at += PROVEN_S
        seen = len(at.wire.requests("other"))
        gone = await ended(at, job, "failed")
        assert (gone.state, gone.charged, at.held(), len(at.posts)) == ("failed", "no", 0, 1)
        assert len(at.wire.requests("other")) - seen >= 4, "three, and one around the time"
        assert gone.error is not None
        assert "did not show this job in 3 readings" in gone.error.message
        again = await at.bought(seconds=4)
        assert (again.id == job.id, (await at.until(again.id, "completed")).state) == (False, "completed")


async def test_a_look_that_began_before_the_settle_time_does_not_count(tmp_path: Path) -> None:
    async with lost(Muvi(), tmp_path, taken=False) as (at, job, clock):
        seen = len(at.wire.requests("other"))
        at.wire.arm("other", "slow", times=-1, seconds=0.3)
        await hurried(at, job)
        assert await eventually(lambda: len(at.wire.requests("other")) > seen)
        clock.at += PROVEN_S
        await anyio.sleep(0.6)
        assert (await at.job(job.id)).tries == 0


async def test_a_look_that_the_store_does_not_take_down_does_not_count(tmp_path: Path) -> None:
    refused = """CREATE TRIGGER refused BEFORE UPDATE ON jobs
        WHEN OLD.lease_owner IS NOT NULL AND NEW.lease_owner IS NULL AND NEW.due_at < (julianday('now') - 2440587.5) * 86400 + 5
        BEGIN SELECT RAISE(ABORT, 'the note of a look'); END"""
    async with lost(Muvi(), tmp_path, taken=False) as (at, job, _):
        with sqlite3.connect(tmp_path / "home" / "sora.db") as db:
            db.execute(refused)
        await looked(at, job, times=3)
        assert (await at.job(job.id)).tries == 0


@pytest.mark.fault("S32")
async def test_a_job_that_appears_late_breaks_the_agreement(tmp_path: Path) -> None:
    vendor = Muvi(created_at=THEN)
    async with lost(vendor, tmp_path) as (at, job, clock):
        vendor.unlisted.add(vendor.made[0].id)
        clock.at += PROVEN_S
        assert (await looked(at, job, times=1)).state == "unknown"
        vendor.unlisted.clear()
        assert (await ended(at, job, "completed", "failed")).state == "completed"


async def test_after_a_day_of_doubt_only_a_person_decides(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN, strangers=[row("job_other")]), tmp_path) as (at, job, clock):
        clock.at += GIVE_UP_S + 1
        await looked(at, job, times=1)
        assert await eventually(lambda: at.service.store.leases.get_next_due_s.sync() is None)
        assert ((await at.job(job.id)).state, at.held()) == ("unknown", job.micros)


async def test_a_second_submit_of_the_model_waits_while_one_is_unclear(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN, strangers=[row("job_other")]), tmp_path) as (at, job, clock):
        waiting = await at.bought(seconds=8)
        other = await at.until((await at.bought("muvi:veo-3.1", seconds=8)).id, "completed")
        assert (other.state, (await at.job(waiting.id)).state, len(at.posts)) == ("completed", "submitting", 2)
        clock.at += 121
        assert ((await ended(at, waiting, "completed")).state, (await at.job(job.id)).state) == ("completed", "unknown")


async def test_a_job_that_waits_says_why_and_until_when_and_that_nothing_is_sent(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN, strangers=[row("job_other")]), tmp_path) as (at, _, clock):
        at.service.settings = replace(at.service.settings, poll_seconds=None)  # three looks would have passed before the clock is set
        started = await at.bought(seconds=8)
        clock.at += 30
        waiting = await at.job(started.id)
        assert (started.waits_until, waiting.waits_until, waiting.state, len(at.posts)) == (NOON + 120, NOON + 120, "submitting", 1)
        why = "an earlier paid call to this model is unclear"
        begun = f"Not sent yet: {why}; sent by 12:02 UTC at the latest. Next: "
        assert begun in str(create_video.format_result(started, now=NOON).structured_content)
        then = f"waits, nothing is sent yet: {why}. It is sent when that is settled, at the latest in about 90 s (12:02 UTC)."
        assert describe_job(waiting, now=clock.at).startswith(f"{started.id} {then} $2.40 is reserved.")
        at.service.settings = replace(at.service.settings, poll_seconds=0.02)
        assert (await at.job(started.id)).waits_until is None
        sent = await ended(at, waiting, "completed")
        assert (sent.state, sent.waits_until, len(at.posts)) == ("completed", None, 2)


async def test_a_job_that_is_cancelled_while_it_waits_was_never_sent(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN, strangers=[row("job_other")]), tmp_path) as (at, _, _clock):
        called = await at.service.cancel((await at.bought(seconds=8)).id, principal="local")
        assert (called.state, called.charged, called.waits_until, len(at.posts)) == ("cancelled", "no", None, 1)


async def test_watch_until_idle_ends_while_only_unclear_jobs_are_left(tmp_path: Path) -> None:
    async with lost(Muvi(), tmp_path, taken=False) as (at, _, _):
        assert at.service.store.jobs.count_live.sync() == 0


# A list of another key


@pytest.mark.fault("S33")
@each("kind", [Muvi, AimlApi], at_once=8)
async def test_the_list_of_another_key_is_no_proof_of_absence(kind: Any, tmp_path: Path) -> None:
    async with lost(kind(), tmp_path, taken=False) as (at, job, clock):
        ours = at.settings.keys
        at.settings, at.vendor.key = replace(at.settings, keys={at.name: Secret("another-key-0001")}), "another-key-0001"
        await at.restart()
        clock.at += LATE_S
        open_ = await looked(at, job, times=6)
        assert (open_.state, at.held(), len(at.posts)) == ("unknown", job.micros, 1)
        assert "key is not the one of this call any more" in (open_.error.message if open_.error else "")
        at.settings, at.vendor.key = replace(at.settings, keys=ours), KEY
        await at.restart()
        assert ((await ended(at, job, "failed")).charged, at.held(), len(at.posts)) == ("no", 0, 1)


async def test_a_job_in_a_list_of_another_key_that_only_time_tells_apart_is_not_adopted(tmp_path: Path) -> None:
    async with lost(Muvi(strangers=[row("job_other")]), tmp_path, taken=False) as (at, job, _):
        at.settings, at.vendor.key = replace(at.settings, keys={at.name: Secret("another-key-0001")}), "another-key-0001"
        await at.restart()
        open_ = await looked(at, job)
        assert (open_.state, open_.vendor_id, at.held()) == ("unknown", None, job.micros)


# A log that carries our token


async def test_two_lost_requests_of_one_model_at_one_time_are_told_apart_by_their_tokens(tmp_path: Path) -> None:
    async with lost(AimlApi(), tmp_path) as (at, job, _):
        at.wire.arm("submit", "close")
        other = await at.until((await at.bought(seconds=8)).id, "unknown", "completed")
        ends = [await ended(at, each, "completed") for each in (job, other)]
        assert [(end.state, end.vendor_id) for end in ends] == [("completed", made.id) for made in at.wire.made]
        assert (len(at.posts), at.held()) == (2, 0)


async def test_a_job_that_either_of_two_lost_requests_may_have_made_is_adopted_by_neither(tmp_path: Path) -> None:
    async with lost(Muvi(created_at=THEN), tmp_path, taken=False) as (at, job, clock):
        at.wire.arm("submit", "close")
        other = await at.bought(seconds=8)
        clock.at += 121
        assert (await ended(at, other, "unknown")).state == "unknown"
        open_ = await looked(at, job)
        assert (open_.state, open_.vendor_id, at.held(), len(at.posts)) == ("unknown", None, job.micros + other.micros, 2)
        assert open_.error is not None
        assert open_.error.message == "Muvi's list has 1 job that may be this one: a person has to say which."


async def test_a_log_of_several_pages_is_read_to_its_end(tmp_path: Path) -> None:
    newer = [logged(job=f"other-{number}") for number in range(5)]
    vendor = AimlApi(page=2)
    async with lost(vendor, tmp_path) as (at, job, _):
        vendor.logs[:0] = newer
        assert (await ended(at, job, "completed")).vendor_id == at.wire.made[0].id
        offsets = [dict(heard.query)["offset"] for heard in at.wire.requests("other")]
        assert offsets[:3] == ["0", "2", "4"]


async def test_a_log_that_has_our_token_as_failed_gives_the_money_back_after_the_settle_time(tmp_path: Path) -> None:
    async with lost(AimlApi(log_says="failed"), tmp_path) as (at, job, clock):
        assert (await looked(at, job)).state == "unknown"
        clock.at += LATE_S
        assert ((await ended(at, job, "failed")).charged, at.held()) == ("no", 0)


async def test_a_log_without_our_token_gives_the_money_back_only_when_every_generation_has_ended(tmp_path: Path) -> None:
    async with lost(AimlApi(logs=[logged()]), tmp_path, taken=False) as (at, job, clock):
        clock.at += PROVEN_S  # long enough for a list that shows a job from its start, but this log shows it from its end
        assert (await looked(at, job, times=6)).state == "unknown"
        clock.at += LATE_S - PROVEN_S
        assert ((await ended(at, job, "failed")).charged, at.held(), len(at.posts)) == ("no", 0, 1)


@each(("cost", "said"), [(1, "and charged it"), (None, "and does not say what it cost")], at_once=8)
async def test_a_request_in_the_log_without_an_id_is_left_to_a_person(cost: int | None, said: str, tmp_path: Path) -> None:
    vendor = AimlApi()
    async with lost(vendor, tmp_path) as (at, job, _):
        vendor.logs[0] |= {"inference_id": None, "cost": {"usd": cost}, "status": "succeeded" if cost else "failing"}
        await looked(at, job, times=1)
        assert await eventually(lambda: at.service.store.leases.get_next_due_s.sync() is None)
        open_ = await at.job(job.id)
        message = f"AI/ML API's log shows this request, {said}, but no link to its video: check your account there."
        assert (open_.state, open_.charged, open_.error and open_.error.message) == ("unknown", "unknown", message)
        assert (at.held(), len(at.posts)) == (job.micros, 1)


def test_a_log_is_asked_around_the_call_by_the_vendors_clock_without_naming_a_model() -> None:
    find = VENDORS["aimlapi"].find
    assert find is not None
    call = find.ask(LOST)
    window = (("start", "2026-11-20T11:49:30Z"), ("end", "2026-11-20T12:12:00Z"))
    assert call == Call("GET", "/v2/logs", query=(*window, ("limit", "100"), ("offset", "0")))
    page = {"data": [logged("our-token", "gen-1")], "pagination": {"has_more": False}}
    elsewhen = replace(LOST, since=LOST.since - 3_600, until=LOST.until - 3_600)  # as the vendor's clock has it
    assert read_search_page(VENDORS["aimlapi"], Reply(call, 200, page), elsewhen) == Listing((), find.ask(elsewhen), whole=False)
    assert read_search_page(VENDORS["aimlapi"], Reply(call, 200, page), LOST) == Listing((Found("gen-1", "yes"),))


def test_a_page_of_jobs_names_those_of_the_model_and_the_time_and_the_next_page() -> None:
    rows = [row("job_1"), row("job_2", model="x/y"), row("job_3", at="2026-11-20T11:00:00Z")]
    page = {"jobs": rows, "hasMore": True, "nextCursor": "c"}
    call = Call("GET", "/v1/jobs", query=(("modelId", SLUG), ("limit", "100")))
    more = Call("GET", "/v1/jobs", query=(*call.query, ("cursor", "c")))
    assert read_search_page(VENDORS["muvi"], Reply(call, 200, page), LOST) == Listing((Found("job_1"),), more, whole=False)


def test_tasks_of_the_model_and_the_time_are_candidates_and_only_an_empty_page_is_the_end() -> None:
    lost = replace(LOST, call=Call("POST", "/v2/video_generation", {"model": "MiniMax-H3"}))
    tasks = [("1", "MiniMax-H3", 10), ("2", "MiniMax-H3-Max", 10), ("3", "MiniMax-H3", -3_600)]
    items = [{"id": task, "model": model, "created_at": int(NOON) + after} for task, model, after in tasks]
    pages = [Call("GET", "/v2/query/video_generation", query=(("page_num", str(page)), ("page_size", "100"))) for page in (1, 2, 3)]
    vendor, found = VENDORS["minimax"], (Found("1"),)
    assert vendor.find is not None and vendor.find.ask(lost) == pages[0]
    assert read_search_page(vendor, Reply(pages[0], 200, {"items": items, "total": 3}), lost) == Listing(found)
    assert read_search_page(vendor, Reply(pages[0], 200, {"items": items, "total": 4}), lost) == Listing(found, pages[1], whole=False)
    assert read_search_page(vendor, Reply(pages[1], 200, {"items": items, "total": 4}), lost) == Listing(found, pages[2], whole=False)
    assert read_search_page(vendor, Reply(pages[2], 200, {"items": None, "total": 4}), lost) == Listing(())
    assert read_search_page(vendor, Reply(pages[0], 200, {"total": 4}), lost) is None


def test_a_task_is_found_by_our_token_and_no_task_is_no_proof() -> None:
    vendor, asked = VENDORS["kling"], Call("GET", "/tasks", query=(("external_task_ids", "our-token"),))
    assert vendor.find is not None and vendor.find.ask(LOST) == asked
    rows = [{"id": "1", "external_id": "another"}, {"id": "2", "external_id": "our-token"}, {"id": "3"}]
    assert read_search_page(vendor, Reply(asked, 200, {"code": 0, "data": rows}), LOST) == Listing((Found("2"),), whole=False)
    assert read_search_page(vendor, Reply(asked, 200, {"code": 0, "data": []}), LOST) == Listing((), whole=False)
    assert read_search_page(vendor, Reply(asked, 200, {"code": 1203, "message": "x"}), LOST) is None


def test_tasks_of_the_time_are_candidates_unless_their_model_is_another_of_ours() -> None:
    lost = replace(LOST, call=Call("POST", "/api/v3/contents/generations/tasks", {"model": "dreamina-seedance-2-0-260128"}))
    tasks = [
        ("1", "dreamina-seedance-2-0-260128", 10),
        ("2", "seedance-1-5-pro-251215", 10),
        ("3", "seedance-2-0-260128", 20),
        ("4", "dreamina-seedance-2-0-260128", -3_600),
    ]
    items = [{"id": task, "model": model, "created_at": int(NOON) + after} for task, model, after in tasks]
    path = "/api/v3/contents/generations/tasks"
    pages = [Call("GET", path, query=(("page_num", str(page)), ("page_size", "500"))) for page in (1, 2, 3)]
    vendor, found = VENDORS["byteplus"], (Found("1"), Found("3"))
    assert vendor.find is not None and vendor.find.ask(lost) == pages[0]
    assert read_search_page(vendor, Reply(pages[0], 200, {"items": items, "total": 4}), lost) == Listing(found)
    assert read_search_page(vendor, Reply(pages[0], 200, {"items": items, "total": 5}), lost) == Listing(found, pages[1], whole=False)
    assert read_search_page(vendor, Reply(pages[1], 200, {"items": items, "total": 5}), lost) == Listing(found, pages[2], whole=False)
    assert read_search_page(vendor, Reply(pages[2], 200, {"items": [], "total": 5}), lost) == Listing(())
    assert read_search_page(vendor, Reply(pages[0], 200, {"total": 5}), lost) is None


def test_tasks_listed_by_page_are_candidates_and_a_page_that_is_not_full_is_the_end() -> None:
    lost = replace(LOST, call=Call("POST", "/api/v3/a/b/text-to-video", {}))
    tasks = [
        ("1", "a/b/text-to-video", "2026-11-20T12:00:10Z"),
        ("2", "a/b", "2026-11-20T12:00:10Z"),
        ("3", "a/b/text-to-video", "2026-11-20T11:00:00Z"),
    ]
    items = [{"id": task, "model": model, "created_at": at} for task, model, at in tasks]
    vendor = VENDORS["wavespeed"]
    assert vendor.find is not None
    first = vendor.find.ask(lost)
    more = replace(first, body={**(first.body or {}), "page": 2})
    assert (first.path, (first.body or {})["page"], (first.body or {})["page_size"]) == ("/api/v3/predictions", 1, 100)
    full = {"data": {"page": 1, "items": [*items, *items[2:] * 97]}}
    assert read_search_page(vendor, Reply(first, 200, full), lost) == Listing((Found("1"),), more, whole=False)
    assert read_search_page(vendor, Reply(more, 200, {"data": {"page": 2, "items": items}}), lost) == Listing((Found("1"),))
    assert read_search_page(vendor, Reply(first, 200, {"data": {"page": 1, "items": None}}), lost) == Listing(())
    assert read_search_page(vendor, Reply(first, 200, {"code": 400, "message": "x"}), lost) is None


def test_predictions_of_the_model_and_the_time_are_candidates_and_one_from_before_is_the_end() -> None:
    lost = replace(LOST, call=Call("POST", "/v1/models/a/b/predictions", {}))
    times = [("1", "a/b", "2026-11-20T12:00:10.5Z"), ("2", "a/c", "2026-11-20T12:00:10Z"), ("3", "a/b", "2026-11-20T12:30:00Z")]
    rows = [{"id": job, "model": model, "created_at": at} for job, model, at in times]
    before = {"id": "4", "model": "a/b", "created_at": "2026-11-20T11:00:00Z"}
    vendor, address = VENDORS["replicate"], "https://api.replicate.com/v1/predictions?cursor=cD0y"
    first, more = Call("GET", "/v1/predictions"), Call("GET", "/v1/predictions", query=(("cursor", "cD0y"),))
    assert vendor.find is not None and vendor.find.ask(lost) == first

    def page(*found: dict[str, str], following: str | None = address) -> Listing | None:
        return read_search_page(vendor, Reply(first, 200, {"next": following, "results": [*found]}), lost)

    assert page(*rows) == Listing((Found("1"),), more, whole=False)
    assert page(*rows, before) == Listing((Found("1"),))
    assert page(*rows, following=None) == Listing((Found("1"),))
    assert page() == Listing((), more, whole=False)
    assert read_search_page(vendor, Reply(first, 200, {"results": None}), lost) is None


# No list


@pytest.mark.fault("S24")
@each("vendor", [MuleRun, Pixazo], at_once=8)
async def test_where_the_vendor_has_no_list_nothing_is_looked_at(vendor: Any, tmp_path: Path) -> None:
    async with rig(vendor(), tmp_path) as at:
        at.wire.arm("submit", "close")
        job = await at.until((await at.bought(f"{at.name}:sora-2-pro", seconds=4)).id, "unknown")
        assert (job.state, at.service.store.leases.get_next_due_s.sync(), len(at.wire.heard)) == ("unknown", None, 1)
