"""The one call that costs: sent once, and its outcome written down, whatever it is."""

from __future__ import annotations

import logging
import random
import secrets
import shlex
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import TypeVar

import anyio

from sora_mcp.domain import Call, Done, DoneWithoutLink, Failed, Job, JobError, Pending, Reading, Reply, Vendor
from sora_mcp.domain.errors import NotSent, OutcomeUnknown, SoraError, StorageError, VendorError
from sora_mcp.jobs import backoff as schedule
from sora_mcp.jobs.service import VideoService
from sora_mcp.security.text import sanitize
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.shared.responses import find_value, read_refusal

T = TypeVar("T")
log = logging.getLogger(__name__)

LEASE_S = 20.0
"""How long a claimed job is this process's alone; a living process renews it."""
ATTEMPTS = 3
"""How often a call is tried of which provably no byte was sent, or which came too early."""
DRAIN_S = 8.0
LAST_S = 1.0
"""How long a server that ends still tries to write down that a call is unclear: who comes next says so too."""
FIRST_LOOK_S = 30.0
"""When a vendor's list is first looked at for a call whose answer was lost."""
GONE = ("model_retired", "vendor_unavailable")
"""What a vendor's refusal means that is about the model and not about the wish."""
WRITE_WAITS_S = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Between attempts to write an outcome down; the last one for as long as it takes."""


@dataclass
class Submitter:
    """Sends jobs' paid calls. `drain` waits for those that are on their way."""

    service: VideoService
    _sending: dict[anyio.CancelScope, anyio.Event] = field(default_factory=dict[anyio.CancelScope, anyio.Event])
    """Paid calls on their way, and what tells that one is written down."""

    async def submit(self, job: Job) -> str | None:
        """Sends the job's call, unless somebody may have sent it before: then it is unclear. Why it is to be sent once more, if it is."""
        if job.submit_token is not None or job.call is None:
            why = "The process that sent it ended before the vendor's answer was written down."
            await self._lost(job, job.submit_token, _unclear(why))
            return None
        with anyio.CancelScope(shield=True) as scope:
            self._sending[scope] = anyio.Event()
            try:
                return await self._send(job, job.call)
            finally:
                self._sending.pop(scope).set()

    async def sent(self) -> None:
        """Returns when no paid call is on its way any more."""
        while self._sending:
            await next(iter(self._sending.values())).wait()

    async def drain(self) -> None:
        """Gives calls that are on their way a last while to be answered and written down, then calls them unclear."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(DRAIN_S):
                await self.sent()
            for scope in tuple(self._sending):
                scope.cancel()
            with anyio.move_on_after(LAST_S):
                await self.sent()

    async def _send(self, job: Job, call: Call) -> str | None:
        """Token on the disk, then the call, then the outcome: nobody ever sends for a job that has a token."""
        store, vendor = self.service.store, self.service.vendor_of(job)
        self.service.http_client.prepare(vendor)
        token, began = secrets.token_hex(16), time.monotonic()
        if not await store.leases.begin_submit(job, token, lease_s=LEASE_S, alone_s=self.service.alone_s(job)):
            return None
        if time.monotonic() - began > LEASE_S / 2:
            # This process was suspended in between, and the lease may be another's by now.
            await self._record(store.outcomes.requeue, job, token, due_s=0.0)
            return None
        try:
            reply = await self.service.http_client.submit(vendor, _marked(call, vendor, token))
        except NotSent as error:
            return await self._not_sent(job, token, error)
        except OutcomeUnknown as error:
            await self._lost(job, token, _unclear(error.message))
            return None
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(LAST_S, shield=True):
                await self._lost(job, token, _unclear("The server was stopped while the request was on its way."))
            raise
        return await self._answered(job, token, vendor, reply)

    async def _not_sent(self, job: Job, token: str, error: SoraError) -> str | None:
        if job.tries + 1 < ATTEMPTS:
            await self._record(self.service.store.outcomes.requeue, job, token, due_s=schedule.backoff(job.tries, chance=random.random()))
            return error.message
        await self._record(self.service.store.outcomes.refuse, job, token, JobError(error.its_code, error.message, "no"))
        return None

    async def _answered(self, job: Job, token: str, vendor: Vendor, reply: Reply) -> str | None:
        """The table of outcomes: taken, refused, not now, or unclear."""
        if 200 <= reply.status < 300:
            await self._taken(job, token, vendor, reply)
            return None
        no = read_refusal(vendor, reply)
        if no is None:
            why = f"{vendor.title} answered {reply.status}, which leaves it open."
            await self._lost(job, token, _unclear(why))
        elif no.its_code == "vendor_rate_limited" and job.tries + 1 < ATTEMPTS:
            wait = no.retry_after_s or schedule.backoff(job.tries + 2, chance=random.random())
            await self._record(self.service.store.outcomes.requeue, job, token, due_s=wait)
            return no.message
        else:
            if no.its_code in GONE:
                await self.service.availability.miss(job.model, no.its_code)
            await self._record(self.service.store.outcomes.refuse, job, token, self._no(no))

    async def _taken(self, job: Job, token: str, vendor: Vendor, reply: Reply) -> None:
        store, reading = self.service.store, read(vendor, reply)
        match reading:
            case Pending():
                due = self.service.settings.poll_seconds or schedule.first(job.expected_s)
                await self._bound(job, token, vendor, store.outcomes.bind, reading, due_s=due)
            case DoneWithoutLink() if reading.id is not None and vendor.ask is not None:
                going_on = Pending(reading.id, vendor.ask(reading.id, reply.call), "running", reading.said, micros=reading.micros)
                await self._bound(
                    job, token, vendor, store.outcomes.bind, going_on, due_s=self.service.settings.poll_seconds or schedule.CAP_S
                )
            case Done() if reading.id is not None:
                again = None if vendor.ask is None else vendor.ask(reading.id, reply.call)
                await self._bound(job, token, vendor, store.outcomes.bind_done, reading, reading.id, ask=again)
            case Failed() if reading.id is not None:
                await self._bound(job, token, vendor, store.outcomes.bind_failed, reading, failure(reading, vendor))
            case Failed():
                await self._record(store.outcomes.refuse, job, token, failure(reading, vendor), micros=reading.micros, said=reading.said)
            case _:
                why = f"{vendor.title} answered {reply.status} without a job's id that it documents."
                await self._lost(job, token, _unclear(why, sanitize(find_value(reply.body, "message"))))

    async def _bound(
        self,
        job: Job,
        token: str,
        vendor: Vendor,
        work: Callable[..., Awaitable[Job]],
        reading: Reading,
        *args: object,
        **named: object,
    ) -> None:
        """The vendor's id is the job's, unless it is another's: then nobody knows what this call bought."""
        row = await self._record(work, job, token, reading, *args, taken_as=reading.id, **named)
        self.service.availability.forget()  # a sum above the quote pauses the model
        if row.submit_token == token and row.vendor_id != reading.id:
            why = f"{vendor.title} answered with the id of another job."
            await self._lost(job, token, _unclear(why))

    async def _lost(self, job: Job, token: str | None, error: JobError) -> None:
        """Nobody knows whether it was taken; where the vendor has a list, it is looked at soon."""
        find = self.service.vendor_of(job).find
        look_s = None if find is None else schedule.look(self.service.settings.poll_seconds, usual_s=FIRST_LOOK_S)
        await self._record(self.service.store.outcomes.mark_unclear, job, token, error, look_s=look_s)

    async def _record(self, work: Callable[..., Awaitable[T]], job: Job, *args: object, taken_as: str | None = None, **named: object) -> T:
        """The outcome of a paid call is written down, however long the store takes nothing: only this process knows it."""
        heard, way_out = _heard(job, taken_as)
        waits = chain(WRITE_WAITS_S, repeat(WRITE_WAITS_S[-1]))
        try:
            while True:
                try:
                    return await work(job, *args, **named)
                except StorageError as error:
                    self.service.unwritten[job.id] = heard
                    log.error("%s %s, which cannot be written down yet: %s%s", job.id, heard, error, way_out)
                await anyio.sleep(next(waits))
        finally:
            self.service.unwritten.pop(job.id, None)

    def _no(self, error: VendorError) -> JobError:
        """Return a vendor's refusal as the job keeps it; a model that is gone comes with living ones."""
        living = f" Living models: {', '.join(self.service.name_living_models())}." if error.its_code in GONE else ""
        return JobError(error.its_code, error.message + living, error.charged, error.vendor_message)


def failure(reading: Failed, vendor: Vendor) -> JobError:
    """A vendor's no about a job, in our words."""
    if reading.state == "cancelled":
        sentence = "called this job back"
    else:
        sentence = "refuses this content" if reading.code == "content_refused" else "could not make this video"
    return JobError(reading.code, f"{vendor.title} {sentence}.", reading.charged, sanitize(reading.message))


def _heard(job: Job, taken_as: str | None) -> tuple[str, str]:
    """What is known of the call, as a clause; and what a person can do if this process ends before it is written down."""
    if taken_as is None:
        return "has the outcome of its paid call", ""
    way_out = f". Should this server end before: sora-mcp resolve {job.id} --adopt {shlex.quote(taken_as)}"
    return f"was taken by {job.vendor} as {taken_as!r}", way_out


def _marked(call: Call, vendor: Vendor, token: str) -> Call:
    """With our token in the header that the vendor echoes in its logs, where it has one."""
    return replace(call, headers=(*call.headers, (vendor.correlation, token))) if vendor.correlation else call


def _unclear(why: str, vendor_message: str | None = None) -> JobError:
    return JobError("vendor_unavailable", f"{why} It may have been taken and may be charged.", "unknown", vendor_message)
