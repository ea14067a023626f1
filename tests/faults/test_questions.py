"""Rows Q of the catalogue that take time: keys that go bad, storms, a vendor that stands still or changes its mind, clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.domain.errors import NotCancellable
from sora_mcp.jobs.backoff import SLOW_POLL_S
from sora_mcp.jobs.poll import describe_todo
from tests.each import each
from tests.faults.checks import ENDS, asked_until, hurried, nothing_follows, sound
from tests.played import Cdn, Fal, Muvi, OpenRouter, Pixazo, Played, played
from tests.played.rig import NOON, rig
from tests.waiting import eventually

MANY = 50


@pytest.mark.fault("Q07")
async def test_q07_a_sum_that_cannot_be_leaves_the_price_that_was_held(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        for count, cost in enumerate((-1, "free", True, [], 10**30), 1):
            at.wire.arm("status", "mended", times=-1, **{"with": {"costMicroCents": cost}})
            job = await at.until((await at.bought(seconds=4, prompt=f"A boat for {cost}")).id, *ENDS)
            spent = sum(row.spent for row in at.service.store.ledger.sum_by_day.sync())
            assert (job.state, job.micros, spent) == ("completed", 1_200_000, 1_200_000 * count), cost
            await sound(at, tmp_path, job, caplog, creates=count)
            at.wire.armed.clear()


@pytest.mark.fault("Q10")
async def test_q10_an_end_is_an_end_whatever_the_vendor_says_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        at.vendor.states[at.wire.made[0].id] = "failed"
        asked = len(at.wire.requests("status"))
        with pytest.raises(NotCancellable):
            await at.service.cancel(job.id, principal="local")
        await nothing_follows(at, job)
        assert (job.state, len(at.wire.requests("status"))) == ("completed", asked)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("Q10")
async def test_q10_a_video_that_was_made_and_then_is_not_costs_what_was_settled(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(walk=("completed", "processing", "pending", "completed")), tmp_path) as at:
        at.cdn.arm("media", "instead", status=404)
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, job.charged, len(at.cdn.heard), len(at.wire.requests("status"))) == ("completed", "yes", 2, 4)
        assert sum(row.spent for row in at.service.store.ledger.sum_by_day.sync()) == job.micros
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("Q13")
async def test_q13_a_key_that_goes_bad_loses_no_job_and_a_good_one_finishes_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "instead", times=-1, status=401)
        begun = await at.bought(seconds=4)
        assert await asked_until(at, begun.id, 10)
        seen = await at.job(begun.id)
        assert (seen.state, seen.trouble, at.held()) == ("queued", "Muvi does not accept the key.", begun.micros)
        assert seen.todo == describe_todo("vendor_auth")
        at.wire.armed.clear()
        await at.restart()
        assert await hurried(at, begun.id, *ENDS) == "completed"
        assert (await at.job(begun.id)).trouble is None
        await sound(at, tmp_path, await at.job(begun.id), caplog)


@pytest.mark.fault("Q16")
async def test_q16_a_storm_of_429_is_waited_out_and_submits_go_on(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "instead", times=1, status=429, headers={"Retry-After": "4"})
        first = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.wire.requests("status")) == 1)
        second = await at.until((await at.bought(seconds=8)).id, *ENDS)
        assert second.state == "completed"
        assert (await at.until(first.id, *ENDS)).state == "completed"
        mine = [heard.at for heard in at.wire.requests("status") if at.wire.made[0].id in heard.path]
        assert mine[1] - mine[0] >= 4.0


@pytest.mark.fault("Q17")
async def test_q17_fifty_errors_in_a_row_are_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "instead", times=MANY, status=500)
        begun = await at.bought(seconds=4)
        assert await asked_until(at, begun.id, MANY)
        assert await hurried(at, begun.id, *ENDS) == "completed"
        await sound(at, tmp_path, await at.job(begun.id), caplog)


@pytest.mark.slow
@each(
    ("fault", "args", "why"),
    [
        ("close", {}, "Muvi does not answer: the connection to 127.0.0.1 failed."),
        ("instead", {"status": 500}, "Muvi answers 500."),
        ("instead", {"status": 404}, "Muvi cannot find this job."),
    ],
    at_once=8,
)
async def test_q17_a_person_is_told_why_nothing_is_heard_until_something_is(
    fault: str, args: dict[str, Any], why: str, tmp_path: Path
) -> None:
    async with rig(Muvi(walk=("processing",)), tmp_path) as at:
        at.wire.arm("status", fault, times=-1, **args)
        begun = await at.bought(seconds=4)
        assert await asked_until(at, begun.id, 5)
        assert (await at.job(begun.id)).trouble == why
        at.wire.armed.clear()
        assert await hurried(at, begun.id, "running") == "running"
        assert (await at.job(begun.id)).todo is None, "it passes by itself"
        assert ((await at.job(begun.id)).trouble, at.service.in_memory_facts.troubles) == (None, {})


async def test_q17_a_person_is_told_why_a_finished_file_does_not_come(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "instead", times=-1, status=503)
        begun = await at.bought(seconds=4)

        async def told() -> bool:
            await at.service.store.leases.make_due(await at.job(begun.id))
            at.service.wake()
            return (await at.job(begun.id)).trouble == "The link to the video answers 503."

        assert await eventually(told)
        at.cdn.armed.clear()
        assert await hurried(at, begun.id, *ENDS) == "completed"
        assert at.service.in_memory_facts.troubles == {}


@pytest.mark.fault("Q18")
async def test_q18_a_vendor_that_stands_still_for_a_day_is_asked_seldom_and_its_job_listed(tmp_path: Path) -> None:
    now = [NOON]
    async with rig(Muvi(walk=("processing",)), tmp_path, clock=lambda: now[0], POLL_SECONDS="") as at:
        at.wire.arm("status", "mended", times=-1, **{"with": {"progress": 99}})
        begun = await at.until((await at.bought(seconds=4)).id, "queued")
        now[0] += 86_400
        assert await asked_until(at, begun.id, 1)
        assert await eventually(lambda: (at.service.store.leases.get_next_due_s.sync() or 0) > SLOW_POLL_S / 2)
        job = await at.job(begun.id)
        listed = (await at.service.jobs(principal="local", limit=5)).jobs
        assert (job.state, job.progress, [one.id for one in listed], at.held()) == ("running", 0.99, [job.id], job.micros)


STRAY = ("polling_url", "status_url", "response_url", "cancel_url")


@pytest.mark.fault("Q19")
@each(
    ("vendor", "model", "wish"),
    [
        (Pixazo, "pixazo:sora-2-pro", {"seconds": 4}),
        (OpenRouter, "openrouter:veo-3.1-fast", {"seconds": 4}),
        (Fal, "fal:seedance-2.5", {"seconds": 4}),
    ],
    ids=["pixazo", "openrouter", "fal"],
    at_once=8,
)
async def test_q19_an_address_to_ask_at_is_made_here_and_not_taken(
    vendor: Callable[[], Played], model: str, wish: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with played(Cdn()) as tripwire, rig(vendor(), tmp_path) as at:
        strays = dict.fromkeys(STRAY, f"{tripwire.address}/jobs/1")
        at.wire.arm("submit", "mended", times=-1, **{"with": strays})
        at.wire.arm("status", "mended", times=-1, **{"with": strays})
        job = await at.until((await at.bought(model, **wish)).id, *ENDS)
        assert (job.state, len(at.wire.made), tripwire.accepted) == ("completed", 1, 0)
        await sound(at, tmp_path, job, caplog)
