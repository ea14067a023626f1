"""A vendor's word for a state that nobody documented is no end of the job, and it is shown to the people who wait."""

from __future__ import annotations

from pathlib import Path

from sora_mcp.server.messages import describe_job
from tests.played import Muvi
from tests.played.rig import rig
from tests.waiting import eventually


async def test_a_word_that_nobody_documented_is_shown_while_the_job_goes_on(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "dreaming \u202e\x1b[2Jup")), tmp_path) as at:
        job = await at.bought("muvi:sora-2", seconds=4)
        await eventually(lambda: job.id in at.service.in_memory_facts.troubles)
        job = await at.job(job.id)
        assert (job.state in ("queued", "running"), job.said) == (True, "dreaming up")
        told = describe_job(job, now=job.created_at)
        assert 'Muvi sent a reply that its documentation does not describe. Muvi says: "dreaming up". This is tried again.' in told
