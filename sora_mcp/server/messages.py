"""What a person would say of a job, a price or a refusal: price, path and next step in every message."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sora_mcp.catalogue.advice import joint_fixes
from sora_mcp.catalogue.catalogue import Choice
from sora_mcp.domain import LIVE, Artifact, Charged, Job
from sora_mcp.domain.errors import CancelUnclear, Fix, NeedsConfirmation, NotCancellable, SoraError
from sora_mcp.domain.money import show
from sora_mcp.security.text import sanitize

if TYPE_CHECKING:
    from sora_mcp.jobs.estimate import Estimate
    from sora_mcp.media.view.measurements import View
    from sora_mcp.store.records import Budget

PIXELS = re.compile(r"[0-9]+x[0-9]+")
OFFERS_SAID = 5
FIXES_SAID = 6
WAIT = "{money}: do not create it again. Next: get_video_status({id})."
UNCLEAR = "an earlier paid call of its model is unclear"
CHARGED: dict[Charged, str] = {
    "no": "Nothing was charged.",
    "yes": "{price} was charged.",
    "held": "{price} stays set aside.",
    "unknown": "It is not known whether {price} was charged.",
}
REFUNDS = {
    True: "{vendor} gives the money of a cancelled clip back by itself.",
    False: "{vendor} does not give the money of a cancelled clip back.",
    None: "{vendor} does not say whether it gives the money of a cancelled clip back.",
}


def of_start(job: Job, *, now: float, request_id: str) -> str:
    """A job that was just created, or that existed already: of the request_id that was said, or of the same wish."""
    if job.deduplicated:
        why = "the same request_id" if request_id else "the same wish; to repeat it: options.variation"
        return f"Not bought again ({why}): {of_job(job, now=now)}"
    left = "" if job.day_left is None or not job.micros else f" (left today {show(job.day_left)})"
    notes = f" Note: {' '.join(job.warnings)}" if job.warnings else ""
    then = f"Usually ready in {_about(job.expected_s)}."
    if job.waits_until is not None:
        then = f"Not sent yet: {UNCLEAR}; sent by {_minute(job.waits_until)} at the latest."
    return f"Started {_what(job)}, {price(job)}{left}.{notes} {then} Next: get_video_status({_id(job)})."


def of_job(job: Job, *, now: float) -> str:
    """How it is doing, and what to do next."""
    if job.state == "completed" and job.artifact is not None:
        return _done(job, job.artifact)
    if job.state in LIVE:
        return f"{job.id} {_doing(job, now)} {WAIT.format(money=_paid(job), id=_id(job))}"
    if job.state == "unknown":
        return (
            f"{job.id}: {job.vendor} may have taken it and charged {price(job)}. Nothing is sent again: a person decides, "
            f"with `sora-mcp resolve {job.id}`. Do not create it again."
        )
    ended = {"cancelled": "was cancelled.", "expired": "was made, but its link died before the file was saved."}
    why = f" {job.error.message}" if job.error else ""
    money = CHARGED[job.error.charged if job.error else job.charged].format(price=price(job))
    return f"{job.id} {ended.get(job.state, 'failed.')}{why} {money}"


def of_cancel(job: Job, *, now: float, refunds: str) -> str:
    """What became of the wish to call it back."""
    if job.state in LIVE:
        return f"{job.vendor} was asked to call {job.id} back; its next answer says what became of it. {refunds} {of_job(job, now=now)}"
    return of_job(job, now=now) if job.charged == "no" else f"{of_job(job, now=now)} {refunds}"


def of_view(job: Job, view: View) -> str:
    """What goes with a contact sheet. The code shows whether a picture arrived: some clients keep it back."""
    count = f"{view.frames} frame{'' if view.frames == 1 else 's'}"
    return (
        f"{job.id}: {count} of {view.seconds:g} s on one picture, which has the check code {view.code} at its top right. "
        "Tell the user only what you see there and name the code; if no picture reached you, say that you cannot see the clip. "
        f"Measured: {view.words}."
    )


def of_edit(job: Job, *, now: float) -> str:
    """An edit that was just made, or that was made before."""
    what = f"{job.options.get('action', 'edit')!s} of {', '.join(job.parents) or 'a file'}"
    again = "Made before, the same file again: " if job.deduplicated else ""
    notes = f"{' '.join(job.warnings)} " if job.warnings else ""
    return f"{again}{what}. {notes}{of_job(job, now=now)}"


def of_progress(job: Job, *, now: float) -> str:
    """One line while a client waits."""
    return f"{job.id} {_doing(job, now)}"


def of_refunds(title: str, refunds: bool | None) -> str:
    """What the vendor says about the money of a cancelled job."""
    return REFUNDS[refunds].format(vendor=title)


def of_estimate(estimate: Estimate, *, usable: Callable[[Choice], bool]) -> str:
    """The price, whether it would be allowed, and what is left."""
    plan, budget = estimate.plan, estimate.budget
    clips = f"{estimate.clips} clips of " if estimate.clips > 1 else ""
    what = f"{clips}{plan.order.seconds} s, {plan.order.size.text} on {plan.choice.id}"
    said = [f"{what}: {_free(estimate.micros)}{'' if estimate.refusal or (clips and estimate.quote_id) else f' ({basis(estimate)})'}."]
    if estimate.offers:
        said.append(f"Cheapest first: {_compared(estimate, usable)}.")
    if plan.why is not None and not estimate.refusal:
        said.append(f"Why this one: {plan.why}.")
    if estimate.refusal:
        return " ".join([*said, f"Refused now: {estimate.refusal}"])
    if estimate.quote_id:
        said.append(f"A person has to say yes: in the chat, or `sora-mcp approve {estimate.quote_id}`.")
    return " ".join([*said, f"Left today {show(budget.day_left)} of {show(budget.day_limit)}{_unclear(budget)}."])


def refusal(estimate: Estimate) -> str | None:
    """What would be refused, without what to do about it: that is in the message."""
    first, dot, _ = (estimate.refusal or "").partition(". ")
    return f"{first}." if dot else estimate.refusal


def basis(estimate: Estimate) -> str:
    """The sum in words."""
    each = estimate.plan.quote.basis
    return each if estimate.clips == 1 else f"{each} x {estimate.clips} clips"


def of_list(jobs: tuple[Job, ...], budget: Budget, *, more: bool) -> str:
    """One line each, and the budget."""
    count = f"{len(jobs)} video{'' if len(jobs) == 1 else 's'}{', and more on the next page' if more else ''}."
    today = f"Spent today {show(budget.day_spent)} of {show(budget.day_limit)}"
    month = f"this month {show(budget.month_spent)} of {show(budget.month_limit)}{_unclear(budget)}"
    return "\n".join([f"{count} {today}, {month}.", *(_line(job) for job in jobs)])


def _unclear(budget: Budget) -> str:
    """What stays set aside until somebody decides."""
    return f" ({show(budget.unknown)} of it held by unclear jobs)" if budget.unknown else ""


def of_error(error: SoraError, fixes: tuple[Fix, ...] = (), *, charged: Charged | None = None) -> str:
    """First the money, then what is wrong, then values that work."""
    said = [_money(error, charged or error.charged), error.message]
    if isinstance(error, NeedsConfirmation):
        said.append(
            f"The user approves it outside of this chat, with `sora-mcp approve {error.quote_id}`; "
            f'then call again with the same arguments and quote="{error.quote_id}".'
        )
    if fixes:
        said.append(f"Fix: {_fixes(error, fixes)}.")
    return " ".join(said)


def price(job: Job) -> str:
    """What it costs, as far as is known."""
    return _free(job.price)


def _money(error: SoraError, charged: Charged) -> str:
    if isinstance(error, CancelUnclear):
        return "Nothing more was charged."
    if isinstance(error, NotCancellable):
        return "Nothing was cancelled, nothing more was charged."
    if charged == "no":
        return "Not sent, nothing charged."
    return "It was charged." if charged == "yes" else "It is not known whether anything was charged: list_videos shows what is held."


def _fixes(error: SoraError, fixes: tuple[Fix, ...]) -> str:
    """Alternatives; several broken arguments are mended together."""
    joint = joint_fixes(error, fixes)
    first = [" with ".join(_fix(fix, priced=fix is joint[-1]) for fix in joint)] if joint else []
    return ", or ".join([*first, *(_fix(fix) for fix in fixes[len(joint) : FIXES_SAID])])


def _fix(fix: Fix, *, priced: bool = True) -> str:
    worth = f" ({_free(fix.micros)})" if priced and fix.micros is not None else ""
    if fix.value is None:
        return f"leave out {fix.argument}{worth}"
    value = json.dumps(fix.value, ensure_ascii=False)
    return f"{fix.argument}={value if len(value) <= 60 else value[:57] + '…'}{worth}"


def _done(job: Job, file: Artifact) -> str:
    took = f" in {round(job.finished_at - job.created_at)} s" if job.finished_at is not None else ""
    if job.deduplicated:
        return f"{job.id}, {price(job)}.\nFile: {file.path}\nNext: tell the user."
    length = f"{file.duration_s:g} s" if file.duration_s else f"{job.seconds} s" if job.seconds else "a picture"
    size = f"{file.width}x{file.height}" if file.width and file.height else job.size
    if size != job.size and PIXELS.fullmatch(job.size):
        size = f"{size} although {job.size} was ordered"
    what = f"{job.id}, {length}, {size}, {_bytes(file.bytes)}, {price(job)}"
    return f"Done{took}: {what}.\nFile: {file.path}\nNext: tell the user this path{_after(job, file)}."


def _after(job: Job, file: Artifact) -> str:
    """What can be done with a clip. Its last frame is left out where notes fill the 200 tokens, and for who went on from a clip already."""
    if not file.path.endswith(".mp4"):
        return ""
    on = "" if job.warnings or job.parents else f', image="{job.id}#last" continues it'
    return f"; view_video shows it{on}"


def _doing(job: Job, now: float) -> str:
    if job.waits_until is not None:
        until = f"at the latest in {_about(job.waits_until - now)} ({_minute(job.waits_until)})"
        return f"waits, nothing is sent yet: {UNCLEAR}. It is sent when that is clear, {until}."
    if job.unwritten is not None:
        return f"{job.unwritten}. The store does not take that down: is its disk full? Leave this server running."
    trouble = "" if job.trouble is None else f" {job.trouble} This is tried again."
    if job.state == "submitting":
        return f"is not sent yet.{trouble}" if trouble else "is being sent."
    if job.saving:
        return f"is made; its file is being saved.{trouble}"
    percent = f": {math.floor(job.progress * 100)} %" if job.progress is not None and job.state == "running" else ""
    return f"is {job.state}{percent}, {_left(job, now)}.{trouble}"


def _minute(until: float) -> str:
    """The full minute at or after that moment."""
    return f"{datetime.fromtimestamp(60 * math.ceil(until / 60), UTC):%H:%M} UTC"


def _left(job: Job, now: float) -> str:
    """From the progress so far, else from how long such clips usually take."""
    elapsed = max(now - job.created_at, 0.0)
    if job.progress is not None and 0.1 <= job.progress < 1:
        return f"{_about(elapsed * (1 - job.progress) / job.progress)} left"
    rest = job.expected_s - elapsed
    return f"{_about(rest)} left" if rest > 0 else "slower than usual"


def _about(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds"
    return f"about {math.ceil(seconds / 10) * 10} s" if seconds <= 90 else f"about {round(seconds / 60)} min"


def _paid(job: Job) -> str:
    if job.waits_until is not None:
        return f"{price(job)} is set aside"
    if job.charged == "no":
        return "It is free" if not job.micros else "It is on its way"
    return f"Already paid ({price(job)})" if job.charged == "yes" else f"{price(job)} is set aside for it"


def _what(job: Job) -> str:
    return f"{job.id} on {job.model}: {job.seconds} s, {job.size}"


def _line(job: Job) -> str:
    prompt = sanitize(job.prompt, 60) or ""
    path = f" {job.artifact.path}" if job.artifact else ""
    return f'{job.id} {job.state}, {job.model}, {job.seconds} s, {job.size}, {price(job)}: "{prompt}"{path}'


def _compared(estimate: Estimate, usable: Callable[[Choice], bool]) -> str:
    costs = [(fit.choice, fit.quote.micros * estimate.clips) for fit in estimate.offers]
    named = [f"{choice.id} {_free(micros)}{_marks(choice, usable)}" for choice, micros in costs[:OFFERS_SAID]]
    return ", ".join(named) + (f", and {len(costs) - OFFERS_SAID} more" if len(costs) > OFFERS_SAID else "")


def _marks(choice: Choice, usable: Callable[[Choice], bool]) -> str:
    marks = [*(["ended"] if choice.offer.ended else []), *([] if usable(choice) else ["no key"])]
    return f" ({', '.join(marks)})" if marks else ""


def _free(micros: int) -> str:
    return show(micros) if micros else "free"


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{math.ceil(count / 1000)} kB"


def _id(job: Job) -> str:
    return f'"{job.id}"'
