"""Rows Q15 and Q20: a vendor that does not know its own job any more is asked for a while, and then its price stays counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sora_mcp.jobs.poll import MIN_NOT_FOUND, NOT_FOUND_S
from tests.each import each
from tests.faults.checks import sound
from tests.played import VENDORS, Muvi
from tests.played.rig import NOON, rig
from tests.waiting import eventually

pytestmark = pytest.mark.slow


@pytest.mark.fault("Q15", "Q20")
@each(
    ("model", "answer"),
    [
        ("muvi:sora-2-pro", {"status": 404}),
        ("muvi:sora-2-pro", {"status": 410}),
        ("minimax:minimax-h3", {"status": 500, "json": {"error": {"message": "record not found (1000)"}}}),
    ],
    ids=["Q15 404 for ever", "Q20 410 for ever", "Q15 in the vendor's own words"],
    at_once=8,
)
async def test_a_vendor_that_has_forgotten_the_job_is_believed_only_after_a_while(
    model: str, answer: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [NOON]
    async with rig(VENDORS[model.partition(":")[0]](), tmp_path, clock=lambda: now[0]) as at:
        at.wire.arm("status", "instead", times=-1, **answer)
        begun = await at.bought(model, seconds=4)
        assert await eventually(lambda: len(at.wire.requests("status")) > MIN_NOT_FOUND)
        assert ((await at.job(begun.id)).state, at.held()) == ("queued", begun.micros)
        now[0] += NOT_FOUND_S + 1
        job = await at.until(begun.id, "failed")
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "unknown", "not_found")
        assert sum(row.spent for row in at.service.store.ledger.sum_by_day.sync()) == begun.micros
        await sound(at, tmp_path, job, caplog)


@each("faults", [(404, 404, 404), (503, 503, 404), (404, 200, 404, 404)], ids=str, at_once=8)
async def test_a_vendor_that_forgets_the_job_for_a_moment_is_not_believed_however_long_it_was_silent(
    faults: tuple[int, ...], tmp_path: Path
) -> None:
    now = [NOON]
    async with rig(Muvi(walk=("pending",)), tmp_path, clock=lambda: now[0], POLL_SECONDS="0.05") as at:
        begun = await at.until((await at.bought(seconds=4)).id, "queued")
        now[0] += NOT_FOUND_S + 1
        asked = len(at.wire.requests("status"))
        for number, status in enumerate(faults):
            if status != 200:
                at.wire.arm("status", "instead", after=number, status=status)

        async def answered() -> bool:
            await at.service.store.leases.make_due(begun)
            at.service.wake()
            return len(at.wire.requests("status")) > asked + len(faults) and (await at.job(begun.id)).said == "pending"

        assert await eventually(answered)
        job = await at.job(begun.id)
        assert (job.state, job.charged) == ("queued", "held")
