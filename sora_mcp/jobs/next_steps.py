"""Find what can be bought after a job: the clip that goes on from it, or the same at another model where its vendor refused it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue, rank_orders
from sora_mcp.catalogue.input_videos import name_clip
from sora_mcp.catalogue.planner import find
from sora_mcp.catalogue.rules import check, find_order, quote
from sora_mcp.catalogue.sizes import has_shape, name_lines, orientation
from sora_mcp.domain import CONTINUES, EDIT_MODEL, EDITS, PICTURES, Clip, Image, Job, NextClip, Offer, Order, Size, VideoRequest
from sora_mcp.domain.broken_rule import Fix
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import Micros
from sora_mcp.jobs.continuation import continue_elsewhere, continue_job
from sora_mcp.jobs.extension import extend_job, find_extender, measure_clip
from sora_mcp.jobs.first_frame import frame_like

ABOUT_MODEL = ("model_retired", "vendor_unavailable", "vendor_rejected")
"""Codes of a vendor's refusal after which another model may make the clip."""
CHEAPER = 2
"""How many times less another model costs that is named beside a clip's own."""
MOST_KEPT = 200
"""Jobs of which it is kept what goes on from them."""
ANY_PROMPT = "a clip"
ANY_LINK, ANY_FILE = "https://example.com/frame.png", "data:image/png;base64,"
"""Stand for a picture that is not read again."""


class Continuations:
    """The clips that go on from finished ones. Each is found once, for as long as all that it follows from stays as it is."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[tuple[Catalogue, date, Job, Job], NextClip | None]] = {}
        """By job: what it was found from, and what was found."""

    def find(self, job: Job, maker: Job, catalogue: Catalogue, *, today: date) -> NextClip | None:
        """Return what `find_continuation` does."""
        asked = (catalogue, today, job, maker)
        if (known := self._found.get(job.id)) is not None and known[0] == asked:
            return known[1]
        if len(self._found) >= MOST_KEPT:
            self._found.clear()
        found = find_continuation(job, maker, catalogue, today=today)
        self._found[job.id] = (asked, found)
        return found


def find_continuation(job: Job, maker: Job, catalogue: Catalogue, *, seconds: int | None = None, today: date) -> NextClip | None:
    """Return the clip that `continues` makes of this finished one where nothing but a length is said; None where it cannot be bought.

    Where none is said, that is the model's shortest; what one as long as this clip costs stands in it besides.
    """
    found = _find_continuation(job, maker, catalogue, seconds, today)
    if found is None or found.is_sent or seconds is not None or found.seconds == job.seconds:
        return found
    return replace(found, as_long=_find_continuation(job, maker, catalogue, job.seconds, today))


def _find_continuation(job: Job, maker: Job, catalogue: Catalogue, seconds: int | None, today: date) -> NextClip | None:
    if job.artifact is None:
        return None
    with contextlib.suppress(SoraError):
        asked = VideoRequest(ANY_PROMPT, seconds=seconds, continues=job.id)
        request = _extend(asked, job, maker, catalogue, today=today) or _continue(asked, job, maker, catalogue)
        offer, _ = find(request, catalogue, today=today)
        order = check(request, offer, today=today)
        price = quote(order, today=today)
        if catalogue.is_buyable(order.offer) and order.missing is None:
            is_sent = order.clip is not None
            return make_next_clip(order, price.micros, is_sent=is_sent)
    return None


def find_cheaper(job: Job, catalogue: Catalogue, *, today: date) -> NextClip | None:
    """Return what goes on from a finished clip at another model for half the price or less, as long, with its resolution and sound; None
    where none that needs no approval for its price does."""
    clip, file = job.continuation, job.artifact
    if clip is None or file is None or not clip.micros or not file.path.endswith(".mp4"):
        return None
    request = continue_elsewhere(VideoRequest(ANY_PROMPT, seconds=clip.seconds), job, catalogue)
    for order, price in rank_orders(catalogue.eligible_offers, replace(request, image=frame_like(file)), today=today)[:1]:
        if price.micros * CHEAPER <= clip.micros and not price.describe_doubt(today):
            return make_next_clip(order, price.micros)
    return None


def make_next_clip(order: Order, micros: Micros, *, needs_yes: bool = False, is_sent: bool = False) -> NextClip:
    """Return the clip of an order as one that could be bought, with what it will probably cost."""
    return NextClip(
        *(order.offer.id, order.size.text, order.seconds, micros, order.options, order.sound, needs_yes, is_sent),
        likely=order.offer.expect(micros),
    )


def _extend(asked: VideoRequest, job: Job, maker: Job, catalogue: Catalogue, *, today: date) -> VideoRequest | None:
    """Return the request by which the clip's own vendor goes on from it; None where that does not take the clip."""
    offer = find_extender(asked, catalogue, maker=maker)
    if offer is None or job.artifact is None or not job.artifact.path.endswith(".mp4"):
        return None
    extended = extend_job(asked, job, measure_clip(job.artifact), offer)
    return extended if find_order(extended, offer, today=today) is not None else None


def _continue(asked: VideoRequest, job: Job, maker: Job, catalogue: Catalogue) -> VideoRequest:
    """Return the request that goes on from the last frame of the clip."""
    request = continue_job(asked, job, catalogue, maker=maker)
    return replace(request, image=None if job.artifact is None else frame_like(job.artifact))


def find_change(job: Job, catalogue: Catalogue, *, today: date) -> NextClip | None:
    """Return what the cheapest model makes of this finished clip with `edits`; None where none that can be bought takes it."""
    if (file := job.artifact) is None or not file.path.endswith(".mp4") or not catalogue.keyed:
        return None
    clip = Clip("data:video/mp4;base64,", bytes=file.bytes, duration_s=file.duration_s, job_id=job.id)
    for order, price in rank_orders(catalogue.eligible_offers, VideoRequest(ANY_PROMPT, edits=clip), today=today)[:1]:
        return make_next_clip(order, price.micros)
    return None


def is_refused(job: Job) -> bool:
    """Return whether a vendor refused the job's start for nothing, and not for the account, or refused its content."""
    error = job.error
    if job.state != "failed" or error is None or job.vendor_id is not None or job.model == EDIT_MODEL:
        return is_content_refused(job)
    return is_content_refused(job) or (error.charged == "no" and error.code in ABOUT_MODEL)


def is_content_refused(job: Job) -> bool:
    """Return whether a vendor refused the content of a paid clip: another one moderates by its own rules."""
    return job.state == "failed" and job.error is not None and job.error.code == "content_refused" and job.micros > 0


def rebuild_requests(job: Job, catalogue: Catalogue) -> Iterator[VideoRequest]:
    """Yield requests for the same clip at other models: of its very size, then of its shape and resolution, then of its shape alone."""
    offer = catalogue.get(job.model)
    if offer is None or CONTINUES in job.options:
        return  # no other vendor goes on from a clip of this one's model
    options = dict[str, Any](_read_options(job, offer))
    clip = name_clip(offer, job.seconds) if EDITS in job.options else None
    length = None if clip else job.seconds
    request = VideoRequest(ANY_PROMPT, job.model, size=job.size, seconds=length, image=_read_frame(job), options=options, edits=clip)
    size = next((size for size in offer.sizes if size.text == Size(job.size).text), Size(job.size))
    shape = size.ratio if size.ratio and size.ratio[:1].isdecimal() else orientation(size)
    texts = (job.size, *((f"{shape} {name_lines(size)}".strip(), shape) if shape else ()))
    yield from (replace(request, size=text) for text in dict.fromkeys(texts))
    if clip is not None or (shape is None and job.with_image):
        yield replace(request, size=None)


def read_fixes(fixes: Sequence[Fix], request: VideoRequest) -> tuple[NextClip, ...]:
    """Return the models among the fixes. Where the first frame decides the shape, those where it does not are left out."""
    orders = [(fix.order, fix) for fix in fixes if fix.order is not None and fix.micros is not None]
    return tuple(
        make_next_clip(order, fix.micros or Micros(0), needs_yes=fix.needs_yes)
        for order, fix in orders
        if request.size is not None or request.clip is not None or not has_shape(order.size)
    )


def _read_options(job: Job, offer: Offer) -> Iterator[tuple[str, object]]:
    """Yield the options that were asked for as far as the job knows it: sound, pictures, and whatever is not the model's default."""
    defaults = {rule.param: rule.default for rule in offer.options}
    for name, value in job.extras.items():
        if name == EDITS:
            continue
        if name in PICTURES:
            yield name, " ".join(ANY_LINK for _ in str(value).split())
        elif value != defaults.get(name) or (name == "audio" and value is True):
            yield name, value


def _read_frame(job: Job) -> Image | None:
    if not job.with_image:
        return None
    named = job.first_frame or ""
    return Image(ANY_LINK if named.startswith("https://") else ANY_FILE)
