"""A person's word: on a job whose submission is unclear, and on a model that cost more than was quoted."""

from __future__ import annotations

import sys
from argparse import Namespace

import anyio

from sora_mcp.cli.terminal import facts, yes
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job, JobError
from sora_mcp.domain.errors import Refused
from sora_mcp.domain.money import show as dollars
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.submit import Submitter
from sora_mcp.jobs.worker import open_service
from sora_mcp.vendors.reading import is_id

TAKEN_BACK = "A person says that it was not charged."
SPENT = "A person says that it was charged, and that there is no video."


def resolve(settings: Settings, arguments: Namespace) -> int:
    """Adopts the vendor's job, writes the money off, or frees it; that last one only after a yes where a person sits at a terminal."""
    return anyio.run(_resolve, settings, arguments)


def resume(settings: Settings, arguments: Namespace) -> int:
    """Lets a paused model be bought again."""
    return anyio.run(_resume, settings, arguments.model)


async def _resolve(settings: Settings, arguments: Namespace) -> int:
    async with open_service(settings, work=False) as service:
        job = await _unclear(service, arguments.job)
        if job.state != "unknown":
            raise Refused(f"{job.id} is {job.state}: there is nothing unclear about it.", job_id=job.id)
        print(facts(_said(job)))
        if arguments.adopt is not None:
            return await _adopt(service, job, arguments.adopt)
        if arguments.charged:
            return await _ended(service, job, JobError("vendor_unavailable", SPENT, "yes"), f"{dollars(job.micros)} counts as spent.")
        if sys.stdin.isatty() and not yes(f"Free {dollars(job.micros)} again?"):
            print("Nothing was changed.")
            return 1
        return await _ended(service, job, JobError("vendor_unavailable", TAKEN_BACK, "no"), f"{dollars(job.micros)} is free again.")


async def _unclear(service: VideoService, job_id: str) -> Job:
    """The job; unclear also where the process that sent it has ended, and no other came by since."""
    store = service.store
    job = await store.run(store.get, job_id, None)
    if job.state == "submitting":
        await store.run(store.bury, "")
        if await store.run(store.lost.is_forsaken, job):
            await Submitter(service).submit(job)  # of a call that may have left, it only writes down that nobody knows
            return await store.run(store.get, job_id, None)
    return job


async def _adopt(service: VideoService, job: Job, vendor_id: str) -> int:
    vendor, call = service.vendor_of(job), await service.store.run(service.store.lost.paid_call, job)
    if not is_id(vendor_id, vendor):
        raise Refused(f"{vendor_id!r} does not look like a job of {vendor.title}.", job_id=job.id)
    if vendor.ask is None or call is None:
        raise Refused(f"{vendor.title} cannot be asked for a job by its id.", job_id=job.id)
    adopted = await service.store.run(service.store.lost.adopt, job, vendor_id, vendor.ask(vendor_id, call), due_s=0.0)
    if adopted is None:
        raise Refused(f"{vendor_id!r} belongs to another job here, or {job.id} has just changed: look at `sora-mcp show {job.id}`.")
    print(f"{job.id} is followed from here on, by any running server or `sora-mcp watch`.")
    return 0


async def _ended(service: VideoService, job: Job, error: JobError, said: str) -> int:
    if await service.store.run(service.store.lost.resolve, job, error) is None:
        raise Refused(f"{job.id} has just changed: look at `sora-mcp show {job.id}`.", job_id=job.id)
    print(f"{job.id} has failed. {said}")
    return 0


async def _resume(settings: Settings, model: str) -> int:
    async with open_service(settings, work=False) as service:
        wanted = model.strip().casefold()
        pause = next((pause for pause in await service.store.run(service.store.pauses.paused) if pause.model == wanted), None)
        if pause is None or not await service.store.run(service.store.pauses.resume, wanted):
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
