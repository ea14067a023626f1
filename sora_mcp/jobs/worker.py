"""Claims due jobs and follows each one step further. All that it needs is in the store, so a restart goes on where it stopped."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio

from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job
from sora_mcp.domain.errors import SoraError, StorageError
from sora_mcp.jobs import backoff as schedule
from sora_mcp.jobs import poll as following
from sora_mcp.jobs import reconcile as reconciling
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.submit import LEASE_S, Submitter
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store

T = TypeVar("T")
log = logging.getLogger(__name__)

PARALLEL = 32
IDLE_S = 2.0
"""How long the worker sleeps at most: another process may have left it work."""
LOOK_S = 2.0
"""How often it counts what is alive, and takes over the jobs of processes that died."""
ANSWER_S = 0.01
"""How long a wish waits before it is claimed: the answer to its caller goes first, and wishes that come at once are claimed at once."""
GATHER_S = 0.25
"""With many jobs alive, those that fall due within this time are claimed in one go."""


class Worker:
    """One process's hands."""

    def __init__(self, service: VideoService) -> None:
        self._desk = service
        self._store = service.store
        self._owner = secrets.token_hex(8)
        self._submitter = Submitter(service)
        self._mine: dict[str, Job] = {}
        self._woken = anyio.Event()
        self._stopping = False
        self._looked_at = -LOOK_S
        self._sleeps_until = 0.0

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    async def run(self, *, until_idle: bool = False) -> None:
        """Works until cancelled; with `until_idle`, until no job is alive."""
        await self._safe(self._store.leases.sign_on, self._owner)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._heartbeat)
                while not self._stopping:
                    self._woken = anyio.Event()
                    for job in await self._claimed():
                        if job.id in self._desk.unwritten:
                            continue  # whoever sent it is still at it
                        self._mine[job.id] = job
                        group.start_soon(self._follow, job)
                    if until_idle and not self._mine and await self._safe(self._store.jobs.count_live) == 0:
                        break
                    pause = await self._pause()
                    self._sleeps_until = time.monotonic() + pause
                    with anyio.move_on_after(pause):
                        await self._woken.wait()
                        await anyio.sleep(ANSWER_S)
                await self._submitter.sent()
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._safe(self._store.leases.sign_off, self._owner)

    async def drain(self) -> None:
        """Claims nothing more, and gives paid calls that are on their way a last while."""
        self._stopping = True
        self.wake()
        await self._submitter.drain()

    async def _claimed(self) -> tuple[Job, ...]:
        room = PARALLEL - len(self._mine)
        if room <= 0 or self._stopping:
            return ()
        if time.monotonic() - self._looked_at >= LOOK_S:
            self._looked_at = time.monotonic()
            await self._safe(self._store.leases.free_dead, self._owner)
            self._desk.alive = await self._safe(self._store.jobs.count_live) or 0
        return await self._safe(self._store.leases.claim, self._owner, limit=room, lease_s=LEASE_S) or ()

    async def _pause(self) -> float:
        if len(self._mine) >= PARALLEL:
            return IDLE_S
        due = await self._safe(self._store.leases.get_next_due_s)
        least = GATHER_S if self._desk.alive > PARALLEL else 0.02
        return IDLE_S if due is None else min(max(due, least), IDLE_S)

    async def _heartbeat(self) -> None:
        while True:
            await anyio.sleep(LEASE_S / 4)
            if self._mine:
                await self._safe(self._store.leases.renew, self._owner, tuple(self._mine), lease_s=LEASE_S)

    async def _follow(self, job: Job) -> None:
        """One step of one job. What goes wrong here never ends the loop; the job stays due."""
        try:
            trouble = await self._step(job)
            if trouble is None:
                self._desk.troubles.pop(job.id, None)
            elif job.tries > 0 or job.state == "submitting":  # a question that was missed once is nothing
                self._desk.troubles[job.id] = trouble
        except StorageError as error:
            log.warning("%s waits for the store: %s", job.id, error)
            self._desk.troubles[job.id] = error.message
            await self._again(job, schedule.BACKOFF_CAP_S / 4)
        except Exception:
            # A bug that one job meets must not leave all the others unfollowed.
            log.exception("%s cannot be followed", job.id)
            await self._again(job, schedule.SLOW_S)
        finally:
            full = len(self._mine) >= PARALLEL
            self._mine.pop(job.id, None)
            if full or self._sleeps_until - time.monotonic() > GATHER_S:
                self.wake()  # its next step may be due before the loop would look

    async def _again(self, job: Job, due_s: float) -> None:
        """The same step, later. Of an unclear job tries are looks that agree, and one that was not written down is none; of one that is
        not sent yet they are calls that the vendor heard."""
        tries = {"unknown": 0, "submitting": job.tries}.get(job.state, job.tries + 1)
        await self._safe(self._store.outcomes.step, job, due_s=due_s, tries=tries)

    async def _step(self, job: Job) -> str | None:
        """Why nothing new is known of the job, where that is so."""
        if job.state == "submitting":
            return await self._submitter.submit(job)
        if job.state == "unknown":
            return await reconciling.look(self._desk, job)
        if job.media is not None:
            return await following.save(self._desk, job, job.media)
        if job.next is not None:
            return await following.ask(self._desk, job, job.next)
        raise SoraError("The store does not say how to go on with this job.", job_id=job.id)

    async def _safe(self, work: Callable[..., Awaitable[T]], *args: object, **named: object) -> T | None:
        """A step of the loop itself: a store that is away is waited for."""
        try:
            return await work(*args, **named)
        except StorageError as error:
            log.warning("the store does not answer: %s", error)
            await anyio.sleep(1.0)
            return None


@asynccontextmanager
async def open_service(
    settings: Settings, *, work: bool = True, clock: Callable[[], float] = time.time, http_client: VendorClient | None = None
) -> AsyncGenerator[VideoService]:
    """A desk over the user's store, with a worker in the background. StorageError when the store cannot be opened."""
    store = await anyio.to_thread.run_sync(lambda: Store(settings.database_url, settings.home, clock=clock))
    try:
        async with http_client or VendorClient(settings.home, settings.keys, settings.trusted_hosts) as net:
            service = VideoService(settings, store, net, clock)
            await service.availability.load()
            if not work:
                yield service
                return
            async with anyio.create_task_group() as group:
                worker = Worker(service)
                service.wake, service.availability.beside = worker.wake, group.start_soon
                group.start_soon(worker.run)
                try:
                    yield service
                finally:
                    await worker.drain()
                    group.cancel_scope.cancel()
    finally:
        store.close()


async def watch(
    settings: Settings, *, until_idle: bool = False, observe: Callable[[VideoService], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Finishes jobs without a client. When it is stopped, paid calls on their way get their last while."""
    async with open_service(settings, work=False) as service, anyio.create_task_group() as group:
        worker = Worker(service)
        group.start_soon(_drained, worker)
        if observe is not None:
            group.start_soon(observe, service)
        await worker.run(until_idle=until_idle)
        group.cancel_scope.cancel()


async def _drained(worker: Worker) -> None:
    """Drains beside the loop: a loop that is stopped waits for its paid calls, and so cannot end their waiting itself."""
    try:
        await anyio.sleep_forever()
    finally:
        await worker.drain()
