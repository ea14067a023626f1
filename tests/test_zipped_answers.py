"""Answers that a gateway packs although plain ones were asked for: a paid order is known, and its polls are read."""

from __future__ import annotations

from pathlib import Path

from .each import each
from .played import Muvi
from .played.rig import rig


@each("coding", ["gzip", "X-GZIP", "deflate", "aws-chunked", "Identity", ""])
async def test_an_order_and_its_polls_are_read_whatever_their_coding(coding: str, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "processing", "completed")), tmp_path) as at:
        for role in ("submit", "status"):
            at.wire.arm(role, "zipped", times=100, coding=coding)
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "unknown")
    assert (job.state, job.charged, len(at.posts), len(at.wire.made)) == ("completed", "yes", 1, 1)
    assert job.vendor_id is not None
