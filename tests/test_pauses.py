"""A vendor that takes more than was quoted: counted, said, and not bought from again until a person says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.cli.approve import describe_approval
from sora_mcp.domain import Job, VideoRequest
from sora_mcp.domain.errors import CancelUnclear, NeedsConfirmation, NotCancellable, PriceUnknown
from sora_mcp.domain.money import show, usd
from sora_mcp.server.approval_question import build_question
from sora_mcp.server.estimate_text import describe_estimate
from sora_mcp.server.messages import describe_error, describe_job
from sora_mcp.server.stored_approval_questions import load_question
from sora_mcp.server.tools import estimate_cost, list_videos
from sora_mcp.store import Store
from sora_mcp.store.records import Page
from tests.each import each
from tests.waiting import eventually

from .played import AimlApi, Muvi
from .played.rig import PRICES, rig
from .stored import CAPS, DAY_S, DONE, PENDING, Clock, begun, no, reserve, running, spent

ENDS = ("completed", "failed", "cancelled", "unknown")


@pytest.mark.fault("C19", "Q07")
def test_more_than_a_twentieth_above_the_quote_pauses_the_model(store: Store, clock: Clock) -> None:
    for named, paused in {"0.50": False, "1.00": False, "1.05": False, "1.050001": True, "1.06": True, "7": True}.items():
        clock.at += DAY_S
        job = store.outcomes.settle.sync(running(store, model=f"for-{named}"), replace(DONE, micros=usd(named)))
        assert job is not None
        assert (f"muvi:for-{named}" in {pause.model for pause in store.paused_models.get_all.sync()}) is paused, named
        assert spent(store)[0] == usd(named)
        assert len(job.warnings) == (2 if paused else 1), named


TELLS: dict[str, Callable[[Store, str], Job | None]] = {
    "taken": lambda store, model: store.outcomes.bind.sync(begun(store, model=model), "t", replace(PENDING, micros=usd("2")), due_s=900),
    "done": lambda store, model: store.outcomes.bind_done.sync(begun(store, model=model), "t", replace(DONE, micros=usd("2")), "x"),
    "runs": lambda store, model: store.outcomes.step.sync(running(store, model=model), replace(PENDING, micros=usd("2")), due_s=900),
    "failed": lambda store, model: store.outcomes.end.sync(running(store, model=model), "failed", no("yes"), micros=usd("2")),
}


def test_the_alarm_comes_with_the_first_word_of_the_sum(store: Store) -> None:
    for model, tell in TELLS.items():
        job = tell(store, model)
        said = f"Paused: it cost $2.00 where $1.00 was quoted. Only the user can go on: `sora-mcp resume muvi:{model}` in a terminal."
        assert job is not None
        assert job.warnings == ("It may be gone.", said)


def test_a_paused_model_is_refused_and_others_are_not(store: Store) -> None:
    job = store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("2")))
    assert job is not None
    with pytest.raises(PriceUnknown) as refused:
        reserve(store)
    said = f"muvi:sora-2 is paused: it cost $2.00 where $1.00 was quoted ({job.id})."
    assert refused.value.message == f"{said} Only the user can go on with it: `sora-mcp resume muvi:sora-2` in a terminal."
    assert reserve(store, model="veo-3.1").state == "submitting"
    assert store.paused_models.resume.sync("muvi:sora-2") is True
    assert reserve(store).state == "submitting"


def test_a_pause_outlives_the_process(store: Store, store_url: str, tmp_path: Path) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("2")))
    store.close()
    again = Store(store_url, tmp_path / "home")
    assert [pause.model for pause in again.paused_models.get_all.sync()] == ["muvi:sora-2"]
    again.close()


@pytest.mark.fault("C19")
async def test_the_next_results_say_it_and_the_choice_passes_the_model_over(tmp_path: Path) -> None:
    cheap = PRICES + '["aimlapi:veo-3.1-fast"]\nper_second = "0.01"\n'
    async with rig(AimlApi(), tmp_path, prices=cheap) as at:
        job = await at.until((await at.bought("aimlapi:veo-3.1-fast", seconds=4)).id, *ENDS)
        assert (job.state, job.actual, len(job.warnings)) == ("completed", usd("0.50"), 1)
        with pytest.raises(PriceUnknown) as refused:
            await at.create("aimlapi:veo-3.1-fast", seconds=6)
        assert refused.value.message.startswith("aimlapi:veo-3.1-fast is paused")
        other = await at.service.create(VideoRequest("A paper boat", seconds=8), principal="local")
        assert other.model != "aimlapi:veo-3.1-fast"
        named = await at.create("aimlapi:sora-2", seconds=8)
        cheaper = "aimlapi:veo-3.1-fast would cost about $1.00, but is paused until the user runs `sora-mcp resume aimlapi:veo-3.1-fast`"
        risk = "AI/ML API last charged 1150 % more than quoted ($0.50 on aimlapi:veo-3.1-fast, quoted $0.04): this may cost about "
        assert cheaper in other.warnings[0]
        assert f"{risk}$11.00." in other.warnings[0]
        assert (len(named.warnings), risk in named.warnings[0], "cheaper" in named.warnings[0]) == (1, True, False)
        assert (await at.create("aimlapi:veo-3.1-fast", seconds=4)).deduplicated


async def test_a_model_that_was_resumed_is_not_paused_by_the_same_job_again(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "pending", "pending", "completed")), tmp_path) as at:
        at.wire.arm("submit", "mended", **{"with": {"costMicroCents": 9_000_000}})
        at.wire.arm("status", "mended", times=-1, **{"with": {"costMicroCents": 9_000_000}})
        job = await at.until((await at.bought(seconds=4)).id, "queued", "running")
        assert await at.service.store.paused_models.resume(job.model)
        done = await at.until(job.id, "completed")
        assert (done.state, done.price, at.service.store.paused_models.get_all.sync()) == ("completed", usd("9"), ())
        assert not done.is_paused


async def test_a_job_above_its_quote_says_that_its_model_is_paused_for_as_long_as_it_is(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("status", "mended", times=-1, **{"with": {"costMicroCents": 9_000_000}})
        done = await at.until((await at.bought(seconds=4)).id, "completed")
        told = describe_job(done, now=0)
        prevented = "that Muvi charged $9.00 where $1.20 was quoted: Muvi charges after the order, so no limit here can stop that"
        expected = "in a terminal: another like it will then probably cost $9.00."
        assert f"tell the user this path, and {prevented}" in told
        assert "in the user's account there. muvi:sora-2-pro is paused until" in told
        assert expected in told
        assert "$9.00, quoted $1.20." in told
        assert await at.service.store.paused_models.resume(done.model)
        at.service.availability.forget()
        told = describe_job(await at.service.job(done.id, principal="local"), now=0)
        assert prevented in told
        assert "Another like it will probably cost $9.00." in told
        assert "paused" not in told


# What is given back


async def test_muvi_gives_a_pending_job_back_that_is_cancelled(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        gone = await at.service.cancel(job.id, principal="local")
        gone = await at.until(gone.id, *ENDS)
        assert (gone.state, gone.charged, at.held(), (await at.service.budget()).day_spent) == ("cancelled", "no", 0, 0)
        named = replace(gone, actual=usd("1.20"))
        assert (named.price_is, replace(named, charged="held").price_is) == ("estimate", "actual"), (
            "nothing was charged, so no price is actual"
        )
        listed = list_videos.format_result(Page((gone,), None), await at.service.budget(), UTC, now=0).structured_content
        assert f"{gone.id} cancelled, as the user asked, muvi:sora-2-pro" in (listed or {})["message"]


async def test_what_muvi_keeps_of_a_job_that_is_cancelled_is_spent(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path, POLL_SECONDS="60") as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        at.wire.arm("cancel", "mended", **{"with": {"refundedMicroCents": 1_000_000}})
        gone = await at.service.cancel(job.id, principal="local")
        assert (gone.state, gone.charged, gone.actual, at.held()) == ("cancelled", "yes", usd("0.20"), 0)
        assert (await at.service.budget()).day_spent == usd("0.20")


async def test_what_muvi_keeps_is_spent_although_the_job_is_asked_about_all_the_time(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path, POLL_SECONDS="0.05") as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        at.wire.arm("cancel", "mended", seconds=0.6, **{"with": {"refundedMicroCents": 1_000_000}})
        gone = await at.service.cancel(job.id, principal="local")
        assert (gone.state, gone.charged, gone.actual, at.held()) == ("cancelled", "yes", usd("0.20"), 0)


async def test_a_job_that_cannot_be_cancelled_is_asked_about_again_at_once(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path, POLL_SECONDS="0.05") as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        at.wire.arm("cancel", "instead", status=400, json={"error": {"code": "JOB_CANNOT_BE_CANCELLED"}})
        with pytest.raises(NotCancellable):
            await at.service.cancel(job.id, principal="local")
        asked = len(at.wire.requests("status"))
        assert await eventually(lambda: len(at.wire.requests("status")) > asked + 3)


@each(
    ("fault", "args", "code", "says"),
    [
        ("instead", {"status": 500, "json": {}}, "vendor_unavailable", "Muvi answers 500. {} goes on; cancel_video may be tried again."),
        (
            "instead",
            {"status": 401, "json": {}},
            "vendor_auth",
            "Muvi does not accept the key. {} goes on; cancel_video may be tried again.",
        ),
        (
            *("instead", {"status": 429, "json": {}}, "vendor_rate_limited"),
            "Muvi takes no more requests at the moment. {} goes on; cancel_video may be tried again.",
        ),
        (
            *("close", {}, "vendor_unavailable"),
            "Muvi does not answer: the connection to 127.0.0.1 failed. "
            "Whether it cancels {} will show in its next status; cancel_video may be tried again.",
        ),
    ],
    ids=["500", "401", "429", "no answer"],
    at_once=8,
)
async def test_a_vendor_that_does_not_say_has_not_refused(fault: str, args: dict[str, Any], code: str, says: str, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending",)), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "queued")
        at.wire.arm("cancel", fault, **args)
        with pytest.raises(CancelUnclear) as no:
            await at.service.cancel(job.id, principal="local")
        assert (no.value.its_code, no.value.message, no.value.job_id) == (code, says.format(job.id), job.id)
        assert describe_error(no.value) == f"Not cancelled yet, $1.20 stays reserved. {no.value.message}"
        assert ((await at.job(job.id)).charged, at.held()) == ("held", job.micros)


@each(("named", "booked"), [("0", "1.00"), ("0.49", "1.00"), ("0.50", "0.50"), ("1.00", "1.00")])
def test_a_vendor_that_names_less_than_half_of_a_stated_price_refills_no_budget(named: str, booked: str, store: Store) -> None:
    before = store.budgets.get.sync(CAPS).day_spent
    job = store.outcomes.settle.sync(running(store), replace(DONE, micros=usd(named)))
    assert (store.budgets.get.sync(CAPS).day_spent - before, job.price, job.charged) == (usd(booked), usd(booked), "yes")
    told = (f"muvi reports {show(usd(named))} for a price of $1.00: $1.00 counts as spent.",)
    assert job.warnings[1:] == (told if usd(named) != usd(booked) else ())


async def test_a_paused_model_is_priced_by_what_it_last_cost_and_another_is_named(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path, CONFIRM_ABOVE_USD="2") as at:
        at.wire.arm("status", "mended", times=-1, **{"with": {"costMicroCents": 9_000_000}})
        done = await at.until((await at.bought("muvi:veo-3.1-fast", seconds=4)).id, "completed")
        told = describe_job(await at.service.job(done.id, principal="local"), now=0)
        assert "Until then, the same prompt: model=" in told
        estimate = await at.service.estimate(VideoRequest("A boat", "muvi:veo-3.1-fast", seconds=4), clips=1, principal="local")
        said = describe_estimate(estimate, at.service.catalogue, asks=False, how_to_raise="", today=at.service.today)
        assert said.startswith("muvi:veo-3.1-fast is paused: it cost $9.00 where $1.20 was quoted")
        assert f" ({done.id}). Only the user can go on with it: `sora-mcp resume muvi:veo-3.1-fast` in a terminal. Instead: model=" in said
        assert "muvi:veo-3.1-fast, " not in said.partition("Instead: ")[2].partition(". ")[0]
        result = estimate_cost.format_result(estimate, at.service.catalogue, asks=False, today=at.service.today)
        assert "Instead: model=" in (result.structured_content or {})["message"], "that is not what is left out of a long answer"
        other = await at.service.estimate(VideoRequest("A boat", "muvi:kling-3.0-pro", seconds=5), clips=1, principal="local")
        said = describe_estimate(other, at.service.catalogue, asks=False, how_to_raise="", today=at.service.today)
        assert "Muvi last charged " in said
        dear = VideoRequest("A boat", "muvi:veo-3.1", seconds=8, options={"audio": True})
        with pytest.raises(NeedsConfirmation) as refused:
            await at.service.create(dear, principal="local")
        facts = dict((await build_question(at.service, dear, refused.value)).facts)
        assert facts["But"].startswith("Muvi last charged ")
        waiting = await at.service.store.approvals.get(refused.value.quote_id)
        on_screen = dict(describe_approval(waiting, at.service))
        on_any_replica = dict((await load_question(at.service, waiting)).facts)
        assert on_screen["but"] == on_any_replica["But"] == facts["But"]
        assert await at.service.store.paused_models.resume("muvi:veo-3.1-fast")
        at.service.availability.forget()
        other = await at.service.estimate(VideoRequest("A boat", "muvi:kling-3.0-pro", seconds=5), clips=1, principal="local")
        assert "charged" not in describe_estimate(other, at.service.catalogue, asks=False, how_to_raise="", today=at.service.today)
