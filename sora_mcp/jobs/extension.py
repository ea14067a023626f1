"""Go on from a clip by its own vendor's way, which gets the whole clip instead of its last frame, where that vendor states the price."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.rules import find_order
from sora_mcp.catalogue.sizes import fitting
from sora_mcp.domain import Artifact, Clip, Job, Offer, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.jobs.continuation import take_options


async def extend(
    request: VideoRequest, job: Job, catalogue: Catalogue, read: Callable[[], Awaitable[Clip]], *, maker: Job, today: date
) -> VideoRequest | None:
    """Return the request by which the clip's own vendor goes on from it, with the clip that `read` returns; None where that vendor has no
    such way, or does not take this request. A model that does nothing else is refused by its own rules."""
    offer = find_extender(request, catalogue, maker=maker)
    if offer is None:
        return None
    is_named = request.model is not None and any(one.id == offer.id for one in catalogue.find_offers(request.model))
    try:
        clip = await read()
    except BrokenRules:
        if is_named:
            raise
        return None
    extended = extend_job(request, job, clip, offer)
    return extended if is_named or find_order(extended, offer, today=today) is not None else None


def find_extender(request: VideoRequest, catalogue: Catalogue, *, maker: Job) -> Offer | None:
    """Return the offer by which the clip's own vendor goes on from it, at a price that it states; None where that vendor has none, or the
    request names another model, or a first frame."""
    if request.image is not None:
        return None
    model, named = maker.model.partition(":")[2], catalogue.find_offers(request.model) if request.model is not None else ()
    for offer in catalogue.buyable_offers:
        if offer.vendor != maker.vendor or offer.video is None or not offer.video.continues:
            continue
        is_of_model = model in (offer.model, offer.video.continues)
        if is_of_model and (request.model is None or any(one.id in (offer.id, f"{offer.vendor}:{offer.video.continues}") for one in named)):
            return offer
    return None


def extend_job(request: VideoRequest, job: Job, clip: Clip, offer: Offer) -> VideoRequest:
    """Return the request by which the vendor goes on from the clip, with size and options of the job where it says none."""
    size = request.size or (job.size if fitting(job.size, offer.sizes) else None)
    options = {**take_options(job, (offer,), is_same=True), **request.options}
    return replace(request, model=offer.id, size=size, options=options, edits=replace(clip, is_continued=True), continues=None)


def measure_clip(file: Artifact) -> Clip:
    """Return a finished clip as it is sent, without its bytes."""
    return Clip("data:video/mp4;base64,", file.bytes, file.duration_s)
