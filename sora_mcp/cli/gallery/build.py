"""One page beside the videos that shows them all, without a server and without a network."""

from __future__ import annotations

import webbrowser
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import anyio

from sora_mcp.cli.gallery.page import VIDEO, Shown, counted, page
from sora_mcp.cli.setup.config_files import replaced
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job
from sora_mcp.domain.errors import SoraError, StorageError
from sora_mcp.jobs.worker import open_service
from sora_mcp.media.api import make_poster
from sora_mcp.media.limits import Deadline
from sora_mcp.media.optional import has_media_extra

NAME = "gallery.html"
POSTER_SIDE = 640
POSTER_S = 10.0
A_PAGE = 100


def gallery(settings: Settings, arguments: Namespace) -> int:
    """Writes the page anew from the store, and opens it in the browser."""
    jobs = anyio.run(_finished, settings)
    path = write(jobs, settings)
    print(f"{counted(jobs)}: {path}")
    if not arguments.no_open:
        webbrowser.open(path.as_uri())
    return 0


def write(jobs: tuple[Job, ...], settings: Settings) -> Path:
    """The page in the output folder. StorageError when it cannot be written."""
    folder = settings.output_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replaced(folder / NAME, page(tuple(_shown(jobs)), folder, settings.zone).encode("utf-8", "replace"))
    except OSError as error:
        raise StorageError(f"The gallery cannot be written into {folder} ({error.strerror}).") from error
    return folder / NAME


async def _finished(settings: Settings) -> tuple[Job, ...]:
    """All of them, newest first."""
    found: list[Job] = []
    async with open_service(settings, work=False) as service:
        cursor: str | None = None
        while True:
            batch = await service.store.run(service.store.page, None, state="completed", query=None, limit=A_PAGE, cursor=cursor)
            found += batch.jobs
            cursor = batch.next_cursor
            if cursor is None:
                return tuple(found)


def _shown(jobs: tuple[Job, ...]) -> Iterator[Shown]:
    able = has_media_extra()
    for job in jobs:
        file = Path(job.artifact.path) if job.artifact else None
        there = file if file is not None and file.is_file() else None
        yield Shown(job, there, _poster(there) if able and there is not None and there.suffix == VIDEO else None)


def _poster(video: Path) -> Path | None:
    """The picture beside the video: the one from last time, else a new one; None where the video shows none."""
    beside = video.with_suffix(".jpg")
    if beside.is_file() and not beside.is_symlink():
        return beside
    try:
        replaced(beside, make_poster(video, Deadline(POSTER_S), longest=POSTER_SIDE))
    except (SoraError, OSError):
        return None
    return beside
