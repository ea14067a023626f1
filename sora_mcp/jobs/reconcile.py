"""What became of a paid call whose answer was lost: the vendor's own list is looked at until it tells, or a person has to."""

from __future__ import annotations

import logging
from dataclasses import replace
from email.utils import parsedate_to_datetime

from sora_mcp.domain import Call, Found, Job, JobError, Listing, LostCall, Reply, Vendor
from sora_mcp.domain.errors import NotSent
from sora_mcp.jobs import backoff as schedule
from sora_mcp.jobs.service import VideoService
from sora_mcp.vendors.reading import read_search_page

log = logging.getLogger(__name__)

LOOK_S = 60.0
"""Between two looks."""
SETTLE_S = 600.0
"""What a list does not show so long after the call may count as never taken: the deadline, and the slowest that a vendor writes."""
AGREEING = 3
"""How many looks in a row have to say so."""
GIVE_UP_S = 86_400.0
"""After a day of looking, only a person decides."""
NEAR_S = 86_400.0
"""A job of nobody's that is so near to the call's time is a doubt, for a clock may have been set since; and no clock is believed to be
farther from the vendor's than this."""
PAGES = 20
NAMED = 3


async def look(service: VideoService, job: Job) -> None:
    """One look at the vendor's list, and what follows from it. Nothing is ever sent again, and a doubt leaves the money held."""
    vendor = service.vendor_of(job)
    if vendor.find is None or job.call is None or job.submit_token is None or job.submitted_at is None:
        await _leave(service, job)
        return
    lost = LostCall(job.call, job.submit_token, job.submitted_at - schedule.SKEW_S, job.submitted_at + schedule.WINDOW_S + schedule.SKEW_S)
    passed_s = service.clock() - job.submitted_at  # before the list is asked for: what it shows is not newer than that
    found = await _found(service, vendor, lost)
    if found is None:
        await _later(service, job, agreed=job.tries)
    elif any(row.id is None and row.charged != "no" for row in found):
        await _leave(service, job, why=_logged(job, vendor, found))
    elif all(row.charged == "no" for row in found):
        await _absent(service, job, vendor, lost, passed_s)
    else:
        await _candidates(service, job, vendor, [row.id for row in found if row.id is not None], job.call)


async def _found(service: VideoService, vendor: Vendor, lost: LostCall) -> tuple[Found, ...] | None:
    """Every row that may be the lost call, less those that are other jobs of ours; None when the list cannot be read to its end."""
    found: list[Found] = []
    call = vendor.find.ask(lost) if vendor.find else None
    for _ in range(PAGES):
        page = None if call is None else await _page(service, vendor, call, lost)
        if page is None:
            return None
        found += page.found
        if page.more is None:
            break
        call = page.more
    else:
        return None
    ids = [row.id for row in found if row.id is not None]
    free = await service.store.unclear.find_unclaimed(vendor.name, ids) if ids else ()
    kept = tuple(row for row in dict.fromkeys(found) if row.id is None or row.id in free)
    return kept if kept or page.whole else None


async def _page(service: VideoService, vendor: Vendor, call: Call, lost: LostCall) -> Listing | None:
    """One page, read by the vendor's clock. Where that is not known, absence from the page means nothing."""
    try:
        reply = await service.http_client.request(vendor, call)
    except NotSent:
        return None
    skew_s = _skew(reply, service.clock())
    listing = read_search_page(vendor, reply, replace(lost, since=lost.since + (skew_s or 0.0), until=lost.until + (skew_s or 0.0)))
    return listing if listing is None or skew_s is not None else replace(listing, whole=False)


def _skew(reply: Reply, now: float) -> float | None:
    """Seconds that the vendor's clock is ahead of ours, as it tells; None where it does not, or nothing that can be."""
    try:
        skew_s = parsedate_to_datetime(reply.headers.get("date", "")).timestamp() - now
    except (ValueError, OverflowError, OSError):
        return None
    return skew_s if abs(skew_s) <= NEAR_S else None


async def _candidates(service: VideoService, job: Job, vendor: Vendor, ids: list[str], call: Call) -> None:
    """One that can be no other job is ours. Of several, or where another call is unclear too, a person decides."""
    rivals = await service.store.unclear.count_rivals(job, schedule.WINDOW_S + 2 * schedule.SKEW_S)
    if len(ids) == 1 and rivals == 0 and vendor.ask is not None:
        adopted = await service.store.unclear.adopt(job, ids[0], vendor.ask(ids[0], call), due_s=0.0)
        if adopted is not None:
            log.warning("%s was found again at %s", job.id, vendor.title)
        return
    await _doubted(service, job, vendor, ids)


async def _doubted(service: VideoService, job: Job, vendor: Vendor, ids: list[str]) -> None:
    several = f"{vendor.title}'s list has {len(ids)} job{'s' if len(ids) > 1 else ''} that may be this one: a person has to say which."
    error = job.error and replace(job.error, message=several, vendor_message=", ".join(ids[:NAMED]))
    await _later(service, job, agreed=0, error=error)


async def _absent(service: VideoService, job: Job, vendor: Vendor, lost: LostCall, passed_s: float) -> None:
    """The list does not have it. That counts only after the settle time, several times in a row, and where nothing else is near."""
    if passed_s < SETTLE_S:
        await _later(service, job, agreed=0)
    elif job.tries + 1 < AGREEING:
        await _later(service, job, agreed=job.tries + 1)
    elif (near := await _near(service, vendor, lost)) is None:
        await _later(service, job, agreed=job.tries)
    elif near:
        await _doubted(service, job, vendor, near)
    else:
        gone = f"{vendor.title}'s own list does not have it as taken, in {AGREEING} looks: it was not made, and its money is free again."
        await service.store.outcomes.end(job, "failed", JobError("vendor_unavailable", gone, "no"))


async def _near(service: VideoService, vendor: Vendor, lost: LostCall) -> list[str] | None:
    """Jobs of nobody's around the time, where time is all that a list goes by; None when it cannot be read to its end."""
    if vendor.find is None or not vendor.find.by_time:
        return []
    found = await _found(service, vendor, replace(lost, since=lost.since - NEAR_S, until=lost.until + NEAR_S))
    return None if found is None else [row.id for row in found if row.id is not None]


async def _later(service: VideoService, job: Job, *, agreed: int, error: JobError | None = None) -> None:
    if service.clock() - (job.submitted_at or 0.0) > GIVE_UP_S:
        await _leave(service, job, why=error)
        return
    pause = schedule.look(service.settings.poll_seconds, usual_s=LOOK_S)
    await service.store.outcomes.step(job, due_s=pause, tries=agreed, error=error)


async def _leave(service: VideoService, job: Job, *, why: JobError | None = None) -> None:
    """From here on only a person decides."""
    await service.store.outcomes.step(job, due_s=None, tries=job.tries, error=why)


def _logged(job: Job, vendor: Vendor, found: tuple[Found, ...]) -> JobError:
    """The vendor's log has the call, but does not lead to the video."""
    cost = "and charged it" if any(row.charged == "yes" for row in found) else "and does not say what it cost"
    said = f"{vendor.title}'s log has this request, {cost}, but not where its video is: look at your account there."
    return JobError("vendor_unavailable", said, "unknown", job.error.vendor_message if job.error else None)
