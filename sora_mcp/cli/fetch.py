"""Fetch the file of a job again that was paid for and ended without it."""

from __future__ import annotations

from argparse import Namespace

import anyio

from sora_mcp.cli.program_path import naming_store
from sora_mcp.cli.terminal import open_console, print_facts, print_text, show_status
from sora_mcp.config.settings import Settings
from sora_mcp.domain import EDIT_MODEL, LIVE, Job, describe_deletion, name_state
from sora_mcp.domain.errors import BadMedia, NotFinished, Refused
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService

POLL_S = 0.2
ASK_S = 5.0
"""Seconds in which a vendor says whether it has made a video: the command does not wait for one that it has not."""
TROUBLED_S = 10.0
"""Seconds for which a file that was made may not come before the command says why, and leaves it to the next try."""


def fetch(settings: Settings, arguments: Namespace) -> int:
    """Ask the vendor for a fresh link and download the file; print where it is, or the link that failed and why."""
    job = anyio.run(fetch_file, settings, arguments.job)
    if (deleted := describe_deletion(job)) is not None:
        raise NotFinished(f"The file of {job.id} {deleted}.", job_id=job.id)
    if job.artifact is None:
        link = f" The last link was {job.media.path}" if job.media else ""
        raise BadMedia(f"{job.id} {name_state(job.state)}. {job.error.message if job.error else ''}{link}", job_id=job.id)
    facts = [("path", job.artifact.path), ("bytes", job.artifact.bytes), *(("warning", warning) for warning in job.artifact.notes)]
    print_facts(open_console(), facts)
    return 0


async def fetch_file(settings: Settings, job_id: str) -> Job:
    """Return the job at its end, with its file on this machine, which was asked for again where the job ended without it.

    Raises Refused where there is no way to it, and NotFinished where it has none yet.
    """
    async with open_service(settings) as service:
        with naming_store(settings):
            job = await service.store.jobs.get(job_id, None)
        if job.state in LIVE:
            await service.store.leases.make_due(job)
            service.wake()
        elif job.state != "completed":
            job = await _reopen(service, job)
        with show_status(f"Fetching {job.id}"):
            return await service.files.bring(await _wait_for_end(service, job))


async def _wait_for_end(service: VideoService, job: Job) -> Job:
    """Return the job at its end. Raise NotFinished where its vendor has not made it yet, or why nothing new is heard."""
    patience, troubled_s = ASK_S, 0.0
    while job.state in LIVE:
        await anyio.sleep(POLL_S)
        patience -= POLL_S
        job = service.in_memory_facts.add_to(await service.store.jobs.get(job.id, None))
        is_made = job.saving or job.charged == "yes" or job.model == EDIT_MODEL
        troubled_s = 0.0 if job.trouble is None else troubled_s + POLL_S
        if job.trouble is not None and (troubled_s >= TROUBLED_S or not is_made):  # a download that broke off goes on meanwhile
            again = job.todo or f"this is tried again by a running server, or by: {command_line('watch')}"
            raise NotFinished(f"{job.id} {name_state(job.state)}. {job.trouble} {again[:1].upper()}{again[1:]}", job_id=job.id)
        if patience <= 0 and not is_made:
            waits = command_line("watch", "--until-idle")
            title = service.vendor_of(job).title
            raise NotFinished(f"{title} has not finished {job.id} yet ({job.state}). To wait for its file, run: {waits}", job_id=job.id)
    return job


async def _reopen(service: VideoService, job: Job) -> Job:
    reopened = await service.store.outcomes.reopen(job)
    if reopened is None:
        why = f" {job.error.message}" if job.error else ""
        raise Refused(f"{job.id} {name_state(job.state)}, so there is no file to fetch.{why}", job_id=job.id)
    if job.media is not None:
        print_text(open_console(), f"The last link failed: {job.media.path} ({job.error.message if job.error else 'no reason'})")
    service.wake()
    return reopened
