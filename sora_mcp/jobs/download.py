"""Download the file of a job whose video is made, keep whatever arrived whole, and ask for another link where the link is dead."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from sora_mcp.artifacts.local import describe_file, find_kept, has_sha256, hash_file, keep, prepare_part, remove_parts
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Artifact, Call, Job, JobError, State, Vendor
from sora_mcp.domain.errors import BadMedia, LinkDead, NotSent, NoVideo, SoraError, StorageError, UntrustedURL, UnwritableFile
from sora_mcp.domain.text import sanitize
from sora_mcp.jobs.backoff import compute_renewal_s
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.embedded_video import save_inline_file
from sora_mcp.jobs.playlist import download_playlist, make_absolute
from sora_mcp.jobs.poll import find_todo, retry_later
from sora_mcp.jobs.unwrapped_file import unwrap_file
from sora_mcp.media.api import make_mp4
from sora_mcp.media.containers import EMPTY, HLS, ISO_MEDIA, MOV, ZIP, Container, read_container
from sora_mcp.media.mp4_probe import OddMP4, probe_mp4
from sora_mcp.media.probe import MediaInfo, probe_media, read_kind
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import Download

MAX_DEAD_LINKS = 6
"""How many bad or dead links end the job without a file: with the pauses between them its host had more than ten minutes."""
HOST_AWAY_S = 900.0
"""After this time without the file's host the vendor is asked for the link once more."""
PLAYABLE = tuple(container for container in ISO_MEDIA if container is not MOV)
"""Kinds that are kept as `.mp4`."""
PLAYERS = {
    "webm": "a browser or VLC plays it",
    "image": "a browser or an image viewer shows it",
    "sound": "it has no pictures; a music player or VLC plays it",
    "pdf": "a browser or a PDF reader shows it",
    "archive": "it has to be unpacked first",
    "playlist": "it only names other files; VLC plays it as long as their links work",
    "unknown": "its kind is not known here",
}
"""Who opens a file that is no MP4, by its kind or family."""


class NoFile(NoVideo):
    """A link that answers nothing, or a text."""


class RepeatedFile(BadMedia):
    """The vendor delivered the very bytes that were refused before."""


async def download(context: JobContext, job: Job, media: Call) -> str | None:
    """Try once to download the file, whole and checked. Return why its host was not reached, where that is so."""
    vendor, folder = context.vendor_of(job), context.settings.output_dir
    try:
        path, sha256, note = await _fetch(context, job, vendor, media)
        artifact = await anyio.to_thread.run_sync(finish_file, path, sha256, job, context.settings, note, limiter=context.finishing)
        if context.files.bucket is not None:
            context.download_places.free(job.id)
        kept = await context.files.upload(job, artifact)
    except LinkDead as error:
        await _renew_link(context, job, "expired", error)
    except (BadMedia, UntrustedURL) as error:  # a host name may resolve to a wrong address for a moment
        await _renew_link(context, job, "failed", error)
    except NotSent as error:
        return await _wait_for_host(context, job, error)
    except (OSError, StorageError) as error:
        await anyio.to_thread.run_sync(remove_parts, folder, job)  # a full disk gets its room back
        context.in_memory_facts.todos[job.id] = "it goes on by itself once the file can be written."
        raise error if isinstance(error, StorageError) else UnwritableFile(folder, error) from error
    else:
        # Before the outcome: nobody looks for what is left of a job that has ended.
        await anyio.to_thread.run_sync(remove_parts, folder, job)
        if await context.store.outcomes.complete(job, kept) is not None:
            await context.files.release(artifact, kept)
    return None


def finish_file(path: Path, sha256: str, job: Job, settings: Settings, note: str = "") -> Artifact:
    """Return the artifact. A file of another kind becomes an MP4 where that is possible here. A `note` says how it arrived."""
    container, notes = read_kind(path), [note] if note else []
    if container not in PLAYABLE:
        if (converted := _convert(path, job, settings)) is not None:
            path, sha256, note = converted
        else:
            player = PLAYERS.get(container.kind) or PLAYERS.get(container.family, "VLC plays it")
            note = f"The vendor delivered {container.words}, not an MP4: {player}."
        notes.append(note)
    elif (oddity := _find_oddity(path)) is not None:
        notes.append(f"Not every player shows it: {oddity}")
    info = probe_media(path)
    artifact = describe_file(path, path.stat().st_size, sha256, duration_s=info.duration_s, width=info.width, height=info.height)
    offer = settings.catalogue.get(job.model)
    differences = compare_delivery(job, info, makes_sound=offer.sound if offer is not None else None)
    return replace(artifact, notes=(*notes, *differences), has_sound=info.has_sound)


def _find_oddity(path: Path) -> str | None:
    """Return what is odd about an MP4 that was kept all the same."""
    try:
        probe_mp4(path)
    except BadMedia as error:
        return error.message
    return None


def compare_delivery(job: Job, info: MediaInfo, *, makes_sound: bool | None = None) -> tuple[str, ...]:
    """Return a sentence for each of length, size and sound that differs from the order, or from what this model always makes."""
    found: list[str] = []
    if info.duration_s is not None and not job.has_length(info.duration_s):
        found.append(f"The clip is {info.duration_s:.3g} s long (you asked for {job.seconds} s).")
    if info.width and not job.has_size(size := f"{info.width}x{info.height}"):
        found.append(f"The clip is {size} (you asked for {job.size}).")
    if info.has_sound is False and job.options.get("audio") is True:
        found.append("The clip has no sound (you asked for sound).")
    elif info.has_sound is False and makes_sound and "audio" not in job.options:
        found.append("The clip has no sound (this model makes clips with sound).")
    if info.has_sound and job.options.get("audio") is False:
        found.append("The clip has sound (you asked for none).")
    return tuple(found)


async def _fetch(context: JobContext, job: Job, vendor: Vendor, media: Call) -> tuple[Path, str, str]:
    """Return path, sha256 and a note on the file: one that an earlier claim kept and could not record, else a new download.

    A download that breaks off stays beside the files, so that the next attempt continues it.
    """
    folder, zone = context.settings.output_dir, context.settings.zone
    if (kept := await anyio.to_thread.run_sync(find_kept, job, folder)) is not None:
        return *kept, ""
    part: Path = await anyio.to_thread.run_sync(prepare_part, job, folder)
    with context.download_places.receive(job.id, part):
        save = context.http_client.download if not media.inside else partial(save_inline_file, context.http_client)
        saved = await save(vendor, media, part)
    if not await anyio.to_thread.run_sync(has_sha256, part, saved.sha256):
        raise StorageError(f"{part.name} was exchanged while it was written.")
    is_repeated = context.in_memory_facts.refused_files.get(job.id) == saved.sha256
    try:
        with context.download_places.receive(job.id, part):
            file, note = await unwrap_file(context.http_client, vendor, saved, part) or (saved, "")
        is_last = is_repeated or _is_last_link(job)
        container = await anyio.to_thread.run_sync(lambda: check_file(part, is_last=is_last))
        if container.family in ("archive", "unknown") and saved.coding:
            note = f"Its host says that it is packed as {sanitize(saved.coding)}, which was not asked for."
        if container.family == "playlist":
            with context.download_places.receive(job.id, part):
                file, container = await _follow_playlist(context.http_client, vendor, file, part, container)
    except BadMedia as error:
        await anyio.to_thread.run_sync(remove_parts, folder, job)
        if is_repeated:
            raise RepeatedFile(error.message) from error
        if not isinstance(error, NoFile):  # a host may have a file only later, and says so in the same words until then
            context.in_memory_facts.refused_files[job.id] = saved.sha256
        raise
    path = await anyio.to_thread.run_sync(lambda: keep(part, job, sha256=file.sha256, zone=zone, ending=_choose_ending(container)))
    return path, file.sha256, note


def check_file(path: Path, *, is_last: bool) -> Container:
    """Return the kind of a file that is worth keeping.

    Raises BadMedia for text, for nothing, for an MP4 that is not whole, and, unless no other file will come, for whatever no vendor
    means to send.
    """
    container = read_kind(path)
    if container.family == "text" or container is EMPTY:
        raise NoFile(container.words)
    if not is_last and not _is_expected(container):
        raise NoVideo(container.words)
    if container in ISO_MEDIA:
        try:
            probe_mp4(path)
        except OddMP4:
            if not is_last:
                raise
    return container


async def _follow_playlist(
    client: VendorClient, vendor: Vendor, file: Download, part: Path, container: Container
) -> tuple[Download, Container]:
    """Replace a playlist by the video that its segments are; where they cannot be joined, by itself with absolute addresses."""
    joined = await download_playlist(client, vendor, file.url, part) if container is HLS else None
    if joined is not None:
        return joined, await anyio.to_thread.run_sync(check_joined, part)
    return await anyio.to_thread.run_sync(make_absolute, client, vendor, file.url, part), container


def check_joined(path: Path) -> Container:
    """Return the kind of a file that the segments of a playlist make. Raises BadMedia unless it is a video."""
    container = read_container(path)
    if container.family != "video":
        raise NoVideo(f"a playlist that leads to {container.words}")
    return check_file(path, is_last=False)


def _is_expected(container: Container) -> bool:
    return container.family in ("video", "image", "playlist") or container is ZIP


def _choose_ending(container: Container) -> str:
    return "mp4" if container in PLAYABLE else container.ending


def _convert(path: Path, job: Job, settings: Settings) -> tuple[Path, str, str] | None:
    """Make an MP4 beside the original; return its path, its sha256 and a note, or None where that cannot be done here."""
    part = path.parent / f".{job.id}.{job.fence}.mp4.part"
    try:
        made = make_mp4(path, part)
        if made is None:
            return None
        sha256 = hash_file(part)
        converted = keep(part, job, sha256=sha256, zone=settings.zone)
    finally:
        part.unlink(missing_ok=True)
    return converted, sha256, f"{made.note or 'It was copied into an MP4.'} The original is {path.name}."


async def _wait_for_host(context: JobContext, job: Job, error: NotSent) -> str:
    """Try the same link later, and after HOST_AWAY_S the one that the vendor then names."""
    if job.next is None or context.clock() - job.updated_at < HOST_AWAY_S:
        return await retry_later(context, job, error.message, todo=find_todo(error))
    await context.store.outcomes.renew_link(job, due_s=0.0, dead_links=job.dead_links)
    return error.message


def _is_last_link(job: Job) -> bool:
    return job.next is None or job.dead_links + 1 >= MAX_DEAD_LINKS


async def _renew_link(context: JobContext, job: Job, state: State, error: SoraError) -> None:
    """Ask the vendor for another link; after MAX_DEAD_LINKS, or where it cannot be asked, end the job in this state."""
    if _is_last_link(job) or isinstance(error, RepeatedFile):
        charged = "no" if job.charged == "no" else "yes"
        await anyio.to_thread.run_sync(remove_parts, context.settings.output_dir, job)
        await context.store.outcomes.end(job, state, JobError(error.its_code, error.message, charged))
        return
    wait = compute_renewal_s(job.dead_links, context.settings.poll_seconds, chance=random.random())
    await context.store.outcomes.renew_link(job, due_s=wait, dead_links=job.dead_links + 1)
