"""Messages about jobs, prices and refusals: price, path and next step in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sora_mcp.catalogue.adding_keys import describe_adding_key
from sora_mcp.catalogue.clip_descriptions import describe_looks
from sora_mcp.catalogue.fixes import joint_fixes
from sora_mcp.catalogue.sizes import describe_size
from sora_mcp.domain import EDIT_MODEL, EDITS, LIVE, Artifact, Charged, Ended, Job, can_fetch, describe_deletion
from sora_mcp.domain.broken_rule import Fix, without_point
from sora_mcp.domain.errors import CancelUnclear, NeedsConfirmation, NotCancellable, SoraError
from sora_mcp.domain.money import format_dollars, format_quote
from sora_mcp.domain.terminal_command import command_line, describe_command
from sora_mcp.media.optional import has_media_extra
from sora_mcp.server.address import find_page_host, is_remote, name_place
from sora_mcp.server.cancellations import describe_cancellation, describe_cancelled
from sora_mcp.server.charges import (
    capitalize,
    describe_hold,
    describe_money,
    describe_overcharge,
    explain_about,
    format_cost,
    format_price,
    name_settling,
)
from sora_mcp.server.job_names import name_job
from sora_mcp.server.next_clip import describe_another, describe_continuation, describe_instead, format_terms
from sora_mcp.server.origins import describe_edit, describe_origin, quote_text
from sora_mcp.server.vendor_words import VENDORS, describe_reason, find_vendor, find_vendor_error, name_vendor, quote_vendor
from sora_mcp.vendors import EVERY, sample

MOST_FIXES = 6
MOST_VALUE = 60
HAS_SOUND = {offer.id: offer.sound for vendor in EVERY for offer in vendor.offers if offer.sound is not None}
"""Of the models whose sound no option decides."""
SOUND_OPEN = "may have sound"
UNCLEAR = "an earlier paid call to this model is unclear"
LEAST_SLOW_S = 30
"""Seconds before which nothing is called slow."""
LINK_DIED = "was made, but its link expired before the file was saved."


def describe_job(job: Job, *, now: float) -> str:
    """Say how a job is doing, and what to do next."""
    if job.state == "completed" and job.artifact is not None:
        edit = f"{did}. " if job.model == EDIT_MODEL and (did := describe_edit(job)) else ""
        return f"{edit}{_describe_done(job, job.artifact)}"
    if job.state in LIVE:
        again = "" if job.is_stopping else " Do not create it again."
        return f'{describe_progress(job, now=now)} {describe_hold(job)}.{again} Next: get_video_status("{job.id}").'
    if job.state == "unknown":
        doubt = describe_reason(job) or f"{name_vendor(job)} may have accepted and charged it."
        held = f"{format_price(job.price)} stays reserved, and it will not be sent again."
        look = f"The user looks it up in their account at {name_vendor(job)}"
        settle = f"{look} and settles it with {name_settling(job)}: do not create it again before that."
        return f"{name_job(job)}: {_join(doubt, held, settle)}"
    if (deleted := describe_deletion(job)) is not None:
        return f"{name_job(job)} is completed, but its file {deleted}. {capitalize(describe_money(job))}."
    if job.state == "cancelled":
        return describe_cancelled(job, find_vendor(job))
    why = f" {reason}" if (reason := describe_reason(job)) else ""
    way = f" The video was made: the user can fetch it with {describe_command('fetch', job.id)}." if can_fetch(job) else ""
    money = f"{capitalize(describe_overcharge(job) or describe_money(job))}."
    ended = LINK_DIED if job.state == "expired" else "failed."
    return f"{name_job(job)} {ended}{why} {money}{way}{_describe_remedy(job)}{describe_instead(job)}"


def _describe_remedy(job: Job) -> str:
    """Say what the user has to do before the same can be bought again; empty where that is nothing."""
    match job.error.code if job.error and job.state == "failed" else "":
        case "vendor_auth":
            return f" {describe_adding_key(filter(None, (find_vendor(job),)), what='a new key')}"
        case "vendor_balance":
            return f" The user tops up the account at {name_vendor(job)}; then the same call works."
        case "content_refused":
            who = [VENDORS[name].title for name in job.refusers if name in VENDORS]
            all_ = f" {' and '.join(who)} {'both' if len(who) == 2 else 'all'} refused this prompt." if len(who) > 1 else ""
            change = f" Change the prompt{' or the picture' if job.with_image else ''} before you create it again."
            return f"{all_}{change}"
        case "vendor_unavailable" if job.error and job.error.charged == "no":
            return " The same call may work later."
        case _:
            return ""


def describe_jobs(jobs: Sequence[Job], *, now: float) -> str:
    """Say in a line each how several jobs are doing, and what to do next; of one that is alone, what `describe_job` says."""
    if len(jobs) == 1:
        return describe_job(jobs[0], now=now)
    live = [job.id for job in jobs if job.state in LIVE]
    running = "the one under way" if len(live) == 1 else "those under way"
    again = "" if all(job.is_stopping for job in jobs if job.state in LIVE) else f"Do not create {running} again. "
    lines = [f"{len(jobs) - len(live)} of {len(jobs)} have ended{_describe_sum(jobs)}.", *(_describe_one_of_many(job, now) for job in jobs)]
    wait = f"{again}Next: get_video_status(job_ids={json.dumps(live)})."
    return "\n".join([*lines, wait if live else f"Next: tell the user {_describe_tidings(jobs)}{_describe_going_on(jobs)}."])


def _describe_sum(jobs: Sequence[Job]) -> str:
    """Return as a clause what several clips cost together, as far as that is charged, and why it is not exact where it is not."""
    paid = [job for job in jobs if job.charged == "yes" and job.price]
    about, why = ("about ", f" ({said})") if (said := explain_about(paid)) else ("", "")
    return f", {about}{format_price(sum(job.price for job in paid))} in all{why}" if len(paid) > 1 else why


def _describe_tidings(jobs: Sequence[Job]) -> str:
    """Return what there is to tell of jobs that have ended."""
    made = sum(job.state == "completed" for job in jobs)
    paths = "this path" if made == 1 else "these paths"
    failed = "why there is no video" if not made else "why the other has no video" if len(jobs) - made == 1 else "why the others have none"
    return paths if made == len(jobs) else f"{paths}, and {failed}" if made else failed


def _describe_going_on(jobs: Sequence[Job]) -> str:
    """Say how clips that belong together are joined, or how one of several takes is continued, where all came."""
    first, ids = jobs[0], {job.id for job in jobs}
    if any(job.state != "completed" for job in jobs):
        return ""
    chain = next((job.chain for job in jobs if ids <= set(job.chain)), ())
    if not chain and len({(job.prompt, job.model) for job in jobs}) == 1:
        return f", and to choose one: continues=… goes on from it{describe_continuation(first)}" if first.continuation else ""
    together = chain or (tuple(job.id for job in jobs) if _are_shots(jobs) else ())
    return f"; {_name_join(together)}" if together and has_media_extra() else ""


def _are_shots(jobs: Sequence[Job]) -> bool:
    """Return whether clips are of one model and size, none has another in it, and no two are takes of one request."""
    files = [job.artifact for job in jobs if job.artifact is not None and job.artifact.path.endswith(".mp4")]
    is_alike = len({job.model for job in jobs}) == 1 and len({(file.width, file.height) for file in files}) == 1
    is_alike = is_alike and len({job.batch or job.id for job in jobs}) == len(jobs)
    return is_alike and len(files) == len(jobs) and not any(job.is_changed or job.has_clip_before for job in jobs)


def _name_join(ids: Sequence[str]) -> str:
    """Return the call that joins these clips, with the verb of a sentence."""
    return f'edit_video(action="join", inputs={json.dumps(ids)}) joins {"both" if len(ids) == 2 else "all"}'


def describe_progress(job: Job, *, now: float) -> str:
    """Say in one line how a live job is doing."""
    return f"{name_job(job)} {_describe_state(job, now)}"


def describe_order(job: Job) -> str:
    """Say what was ordered."""
    size = describe_size(job.size, is_edit=EDITS in job.options)
    return f"{job.id} on {job.model}: {job.seconds} s, {size}, {describe_sound(job.options, model=job.model)}"


def describe_error(error: SoraError, fixes: tuple[Fix, ...] = (), *, charged: Charged | None = None, could_send: bool = True) -> str:
    """Say first what happened to the money, then what is wrong, then what would work.

    `charged` is what is known of the money, where that is other than the error says; `could_send` is false for tools that never buy.
    """
    vendor = find_vendor_error(error)
    quoted = quote_vendor(vendor.vendor or "The vendor", vendor.vendor_message) if vendor else ""
    sentences = [_describe_charge(error, charged or error.charged, could_send=could_send), error.message, quoted]
    if isinstance(error, NeedsConfirmation):
        sentences.append(_describe_way(error))
        if error.order is not None and error.order.warnings:
            sentences.append(f"Note: {' '.join(error.order.warnings)}")
    if fixes:
        sentences.append(f"{'Without approval' if isinstance(error, NeedsConfirmation) else 'Fix'}: {_describe_fixes(error, fixes)}.")
    return _join(*sentences)


def describe_sound(options: Mapping[str, object], file: Artifact | None = None, *, model: str = "") -> str:
    """Say whether a clip has sound: as its file was measured, else as it was ordered, else as this model always makes it."""
    audio = options.get("audio", HAS_SOUND.get(model)) if file is None or file.has_sound is None else file.has_sound
    return "with sound" if audio is True else "without sound" if audio is False else SOUND_OPEN


def describe_ended(ended: Ended | None, seller: str) -> Iterator[str]:
    """Yield that the maker ended the model, where that is so; `seller` is the title of the vendor that still sells it."""
    if ended is not None:
        yield f"{ended.describe(seller)}."


def format_duration(seconds: float) -> str:
    """Return a duration as a person would estimate it."""
    if seconds < 10:
        return "a few seconds"
    return f"about {math.ceil(seconds / 10) * 10} s" if seconds <= 90 else f"about {round(seconds / 60)} min"


def format_minute(until: float) -> str:
    """Return the full minute at or after a Unix time, in UTC."""
    return f"{datetime.fromtimestamp(60 * math.ceil(until / 60), UTC):%H:%M} UTC"


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _describe_charge(error: SoraError, charged: Charged, *, could_send: bool) -> str:
    if isinstance(error, NotCancellable) and error.must_pay:
        return f"Not cancelled: the clip will be finished and saved here, and {format_price(error.job.price)} will be charged."
    if isinstance(error, NotCancellable | CancelUnclear):
        is_over, yet = error.job.state == "cancelled", " yet" if isinstance(error, CancelUnclear) else ""
        return f"{'Nothing to cancel' if is_over else f'Not cancelled{yet}'}, {describe_money(error.job)}."
    if charged == "no":
        return "Not sent, nothing charged." if could_send else ""
    return "It was charged." if charged == "yes" else "It is not known whether anything was charged: list_videos shows what is held."


def _describe_way(error: NeedsConfirmation) -> str:
    """Say how the user approves the quote, and what to call then."""
    command = f"`{command_line('approve', error.quote_id)}`"
    wait = f'Next: get_video_status("{error.quote_id}") waits for the answer.'
    if (host := find_page_host()) is not None:
        return f"They do it on a page, where they sign in. Give them this link: {host.name_page(error.quote_id)}\n{wait}"
    if error.page is not None:
        return f"{error.page}{'' if error.only_on_page else f' (or in a terminal: {command})'}. {wait}"
    if error.only_on_page:
        only = "Their approval counts on a page only (SORA_MCP_YES=page), and none can be opened for them here"
        return f"{only}: whoever set that can change it."
    again = f'Then call again with the same arguments and quote="{error.quote_id}".'
    several = ""
    if error.is_of_several and error.order is not None:
        several = f" One approval for N such clips: estimate_cost({format_terms(error.order)}, clips=N)."
    return f"{capitalize(describe_approving(error.quote_id, error.total))}. {again}{several}"


def describe_approving(quote_id: str, total: int) -> str:
    """Say as a clause who approves a quote of this price in a terminal, and how."""
    price, command = format_dollars(total).removeprefix("$") if total else "the price", command_line("approve", quote_id)
    if is_remote():
        return f"the people who run this server run `{command}` there, in a terminal, and type {price}"
    return f"the user runs `{command}` in a terminal and types {price}"


def _describe_fixes(error: SoraError, fixes: tuple[Fix, ...]) -> str:
    """List what would work. The first fixes may have to be made together; the others are alternatives."""
    together = joint_fixes(error, fixes)
    first = [join_fixes(together)] if together else []
    return ", or ".join([*first, *(join_fixes((fix,)) for fix in fixes[len(together) : MOST_FIXES])])


def join_fixes(fixes: tuple[Fix, ...]) -> str:
    """Return fixes that are made together, with the price at the end."""
    values = " with ".join(_format_value(fix) for fix in fixes if fix.value is not None)
    dropped = " and ".join(fix.argument for fix in fixes if fix.value is None)
    what = f"use {values} instead of {dropped}" if values and dropped else values or f"leave out {dropped}"
    return what if fixes[-1].micros is None else f"{what} ({_describe_price(fixes[-1])})"


def _describe_price(fix: Fix) -> str:
    """Return what a fix costs, for how many clips and on which model, and whether a person has to agree."""
    clips = f" for {fix.clips} clips" if fix.clips > 1 else ""
    clip = "" if fix.order is None else f"{describe_looks(fix.order)}, "
    model = f" on {fix.model}" if fix.model else ""
    price = format_quote(fix.micros, fix.likely) if fix.micros else format_price(0)
    return f"{clip}{price}{clips}{model}{', needs approval' if fix.needs_yes else ''}"


def _format_value(fix: Fix) -> str:
    value = json.dumps(without_point(fix.value), ensure_ascii=False)
    return f"{fix.argument}={value if len(value) <= MOST_VALUE else value[: MOST_VALUE - 3] + '…'}"


def _describe_done(job: Job, file: Artifact) -> str:
    place = name_place(job, file.path)
    kind = "path" if place == file.path else f"address{_describe_door()}"
    took = f" in {round(job.finished_at - job.created_at)} s" if job.finished_at is not None else ""
    if job.deduplicated:
        return f"{job.id}, {format_cost(job)}.\nFile: {place}\nNext: tell the user this {kind}."
    notes = f" Note: {' '.join(warnings)}" if (warnings := _list_notes(job)) else ""
    use = _describe_next(job, file)
    if overcharge := describe_overcharge(job):
        following = f"this {kind}, and that {overcharge}.{describe_another(job)}{f' {use}.' if use else ''}"
    else:
        following = f"this {kind}{f'; {use}' if use else ''}."
    unstated = f" ({name_vendor(job)} does not state the sum)" if job.is_unstated else ""
    return f"Done{took}: {_describe_file(job, file)}{unstated}.{notes}\nFile: {place}\nNext: tell the user {following}"


def _list_notes(job: Job) -> list[str]:
    """Return what was not known of a finished job when it was ordered."""
    late = [] if job.cancel_asked_at is None else [f"It was made before {name_vendor(job)} cancelled it."]
    return [*late, *job.end_warnings]


def _describe_door() -> str:
    """Say as the end of a clause how a person opens an address of a finished file."""
    if find_page_host() is not None:
        return ", where they sign in"
    return ", which asks for the same token" if is_remote() else ""


def _describe_file(job: Job, file: Artifact) -> str:
    """Return id, length, size, sound, bytes and price of a finished job."""
    length = f"{file.duration_s:g} s" if file.duration_s else f"{job.seconds} s" if job.seconds else "a picture"
    if job.vendor == sample.VENDOR.name:
        length = f"a sample scene of {length}"
    if file.path.endswith(".gif"):
        length = f"a GIF of {length}" if file.duration_s else "a GIF"
    size = f"{file.width}x{file.height}" if file.width and file.height else job.size
    sound = f", {said}" if (said := describe_sound(job.options, file, model=job.model)) != SOUND_OPEN and file.path.endswith(".mp4") else ""
    sound = ", without sound" if file.path.endswith(".gif") else sound
    made = f"{size}{sound}{_describe_title(job)}{describe_origin(job)}"
    return f"{name_job(job)}, {length}, {made}, {_format_bytes(file.bytes)}, {format_cost(job)}"


def _describe_title(job: Job) -> str:
    """Say as the end of a clause that joined clips begin with a title, where they do."""
    title = job.options.get("text") if job.options.get("action") == "join" else None
    return f", with the title {quote_text(title)}" if isinstance(title, str) else ""


def _describe_one_of_many(job: Job, now: float) -> str:
    """Say how one of several jobs is doing; what to do next is said once, for all of them."""
    if job.state == "completed" and job.artifact is not None:
        dearer = [f"{capitalize(overcharge)}."] if (overcharge := describe_overcharge(job)) else []
        notes = f" Note: {' '.join(warnings)}" if (warnings := [*dearer, *_list_notes(job)]) else ""
        return f"Done: {_describe_file(job, job.artifact)}.{notes} File: {name_place(job, job.artifact.path)}"
    return f"{describe_progress(job, now=now)} {describe_hold(job)}." if job.state in LIVE else describe_job(job, now=now)


def _describe_next(job: Job, file: Artifact) -> str:
    """Say what can be done with a clip.

    A continuation is not named where no model takes a file, where notes need the room, nor for a clip that is one already: that is
    joined with those that it goes on from.
    """
    if not file.path.endswith(".mp4") or not has_media_extra():
        return ""
    if job.chain:
        return _name_join(job.chain)
    following = f', continues="{job.id}" goes on from it{describe_continuation(job)}' if job.continuation else ""
    following = "" if job.all_warnings or job.parents else following
    return f"view_video shows it{following}"


def _describe_state(job: Job, now: float) -> str:
    """Say as the end of a sentence how a live job is doing."""
    if job.waits_until is not None:
        until = f"at the latest in {format_duration(job.waits_until - now)} ({format_minute(job.waits_until)})"
        return f"waits, nothing is sent yet: {UNCLEAR}. It is sent when that is settled, {until}."
    if job.unwritten is not None:
        return f"{job.unwritten}. The store cannot record it: is its disk full? Leave this server running."
    trouble = "" if job.trouble is None else f" {job.trouble} {f'Tell the user: {job.todo}' if job.todo else 'This is tried again.'}"
    if job.cancel_asked_at is not None:
        trouble = f" {describe_cancellation(job)}{trouble}"
    if job.state == "submitting":
        return f"is not sent yet.{trouble}" if trouble else "is being sent."
    if job.saving:
        return f"is made; its file is being saved.{trouble}"
    way = name_way(job, now)
    return f"is {job.state}{': ' if way[:1].isdecimal() else ', ' if way else ''}{way}.{trouble}"


def name_way(job: Job, now: float) -> str:
    """Return in a few words how far a job is that its vendor has, and how long it still takes."""
    percent = f"{math.floor(job.progress * 100)} %" if job.progress is not None and job.state == "running" else ""
    return ", ".join(filter(None, (percent, "" if job.is_stopping else _describe_rest(job, now))))


def _describe_rest(job: Job, now: float) -> str:
    """Estimate the remaining time from the progress when it was heard, else from how long such clips usually take. It only grows when the
    progress changes: some vendors name the same one all the time."""
    elapsed = max(now - job.created_at, 0.0)
    rest = job.expected_s - elapsed
    if job.progress is not None and 0.1 <= job.progress < 1:
        heard_after = max(job.updated_at - job.created_at, 0.0)
        rest = max(heard_after / job.progress, job.expected_s) * (1 - job.progress) - max(now - job.updated_at, 0.0)
    is_slow = rest <= 0 and elapsed >= LEAST_SLOW_S
    return f"slower than usual, {format_duration(elapsed)} so far" if is_slow else f"{format_duration(max(rest, 0))} left"


def _format_bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{math.ceil(count / 1000)} kB"
