"""Poll the vendor after the submit, until it names the end of the job."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from typing import Literal

from sora_mcp.domain import Call, Done, DoneWithoutLink, Failed, Job, JobError, Pending, Reply, Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.domain.terminal_command import describe_command
from sora_mcp.jobs.backoff import compute_next_poll_s, compute_retry_s
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.live_quotes import ask_price
from sora_mcp.net.proxy_settings import find_untrusted
from sora_mcp.vendors.reading import describe_failure, read, read_status
from sora_mcp.vendors.refusals import describe_packing, find_message, read_refusal, read_retry_after

log = logging.getLogger(__name__)

MIN_NOT_FOUND = 3
NOT_FOUND_S = 600.0
"""A vendor that does not know its own job any more has to say so over this time, and is asked this often at least meanwhile."""
MOVED_S = 1.0
"""When the other address is asked that a vendor names in its answer."""
MIN_LINKLESS = 20
LINKLESS_S = 600.0
"""A vendor that calls a video made, and names no usable link, is asked this often at least, over this time."""
NO_LINK = " (no link)"
TODOS = {
    "vendor_auth": "it goes on once this server was started with a key that works: {setup} stores one.",
    "vendor_balance": "it goes on once the account there was topped up.",
}
"""What a person has to do about a vendor's answer before the job goes on, by the answer's code; `{setup}` is the command."""
UNTRUSTED_TODO = "it goes on once that certificate is trusted here, and this server was started again."
NOT_FOUND = " (not found)"
"""Stand behind the vendor's status from the first answer of that kind on, so that its time is the job's last change."""


async def poll(context: JobContext, job: Job, call: Call) -> str | None:
    """Ask the vendor once, and record what its answer says. Return why nothing was learnt, where that is so."""
    vendor = context.vendor_of(job)
    try:
        reply = await context.http_client.request(vendor, call, kind="poll")
    except NotSent as error:
        return await retry_later(context, job, error.message, todo=find_todo(error))
    if 200 <= reply.status < 300 or (reply.status in vendor.ends and read(vendor, reply) is not None):
        return await _record_reading(context, job, vendor, reply)
    return await _record_error(context, job, vendor, reply)


def describe_todo(code: str) -> str | None:
    """Return what a person has to do about a vendor's answer with this code; None for nothing."""
    return TODOS[code].format(setup=describe_command("setup")) if code in TODOS else None


def find_todo(error: NotSent) -> str | None:
    """Return what a person has to do about a host that was not reached; None where that may pass by itself."""
    return UNTRUSTED_TODO if find_untrusted(error) is not None else None


async def retry_later(
    context: JobContext, job: Job, why: str, *, at_least: float = 0.0, said: str | None = None, todo: str | None = None
) -> str:
    """Put the same step off, and return why. `todo` is what a person has to do first, where it does not pass by itself."""
    if todo is None:
        context.in_memory_facts.todos.pop(job.id, None)
    else:
        context.in_memory_facts.todos[job.id] = todo
    wait = max(at_least, compute_retry_s(job.tries, chance=random.random()), context.settings.poll_seconds or 0.0)
    await context.store.outcomes.step(job, due_s=wait, tries=job.tries + 1, said=said)
    return why


async def _record_reading(context: JobContext, job: Job, vendor: Vendor, reply: Reply) -> str | None:
    outcomes, reading = context.store.outcomes, read(vendor, reply)
    is_about_another = reading is not None and reading.id not in (None, job.vendor_id)
    if is_about_another:
        log.warning("%s: the answer is about another job and is not used", job.id)
        reading = None
    match reading:
        case Pending():
            due_s = await _compute_due_s(context, job, vendor, reply, has_moved=reading.next != job.next)
            await outcomes.step(job, reading, due_s=due_s)
        case Done():
            await outcomes.settle(job, await _add_billed_price(context, job, vendor, reading))
        case Failed():
            ended = replace(reading, state=_find_end(job, reading.state))
            await outcomes.end(job, ended.state, describe_failure(ended, vendor), micros=ended.micros, said=ended.said)
        case DoneWithoutLink():
            await _record_linkless(context, job, reading, due_s=await _compute_due_s(context, job, vendor, reply))
            return f"{vendor.title} reports the video as finished, but gives no usable link."
        case None:
            # A status that the vendor does not document is neither an end nor a failure.
            word = None if is_about_another else read_status(reply)
            await outcomes.step(job, due_s=await _compute_due_s(context, job, vendor, reply), tries=job.tries + 1, said=word)
            quoted = f' {vendor.title} says: "{word}".' if word else ""
            return f"{vendor.title} sent a reply that its documentation does not describe.{quoted}{describe_packing(reply)}"
    context.availability.forget()  # a sum above the quote pauses the model
    return None


def _find_end(job: Job, state: Literal["failed", "cancelled"]) -> Literal["failed", "cancelled"]:
    """Return how a job ended of which its vendor says so: what failed after the user had asked for its end was cancelled."""
    return "cancelled" if state == "failed" and job.cancel_asked_at is not None else state


async def _record_linkless(context: JobContext, job: Job, reading: DoneWithoutLink, *, due_s: float) -> None:
    """Wait for the link of a video that was made, but not for ever."""
    said, is_first = f"{reading.said}{NO_LINK}", not (job.said or "").endswith(NO_LINK)
    if not is_first and job.tries + 1 >= MIN_LINKLESS and context.clock() - job.updated_at >= LINKLESS_S:
        error = JobError("result_invalid", "The vendor reports the video as finished, but gives no usable link.", "yes")
        await context.store.outcomes.end(job, "failed", error, micros=reading.micros, said=said)
    else:
        await context.store.outcomes.step(job, due_s=due_s, tries=1 if is_first else job.tries + 1, said=said)


async def _add_billed_price(context: JobContext, job: Job, vendor: Vendor, done: Done) -> Done:
    """Add the price of the billed units, where only the vendor knows it and answers."""
    offer = context.catalogue.get(job.model)
    if done.micros is not None or done.units is None or vendor.bill is None or offer is None:
        return done
    return replace(done, micros=await ask_price(context.http_client, vendor, vendor.bill(offer, job.with_image, done.units)))


async def _record_error(context: JobContext, job: Job, vendor: Vendor, reply: Reply) -> str | None:
    wait = read_retry_after(vendor, reply) or 0.0
    if reply.status in (404, 410) or _is_forgotten(vendor, reply):
        return await _record_not_found(context, job, vendor, at_least=wait)
    refusal = read_refusal(vendor, reply)
    why = refusal.message if refusal else f"{vendor.title} answers {reply.status}."
    return await retry_later(context, job, why, at_least=wait, todo=describe_todo(refusal.its_code) if refusal else None)


def _is_forgotten(vendor: Vendor, reply: Reply) -> bool:
    """Return whether the vendor says in its own way that it does not know the job."""
    message = find_message(vendor, reply).casefold()
    return any(reply.status == status and word in message for status, word in vendor.forgets)


async def _record_not_found(context: JobContext, job: Job, vendor: Vendor, *, at_least: float) -> str | None:
    """End a job that its vendor does not know any more, once it has said so over NOT_FOUND_S."""
    is_first = not (job.said or "").endswith(NOT_FOUND)
    if is_first or job.tries + 1 < MIN_NOT_FOUND or context.clock() - job.updated_at < NOT_FOUND_S:
        said = f"{job.said or ''}{NOT_FOUND}" if is_first else job.said
        return await retry_later(context, job, f"{vendor.title} cannot find this job.", at_least=at_least, said=said)
    error = JobError("not_found", f"{vendor.title} no longer knows this job; its price stays reserved.", "unknown")
    await context.store.outcomes.end(job, _find_end(job, "failed"), error)
    return None


async def _compute_due_s(context: JobContext, job: Job, vendor: Vendor, reply: Reply, *, has_moved: bool = False) -> float:
    """Return the seconds to the next poll. `has_moved`: the vendor names another address, at which the answer is."""
    pause = context.settings.poll_seconds
    if pause is None:
        is_told, live = await context.webhooks.are_arriving(vendor), context.in_memory_facts.live_jobs
        pause = compute_next_poll_s(job, now=context.clock(), chance=random.random(), live=live, is_told=is_told)
        pause = min(pause, MOVED_S) if has_moved else pause
    return max(pause, read_retry_after(vendor, reply) or 0.0)
