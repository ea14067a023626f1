"""A played service: what the server asks of one, over a handful of jobs that the test changes by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Artifact, Job, NextClip, VideoRequest
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import NotFound, SoraError
from sora_mcp.domain.money import Micros, usd
from sora_mcp.jobs.finished_files import find_local_file
from sora_mcp.media.pool import MediaPool
from sora_mcp.server.app import SoraServer, build
from sora_mcp.store.records import Budget, Cursor, Page, SpendRow
from tests.nouns import a_job

TODAY = date(2026, 11, 21)
NOW = 1_795_176_060.0
"""A minute after `a_job` was created."""
BUDGET = Budget(
    per_video=usd("5"),
    day_limit=usd("10"),
    day_spent=usd("0.40"),
    day_left=usd("9.60"),
    month_limit=usd("100"),
    month_spent=usd("0.40"),
    month_left=usd("99.60"),
    resets_at=datetime(2026, 11, 22, tzinfo=UTC),
    confirm_above=usd("2"),
)
FILE = Artifact(
    path="/Volumes/Films/sora-mcp/2026-11-20_a-paper-boat-drifts_v_0123456789.mp4",
    bytes=6_812_345,
    sha256="ab" * 32,
    duration_s=4.0,
    width=1280,
    height=720,
)


GOES_ON = NextClip("muvi:sora-2-pro", "1280x720", 4, usd("1.20"))
"""The clip that goes on from a finished one."""


def a_done_job() -> Job:
    """The job of `a_job`, finished after 84 seconds."""
    return replace(
        a_job(), state="completed", charged="yes", artifact=FILE, finished_at=1_795_176_084.0, progress=1.0, continuation=GOES_ON
    )


@dataclass
class PlayedJobs:
    """Counts changes, as the real store does."""

    by_id: dict[str, Job]
    broken: SoraError | None = None

    @property
    def version(self) -> int:
        return max((job.version for job in self.by_id.values()), default=0)

    async def get_version(self) -> int:
        if self.broken is not None:
            raise self.broken
        return self.version

    async def look(self, cursor: Cursor | None) -> tuple[tuple[Job, ...], Cursor]:
        if self.broken is not None:
            raise self.broken
        since = self.version if cursor is None else cursor.position
        changed = tuple(sorted((job for job in self.by_id.values() if job.version > since), key=lambda job: job.version))
        return changed, Cursor(self.version)


@dataclass
class PlayedLedger:
    """What was spent, as the test says."""

    rows: tuple[SpendRow, ...] = ()

    async def sum_by_day(self, *, principal: str | None = None) -> tuple[SpendRow, ...]:
        return self.rows if principal is None else ()


@dataclass
class PlayedNews:
    """What ended, as the test says, and up to when the principals were told of it."""

    ended: tuple[Job, ...] = ()
    heard_until: dict[str, float] = field(default_factory=dict[str, float])

    async def get_heard_until(self, principal: str) -> float:
        return self.heard_until.get(principal, 0.0)

    async def set_heard_until(self, principal: str, at: float) -> None:
        self.heard_until[principal] = at

    async def find_ended(self, principal: str, *, after: float, made_before: float) -> tuple[Job, ...]:
        """Return them where somebody asks about the time before this chat: none ends in it."""
        return self.ended if after < made_before else ()


class PlayedApprovals:
    """Nobody had to say yes to anything."""

    async def find_of_job(self, job: Job) -> None:
        return None


@dataclass
class PlayedStore:
    """The repositories that the server reads by itself."""

    jobs: PlayedJobs
    ledger: PlayedLedger = field(default_factory=PlayedLedger)
    news: PlayedNews = field(default_factory=PlayedNews)
    approvals: PlayedApprovals = field(default_factory=PlayedApprovals)


@dataclass(frozen=True)
class PlayedSettings:
    """What the server reads of the settings."""

    zone: tzinfo = UTC
    linger: bool = False


@dataclass
class PlayedService:
    """Creates what it is told to, and remembers the requests."""

    jobs_: dict[str, Job] = field(default_factory=dict[str, Job])
    made: Job | Exception | None = None
    called_back: Job | Exception | None = None
    requests: list[VideoRequest] = field(default_factory=list[VideoRequest])
    looks: list[Job] = field(default_factory=list[Job])
    """What `job` answers from the second time on, one after the other; the last for ever."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    pages: dict[str | None, Page] = field(default_factory=dict[str | None, Page])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    looked: int = 0
    no_budget: SoraError | None = None
    media_pool: MediaPool = field(default_factory=MediaPool)
    settings: PlayedSettings = field(default_factory=PlayedSettings)
    today: date = TODAY

    def __post_init__(self) -> None:
        self.store = PlayedStore(PlayedJobs(self.jobs_))

    def clock(self) -> float:
        return NOW

    async def meet(self, principal: str, facts: Mapping[str, Any]) -> None:
        """Nobody is written down."""

    def find_change(self, job: Job) -> None:
        """No model changes a clip here."""

    def find_cheaper(self, job: Job) -> None:
        """None costs less."""

    async def find_file(self, job: Job) -> Path:
        return find_local_file(job)

    def put(self, job: Job) -> None:
        """A change, as another process makes it."""
        self.jobs_[job.id] = replace(job, version=self.store.jobs.version + 1)

    async def create(self, request: VideoRequest, *, principal: str) -> Job:
        self.requests.append(request)
        return _given(self.made)

    async def preview(self, request: VideoRequest, *, principal: str) -> Micros:
        return usd("0.40")

    async def price(self, request: VideoRequest, *, principal: str) -> Micros:
        return usd("0.40")

    @property
    def inputs(self) -> PlayedService:
        """The reader of a request's pictures: this service itself."""
        return self

    async def read(self, request: VideoRequest, *, principal: str) -> VideoRequest:
        return replace(request, image=None)

    async def advise(
        self, refusal: SoraError, request: VideoRequest, *, principal: str, buys: bool = True, clips: int = 1
    ) -> tuple[Fix, ...]:
        return ()

    async def job(self, job_id: str, *, principal: str) -> Job:
        self.looked += 1
        if self.looked > 1 and self.looks:
            return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        job = self.jobs_.get(job_id)
        if job is None or job.principal != principal:
            raise NotFound(f"There is no job {job_id!r}.")
        return job

    async def jobs(
        self,
        *,
        principal: str,
        states: Sequence[str] = (),
        query: str | None = None,
        since: float | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Page:
        self.asked.append({"states": states, "query": query, "since": since, "limit": limit, "cursor": cursor})
        if self.pages:
            return self.pages[cursor]
        found = [job for job in self.jobs_.values() if job.principal == principal and job.state in (states or (job.state,))]
        return Page(tuple(found[:limit]), None)

    async def jobs_and_budget(self, *, principal: str, **asked: Any) -> tuple[Page, Budget]:
        return await self.jobs(principal=principal, **asked), await self.budget(principal)

    async def budget(self, principal: str) -> Budget:
        if self.no_budget is not None:
            raise self.no_budget
        return BUDGET

    async def cancel(self, job_id: str, *, principal: str) -> Job:
        return _given(self.called_back)


def _given(what: Job | Exception | None) -> Job:
    if isinstance(what, Exception):
        raise what
    assert what is not None
    return what


def a_server(service: PlayedService) -> SoraServer:
    """The server over a played service."""

    return build(lambda: nullcontext(service), service.catalogue, today=lambda: TODAY)
