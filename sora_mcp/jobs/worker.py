"""Claim due jobs and take each one step further. All state is in the store, so a restart goes on where the last process stopped."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from sora_mcp.domain import EDIT_MODEL, Job
from sora_mcp.domain.errors import SoraError, StorageError
from sora_mcp.jobs.backoff import MAX_RETRY_S, SLOW_POLL_S
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.download import download
from sora_mcp.jobs.download_places import DownloadPlaces
from sora_mcp.jobs.make_edit import make_edit
from sora_mcp.jobs.poll import poll
from sora_mcp.jobs.reconcile import reconcile
from sora_mcp.jobs.retention import keep_tidy
from sora_mcp.jobs.submit import LEASE_S, Submitter
from sora_mcp.telemetry import work_on

T = TypeVar("T")
log = logging.getLogger(__name__)

MAX_PARALLEL = 32
"""Steps at once: submits, polls and searches. Downloads have places of their own."""
MAX_SLEEP_S = 2.0
"""How long the worker sleeps at most: another process may have left it work."""
MIN_SLEEP_S = 0.02
SURVEY_S = 2.0
"""How often it counts the live jobs, and frees the leases of processes that died."""
ANSWER_S = 0.01
"""How long a new job waits before it is claimed: the answer to its caller goes first, and jobs that come at once are claimed at once."""
GATHER_S = 0.25
"""With many live jobs, those that fall due within this time are claimed in one go."""


class Worker:
    """The worker of one process."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._store = context.store
        self._owner = secrets.token_hex(8)
        self._submitter = Submitter(context)
        self._claimed: dict[str, Job] = {}
        self._places: DownloadPlaces = context.download_places
        self._woken = anyio.Event()
        self._is_stopping = False
        self._surveyed_at = -SURVEY_S
        self._sleeps_until = 0.0

    def wake(self) -> None:
        """Claim due jobs now."""
        self._woken.set()

    async def run(self, *, until_idle: bool = False) -> None:
        """Work until cancelled; with `until_idle`, until no job is live."""
        await self._ask_store(self._store.leases.sign_on, self._owner)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._renew_leases)
                group.start_soon(keep_tidy, self._context)
                while not self._is_stopping:
                    self._woken = anyio.Event()
                    for job in await self._claim():
                        if job.id in self._context.in_memory_facts.unwritten:
                            continue  # its sender is still writing the outcome down
                        self._claimed[job.id] = job
                        if job.saving:
                            self._places.take(job.id)
                        group.start_soon(self._follow, job)
                    if until_idle and not self._claimed and await self._ask_store(self._store.jobs.count_live) == 0:
                        break
                    await self._sleep()
                await self._submitter.wait_until_sent()
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._ask_store(self._store.leases.sign_off, self._owner)

    async def drain(self) -> None:
        """Claim nothing more, and give paid calls that are on their way a last while."""
        self._is_stopping = True
        self.wake()
        await self._submitter.drain()

    async def _claim(self) -> tuple[Job, ...]:
        room, downloads = MAX_PARALLEL - self._count_steps(), self._places.count_free()
        if self._is_stopping:
            return ()
        if time.monotonic() - self._surveyed_at >= SURVEY_S:
            self._surveyed_at = time.monotonic()
            await self._ask_store(self._store.leases.free_dead, self._owner)
            self._context.in_memory_facts.live_jobs = await self._ask_store(self._store.jobs.count_live) or 0
            if self._places.is_full and await self._ask_store(self._store.leases.has_waiting_download):
                self._places.evict_slowest()
        if room <= 0 and downloads <= 0:
            return ()
        return await self._ask_store(self._store.leases.claim, self._owner, limit=room, lease_s=LEASE_S, downloads=downloads) or ()

    def _count_steps(self) -> int:
        # Edits wait for each other, and files that are made for S3.
        others = sum(job.model == EDIT_MODEL or job.id in self._context.files.waiting for job in self._claimed.values())
        return len(self._claimed) - len(self._places) - others

    async def _sleep(self) -> None:
        pause = await self._compute_sleep_s()
        self._sleeps_until = time.monotonic() + pause
        with anyio.move_on_after(pause):
            await self._woken.wait()
            await anyio.sleep(ANSWER_S)

    async def _compute_sleep_s(self) -> float:
        if self._count_steps() >= MAX_PARALLEL:
            return MAX_SLEEP_S
        due_s = await self._ask_store(self._store.leases.get_next_due_s, with_downloads=self._places.count_free() > 0)
        least = GATHER_S if self._context.in_memory_facts.live_jobs > MAX_PARALLEL else MIN_SLEEP_S
        return MAX_SLEEP_S if due_s is None else min(max(due_s, least), MAX_SLEEP_S)

    async def _renew_leases(self) -> None:
        while True:
            await anyio.sleep(LEASE_S / 4)
            if self._claimed:
                await self._ask_store(self._store.leases.renew, self._owner, tuple(self._claimed), lease_s=LEASE_S)

    async def _follow(self, job: Job) -> None:
        """Take one step of one job. An error here never ends the loop; the job stays due."""
        try:
            with work_on(job.id, job.model, job.vendor):
                trouble = await self._step(job)
            if trouble is None:
                self._context.in_memory_facts.troubles.pop(job.id, None)
                self._context.in_memory_facts.todos.pop(job.id, None)
            elif job.tries > 0 or job.state == "submitting":  # one failed poll is not worth a word
                self._context.in_memory_facts.troubles[job.id] = trouble
        except StorageError as error:
            log.warning("%s waits for the store: %s", job.id, error)
            self._context.in_memory_facts.troubles[job.id] = error.message
            await self._step_later(job, MAX_RETRY_S / 4)
        except Exception:
            # A bug that one job meets must not leave all the others unfollowed.
            log.exception("%s cannot be followed", job.id)
            await self._step_later(job, SLOW_POLL_S)
        finally:
            was_full = self._count_steps() >= MAX_PARALLEL or self._places.count_free() == 0
            self._claimed.pop(job.id, None)
            self._places.free(job.id)
            if was_full or self._sleeps_until - time.monotonic() > GATHER_S:
                self.wake()  # its next step may be due before the loop would look

    async def _step_later(self, job: Job, due_s: float) -> None:
        """Put the same step off. Of an unclear job `tries` counts readings of the list that agree, and one that was not written down is
        none; of a job that is not sent yet it counts calls that the vendor received."""
        tries = {"unknown": 0, "submitting": job.tries}.get(job.state, job.tries + 1)
        await self._ask_store(self._store.outcomes.step, job, due_s=due_s, tries=tries)

    async def _step(self, job: Job) -> str | None:
        """Take the job's next step. Return why nothing new is known of it, where that is so."""
        if job.model == EDIT_MODEL:
            return await make_edit(self._context, job)
        if job.state == "submitting":
            return await self._submitter.submit(job)
        if job.state == "unknown":
            return await reconcile(self._context, job)
        if job.media is not None:
            return await download(self._context, job, job.media)
        if job.next is not None:
            return await poll(self._context, job, job.next)
        raise SoraError("The store has no next step for this job.", job_id=job.id)

    async def _ask_store(self, work: Callable[..., Awaitable[T]], *args: object, **named: object) -> T | None:
        """Run a step of the loop itself. When the store does not answer, wait a second and return None."""
        try:
            return await work(*args, **named)
        except StorageError as error:
            log.warning("the store does not answer: %s", error)
            await anyio.sleep(1.0)
            return None
