"""Download the file of a job whose video is made, check it, and ask for another link where the link is dead."""

from __future__ import annotations

import random
from pathlib import Path

import anyio

from sora_mcp.artifacts.local import describe_file, find_kept, has_sha256, keep, prepare_part, remove_parts
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Artifact, Call, Job, JobError, State, Vendor
from sora_mcp.domain.errors import BadMedia, LinkDead, NotSent, SoraError, StorageError, UntrustedURL
from sora_mcp.jobs.backoff import compute_renewal_s
from sora_mcp.jobs.poll import retry_later
from sora_mcp.jobs.service import VideoService
from sora_mcp.media.mp4_probe import probe_mp4

MAX_DEAD_LINKS = 6
"""How many bad or dead links end the job without a file: with the pauses between them its host had more than ten minutes."""
HOST_AWAY_S = 900.0
"""After this time without the file's host the vendor is asked for the link once more."""


async def download(service: VideoService, job: Job, media: Call) -> str | None:
    """Try once to download the file, whole and checked. Return why its host was not reached, where that is so."""
    vendor, folder = service.vendor_of(job), service.settings.output_dir
    try:
        artifact = await _fetch(service, job, vendor, media)
    except LinkDead as error:
        await _renew_link(service, job, "expired", error)
    except (BadMedia, UntrustedURL) as error:  # a host name may resolve to a wrong address for a moment
        await _renew_link(service, job, "failed", error)
    except NotSent as error:
        return await _wait_for_host(service, job, error.message)
    except OSError as error:
        raise StorageError(f"The file cannot be written into {folder}.") from error
    else:
        await service.store.outcomes.complete(job, artifact)
    return None


async def _fetch(service: VideoService, job: Job, vendor: Vendor, media: Call) -> Artifact:
    folder = service.settings.output_dir
    if (kept := await anyio.to_thread.run_sync(_find_downloaded, job, service.settings)) is not None:
        return kept
    try:
        part: Path = await anyio.to_thread.run_sync(prepare_part, job, folder)
        saved = await service.http_client.download(vendor, media, part)
        if not await anyio.to_thread.run_sync(has_sha256, part, saved.sha256):
            raise StorageError(f"{part.name} was exchanged while it was written.")
        facts = await anyio.to_thread.run_sync(probe_mp4, part)
        path = await anyio.to_thread.run_sync(lambda: keep(part, job, sha256=saved.sha256, zone=service.settings.zone))
    finally:
        await anyio.to_thread.run_sync(remove_parts, folder, job)
    return describe_file(path, saved.bytes, saved.sha256, duration_s=facts.duration_s, width=facts.width, height=facts.height)


def _find_downloaded(job: Job, settings: Settings) -> Artifact | None:
    """Return the file that an earlier claim downloaded and could not write down: its link may be dead by now."""
    found = find_kept(job, settings.output_dir, settings.zone)
    if found is None:
        return None
    path, sha256 = found
    try:
        facts, size = probe_mp4(path), path.stat().st_size
    except (BadMedia, OSError):
        return None
    return describe_file(path, size, sha256, duration_s=facts.duration_s, width=facts.width, height=facts.height)


async def _wait_for_host(service: VideoService, job: Job, why: str) -> str:
    """Try the same link later, and after HOST_AWAY_S the one that the vendor then names."""
    if job.next is None or service.clock() - job.updated_at < HOST_AWAY_S:
        return await retry_later(service, job, why)
    await service.store.outcomes.renew_link(job, due_s=0.0, dead_links=job.dead_links)
    return why


async def _renew_link(service: VideoService, job: Job, state: State, error: SoraError) -> None:
    """Ask the vendor for another link; after MAX_DEAD_LINKS, or where it cannot be asked, end the job in this state."""
    if job.dead_links + 1 >= MAX_DEAD_LINKS or job.next is None:
        charged = "no" if job.charged == "no" else "yes"
        await service.store.outcomes.end(job, state, JobError(error.its_code, error.message, charged))
        return
    wait = compute_renewal_s(job.dead_links, service.settings.poll_seconds, chance=random.random())
    await service.store.outcomes.renew_link(job, due_s=wait, dead_links=job.dead_links + 1)
