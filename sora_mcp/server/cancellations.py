"""Say that a job was cancelled, or that its vendor was asked to, and what becomes of its money."""

from __future__ import annotations

from sora_mcp.domain import EDIT_MODEL, Job, Vendor
from sora_mcp.server.charges import capitalize, describe_money, format_price
from sora_mcp.server.vendor_words import name_vendor, quote_vendor

RULES = {
    True: "{vendor} refunds cancelled clips automatically",
    False: "{vendor} does not refund cancelled clips",
    None: "{vendor} does not say whether it refunds cancelled clips",
}
"""What a vendor does with the money of a cancelled clip."""
TODO = {True: "; nothing to do.", False: ".", None: ": check your account there."}


def describe_pending(job: Job, vendor: Vendor | None) -> str:
    """Say of a job that goes on that its vendor was asked to cancel it, and what that costs."""
    asked = f"{name_vendor(job)} was asked to cancel {job.id}; its next status says whether it did."
    rule = f"; {_find_rule(vendor)}" if vendor and job.micros else ""
    price = format_price(job.price)
    money = "It is free" if not job.price else f"{price} is already paid" if job.charged == "yes" else f"{price} stays reserved until then"
    return f'{asked} {money}{rule}. Next: get_video_status("{job.id}").'


def describe_cancelled(job: Job, vendor: Vendor | None) -> str:
    """Say that it is cancelled, and in one sentence what that costs."""
    title = name_vendor(job)
    where = f" at {title}" if job.vendor_id else "" if job.model == EDIT_MODEL else " before it was sent"
    wish = ", as the user asked" if job.vendor_id and job.cancel_asked_at is not None else ""
    quoted = f" {said}" if job.error and (said := quote_vendor(title, job.error.vendor_message)) else ""
    return f"{job.id} was cancelled{where}{wish}.{quoted} {capitalize(_describe_cost(job, vendor))}"


def _describe_cost(job: Job, vendor: Vendor | None) -> str:
    """Say what a cancelled job costs: as the vendor said of this one, else by the vendor's rule."""
    price = format_price(job.price)
    if job.charged == "no" or not job.price or vendor is None:
        return f"{describe_money(job)}."
    if job.charged == "yes" and job.actual is not None:
        rest = job.micros - job.actual
        return f"{price} was charged." if rest <= 0 else f"{price} of the {format_price(job.micros)} was charged; the rest came back."
    rule, todo = _find_rule(vendor), TODO[vendor.refunds]
    if job.charged == "yes" and vendor.refunds:
        return f"{vendor.title} charged {price} first and refunds cancelled clips automatically; nothing to do."
    return f"{describe_money(job)}; {rule}{todo}"


def _find_rule(vendor: Vendor) -> str:
    return vendor.cancel_note or RULES[vendor.refunds].format(vendor=vendor.title)
