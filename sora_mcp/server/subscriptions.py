"""Notifications about jobs: look into the store, so that subscribers learn of changes that any process made."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import anyio

from sora_mcp.domain import Job
from sora_mcp.domain.errors import SoraError
from sora_mcp.server.job_changes import Changes
from sora_mcp.server.results import video_uri

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Cursor

log = logging.getLogger(__name__)
POLL_S = 0.25
RETRY_S = 5.0
"""Seconds until a store that failed is asked again."""
Notify = Callable[[str, Iterable[str], bool], Awaitable[None]]
"""Takes the principal whose jobs changed, the URIs whose content changed for it, and whether its list of files changed."""


async def watch(service: VideoService, notify: Notify, changes: Changes) -> None:
    """Notify of every change from now on, until cancelled, and wake the calls that wait for it."""
    since: Cursor | None = None
    while True:
        try:
            since = await notify_changes(service, since, notify, changes=changes)
        except SoraError as error:
            log.warning("changes of jobs cannot be seen: %s", error)
            await anyio.sleep(RETRY_S)
        await anyio.sleep(POLL_S)


async def notify_changes(service: VideoService, since: Cursor | None, notify: Notify, *, changes: Changes) -> Cursor:
    """Notify of the changes since the last look and return where the next one begins. Without `since`, only return it."""
    changed, cursor = await service.store.jobs.look(since)
    if since is None:
        changes.wake()  # what changed before this first look is not known
    changes.wake(job.id for job in changed)
    for principal in dict.fromkeys(job.principal for job in changed):
        jobs = [job for job in changed if job.principal == principal]
        done = any(job.state == "completed" for job in jobs)
        await notify(principal, _changed_uris(jobs, done=done), done)
    return cursor


def _changed_uris(jobs: Iterable[Job], *, done: bool) -> list[str]:
    uris = [uri for job in jobs for uri in _uris_of(job)]
    return [*dict.fromkeys(uris), *(["sora://videos"] if done else []), "sora://spend"]


def _uris_of(job: Job) -> list[str]:
    own = f"sora://videos/{job.id}"
    return [own, video_uri(job), f"{own}/poster.jpg", f"{own}/sheet.jpg"] if job.state == "completed" else [own]
