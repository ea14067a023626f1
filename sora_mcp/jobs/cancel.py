"""Cancel a job at its vendor: ask once, and record what the answer says of the money."""

from __future__ import annotations

import anyio

from sora_mcp.domain import Call, Failed, Job, JobError, Reply, State, Vendor
from sora_mcp.domain.errors import CancelUnclear, NotCancellable, NotSent
from sora_mcp.domain.money import Micros
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.refusals import read_refusal

SUSPENDED_S = 60.0
"""How long no worker polls a job that is being cancelled: longer than that call may take."""
NOT_ABOUT_THE_JOB = ("vendor_auth", "vendor_rate_limited", "vendor_unavailable", "vendor_balance")


ENDED: dict[State, str] = {
    "completed": "has already finished, so there is nothing to cancel.",
    "failed": "has already failed, so there is nothing to cancel.",
    "cancelled": "was already cancelled.",
    "expired": "was already made, so there is nothing to cancel.",
}


def describe_end(job: Job) -> str:
    """Say why a job that is over, or nearly so, can no longer be cancelled."""
    if job.state == "unknown":
        return f"Whether the vendor accepted {job.id} is not known."
    return f"{job.id} {ENDED.get(job.state, 'is made and its file is being saved, so there is nothing to cancel.')}"


async def cancel_at_vendor(store: Store, http_client: VendorClient, vendor: Vendor, *, job: Job) -> None:
    """Ask the vendor to cancel the job. NotCancellable when it cannot or does not, CancelUnclear when it does not say."""
    if job.vendor_id is None:
        raise NotCancellable(f"{job.id} is being sent at this moment: try cancel_video again in a few seconds.", job)
    if vendor.cancel is None:
        raise NotCancellable(f"{vendor.title} can't cancel a running clip.", job, must_pay=True)
    # Only this answer may name what is given back: a status that is polled meanwhile would end the job without it.
    await store.leases.suspend(job, seconds=SUSPENDED_S)
    try:
        reply = await _request(http_client, vendor, job, vendor.cancel(job.vendor_id))
        with anyio.CancelScope(shield=True):
            await _record_refund(store, vendor, job, reply)
    finally:
        with anyio.CancelScope(shield=True):
            await store.leases.make_due(job)


async def _request(http_client: VendorClient, vendor: Vendor, job: Job, call: Call) -> Reply:
    """Return the vendor's reply that it cancels the job."""
    try:
        reply = await http_client.request(vendor, call)
    except NotSent as error:
        why = f"{error.message} Whether it cancels {job.id} will show in its next status; cancel_video may be tried again."
        raise CancelUnclear("vendor_unavailable", why, job) from error
    if 200 <= reply.status < 300:
        return reply
    refusal = read_refusal(vendor, reply)
    if reply.status >= 500 or (refusal is not None and refusal.its_code in NOT_ABOUT_THE_JOB):
        unavailable = ("vendor_unavailable", f"{vendor.title} answers {reply.status}.")
        code, why = (refusal.its_code, refusal.message) if refusal else unavailable
        raise CancelUnclear(code, f"{why} {job.id} goes on; cancel_video may be tried again.", job) from refusal
    raise NotCancellable(f"{vendor.title} refused to cancel {job.id}.", job) from refusal


async def _record_refund(store: Store, vendor: Vendor, job: Job, reply: Reply) -> None:
    """End the job where the answer names what is given back; else note that it was asked, and the vendor's next status says the rest."""
    reading = read(vendor, reply)
    if isinstance(reading, Failed) and reading.id == job.vendor_id and reading.refunded is not None:
        kept = Micros(max(job.price - reading.refunded, 0))
        error = JobError(reading.code, f"{vendor.title} cancelled this job.", "yes" if kept else "no")
        await store.outcomes.cancel(job, error, micros=kept, said=reading.said)
    else:
        await store.outcomes.note_cancel(job)
