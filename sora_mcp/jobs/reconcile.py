"""Reconcile a paid call whose answer was lost: read the vendor's own list until it tells, or a person has to decide."""

from __future__ import annotations

import logging
from dataclasses import replace
from email.utils import parsedate_to_datetime

from sora_mcp.domain import Call, Found, Job, JobError, Listing, LostCall, Reply, Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.jobs.backoff import SKEW_S, WINDOW_S, compute_list_poll_s
from sora_mcp.jobs.context import JobContext
from sora_mcp.vendors.reading import read_search_page

log = logging.getLogger(__name__)

LIST_POLL_S = 60.0
"""Between two readings of the list."""
SETTLE_S = 600.0
"""What a list does not show so long after the call may count as never taken: the deadline, and the slowest that a vendor writes."""
MIN_AGREEING = 3
"""How many readings in a row have to say so."""
GIVE_UP_S = 86_400.0
"""After a day of reading, only a person decides."""
NEAR_S = 86_400.0
"""A job of nobody's that is so near to the call's time is a doubt, for a clock may have been set since; and no clock is believed to be
farther from the vendor's than this."""
MAX_PAGES = 20
MAX_NAMED = 3


async def reconcile(context: JobContext, job: Job) -> None:
    """Read the vendor's list once, and record what follows from it. Nothing is ever sent again, and a doubt leaves the money held."""
    vendor = context.vendor_of(job)
    if vendor.find is None or job.call is None or job.submit_token is None or job.submitted_at is None:
        await _leave_to_person(context, job)
        return
    lost = LostCall(job.call, job.submit_token, job.submitted_at - SKEW_S, job.submitted_at + WINDOW_S + SKEW_S)
    passed_s = context.clock() - job.submitted_at  # before the list is asked for: what it shows is not newer than that
    found = await _search(context, vendor, lost)
    if found is not None and not _is_same_key(context, vendor, job.submit_token) and (vendor.find.by_time or not found):
        await _read_again(context, job, agreeing=0, error=_describe_other_key(job, vendor))
    elif found is None:
        await _read_again(context, job, agreeing=job.tries)
    elif any(row.id is None and row.charged != "no" for row in found):
        await _leave_to_person(context, job, why=_describe_log_entry(job, vendor, found))
    elif all(row.charged == "no" for row in found):
        await _record_absence(context, job, vendor, lost, passed_s)
    else:
        await _adopt_or_doubt(context, job, vendor, [row.id for row in found if row.id is not None], job.call)


def _is_same_key(context: JobContext, vendor: Vendor, token: str) -> bool:
    """Return whether the call was sent with the key of now: the list of another key need not have it, and has other jobs."""
    key = context.http_client.keys.get(vendor.name)
    return key is not None and token.endswith(key.mark)


def _describe_other_key(job: Job, vendor: Vendor) -> JobError | None:
    why = f"{vendor.title}'s key is not the one of this call any more, so its list proves nothing: set that key again, or decide."
    return job.error and replace(job.error, message=why)


async def _search(context: JobContext, vendor: Vendor, lost: LostCall) -> tuple[Found, ...] | None:
    """Return every row that may be the lost call, less those that are other jobs of ours; None when the list cannot be read to its end."""
    found: list[Found] = []
    call = vendor.find.ask(lost) if vendor.find else None
    for _ in range(MAX_PAGES):
        page = None if call is None else await _read_page(context, vendor, call, lost)
        if page is None:
            return None
        found += page.found
        if page.more is None:
            break
        call = page.more
    else:
        return None
    ids = [row.id for row in found if row.id is not None]
    unclaimed = await context.store.unclear.find_unclaimed(vendor.name, ids) if ids else ()
    rows = tuple(row for row in dict.fromkeys(found) if row.id is None or row.id in unclaimed)
    return rows if rows or page.whole else None


async def _read_page(context: JobContext, vendor: Vendor, call: Call, lost: LostCall) -> Listing | None:
    """Read one page by the vendor's clock. Where that is not known, absence from the page means nothing."""
    try:
        reply = await context.http_client.request(vendor, call)
    except NotSent:
        return None
    skew_s = _get_skew_s(reply, context.clock())
    listing = read_search_page(vendor, reply, replace(lost, since=lost.since + (skew_s or 0.0), until=lost.until + (skew_s or 0.0)))
    return listing if listing is None or skew_s is not None else replace(listing, whole=False)


def _get_skew_s(reply: Reply, now: float) -> float | None:
    """Return the seconds that the vendor's clock is ahead of ours, by its Date header; None where that is missing or impossible."""
    try:
        skew_s = parsedate_to_datetime(reply.headers.get("date", "")).timestamp() - now
    except (ValueError, OverflowError, OSError):
        return None
    return skew_s if abs(skew_s) <= NEAR_S else None


async def _adopt_or_doubt(context: JobContext, job: Job, vendor: Vendor, ids: list[str], call: Call) -> None:
    """Adopt the one id that can be no other job. Of several, or where another call is unclear too, a person decides."""
    ids = list(dict.fromkeys(ids))
    by_time = vendor.find is None or vendor.find.by_time
    rivals = await context.store.unclear.count_rivals(job, WINDOW_S + 2 * SKEW_S) if by_time else 0  # a token has no rival
    if len(ids) == 1 and rivals == 0 and vendor.ask is not None:
        adopted = await context.store.unclear.adopt(job, ids[0], vendor.ask(ids[0], call), due_s=0.0)
        if adopted is not None:
            log.warning("%s was found again at %s", job.id, vendor.title)
        return
    await _record_doubt(context, job, vendor, ids)


async def _record_doubt(context: JobContext, job: Job, vendor: Vendor, ids: list[str]) -> None:
    several = f"{vendor.title}'s list has {len(ids)} job{'s' if len(ids) > 1 else ''} that may be this one: a person has to say which."
    error = job.error and replace(job.error, message=several, vendor_message=", ".join(ids[:MAX_NAMED]))
    await _read_again(context, job, agreeing=0, error=error)


async def _record_absence(context: JobContext, job: Job, vendor: Vendor, lost: LostCall, passed_s: float) -> None:
    """Record that the list does not have the call. That counts only after the settle time, several times in a row, and where no other
    job is near."""
    if passed_s < max(SETTLE_S, vendor.find.delay_s if vendor.find else 0.0):
        await _read_again(context, job, agreeing=0)
    elif job.tries + 1 < MIN_AGREEING:
        await _read_again(context, job, agreeing=job.tries + 1)
    elif (near := await _search_near(context, vendor, lost)) is None:
        await _read_again(context, job, agreeing=job.tries)
    elif near:
        await _record_doubt(context, job, vendor, near)
    else:
        why = f"{vendor.title}'s own list did not show this job in {MIN_AGREEING} readings: it was never made, and its money is free again."
        await context.store.outcomes.end(job, "failed", JobError("vendor_unavailable", why, "no"))


async def _search_near(context: JobContext, vendor: Vendor, lost: LostCall) -> list[str] | None:
    """Return jobs of nobody's around the time, where time is all that a list goes by; None when it cannot be read to its end."""
    if vendor.find is None or not vendor.find.by_time:
        return []
    found = await _search(context, vendor, replace(lost, since=lost.since - NEAR_S, until=lost.until + NEAR_S))
    return None if found is None else [row.id for row in found if row.id is not None]


async def _read_again(context: JobContext, job: Job, *, agreeing: int, error: JobError | None = None) -> None:
    """Read the list again later; `agreeing` readings in a row did not have the call."""
    if context.clock() - (job.submitted_at or 0.0) > GIVE_UP_S:
        await _leave_to_person(context, job, why=error)
        return
    pause = compute_list_poll_s(context.settings.poll_seconds, usual_s=LIST_POLL_S)
    await context.store.outcomes.step(job, due_s=pause, tries=agreeing, error=error)


async def _leave_to_person(context: JobContext, job: Job, *, why: JobError | None = None) -> None:
    """Read nothing any more: from here on only a person decides."""
    await context.store.outcomes.step(job, due_s=None, tries=job.tries, error=why)


def _describe_log_entry(job: Job, vendor: Vendor, found: tuple[Found, ...]) -> JobError:
    """Return the error of a call that the vendor's log has, without leading to the video."""
    cost = "and charged it" if any(row.charged == "yes" for row in found) else "and does not say what it cost"
    message = f"{vendor.title}'s log shows this request, {cost}, but no link to its video: check your account there."
    return JobError("vendor_unavailable", message, "unknown", job.error.vendor_message if job.error else None)
