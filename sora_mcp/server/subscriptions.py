"""News of jobs: a look at the store's counter, and a word to whoever subscribed, whichever process made the change."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import anyio

from sora_mcp.domain import Job
from sora_mcp.domain.errors import SoraError
from sora_mcp.server.results import video_uri

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

log = logging.getLogger(__name__)
LOOK_S = 0.5
AWAY_S = 5.0
"""How long a store that does not answer is left alone."""
Tell = Callable[[Iterable[str], bool], Awaitable[None]]
"""Takes the addresses whose content changed, and whether the list of files did."""


async def watch(service: VideoService, tell: Tell) -> None:
    """Tells of every change from now on, until cancelled."""
    since: int | None = None
    while True:
        try:
            since = await news(service, since, tell)
        except SoraError as error:
            log.warning("changes of jobs cannot be seen: %s", error)
            await anyio.sleep(AWAY_S)
        await anyio.sleep(LOOK_S)


async def news(service: VideoService, since: int | None, tell: Tell) -> int:
    """The newest version, after everything since was told; without `since`, nothing was."""
    version = await service.store.jobs.get_version()
    if since is None or version <= since:
        return version
    jobs = await service.store.jobs.get_changed(since)
    done = any(job.state == "completed" for job in jobs)
    await tell(_addresses(jobs, done=done), done)
    return max((job.version for job in jobs), default=version)


def _addresses(jobs: Iterable[Job], *, done: bool) -> list[str]:
    places = [place for job in jobs for place in _places(job)]
    return [*dict.fromkeys(places), *(["sora://videos"] if done else []), "sora://spend"]


def _places(job: Job) -> list[str]:
    own = f"sora://videos/{job.id}"
    return [own, video_uri(job), f"{own}/poster.jpg", f"{own}/sheet.jpg"] if job.state == "completed" else [own]
