"""A person's word: on a job whose submission is unclear, and on a model that cost more than was quoted."""

from __future__ import annotations

import sys
from argparse import Namespace

import anyio

from ..desk import Desk
from ..domain import Job, JobError
from ..errors import Refused
from ..money import show as dollars
from ..settings import Settings
from ..submitting import Submitter
from ..vendors import is_id
from ..worker import open_desk
from .asking import yes
from .tables import facts

TAKEN_BACK = "A person says that it was not charged."
SPENT = "A person says that it was charged, and that there is no video."


def resolve(settings: Settings, arguments: Namespace) -> int:
    """Adopts the vendor's job, writes the money off, or frees it; that last one only after a yes where a person sits at a terminal."""
    return anyio.run(_resolve, settings, arguments)


def resume(settings: Settings, arguments: Namespace) -> int:
    """Lets a paused model be bought again."""
    return anyio.run(_resume, settings, arguments.model)


async def _resolve(settings: Settings, arguments: Namespace) -> int:
    async with open_desk(settings, work=False) as desk:
        job = await _unclear(desk, arguments.job)
        if job.state != "unknown":
            raise Refused(f"{job.id} is {job.state}: there is nothing unclear about it.", job_id=job.id)
        print(facts(_said(job)))
        if arguments.adopt is not None:
            return await _adopt(desk, job, arguments.adopt)
        if arguments.charged:
            return await _ended(desk, job, JobError("vendor_unavailable", SPENT, "yes"), f"{dollars(job.micros)} counts as spent.")
        if sys.stdin.isatty() and not yes(f"Free {dollars(job.micros)} again?"):
            print("Nothing was changed.")
            return 1
        return await _ended(desk, job, JobError("vendor_unavailable", TAKEN_BACK, "no"), f"{dollars(job.micros)} is free again.")


async def _unclear(desk: Desk, job_id: str) -> Job:
    """The job; unclear also where the process that sent it has ended, and no other came by since."""
    store = desk.store
    job = await store.run(store.get, job_id, None)
    if job.state == "submitting":
        await store.run(store.bury, "")
        if await store.run(store.lost.is_forsaken, job):
            await Submitter(desk).submit(job)  # of a call that may have left, it only writes down that nobody knows
            return await store.run(store.get, job_id, None)
    return job


async def _adopt(desk: Desk, job: Job, vendor_id: str) -> int:
    vendor, call = desk.vendor_of(job), await desk.store.run(desk.store.lost.paid_call, job)
    if not is_id(vendor_id, vendor):
        raise Refused(f"{vendor_id!r} does not look like a job of {vendor.title}.", job_id=job.id)
    if vendor.ask is None or call is None:
        raise Refused(f"{vendor.title} cannot be asked for a job by its id.", job_id=job.id)
    adopted = await desk.store.run(desk.store.lost.adopt, job, vendor_id, vendor.ask(vendor_id, call), due_s=0.0)
    if adopted is None:
        raise Refused(f"{vendor_id!r} belongs to another job here, or {job.id} has just changed: look at `sora-mcp show {job.id}`.")
    print(f"{job.id} is followed from here on, by any running server or `sora-mcp watch`.")
    return 0


async def _ended(desk: Desk, job: Job, error: JobError, said: str) -> int:
    if await desk.store.run(desk.store.lost.resolve, job, error) is None:
        raise Refused(f"{job.id} has just changed: look at `sora-mcp show {job.id}`.", job_id=job.id)
    print(f"{job.id} has failed. {said}")
    return 0


async def _resume(settings: Settings, model: str) -> int:
    async with open_desk(settings, work=False) as desk:
        wanted = model.strip().casefold()
        pause = next((pause for pause in await desk.store.run(desk.store.pauses.paused) if pause.model == wanted), None)
        if pause is None or not await desk.store.run(desk.store.pauses.resume, wanted):
            raise Refused(f"{model!r} is not paused.")
    print(f"{pause.model} can be bought again. It was paused because {pause.why} ({pause.job_id}).")
    return 0


def _said(job: Job) -> list[tuple[str, object]]:
    return [
        ("job", job.id),
        ("model", job.model),
        ("price", dollars(job.micros)),
        ("prompt", job.prompt),
        ("why", job.error.message if job.error else None),
        ("vendor's message", job.error.vendor_message if job.error else None),
    ]
