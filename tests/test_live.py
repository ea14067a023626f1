"""Vendors whose offers or prices are asked for: lists, quotes, bills, and models that were gone, on real sockets."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client

from sora_mcp.domain import Call, Reply, Vendor
from sora_mcp.domain.errors import OverBudget, UnknownModel, VendorError
from sora_mcp.jobs.estimate import Estimate
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest
from sora_mcp.net.client import REQUEST_S, VendorClient
from sora_mcp.server.app import SoraServer, build
from tests.each import each
from tests.played import Compatible, Fal, Muvi, OpenRouter, Played
from tests.played.rig import NOON, PROMPT, Rig, leaks, rig
from tests.stored import Clock
from tests.waiting import eventually

DAY = 86_400.0
VEO = "openrouter:veo-3.1-fast"
NAMED = VideoRequest(PROMPT, VEO)


def lists(at: Rig) -> int:
    """How often the list was fetched."""
    return len(at.wire.requests("list"))


async def estimated(at: Rig, request: VideoRequest = NAMED, clips: int = 1) -> Estimate:
    return await at.service.estimate(request, clips=clips, principal="local")


def facts(at: Rig, model: str) -> tuple[Any, ...]:
    """What the catalogue says of a model."""
    [offer] = at.service.catalogue.find_named(model)
    return offer.id, offer.confidence, offer.checked


async def spent(at: Rig) -> tuple[int, int]:
    return sum(row.spent for row in await at.service.store.ledger.sum_by_day(None)), at.held()


# OpenRouter


@each("signed", [True, False], ids=["signed-link", "link-with-key"], at_once=8)
async def test_a_model_of_a_list_is_bought_and_settled_to_what_the_job_says(signed: bool, tmp_path: Path) -> None:
    async with rig(OpenRouter(signed=signed), tmp_path) as at:
        job = await at.create(VEO, size="16:9 1080p", seconds=8, options={"audio": False})
        job = await at.until(job.id, "completed", "failed", "unknown", "expired")
        assert (job.state, job.micros, job.actual, job.confidence) == ("completed", 800_000, 664_000, "live")
        sent = {"model": "google/veo-3.1-fast", "prompt": PROMPT, "duration": 8, "resolution": "1080p", "aspect_ratio": "16:9"}
        assert at.posts == [{**sent, "generate_audio": False}]
        assert await spent(at) == (664_000, 0)
        assert [len(wire.requests("media")) for wire in (at.cdn, at.wire)] == ([1, 0] if signed else [0, 1])
        assert not any("authorization" in heard.headers for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


async def test_a_list_is_fetched_once_a_day_and_used_without_the_network(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(OpenRouter(), tmp_path, clock=clock) as at:
        await estimated(at)
        await estimated(at)
        assert (lists(at), facts(at, VEO)) == (1, (VEO, "live", date(2026, 11, 20)))
        at.vendor.listed = False  # type: ignore[attr-defined]
        await at.restart()
        assert (lists(at), facts(at, VEO)) == (1, (VEO, "live", date(2026, 11, 20)))
        clock.at += DAY + 1
        estimate = await estimated(at)
        assert (lists(at), facts(at, VEO)) == (2, (VEO, "listed", date(2026, 11, 20)))
        assert (estimate.quote.checked, estimate.quote.confidence) == (date(2026, 11, 20), "listed")
        clock.at += 59
        await estimated(at)
        assert lists(at) == 2


async def test_a_clock_that_was_put_back_does_not_keep_a_list_for_ever(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(OpenRouter(), tmp_path, clock=clock) as at:
        await estimated(at)
        clock.at -= 2 * DAY
        at.vendor.listed = False  # type: ignore[attr-defined]
        await at.service.availability.look()
        assert (lists(at), facts(at, VEO)[1]) == (2, "listed")


async def test_requests_that_come_while_a_list_is_fetched_wait_for_it(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        at.wire.arm("list", "slow", seconds=0.05)
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(lambda number=number: at.create(VEO, prompt=f"A boat {number}", seconds=4))
        assert (lists(at), len((await at.service.jobs(principal="local")).jobs)) == (1, 5)


async def test_a_list_that_takes_longer_than_a_caller_waits_is_there_for_the_next_one(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        at.service.availability.patience_s = 0.0
        at.wire.arm("list", "slow", seconds=0.2)
        for _ in range(2):  # the second one finds the same fetching under way
            with pytest.raises(VendorError, match=r"OpenRouter's list of models has not arrived.* Try again in 5 s"):
                await at.create(VEO, seconds=4)

        async def listed() -> bool:
            await at.service.availability.look()
            return at.service.catalogue.has_name(VEO)

        assert await eventually(listed)
        assert ((await at.create(VEO, seconds=4)).model, lists(at)) == (VEO, 1)


async def test_list_sizes_says_that_the_list_of_a_named_model_has_not_arrived(tmp_path: Path) -> None:
    async with rig(OpenRouter(listed=False), tmp_path) as at, Client(server(at)) as client:
        named = await client.call_tool("list_sizes", {"model": VEO})
        every = await client.call_tool("list_sizes", {})
    assert (named.is_error, every.is_error) == (True, False)
    assert "OpenRouter's list of models has not arrived" in (named.structured_content or {})["message"]


async def test_a_server_ends_although_a_list_is_still_being_fetched(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        at.service.availability.patience_s = 0.0
        at.wire.arm("list", "hang")
        with pytest.raises(VendorError, match="has not arrived"):
            await at.create(VEO, seconds=4)
        assert await eventually(lambda: lists(at) == 1)
        began = time.monotonic()
        await at.restart()
        assert time.monotonic() - began < REQUEST_S


async def test_without_a_worker_the_fetching_ends_with_the_callers_patience(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at, open_service(at.settings, work=False, clock=at.clock) as service:
        service.availability.patience_s = 0.0
        with pytest.raises(VendorError, match="has not arrived"):
            await service.availability.look(VEO)
        service.availability.patience_s, never = 2.0, service.catalogue.has_name(VEO)
        with pytest.raises(VendorError, match="Try again in 60 s"):
            await service.availability.look(VEO)
        assert (never, service.catalogue.has_name(VEO), lists(at)) == (False, False, 0)  # not asked again within the minute


class Odd(VendorClient):
    """Has a fault that nobody foresaw."""

    async def request(self, vendor: Vendor, call: Call) -> Reply:
        """Never answers."""
        raise ValueError("a bug")


async def test_a_fault_while_a_list_is_fetched_ends_nothing_else(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        at.service.availability.http_client = Odd(at.folder, {})
        with pytest.raises(VendorError, match="has not arrived"):
            await at.create(VEO, seconds=4)
        assert (await at.until((await at.create("sample:sample", size="640x360")).id, "completed")).state == "completed"


async def test_a_name_that_nobody_knows_is_looked_for_in_a_new_list_at_most_once_a_minute(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(OpenRouter(listed=False), tmp_path, clock=clock) as at:
        with pytest.raises(VendorError, match="has not arrived"):
            await at.create(VEO)
        assert at.service.catalogue.has_name("muvi:sora-2"), "the written offers stay"
        at.vendor.listed, clock.at = True, clock.at + DAY  # type: ignore[attr-defined]
        before = lists(at)
        for wait in (0, 0, 61, 30):
            clock.at += wait
            with pytest.raises(UnknownModel):
                await at.create("openrouter:sora-3")
        assert (lists(at) - before, at.posts) == (2, [])


async def test_a_job_is_followed_although_its_model_left_the_list(tmp_path: Path) -> None:
    async with rig(OpenRouter(walk=("pending", "pending", "pending", "completed")), tmp_path) as at:
        job = await at.create(VEO, seconds=4)
        await at.service.store.vendor_lists.save("openrouter", {"data": []})
        await at.service.availability.load()
        assert not at.service.catalogue.has_name(VEO)
        assert (await at.until(job.id, "completed", "failed", "unknown")).state == "completed"


async def test_a_bare_name_finds_the_same_model_at_every_vendor(tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        await at.service.availability.look()
        for model in ("seedance-2.0", "kling-3.0-standard"):
            found = {offer.id for offer in at.service.catalogue.find_named(model)}
            assert {f"muvi:{model}", f"openrouter:{model}", f"fal:{model}"} <= found
        assert [c.id for c in at.service.catalogue.find_named("openrouter:bytedance/seedance-2.0")] == ["openrouter:seedance-2.0"]


@each("mode", ["auto", "legacy"], at_once=8)
async def test_list_sizes_shows_a_list_with_its_day_and_what_is_gone(mode: Literal["auto", "legacy"], tmp_path: Path) -> None:
    async with rig(OpenRouter(), tmp_path) as at, Client(server(at), mode=mode) as client:
        shown = await client.call_tool("list_sizes", {"model": VEO})
        facts = (shown.structured_content or {})["offers"][0]
        assert (facts["model"], facts["confidence"], facts["checked"]) == (VEO, "live", "2026-11-20")
        await at.service.availability.miss(VEO, "model_retired")
        one, every = [(await client.call_tool("list_sizes", named)).structured_content or {} for named in ({"model": VEO}, {})]
        assert (one["offers"][0]["gone"], [offer for offer in every["offers"] if offer["model"] == VEO]) == ("2026-11-20", [])


def server(at: Rig) -> SoraServer:
    """The server over the rig's service."""
    return build(lambda: nullcontext(at.service), at.settings.catalogue, today=lambda: date(2026, 11, 20))


# Models that were gone


async def test_a_model_that_is_gone_is_passed_over_for_a_day(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(OpenRouter(refused=404), tmp_path, clock=clock) as at:
        job = await at.until((await at.create(VEO, seconds=4)).id, "failed")
        assert job.error is not None
        assert (job.error.code, job.error.charged) == ("model_retired", "no")
        assert f"Available models: {VEO}" not in job.error.message
        assert dict(at.service.catalogue.absent) == {VEO: date(2026, 11, 20)}
        await at.restart()
        assert dict(at.service.catalogue.absent) == {VEO: date(2026, 11, 20)}
        [offer] = at.service.catalogue.find_named(VEO)
        assert not at.service.catalogue.is_living(offer)
        clock.at += DAY + 1
        await at.service.availability.load()
        assert dict(at.service.catalogue.absent) == {}


# fal


async def test_billed_units_become_what_the_video_cost(tmp_path: Path) -> None:
    async with rig(Fal(), tmp_path) as at:
        job = await at.until((await at.bought("fal:seedance-2.0", size="16:9 720p", seconds=5)).id, "completed", "failed", "unknown")
        assert (job.state, job.micros, job.actual) == ("completed", 1_517_000, 1_252_000)
        units = {"bytedance/seedance-2.0/text-to-video": {"unit_quantity": 5.008}}
        [asked] = at.wire.requests("price")
        assert (asked.path, asked.body) == ("/v1/models/pricing/estimate", {"estimate_type": "unit_price", "endpoints": units})
        assert at.posts == [{"prompt": PROMPT, "duration": "5", "resolution": "720p", "aspect_ratio": "16:9", "generate_audio": True}]
        assert await spent(at) == (1_252_000, 0)
        assert not any("authorization" in heard.headers for heard in at.cdn.heard)
    assert leaks(tmp_path) == []


async def test_units_that_nobody_prices_leave_the_price_that_was_held(tmp_path: Path) -> None:
    async with rig(Fal(bills=False), tmp_path) as at:
        job = await at.until((await at.bought("fal:minimax-h3", size="16:9 768P", seconds=5)).id, "completed", "failed", "unknown")
        assert (job.state, job.micros, job.actual) == ("completed", 300_000, None)
        assert await spent(at) == (300_000, 0)


@pytest.mark.fault("Q23")
@each(("verdict", "code", "charged"), [("error", "vendor_rejected", "no"), ("refused", "content_refused", "unknown")], at_once=8)
async def test_completed_is_not_always_a_video(verdict: str, code: str, charged: str, tmp_path: Path) -> None:
    async with rig(Fal(verdict=verdict), tmp_path) as at:
        job = await at.until((await at.bought("fal:seedance-2.5", seconds=4)).id, "completed", "failed", "unknown")
        assert job.error is not None
        assert (job.state, job.error.code, job.charged) == ("failed", code, charged)


async def test_a_queued_job_is_cancelled(tmp_path: Path) -> None:
    async with rig(Fal(walk=("IN_QUEUE",)), tmp_path) as at:
        job = await at.until((await at.bought("fal:minimax-h3")).id, "queued")
        await at.service.cancel(job.id, principal="local")
        assert [heard.path for heard in at.wire.heard if heard.method == "PUT"] == [f"/minimax/h3/requests/{at.wire.made[0].id}/cancel"]
        assert (await at.until(job.id, "failed", "cancelled", "completed")).state == "cancelled"


# A first answer that is the end


@each(("cost", "charged", "spent"), [({"cost": 0.01}, "yes", 10_000), (None, "unknown", 400_000)], at_once=8)
async def test_a_job_that_has_failed_by_the_first_answer_keeps_its_id_and_its_sum(
    cost: dict[str, Any] | None, charged: str, spent: int, tmp_path: Path
) -> None:
    async with rig(OpenRouter(), tmp_path) as at:
        at.wire.arm("submit", "mended", **{"with": {"status": "failed", "error": "no luck", "usage": cost}})
        job = await at.until((await at.bought(VEO)).id, "failed", "unknown")
        assert (job.state, job.charged, job.vendor_id, at.held()) == ("failed", charged, at.wire.made[0].id, 0)
        assert (await at.service.budget()).day_spent == spent


async def test_a_job_that_is_made_by_the_first_answer_is_asked_about_when_its_link_is_dead(tmp_path: Path) -> None:
    async with rig(Compatible(), tmp_path, prices='["compatible:my-model"]\nper_second = "0.10"\n') as at:
        at.wire.arm("submit", "mended", **{"with": {"status": "completed", "video_url": f"{at.cdn.address}/files/0/v.mp4"}})
        at.cdn.arm("media", "instead", status=404)
        job = await at.until((await at.create("compatible:my-model")).id, "completed", "failed", "expired")
        assert (job.state, len(at.posts)) == ("completed", 1)
        assert len(at.wire.requests("status")) >= 1


# Quotes


KLING = VideoRequest(PROMPT, "muvi:kling-3.0-standard", seconds=5)


@each("shape", ["flat", "enveloped"], at_once=8)
async def test_an_estimate_asks_the_vendor_and_says_live(shape: str, tmp_path: Path) -> None:
    async with rig(Muvi(shape=shape, account="0.8"), tmp_path) as at:
        estimate = await estimated(at, KLING, clips=2)
        quote = estimate.quote
        assert (quote.micros, quote.confidence, estimate.micros) == (336_000, "live", 672_000)
        assert (quote.basis, quote.source) == ("Muvi's own quote; $0.42 is set aside", f"{at.wire.address}/v1/jobs/estimate")
        [asked] = at.wire.requests("estimate")
        assert asked.body["model"] == "kling/kling-3.0-standard/text-to-video"


@each(
    ("vendor", "request_", "row"),
    [
        (Muvi(account="0.8"), KLING, 'per_video = "0.90"'),
        (OpenRouter(), VideoRequest(PROMPT, VEO, seconds=8), 'per_second = "0.1125"'),
    ],
    ids=["a vendor's quote", "a vendor's list"],
)
async def test_the_users_own_price_wins(vendor: Played, request_: VideoRequest, row: str, tmp_path: Path) -> None:
    async with rig(vendor, tmp_path, prices=f'["{request_.model}"]\n{row}\n') as at:
        quote = (await estimated(at, request_)).quote
        assert (quote.micros, quote.confidence, quote.source) == (900_000, "configured", "your price file")
        assert at.wire.requests("estimate") == []


async def test_a_yes_to_an_estimate_is_to_what_will_be_held(tmp_path: Path) -> None:
    async with rig(Muvi(account="0.8"), tmp_path, CONFIRM_ABOVE_USD="0.40") as at:
        estimate = await estimated(at, KLING)
        assert (estimate.micros, estimate.needs_confirmation) == (336_000, True)
        assert estimate.quote_id is not None
        await at.service.store.approvals.approve(estimate.quote_id)
        job = await at.service.create(replace(KLING, quote_id=estimate.quote_id), principal="local")
        assert job.micros == 420_000


async def test_an_estimate_is_refused_where_what_will_be_held_passes_a_cap(tmp_path: Path) -> None:
    async with rig(Muvi(account="0.8"), tmp_path, PER_VIDEO_USD="0.40") as at:
        estimate = await estimated(at, KLING)
        assert estimate.refusal == "One video may cost $0.40 at most. Only the user can raise SORA_MCP_PER_VIDEO_USD."
        with pytest.raises(OverBudget):
            await at.service.create(KLING, principal="local")


async def test_an_estimate_without_the_vendors_answer_is_the_tables(tmp_path: Path) -> None:
    async with rig(Muvi(estimates=False), tmp_path) as at:
        quote = (await estimated(at, KLING)).quote
        assert (quote.micros, quote.confidence) == (420_000, "listed")


async def test_a_vendor_that_does_not_answer_is_asked_again_only_after_a_minute(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(), tmp_path, clock=clock) as at:
        at.wire.arm("estimate", "reset", times=-1)
        asked: list[int] = []
        for wait in (0, 0, 59, 2):
            clock.at += wait
            assert (await estimated(at, KLING)).quote.confidence == "listed"
            asked.append(len(at.wire.requests("estimate")))
        assert (asked[1], asked[2], asked[3] > asked[2]) == (asked[0], asked[0], True)


@each(("account", "later", "held"), [("0.8", 0, 420_000), ("1.5", 0, 630_000), ("1.5", 901, 420_000)], at_once=8)
async def test_what_is_held_is_never_below_a_quote_of_the_last_quarter_of_an_hour(
    account: str, later: int, held: int, tmp_path: Path
) -> None:
    clock = Clock(NOON)
    async with rig(Muvi(account=account), tmp_path, clock=clock) as at:
        await estimated(at, KLING)
        clock.at += later
        job = await at.create("muvi:kling-3.0-standard", seconds=5)
        assert (job.micros, job.confidence) == (held, "live" if held > 420_000 else "listed")


# Offer


async def test_a_result_says_why_this_model(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        chosen = await at.create("seedance-2.0", seconds=4)
        assert chosen.warnings[-1] == "Only Muvi has a key for it."
        named = await at.create("muvi:seedance-2.0", seconds=5)
        assert named.warnings == ()


async def test_what_counts_only_while_buying_is_said_once(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        bought = await at.service.create(VideoRequest("A boat", model="sora-2"), principal="local")
        again = await at.service.create(VideoRequest("A boat", model="sora-2"), principal="local")
        made = await at.until(bought.id, "completed")
    assert bought.ended is not None
    assert bought.ended.describe("Muvi") == "OpenAI ended Sora 2 on 2026-09-24; Muvi may refuse it"
    assert (bought.warnings, again.ended, made.ended) == (("Only Muvi has a key for it.",), None, None)
    silent = "The clip has no sound (this model makes clips with sound)."
    measured = ("The clip is 1 s long (you asked for 4 s).", "The clip is 64x36 (you asked for 1280x720).", silent)
    assert (again.deduplicated, again.warnings, made.warnings, made.all_warnings) == (True, (), (), measured)
