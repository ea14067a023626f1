"""Settle a job that may have been charged or not, and resume a model that cost more than was quoted."""

from __future__ import annotations

from argparse import Namespace

import anyio

from sora_mcp.cli.consent import ask_price
from sora_mcp.cli.program_path import naming_store
from sora_mcp.cli.terminal import open_console, print_facts, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job, JobError, name_state
from sora_mcp.domain.errors import Refused
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.domain.text import sanitize
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.submit import Submitter
from sora_mcp.vendors.reading import is_id

MOST_ID = 100
NOT_CHARGED = "A person says that it was not charged."
CHARGED = "A person says that it was charged, and that there is no video."


def resolve(settings: Settings, arguments: Namespace) -> int:
    """Follow the vendor's job, count the money as spent, or release it, once its price is typed at a terminal."""
    return anyio.run(_resolve, settings, arguments)


def resume(settings: Settings, arguments: Namespace) -> int:
    """Allow a paused model to be bought again, once the price that its video cost is typed at a terminal."""
    return anyio.run(_resume, settings, arguments.model)


async def _resolve(settings: Settings, arguments: Namespace) -> int:
    async with open_service(settings, work=False) as service:
        with naming_store(settings):
            job = await _load_unclear(service, arguments.job)
        if not job.is_doubtful:
            raise Refused(f"{job.id} {name_state(job.state)}: its outcome is not in doubt.", job_id=job.id)
        if arguments.adopt is not None and job.state != "unknown":
            raise Refused(f"{job.id} {name_state(job.state)}: only its charge is in doubt (--charged or --not-charged).", job_id=job.id)
        print_facts(open_console(), _describe(job))
        if code := ask_price(settings, job.doubtful_sum, _describe_choice(job, arguments), otherwise="Nothing was changed."):
            return code
        if arguments.adopt is not None:
            return await _adopt(service, job, arguments.adopt)
        if arguments.charged:
            return await _fail(
                service, job, JobError("vendor_unavailable", CHARGED, "yes"), f"{format_dollars(job.doubtful_sum)} counts as spent."
            )
        return await _fail(
            service, job, JobError("vendor_unavailable", NOT_CHARGED, "no"), f"{format_dollars(job.doubtful_sum)} is available again."
        )


def _describe_choice(job: Job, arguments: Namespace) -> str:
    """Return the question: what the person's word does to the job's money."""
    if arguments.adopt is not None:
        return f"Follow {sanitize(arguments.adopt, MOST_ID)!r} as {job.id}?"
    return f"Count {job.id} as spent?" if arguments.charged else f"Release the money of {job.id}?"


async def _load_unclear(service: VideoService, job_id: str) -> Job:
    """Return the job, after marking it unclear where the process that was sending it has ended and no other has noticed yet."""
    store = service.store
    job = await store.jobs.get(job_id, None)
    if job.state == "submitting":
        await store.leases.free_dead("")
        if await store.leases.is_abandoned(job):
            await Submitter(service).submit(job)  # a call that may have left is only recorded as unclear
            return await store.jobs.get(job_id, None)
    return job


async def _adopt(service: VideoService, job: Job, vendor_id: str) -> int:
    vendor, call = service.vendor_of(job), await service.store.jobs.get_paid_call(job)
    if not is_id(vendor_id, vendor):
        raise Refused(f"{vendor_id!r} is not a valid job id of {vendor.title}.", job_id=job.id)
    if vendor.ask is None or call is None:
        raise Refused(f"{vendor.title} has no way to look up a job by its id.", job_id=job.id)
    adopted = await service.store.unclear.adopt(job, vendor_id, vendor.ask(vendor_id, call), due_s=0.0)
    if adopted is None:
        raise Refused(f"{vendor_id!r} already belongs to another job, or {job.id} has just changed. See: {command_line('show', job.id)}")
    print_text(open_console(), f"{job.id} is now followed by any running server or by: {command_line('watch')}")
    return 0


async def _fail(service: VideoService, job: Job, error: JobError, outcome: str) -> int:
    settled = await service.store.unclear.resolve(job, error)
    if settled is None:
        raise Refused(f"{job.id} has just changed. See: {command_line('show', job.id)}", job_id=job.id)
    print_text(open_console(), f"{job.id} {name_state(settled.state)}. {outcome}")
    return 0


async def _resume(settings: Settings, model: str) -> int:
    async with open_service(settings, work=False) as service:
        wanted = model.strip().casefold()
        pause = next((pause for pause in await service.store.paused_models.get_all() if pause.model == wanted), None)
        if pause is None:
            known = service.catalogue.get(wanted) is not None
            lists = f"There is no model {model!r}. All models: {command_line('vendors')}"
            raise Refused(f"{wanted} is not paused." if known else lists)
        job = await service.store.jobs.get(pause.job_id, None)
        print_text(open_console(), f"{pause.model} is paused because {pause.why} ({pause.job_id}).")
        if code := ask_price(settings, job.price, f"Buy {pause.model} again?", otherwise="Nothing was changed."):
            return code
        if not await service.store.paused_models.resume(wanted):
            raise Refused(f"{model!r} is not paused.")
    print_text(open_console(), f"{pause.model} can be bought again.")
    return 0


def _describe(job: Job) -> list[tuple[str, object]]:
    return [
        ("job", job.id),
        ("model", job.model),
        ("price", format_dollars(job.doubtful_sum)),
        ("prompt", job.prompt),
        ("why", job.error.message if job.error else None),
        ("vendor's message", job.error.vendor_message if job.error else None),
    ]
