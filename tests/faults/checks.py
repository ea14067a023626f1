"""What every fault is checked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from sora_mcp.domain import LIVE, Job
from tests.faults.submit_rows import Row
from tests.played import VENDORS, Cdn, Wire, played
from tests.played.rig import Rig, leaks, rig
from tests.waiting import eventually

ENDS = ("completed", "failed", "cancelled", "expired", "unknown")


@asynccontextmanager
async def struck(row: Row, folder: Path) -> AsyncGenerator[tuple[Rig, Wire]]:
    """The row's vendor with its fault armed, and a place that nobody may come to."""
    vendor = VENDORS[row.vendor]()
    async with played(Cdn()) as tripwire, rig(vendor, folder, submit_s=row.deadline_s) as at:
        arm(at.wire, row, tripwire)
        yield at, tripwire


def arm(wire: Wire, row: Row, tripwire: Wire) -> None:
    """Let the wire misbehave as the row says, and name the tripwire where the row does."""
    args = {name: value.replace("TRIPWIRE", tripwire.address) if isinstance(value, str) else value for name, value in row.args.items()}
    wire.arm(row.on, row.fault, times=row.times, **args)


async def sound(at: Rig, folder: Path, job: Job, caplog: pytest.LogCaptureFixture, *, creates: int = 1) -> None:
    """What holds after every fault: one create a job, money held by live and unclear jobs only, no key and no half file anywhere."""
    assert len(at.wire.made) <= creates
    assert at.held() == (job.micros if job.state in (*LIVE, "unknown") and job.charged in ("held", "unknown") else 0)
    assert leaks(folder, caplog.text, repr(job)) == []
    assert list(at.settings.output_dir.glob(".*.part")) == []
    assert (job.artifact is not None) == (job.state == "completed")
    if job.artifact is not None:
        assert job.artifact.path.endswith((".bin", ".gz")) or Path(job.artifact.path).read_bytes() == at.vendor.clip


async def nothing_follows(at: Rig, job: Job) -> None:
    """A restart on the same store changes nothing about a job that ended, and sends nothing: a look at the vendor's list is no change."""
    before = (_asked(at), len(at.wire.made))
    await at.restart()
    await anyio.sleep(0.15)
    assert replace(await at.job(job.id), fence=job.fence) == job
    assert (_asked(at), len(at.wire.made)) == before


async def asked_until(at: Rig, job_id: str, count: int) -> bool:
    """Whether so many questions come, or the job's end, when nobody waits for the pauses between them."""

    async def enough() -> bool:
        job = await at.job(job_id)
        await _hurry(at, job)
        return len(at.wire.requests("status")) >= count or job.state in ENDS

    return await eventually(enough)


async def hurried(at: Rig, job_id: str, *states: str) -> str:
    """Its state, when nobody waits for the pause that follows a failure."""

    async def over() -> bool:
        job = await at.job(job_id)
        await _hurry(at, job)
        return job.state in states

    await eventually(over)
    return (await at.job(job_id)).state


async def _hurry(at: Rig, job: Job) -> None:
    await at.service.store.leases.make_due(job)
    at.service.wake()
    await anyio.sleep(0.03)  # until the worker has had its turn


def _asked(at: Rig) -> int:
    return sum(heard.role != "other" for heard in at.wire.heard)
