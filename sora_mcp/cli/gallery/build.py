"""Write one page beside the videos that shows them all, without a server or a network."""

from __future__ import annotations

import time
import webbrowser
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio

from sora_mcp.cli.gallery.facts import VIDEO, count_kinds
from sora_mcp.cli.gallery.page import Shown, render_page
from sora_mcp.cli.setup.config_files import replace_file
from sora_mcp.cli.terminal import show_status
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job
from sora_mcp.domain.errors import NotFinished, SoraError, StorageError, UnwritableFile
from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.media.api import make_poster
from sora_mcp.media.limits import Deadline
from sora_mcp.media.optional import has_media_extra

NAME = "gallery.html"
POSTER_SIDE = 640
POSTER_S = 10.0
A_PAGE = 100


def gallery(settings: Settings, arguments: Namespace) -> int:
    """Write the page from the store, and open it in the browser."""
    with show_status("Making the gallery") as status:
        jobs = anyio.run(_read_jobs, settings)
        path = write_page(jobs, settings, lambda done: status.update(f"Making the gallery: {done} of {len(jobs)} files"))
    print(f"{count_kinds(jobs)}: {path}")
    if not arguments.no_open:
        webbrowser.open(path.as_uri())
    return 0


def write_page(jobs: tuple[Job, ...], settings: Settings, report: Callable[[int], None] = lambda done: None) -> Path:
    """Write the page into the output folder; return its path. Raise StorageError when it cannot be written."""
    folder = settings.output_dir
    try:
        make_private_folder(folder)
        page = render_page(tuple(_show(jobs, report)), folder, settings.zone, now=time.time())
        replace_file(folder / NAME, page.encode("utf-8", "replace"))
    except OSError as error:
        raise UnwritableFile(folder, error) from error
    return folder / NAME


async def _read_jobs(settings: Settings) -> tuple[Job, ...]:
    """Return every job, newest first."""
    found: list[Job] = []
    async with open_service(settings, work=False) as service:
        cursor: str | None = None
        while True:
            batch = await service.store.jobs.search(None, limit=A_PAGE, cursor=cursor)
            found += [await _bring_file(service, job) for job in batch.jobs]
            cursor = batch.next_cursor
            if cursor is None:
                return tuple(found)


async def _bring_file(service: VideoService, job: Job) -> Job:
    """Return the job with its file on this machine, where that is on S3 and can be had."""
    try:
        return await service.files.bring(job)
    except (NotFinished, StorageError):
        return job


def _show(jobs: tuple[Job, ...], report: Callable[[int], None]) -> Iterator[Shown]:
    can_decode = has_media_extra()
    for done, job in enumerate(jobs):
        report(done)
        file = Path(job.artifact.path) if job.artifact else None
        there = file if file is not None and file.is_file() else None
        yield Shown(job, there, _find_poster(there) if can_decode and there is not None and there.suffix == VIDEO else None)


def _find_poster(video: Path) -> Path | None:
    """Return the picture beside the video, made now if there is none yet; None where no picture can be made of the video."""
    beside = video.with_suffix(".jpg")
    if beside.is_file() and not beside.is_symlink():
        return beside
    try:
        replace_file(beside, make_poster(video, Deadline(POSTER_S), longest=POSTER_SIDE))
    except (SoraError, OSError):
        return None
    return beside
