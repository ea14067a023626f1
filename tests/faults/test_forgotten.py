"""Rows Q15 and Q20: a vendor that does not know its own job any more is asked for a while, and then its price stays counted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sora_mcp.following import LOST_AFTER, LOST_S
from tests.faults.checks import sound
from tests.played import Muvi
from tests.played.rig import NOON, eventually, rig


@pytest.mark.parametrize("status", [404, 410], ids=["Q15 404 for ever", "Q20 410 for ever"])
async def test_a_vendor_that_has_forgotten_the_job_is_believed_only_after_a_while(
    status: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    now = [NOON]
    async with rig(Muvi(), tmp_path, clock=lambda: now[0]) as at:
        at.wire.arm("status", "instead", times=-1, status=status)
        begun = await at.bought(seconds=4)
        assert await eventually(lambda: len(at.wire.requests("status")) > LOST_AFTER)
        assert ((await at.job(begun.id)).state, at.held()) == ("queued", begun.micros)
        now[0] += LOST_S + 1
        job = await at.until(begun.id, "failed")
        assert (job.state, job.charged, job.error and job.error.code) == ("failed", "unknown", "not_found")
        assert sum(row.spent for row in at.desk.store.spend()) == begun.micros
        await sound(at, tmp_path, job, caplog)
