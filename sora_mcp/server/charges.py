"""Say what became of a job's money: its price, whether it was charged, and by how much that is above what was quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sora_mcp.domain import Charged, Job, Vendor
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line, describe_command
from sora_mcp.server.vendor_words import find_vendor, name_vendor

RULES = {
    True: "{vendor} refunds cancelled clips automatically",
    False: "{vendor} does not refund cancelled clips",
    None: "{vendor} does not say whether it refunds cancelled clips",
}
"""What a vendor does with the money of a cancelled clip."""
SUFFIXES: Mapping[Charged, str] = {"held": " reserved", "unknown": " perhaps charged"}


def format_price(micros: int) -> str:
    """Return the amount as text."""
    return format_dollars(micros) if micros else "free"


def format_cost(job: Job) -> str:
    """Return what the job cost, with the quote where it cost more; `about` what was quoted, where the vendor did not say."""
    return f"{'about ' if job.is_unstated else ''}{format_price(job.price)}{_describe_quote(job)}"


def describe_about(jobs: Iterable[Job]) -> str:
    """Say as a clause what `about` means before the costs of some of the jobs; empty where all are exact."""
    return f'"about" is the quote, as {why}' if (why := explain_about(jobs)) else ""


def explain_about(jobs: Iterable[Job]) -> str:
    """Say as a clause why the costs of some of the jobs are not exact; empty where all are."""
    vendors = list(dict.fromkeys(name_vendor(job) for job in jobs if job.is_unstated))
    if len(vendors) <= 1:
        return f"{vendors[0]} does not state what it charged" if vendors else ""
    return f"{', '.join(vendors[:-1])} and {vendors[-1]} do not state what they charged"


def describe_charge(job: Job) -> str:
    """Say in a few words what became of a job's money."""
    if not job.price:
        return "not charged" if job.micros and job.charged == "no" else "free"
    if job.charged == "no":
        return "not charged"
    suffix = " charged" if job.charged == "yes" and job.state in ("failed", "cancelled", "expired") else SUFFIXES.get(job.charged)
    return format_cost(job) if suffix is None else f"{format_price(job.price)}{suffix}{_describe_quote(job)}"


def describe_money(job: Job) -> str:
    """Return as a clause what is known of a job's money."""
    if job.charged == "no" or not job.price:
        return "nothing was charged"
    price = format_price(job.price)
    if job.charged == "unknown":
        settled = f"the user's account at {name_vendor(job)} shows it; {name_settling(job)} settles it"
        return f"at worst {price} was charged{_describe_quote(job)}, which is not known yet ({settled})"
    about = "about " if job.is_unstated else ""
    return f"{about}{price} {'was charged' if job.charged == 'yes' else 'stays reserved'}{_describe_quote(job)}"


def name_settling(job: Job) -> str:
    """Return the commands by which a person settles a doubtful charge."""
    choices = list_choices(job.id)
    if job.state == "unknown" and (vendor := find_vendor(job)) and vendor.ask:
        choices.append("(where it is listed there) `--adopt VENDOR_ID`")
    return f"{', '.join(choices[:-1])} or {choices[-1]} in a terminal"


def list_choices(job_id: str) -> list[str]:
    """Return what a person may say in a terminal of a doubtful charge, the first choice as the whole command."""
    return [f"`{command_line('resolve', job_id, '--charged')}`", "`--not-charged`"]


def say_all(clips: int) -> str:
    """Return `both` for two clips, else `all 3`."""
    return "both" if clips == 2 else f"all {clips}"


def capitalize(clause: str) -> str:
    """Return a clause as the beginning of a sentence."""
    return clause[:1].upper() + clause[1:]


def describe_hold(job: Job, vendor: Vendor | None = None) -> str:
    """Say what is known of the money of a job that goes on, as the beginning of a sentence. `vendor` is as the caller knows it."""
    if not job.price:
        return "It is free"
    if job.waits_until is None and job.charged == "no":
        return "It is on its way"
    if job.is_stopping and job.charged != "yes":
        return f"Not settled yet: {_describe_stop(job, vendor or find_vendor(job))}"
    if job.charged == "yes" and job.waits_until is None:
        return f"Already paid ({format_cost(job)})"
    return f"{format_price(job.price)} is reserved{_describe_quote(job)}"


def _describe_stop(job: Job, vendor: Vendor | None) -> str:
    """Say as a clause what a job costs that its vendor was asked to cancel: nothing where that one gives the money of a cancelled clip
    back, and stops it in time."""
    most = f"{format_price(job.price)} at most{_describe_quote(job)}"
    if vendor is not None and vendor.refunds and not vendor.cancel_note:
        return f"nothing if {vendor.title} stops it in time, {most} if it finishes first"
    return f"{most}; {name_refund_rule(vendor)}" if vendor is not None else most


def name_refund_rule(vendor: Vendor) -> str:
    """Return as a clause what a vendor does with the money of a cancelled clip."""
    return vendor.cancel_note or RULES[vendor.refunds].format(vendor=vendor.title)


def describe_overcharge(job: Job) -> str:
    """Say as a clause that it cost more than was quoted, why nothing here prevents that, how long its model is paused for it, and what
    another one may cost; empty where it did not."""
    if not is_overcharged(job):
        return ""
    vendor = name_vendor(job)
    clause = f"{vendor} charged {format_price(job.price)} where {format_price(job.micros)} was quoted"
    calculated = "the price was our calculation, and " if job.confidence == "derived" else ""
    why = f"{calculated}{vendor} charges after the order, so no limit here can stop that"
    whose = f"Why, only {vendor} can say; the charge is in the user's account there"
    if job.is_paused:
        return f"{clause}: {why}. {whose}. {describe_pause(job)}"
    return f"{clause}: {why}. {whose}. Another like it will probably cost {format_price(job.price)}"


def describe_pause(job: Job) -> str:
    """Say as a clause how long the job's model is paused, and what another clip like it will probably cost then."""
    another = f": another like it will then probably cost {format_price(job.price)}" if job.is_above_quote else ""
    return f"{job.model} is paused until the user runs {describe_command('resume', job.model)}{another}"


def is_overcharged(job: Job) -> bool:
    """Return whether more was charged for the job than was quoted."""
    return job.is_above_quote and job.charged == "yes"


def describe_basis(job: Job) -> str:
    """Return the sum in words by which the job was quoted, with that price where `describe_charge` does not end with it; empty where the
    sum is nothing."""
    if not job.micros and "$" in job.basis:
        return ""
    is_other = bool(job.micros) and (job.charged == "no" or job.price < job.micros)
    return f"quoted {format_price(job.micros)}: {job.basis}" if is_other else job.basis


def _describe_quote(job: Job) -> str:
    return f", quoted {format_price(job.micros)}" if job.is_above_quote else ""
