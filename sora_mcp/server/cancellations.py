"""Say that a job was cancelled, or that its vendor was asked to, and what becomes of its money."""

from __future__ import annotations

from datetime import UTC, datetime

from sora_mcp.domain import EDIT_MODEL, Job, Vendor
from sora_mcp.server.charges import capitalize, describe_hold, describe_money, format_price, name_refund_rule
from sora_mcp.server.job_names import name_job
from sora_mcp.server.vendor_words import name_vendor, quote_vendor

TODO = {True: "; nothing to do.", False: ".", None: ": check your account there."}


def describe_pending(job: Job, vendor: Vendor | None, *, first_asked_at: float | None = None) -> str:
    """Say of a job that goes on that its vendor was asked to cancel it, and what that costs at most. `first_asked_at` is when it was asked
    before, where it was."""
    again = "" if first_asked_at is None else f" again (first at {_format_time(first_asked_at)})"
    asked = f"{name_vendor(job)} was asked{again} to cancel {job.id}, and has not stopped it yet."
    rule = f"; {name_refund_rule(vendor)}" if vendor and job.micros and job.charged == "yes" else ""
    return f'{asked} {describe_hold(job, vendor)}{rule}. Next: get_video_status("{job.id}") waits for its end.'


def describe_cancellation(job: Job) -> str:
    """Say of a job that goes on when its vendor was asked to cancel it; empty where it was not."""
    if job.cancel_asked_at is None:
        return ""
    yet = f"; {name_vendor(job)} has not stopped it yet" if job.is_stopping else ""
    return f"The user asked to cancel it at {_format_time(job.cancel_asked_at)}{yet}."


def name_cancellation(job: Job) -> str:
    """Return in a few words, for a list, when the vendor of a job that goes on was asked to cancel it; empty where it was not."""
    return f"cancellation asked for at {_format_time(job.cancel_asked_at)}" if job.is_stopping and job.cancel_asked_at is not None else ""


def describe_cancelled(job: Job, vendor: Vendor | None) -> str:
    """Say that it is cancelled, and in one sentence what that costs."""
    title = name_vendor(job)
    where = f" at {title}" if job.vendor_id else "" if job.model == EDIT_MODEL else " before it was sent"
    wish = ", as the user asked" if job.vendor_id and job.cancel_asked_at is not None else ""
    quoted = f" {said}" if job.error and (said := quote_vendor(title, job.error.vendor_message)) else ""
    return f"{name_job(job)} was cancelled{where}{wish}.{quoted} {capitalize(_describe_cost(job, vendor))}"


def _describe_cost(job: Job, vendor: Vendor | None) -> str:
    """Say what a cancelled job costs: as the vendor said of this one, else by the vendor's rule."""
    price = format_price(job.price)
    if job.charged == "no" or not job.price or vendor is None:
        return f"{describe_money(job)}."
    if job.charged == "yes" and job.actual is not None:
        rest = job.micros - job.actual
        return f"{price} was charged." if rest <= 0 else f"{price} of the {format_price(job.micros)} was charged; the rest came back."
    rule, todo = name_refund_rule(vendor), TODO[vendor.refunds]
    if job.charged == "yes" and vendor.refunds:
        return f"{vendor.title} charged {price} first and refunds cancelled clips automatically; nothing to do."
    return f"{describe_money(job)}; {rule}{todo if job.charged != 'unknown' else '.'}"


def _format_time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M} UTC"
