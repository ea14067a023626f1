"""Say what became of a job's money: its price, whether it was charged, and by how much that is above what was quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sora_mcp.domain import Charged, Job
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line, describe_command
from sora_mcp.server.vendor_words import find_vendor, name_vendor

SUFFIXES: Mapping[Charged, str] = {"held": " reserved", "unknown": " perhaps charged"}


def format_price(micros: int) -> str:
    """Return the amount as text."""
    return format_dollars(micros) if micros else "free"


def format_cost(job: Job) -> str:
    """Return what the job cost, with the quote where it cost more; `about` what was quoted, where the vendor did not say."""
    return f"{'about ' if job.is_unstated else ''}{format_price(job.price)}{_describe_quote(job)}"


def describe_charge(job: Job) -> str:
    """Say in a few words what became of a job's money."""
    if not job.price:
        return "not charged" if job.micros and job.charged == "no" else "free"
    if job.charged == "no":
        return "not charged"
    suffix = SUFFIXES.get(job.charged)
    return format_cost(job) if suffix is None else f"{format_price(job.price)}{suffix}{_describe_quote(job)}"


def describe_money(job: Job) -> str:
    """Return as a clause what is known of a job's money."""
    if job.charged == "no" or not job.price:
        return "nothing was charged"
    price = format_price(job.price)
    if job.charged == "unknown":
        settled = f"the user's account at {name_vendor(job)} shows it; {name_settling(job)} settles it"
        return f"it is not known whether {price} was charged{_describe_quote(job)} ({settled})"
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


def describe_hold(job: Job) -> str:
    """Say what is known of the money of a job that goes on, as the beginning of a sentence."""
    if not job.price:
        return "It is free"
    if job.waits_until is None and job.charged == "no":
        return "It is on its way"
    if job.is_stopping and job.charged != "yes":
        return f"It may still finish and cost {format_price(job.price)} at most{_describe_quote(job)}"
    if job.charged == "yes" and job.waits_until is None:
        return f"Already paid ({format_cost(job)})"
    return f"{format_price(job.price)} is reserved{_describe_quote(job)}"


def describe_overcharge(job: Job) -> str:
    """Say as a clause that it cost more than was quoted, how long its model is paused for that, and what another one may cost; empty where
    it did not."""
    if not is_overcharged(job):
        return ""
    clause = f"{name_vendor(job)} charged {format_price(job.price)} where {format_price(job.micros)} was quoted"
    resume = describe_command("resume", job.model)
    pause = f". {job.model} is paused until the user runs {resume}: " if job.is_paused else "; "
    another = f"another like it will {'then ' if job.is_paused else ''}probably cost {format_price(job.price)}"
    return f"{clause}, which no cap or approval can prevent{pause}{another}"


def describe_bill(job: Job) -> Iterator[str]:
    """Yield who can say why a job cost more than was quoted, where it did."""
    if is_overcharged(job):
        yield f"Why it charged more, the user asks {name_vendor(job)}, whose account shows the charge."


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
