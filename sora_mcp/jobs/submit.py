"""Submit the paid call: send it once, and write its outcome down, whatever it is."""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TypeVar

import anyio

from sora_mcp.domain import Call, Done, DoneWithoutLink, Failed, Job, JobError, Pending, Reading, Reply, Vendor
from sora_mcp.domain.errors import NotSent, OutcomeUnknown, SoraError, StorageError, VendorError
from sora_mcp.domain.secret import MARK_DIGITS, Secret
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.domain.text import sanitize
from sora_mcp.jobs.backoff import MAX_POLL_S, compute_first_poll_s, compute_list_poll_s, compute_retry_s
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.upload_pictures import Uploader
from sora_mcp.telemetry import note_submit
from sora_mcp.vendors.reading import describe_failure, read
from sora_mcp.vendors.refusals import describe_packing, find_message, read_refusal

T = TypeVar("T")
log = logging.getLogger(__name__)

LEASE_S = 20.0
"""How long a claimed job is this process's alone; a living process renews it."""
MAX_ATTEMPTS = 3
"""How often a call is tried of which provably no byte was sent, or which came too early."""
DRAIN_S = 8.0
LAST_WRITE_S = 1.0
"""How long a server that ends still tries to write down that a call is unclear; the next process would write the same."""
FIRST_LIST_POLL_S = 30.0
"""When a vendor's list is first read for a call whose answer was lost."""
GONE = ("model_retired", "vendor_unavailable")
"""Codes of a vendor's refusal that are about the model and not about the request."""
WRITE_WAITS_S = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Between attempts to write an outcome down; the last one for as long as it takes."""


@dataclass
class Submitter:
    """Sender of jobs' paid calls. `drain` waits for those that are on their way."""

    context: JobContext
    _in_flight: dict[anyio.CancelScope, anyio.Event] = field(default_factory=dict[anyio.CancelScope, anyio.Event])
    """Paid calls on their way, each with an event that is set once its outcome is written down."""
    _uploader: Uploader = field(init=False)

    def __post_init__(self) -> None:
        self._uploader = Uploader(self.context.http_client, self.context.clock)

    async def submit(self, job: Job) -> str | None:
        """Send the job's call, unless somebody may have sent it before: then it is unclear. Return why it is to be sent again, if it is."""
        if job.submit_token is not None or job.call is None:
            why = "The process that sent it ended before the vendor's answer was written down."
            await self._mark_unclear(job, job.submit_token, _as_unclear(why))
            return None
        try:
            # Before the token: whatever happens to an upload, nothing was bought, and the job may be sent later.
            call = await self._uploader.place_pictures(self.context.vendor_of(job), job.call)
        except (NotSent, VendorError) as error:
            return await self._record_no_upload(job, error)
        with anyio.CancelScope(shield=True) as scope:
            self._in_flight[scope] = anyio.Event()
            try:
                return await self._send(job, call)
            finally:
                self._in_flight.pop(scope).set()

    async def wait_until_sent(self) -> None:
        """Return when no paid call is on its way any more."""
        while self._in_flight:
            await next(iter(self._in_flight.values())).wait()

    async def drain(self) -> None:
        """Give calls that are on their way DRAIN_S to be answered and written down, then mark them unclear."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(DRAIN_S):
                await self.wait_until_sent()
            for scope in tuple(self._in_flight):
                scope.cancel()
            with anyio.move_on_after(LAST_WRITE_S):
                await self.wait_until_sent()

    async def _send(self, job: Job, call: Call) -> str | None:
        """Write the token, then send the call, then write the outcome: nobody ever sends for a job that has a token."""
        store, vendor = self.context.store, self.context.vendor_of(job)
        self.context.http_client.prepare(vendor)
        token, began = make_token(self.context.http_client.keys.get(vendor.name)), time.monotonic()
        if not await store.leases.begin_submit(job, token, lease_s=LEASE_S, alone_s=self.context.alone_s(job)):
            return None
        if time.monotonic() - began > LEASE_S / 2:
            # This process was suspended in between, and the lease may be another's by now.
            await self._record(store.outcomes.requeue, job, token, due_s=0.0)
            return None
        try:
            reply = await self.context.http_client.submit(vendor, self._complete(call, vendor, token))
        except NotSent as error:
            return await self._record_not_sent(job, token, error)
        except OutcomeUnknown as error:
            await self._mark_unclear(job, token, _as_unclear(error.message))
            return None
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(LAST_WRITE_S, shield=True):
                await self._mark_unclear(job, token, _as_unclear("The server was stopped while the request was on its way."))
            raise
        return await self._record_reply(job, token, vendor, reply)

    def _complete(self, call: Call, vendor: Vendor, token: str) -> Call:
        """Add to the stored call what the token alone decides: the token itself, and the address of the job's webhook."""
        call, url = _add_token(call, vendor, token), self.context.webhooks.make_url(vendor, token)
        return call if vendor.webhook is None or url is None else vendor.webhook.add(call, url)

    async def _record_no_upload(self, job: Job, error: NotSent | VendorError) -> str | None:
        """Try an upload again later, or end the job, not charged. Return why it is tried again, if it is."""
        outcomes, refusal = self.context.store.outcomes, error if isinstance(error, VendorError) else None
        if job.tries + 1 < MAX_ATTEMPTS and (refusal is None or refusal.its_code == "vendor_rate_limited"):
            wait = (refusal and refusal.retry_after_s) or compute_retry_s(job.tries, chance=random.random())
            await outcomes.step(job, due_s=wait, tries=job.tries + 1)
            return error.message
        message = f"{error.message} The file could not be uploaded, so nothing was ordered."
        await outcomes.end(job, "failed", JobError(error.its_code, message, "no", refusal and refusal.vendor_message))
        return None

    async def _record_not_sent(self, job: Job, token: str, error: SoraError) -> str | None:
        outcomes = self.context.store.outcomes
        if job.tries + 1 < MAX_ATTEMPTS:
            await self._record(outcomes.requeue, job, token, due_s=compute_retry_s(job.tries, chance=random.random()))
            return error.message
        await self._record(outcomes.refuse, job, token, JobError(error.its_code, error.message, "no"))
        return None

    async def _record_reply(self, job: Job, token: str, vendor: Vendor, reply: Reply) -> str | None:
        """Record one of four outcomes: taken, refused, not now, or unclear. Return why the call is to be sent again, if it is."""
        if 200 <= reply.status < 300:
            await self._record_success(job, token, vendor, reply)
            return None
        refusal = read_refusal(vendor, reply)
        if refusal is None:
            why = f"{vendor.title} answered {reply.status}, which does not say whether it took the request."
            await self._mark_unclear(job, token, _as_unclear(why))
        elif refusal.its_code == "vendor_rate_limited" and job.tries + 1 < MAX_ATTEMPTS:
            wait = refusal.retry_after_s or compute_retry_s(job.tries + 2, chance=random.random())
            await self._record(self.context.store.outcomes.requeue, job, token, due_s=wait)
            return refusal.message
        else:
            if refusal.its_code in GONE:
                await self.context.availability.miss(job.model, refusal.its_code, mode=self._name_mode(job))
            await self._record(self.context.store.outcomes.refuse, job, token, _as_error(refusal))
        return None

    async def _record_success(self, job: Job, token: str, vendor: Vendor, reply: Reply) -> None:
        outcomes, reading, poll_s = self.context.store.outcomes, read(vendor, reply), self.context.settings.poll_seconds
        match reading:
            case Pending():
                is_told = await self.context.webhooks.are_arriving(vendor)
                due_s = poll_s or compute_first_poll_s(job.expected_s, is_told=is_told)
                await self._bind(outcomes.bind, job, token, reading, due_s=due_s)
            case DoneWithoutLink() if reading.id is not None and vendor.ask is not None:
                pending = Pending(reading.id, vendor.ask(reading.id, reply.call), "running", reading.said, micros=reading.micros)
                await self._bind(outcomes.bind, job, token, pending, due_s=poll_s or MAX_POLL_S)
            case Done() if reading.id is not None:
                ask = None if vendor.ask is None else vendor.ask(reading.id, reply.call)
                await self._bind(outcomes.bind_done, job, token, reading, reading.id, ask=ask)
            case Failed() if reading.id is not None:
                await self._bind(outcomes.bind_failed, job, token, reading, describe_failure(reading, vendor))
            case Failed():
                error = describe_failure(reading, vendor)
                await self._record(outcomes.refuse, job, token, error, micros=reading.micros, said=reading.said)
            case _:
                why = f"{vendor.title} answered {reply.status} without a valid job id.{describe_packing(reply)}"
                await self._mark_unclear(job, token, _as_unclear(why, sanitize(find_message(vendor, reply))))

    async def _bind(
        self, work: Callable[..., Awaitable[Job]], job: Job, token: str, reading: Reading, *args: object, **named: object
    ) -> None:
        """Bind the vendor's id to the job, unless it is another job's: then nobody knows what this call bought."""
        row = await self._record(work, job, token, reading, *args, heard_id=reading.id, **named)
        self.context.availability.forget()  # a sum above the quote pauses the model
        if row.submit_token == token and row.vendor_id != reading.id:
            why = f"{self.context.vendor_of(job).title} answered with the id of another job."
            await self._mark_unclear(job, token, _as_unclear(why))

    async def _mark_unclear(self, job: Job, token: str | None, error: JobError) -> None:
        """Record that nobody knows whether the call was taken; where the vendor has a list, it is read soon."""
        find = self.context.vendor_of(job).find
        look_s = None if find is None else compute_list_poll_s(self.context.settings.poll_seconds, usual_s=FIRST_LIST_POLL_S)
        await self._record(self.context.store.outcomes.mark_unclear, job, token, error, look_s=look_s)

    async def _record(self, work: Callable[..., Awaitable[T]], job: Job, *args: object, heard_id: str | None = None, **named: object) -> T:
        """Write the outcome of a paid call down, however long the store refuses: only this process knows it."""
        known, way_out = _describe_unwritten(job, heard_id)
        waits = chain(WRITE_WAITS_S, repeat(WRITE_WAITS_S[-1]))
        try:
            while True:
                try:
                    row = await work(job, *args, **named)
                    note_submit(job.vendor, row.state if isinstance(row, Job) else None)
                    return row
                except StorageError as error:
                    self.context.in_memory_facts.unwritten[job.id] = known
                    log.error("%s %s, which cannot be written down yet: %s%s", job.id, known, error, way_out)
                await anyio.sleep(next(waits))
        finally:
            self.context.in_memory_facts.unwritten.pop(job.id, None)

    def _name_mode(self, job: Job) -> str:
        """Return the vendor's name or path that the job was ordered by, of a model that has several; else an empty text."""
        offer = self.context.catalogue.get(job.model)
        return "" if offer is None or len(offer.modes) < 2 else offer.find_slug(job.options, with_image=job.with_image)


def _describe_unwritten(job: Job, vendor_id: str | None) -> tuple[str, str]:
    """Return what is known of the call, as a clause; and what a person can do if this process ends before it is written down."""
    if vendor_id is None:
        return "has the outcome of its paid call", ""
    way_out = f". Should this server end before: {describe_command('resolve', job.id, '--adopt', vendor_id)}"
    return f"was taken by {job.vendor} as {vendor_id!r}", way_out


def make_token(key: Secret | None) -> str:
    """Return 32 hexadecimal digits that no other call has. The last ones are the key's mark: a lost call is looked for with that key."""
    mark = key.mark if key is not None else secrets.token_hex(MARK_DIGITS // 2)
    return secrets.token_hex((32 - MARK_DIGITS) // 2) + mark


def _add_token(call: Call, vendor: Vendor, token: str) -> Call:
    """Add our token in the header that the vendor repeats in its logs, or in the field that it finds jobs by, where it has one."""
    if vendor.token_field is not None:
        return call.with_field(vendor.token_field, token)
    return call.with_header(vendor.correlation, token) if vendor.correlation else call


def _as_unclear(why: str, vendor_message: str | None = None) -> JobError:
    return JobError("vendor_unavailable", f"{why} It may have been taken and may be charged.", "unknown", vendor_message)


def _as_error(refusal: VendorError) -> JobError:
    """Return a vendor's refusal as the job keeps it."""
    return JobError(refusal.its_code, refusal.message, refusal.charged, refusal.vendor_message)
