"""Find once, for the first list of a chat, what ended since the last one."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sora_mcp.domain import Job
from sora_mcp.domain.errors import SoraError

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

log = logging.getLogger(__name__)
IDLE_S = 600.0
"""Seconds without a call after which the next call begins a new visit: one connection may carry many chats, and 2026-07-28 has none."""
Chat = tuple[str, str]
"""A principal, and the id of an HTTP session; an empty one where there is none."""


@dataclass
class Visit:
    """The calls of one principal in one chat, as far as chats can be told apart."""

    began: float
    last: float
    heard_until: float | None = None
    """Up to when the principal had been told of ended jobs before this visit; None until it is read."""
    shown_until: float = 0.0
    """Up to when it was shown in this visit how jobs ended."""
    has_heard: bool = False
    """True once the visit's first list was answered."""
    knows_caveat: bool = False
    """True once the vendor's caveat was said in this visit."""


class Visits:
    """The visits of all principals in this process."""

    def __init__(self) -> None:
        self._visits: dict[Chat, Visit] = {}

    def enter(self, chat: Chat, now: float) -> None:
        """Count a call to the chat's visit; it may begin a new one. Visits that are over are forgotten."""
        visit = self._visits.get(chat)
        if visit is None or now - visit.last > IDLE_S:
            self._visits = {other: its for other, its in self._visits.items() if now - its.last <= IDLE_S}
            visit = self._visits[chat] = Visit(now, now)
        visit.last = now

    async def find_news(self, service: VideoService, chat: Chat, *, shown: Collection[str] = ()) -> tuple[Job, ...]:
        """Return, for a visit's first list, the jobs that ended since the last visit, but for those that are `shown` anyway:
        the last that ended first.

        None where nothing ended, or the visit had its list.
        """
        visit, (principal, _) = self._visits.get(chat), chat
        if visit is None or visit.has_heard:
            return ()
        try:
            after = await self._read_mark(service, principal, visit)
            looked = service.clock()  # before the look: a job that ends during it is news next time
            ended = await service.store.news.find_ended(principal, after=after, made_before=visit.began)
            await service.store.news.set_heard_until(principal, looked)
        except SoraError as error:
            log.warning("what ended since the last chat cannot be said: %s", error)
            return ()
        visit.has_heard = True
        return tuple(job for job in ended if job.id not in shown)

    async def find_unshown(self, service: VideoService, chat: Chat) -> list[str]:
        """Return the ids of the jobs that ended in this visit since the principal was last shown how one did, the last that ended first."""
        visit, (principal, _) = self._visits.get(chat), chat
        if visit is None:
            return []
        since = max(visit.began, visit.shown_until)
        ended = await service.store.news.find_ended(principal, after=since, made_before=service.clock())
        return [job.id for job in ended]

    def find_begin(self, chat: Chat, newest: float) -> float:
        """Return from when on clips are this visit's. Where the `newest` of them is older, those made shortly before it count."""
        visit = self._visits.get(chat)
        return newest - IDLE_S if visit is None or newest < visit.began else visit.began

    def is_earlier(self, chat: Chat, job: Job) -> bool:
        """Return whether a job was made before this visit."""
        visit = self._visits.get(chat)
        return visit is not None and job.created_at < visit.began

    def claim_caveat(self, chat: Chat) -> bool:
        """Return whether a vendor's caveat is still to be said in this visit, and count it as said."""
        visit = self._visits.get(chat)
        if visit is None or visit.knows_caveat:
            return visit is None
        visit.knows_caveat = True
        return True

    async def note_shown(self, service: VideoService, chat: Chat, jobs: Sequence[Job]) -> None:
        """Remember that the principal was shown how these jobs ended."""
        visit, (principal, _) = self._visits.get(chat), chat
        last = max((job.finished_at or 0 for job in jobs), default=0)
        if visit is None or last <= visit.shown_until:
            return
        try:
            await self._read_mark(service, principal, visit)
            await service.store.news.set_heard_until(principal, last)
            visit.shown_until = last
        except SoraError as error:
            log.warning("what the user was told cannot be written down: %s", error)

    async def _read_mark(self, service: VideoService, principal: str, visit: Visit) -> float:
        if visit.heard_until is None:
            visit.heard_until = await service.store.news.get_heard_until(principal)
        return visit.heard_until
