"""Say which clip can be bought after a job, with its price: one that goes on from it, or the same elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sora_mcp.catalogue.clip_descriptions import SOUND
from sora_mcp.domain import EDITS, PICTURES, Job, NextClip, Order
from sora_mcp.domain.money import format_quote

MOST_RIVALS = 2
"""Models of other vendors that are named after a refusal of the content."""


def describe_continuation(job: Job) -> str:
    """Say how long the clip is that goes on from a finished one, and what it costs, also in that one's length; of a clip that was changed
    here, on which model."""
    if (clip := job.continuation) is None or not clip.micros:
        return ""
    model = "" if clip.model == job.model else f"{clip.model}, "
    return f" ({model}{clip.seconds} s, {format_quote(clip.micros, clip.likely)}{_describe_as_long(clip)})"


def _describe_as_long(clip: NextClip) -> str:
    """Say what the clip costs in the length of the one before, as a clause."""
    return "" if clip.as_long is None else f"; with seconds={clip.as_long.seconds} {format_quote(clip.as_long.micros, clip.as_long.likely)}"


def describe_change(job: Job, change: NextClip | None) -> Iterator[str]:
    """Yield what a finished clip costs to change by words, at the cheapest model that takes it."""
    if change is not None:
        price = f"{format_quote(change.micros, change.likely)} on {change.model}"
        yield f'Changed by words: create_video(edits="{job.id}") is {price}; list_sizes(model="edit") has the others.'


def name_change(change: NextClip | None) -> str:
    """Return the call that changes the clip that was just named, by words, and its price, as a sentence; empty where there is none."""
    return "" if change is None else f"create_video(edits=…) changes it ({format_quote(change.micros, change.likely)}, {change.model})."


def describe_ways_on(job: Job, cheaper: NextClip | None = None) -> Iterator[str]:
    """Yield how a clip is made that goes on from a finished one, which call prices other lengths of it, and a much `cheaper` model."""
    if (clip := job.continuation) is None or not clip.micros:
        return
    audio = _format_audio(clip.options)
    frame = "" if clip.is_sent else f', image="{job.id}#last"'
    yield (
        f'Going on: create_video(continues="{job.id}") makes {clip.seconds} s on {clip.model} for {format_quote(clip.micros, clip.likely)}'
        f"{_describe_as_long(clip)}. "
        f'Other lengths: estimate_cost(model="{clip.model}"{_format_size(clip.size)}{audio}{frame}, seconds=…).'
    )
    if cheaper is not None:
        yield f"Much cheaper, from its last frame: the same call with {_format_call(cheaper)} ({_describe_price(cheaper)})."


def describe_instead(job: Job) -> str:
    """Say how the same is made at other models, of a job that its vendor refused; empty where it is at none. A blank comes before it."""
    is_content = job.error is not None and job.error.code == "content_refused"
    calls = [f"{_format_call(clip)} ({_describe_price(clip)})" for clip in job.instead[: MOST_RIVALS if is_content else None]]
    begin = "Another vendor may take the changed prompt" if is_content else "Elsewhere, with the same prompt"
    return f" {begin}{_name_inputs(job)}: {', or '.join(calls)}." if calls else ""


def describe_another(job: Job) -> str:
    """Say how the same is made while the model of a finished clip is paused; else empty. A blank comes before it."""
    calls = [f"{_format_call(clip)} ({_describe_price(clip)})" for clip in job.instead]
    return f" Until then, the same prompt{_name_inputs(job)}: {', or '.join(calls)}." if calls else ""


def _format_call(clip: NextClip) -> str:
    """Return the arguments that make this clip."""
    return f'model="{clip.model}"{_format_size(clip.size)}, seconds={clip.seconds}{_format_audio(clip.options)}'


def format_terms(order: Order) -> str:
    """Return the arguments by which `estimate_cost` prices clips like that of an order."""
    image = "" if order.image is None else f', image="{"url" if order.image.is_url else "file"}"'
    terms = f"{_format_size(order.size.text)}, seconds={order.seconds}{_format_audio(order.options)}{image}"
    return f'model="{order.offer.id}"{terms}'


def _format_size(size: str) -> str:
    """Return the size as an argument, unless the first frame decides all of it."""
    return "" if size == "auto" else f', size="{size}"'


def _format_audio(options: Mapping[str, object]) -> str:
    """Return the sound as an argument, where the model leaves the choice."""
    audio = options.get("audio")
    return f", audio={json.dumps(audio)}" if isinstance(audio, bool) else ""


def _describe_price(clip: NextClip) -> str:
    yes = "needs approval" if clip.needs_yes else ""
    return ", ".join(filter(None, (format_quote(clip.micros, clip.likely), SOUND[clip.sound], yes)))


def _name_inputs(job: Job) -> str:
    """Name what else was sent with the order, and has to be said again."""
    names = [*(["image"] if job.with_image else []), *(name for name in (*PICTURES, EDITS) if name in job.options)]
    return f" and {' and '.join(names)}" if names else ""
