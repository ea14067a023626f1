"""What comes after the submit: ask until the vendor says the end, then bring the file home."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from pathlib import Path

import anyio

from sora_mcp.artifacts.local import describe_file, find_kept, has_sha256, keep, prepare_part, remove_parts
from sora_mcp.catalogue.live_quotes import ask_price
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Artifact, Call, Done, DoneWithoutLink, Failed, Job, JobError, Pending, Reply, State, Vendor
from sora_mcp.domain.errors import BadMedia, LinkDead, NotSent, SoraError, StorageError, UntrustedURL
from sora_mcp.jobs import backoff as schedule
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.submit import failure
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.shared.responses import read_refusal, read_retry_after

log = logging.getLogger(__name__)

SAVES = 6
"""How many bad or dead links end the job without a file: with the pauses between them its host had more than ten minutes."""
LOST_AFTER = 3
LOST_S = 600.0
"""A vendor that does not know its own job any more has to say so over this time, and is asked this often at least meanwhile."""
LINKLESS_AFTER = 20
LINKLESS_S = 600.0
"""A vendor that calls a video made, and names no usable link, is asked this often at least, over this time."""
NO_LINK = " (no link)"
NOT_FOUND = " (not found)"
"""Stand behind the vendor's last word from the first answer of that kind on, so that its time is the job's last change."""
AWAY_S = 900.0
"""After this time without the file's host the vendor is asked for the link once more."""


async def ask(service: VideoService, job: Job, call: Call) -> str | None:
    """One question to the vendor, and what follows from its answer. Why nothing was learnt, where that is so."""
    vendor = service.vendor_of(job)
    try:
        reply = await service.http_client.request(vendor, call)
    except NotSent as error:
        return await _again(service, job, error.message)
    if 200 <= reply.status < 300 or (reply.status in vendor.ends and read(vendor, reply) is not None):
        return await _heard(service, job, vendor, reply)
    return await _no_status(service, job, vendor, reply)


async def save(service: VideoService, job: Job, media: Call) -> str | None:
    """One attempt to bring the file home, whole and checked. Why its host was not reached, where that is so."""
    vendor, folder = service.vendor_of(job), service.settings.output_dir
    try:
        artifact = await _fetched(service, job, vendor, media)
    except LinkDead as error:
        await _renew(service, job, "expired", error)
    except (BadMedia, UntrustedURL) as error:  # a name may lead elsewhere for a moment
        await _renew(service, job, "failed", error)
    except NotSent as error:
        return await _away(service, job, error.message)
    except OSError as error:
        raise StorageError(f"The file cannot be written into {folder}.") from error
    else:
        await service.store.outcomes.complete(job, artifact)
    return None


async def _again(service: VideoService, job: Job, why: str, *, at_least: float = 0.0, said: str | None = None) -> str:
    """The same step, later."""
    wait = max(at_least, _backoff(job.tries), service.settings.poll_seconds or 0.0)
    await service.store.outcomes.step(job, due_s=wait, tries=job.tries + 1, said=said)
    return why


async def _away(service: VideoService, job: Job, why: str) -> str:
    """The file's host was not reached: the same link later, and after a while the one that the vendor then names."""
    if job.next is None or service.clock() - job.updated_at < AWAY_S:
        return await _again(service, job, why)
    await service.store.outcomes.renew_link(job, due_s=0.0, dead_links=job.dead_links)
    return why


async def _heard(service: VideoService, job: Job, vendor: Vendor, reply: Reply) -> str | None:
    """Why that was no answer to the question, where it was none."""
    store, reading = service.store, read(vendor, reply)
    if reading is not None and reading.id not in (None, job.vendor_id):
        log.warning("%s: the answer is about another job and is not used", job.id)
        reading = None
    match reading:
        case Pending():
            await store.outcomes.step(job, reading, due_s=_later(service, job, vendor, reply))
        case Done():
            await store.outcomes.settle(job, await _billed(service, job, vendor, reading))
        case Failed():
            await store.outcomes.end(job, reading.state, failure(reading, vendor), micros=reading.micros, said=reading.said)
        case DoneWithoutLink():
            await _linkless(service, job, reading, due_s=_later(service, job, vendor, reply))
            return f"{vendor.title} calls it made, but names no link that could be followed."
        case None:
            # A word that nobody documented is neither an end nor a failure.
            await store.outcomes.step(job, due_s=_later(service, job, vendor, reply), tries=job.tries + 1)
            return f"{vendor.title} answers what it does not document."
    service.availability.forget()  # a sum above the quote pauses the model
    return None


async def _linkless(service: VideoService, job: Job, reading: DoneWithoutLink, *, due_s: float) -> None:
    """Made, without a link that can be followed: the link may come later, but is not waited for for ever."""
    said, began = f"{reading.said}{NO_LINK}", not (job.said or "").endswith(NO_LINK)
    if not began and job.tries + 1 >= LINKLESS_AFTER and service.clock() - job.updated_at >= LINKLESS_S:
        error = JobError("result_invalid", "The vendor says that the video is made, but names no link that could be followed.", "yes")
        await service.store.outcomes.end(job, "failed", error, micros=reading.micros, said=said)
    else:
        await service.store.outcomes.step(job, due_s=due_s, tries=1 if began else job.tries + 1, said=said)


async def _billed(service: VideoService, job: Job, vendor: Vendor, done: Done) -> Done:
    """With the sum that the billed units cost, where only the vendor can tell it and it does."""
    choice = service.catalogue.get(job.model)
    if done.micros is not None or done.units is None or vendor.bill is None or choice is None:
        return done
    return replace(done, micros=await ask_price(service.http_client, vendor, vendor.bill(choice.offer, job.with_image, done.units)))


async def _no_status(service: VideoService, job: Job, vendor: Vendor, reply: Reply) -> str | None:
    """A question that was answered with an error."""
    wait = read_retry_after(vendor, reply) or 0.0
    if reply.status in (404, 410):
        return await _not_found(service, job, vendor, at_least=wait)
    no = read_refusal(vendor, reply)
    return await _again(service, job, no.message if no else f"{vendor.title} answers {reply.status}.", at_least=wait)


async def _not_found(service: VideoService, job: Job, vendor: Vendor, *, at_least: float) -> str | None:
    """The vendor does not know its own job: believed only when it still says so long after the first time."""
    began = not (job.said or "").endswith(NOT_FOUND)
    if began or job.tries + 1 < LOST_AFTER or service.clock() - job.updated_at < LOST_S:
        said = f"{job.said or ''}{NOT_FOUND}" if began else job.said
        return await _again(service, job, f"{vendor.title} does not find this job.", at_least=at_least, said=said)
    error = JobError("not_found", f"{vendor.title} does not know this job any more; its price stays counted.", "unknown")
    await service.store.outcomes.end(job, "failed", error)
    return None


async def _fetched(service: VideoService, job: Job, vendor: Vendor, media: Call) -> Artifact:
    folder = service.settings.output_dir
    if (home := await anyio.to_thread.run_sync(_home, job, service.settings)) is not None:
        return home
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


def _home(job: Job, settings: Settings) -> Artifact | None:
    """The file, where an earlier claim brought it home and could not write that down: its link may be dead by now."""
    found = find_kept(job, settings.output_dir, settings.zone)
    if found is None:
        return None
    path, sha256 = found
    try:
        facts, size = probe_mp4(path), path.stat().st_size
    except (BadMedia, OSError):
        return None
    return describe_file(path, size, sha256, duration_s=facts.duration_s, width=facts.width, height=facts.height)


async def _renew(service: VideoService, job: Job, state: State, error: SoraError) -> None:
    """A bad or dead link: the vendor is asked for a new one before anything is called lost."""
    if job.dead_links + 1 >= SAVES or job.next is None:
        await _lost(service, job, state, error)
        return
    wait = schedule.renewal(job.dead_links, service.settings.poll_seconds, chance=random.random())
    await service.store.outcomes.renew_link(job, due_s=wait, dead_links=job.dead_links + 1)


async def _lost(service: VideoService, job: Job, state: State, error: SoraError) -> None:
    charged = "no" if job.charged == "no" else "yes"
    await service.store.outcomes.end(job, state, JobError(error.its_code, error.message, charged))


def _later(service: VideoService, job: Job, vendor: Vendor, reply: Reply) -> float:
    pause = service.settings.poll_seconds or schedule.later(job, now=service.clock(), chance=random.random(), alive=service.alive)
    return max(pause, read_retry_after(vendor, reply) or 0.0)


def _backoff(tries: int) -> float:
    return schedule.backoff(tries, chance=random.random())
