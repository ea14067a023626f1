"""Calling a job back: its vendor is asked once, and what it says of the money is written down."""

from __future__ import annotations

import anyio

from sora_mcp.domain import Call, Failed, Job, JobError, Reply, Vendor
from sora_mcp.domain.errors import CancelUnclear, NotCancellable, NotSent
from sora_mcp.domain.money import Micros
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Store
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.shared.responses import read_refusal

CALL_S = 60.0
"""How long nobody asks about a job that is being called back: longer than that call may take."""
NOT_ABOUT_THE_JOB = ("vendor_auth", "vendor_rate_limited", "vendor_unavailable", "vendor_balance")


async def recall(store: Store, http_client: VendorClient, vendor: Vendor, job: Job, call: Call) -> None:
    """Asks the vendor to take the job back. NotCancellable when it does not, NotRecalled when it does not say."""
    # Only this answer may name what is given back: a status that is asked meanwhile would end the job without it.
    await store.leases.suspend(job, seconds=CALL_S)
    try:
        reply = await _asked(http_client, vendor, job, call)
        with anyio.CancelScope(shield=True):
            await _taken(store, vendor, job, reply)
    finally:
        with anyio.CancelScope(shield=True):
            await store.leases.make_due(job)


async def _asked(http_client: VendorClient, vendor: Vendor, job: Job, call: Call) -> Reply:
    """The vendor's yes."""
    try:
        reply = await http_client.request(vendor, call)
    except NotSent as error:
        why = f"{error.message} Whether it calls {job.id} back, its next status says; cancel_video may be tried again."
        raise CancelUnclear("vendor_unavailable", why, job) from error
    if 200 <= reply.status < 300:
        return reply
    no = read_refusal(vendor, reply)
    if reply.status >= 500 or (no is not None and no.its_code in NOT_ABOUT_THE_JOB):
        code, said = (no.its_code, no.message) if no else ("vendor_unavailable", f"{vendor.title} answers {reply.status}.")
        raise CancelUnclear(code, f"{said} {job.id} goes on; cancel_video may be tried again.", job) from no
    raise NotCancellable(f"{vendor.title} does not take {job.id} back any more.", job) from no


async def _taken(store: Store, vendor: Vendor, job: Job, reply: Reply) -> None:
    """Where the answer names what is given back, that is the end; else the vendor's next status says what became of the money."""
    reading = read(vendor, reply)
    if isinstance(reading, Failed) and reading.id == job.vendor_id and reading.refunded is not None:
        kept = Micros(max(job.price - reading.refunded, 0))
        error = JobError(reading.code, f"{vendor.title} called this job back.", "yes" if kept else "no")
        await store.outcomes.cancel(job, error, micros=kept, said=reading.said)
