"""Read what an estimate names as its picture, where that is a video: as the one to change, or to take a frame of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.catalogue import Catalogue, rank_eligible
from sora_mcp.catalogue.input_videos import name_clip
from sora_mcp.domain import EDITS, JOB_ID, Offer, VideoRequest
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.domain.file_names import is_video_name


def name_clip_of(request: VideoRequest, catalogue: Catalogue) -> VideoRequest:
    """Return the request with the video that it names as its picture as the one to edit, where its model, or each of its family, does
    nothing but edit, or where it says no model, length or size either; else as it is."""
    named = request.image.strip() if isinstance(request.image, str) and request.edits is None else ""
    if not named or not (JOB_ID.fullmatch(named) or is_video_name(named)):
        return request
    if request.model is None:
        is_fit = request.seconds is None and request.size is None and any(offer.keeps_length for offer in catalogue.eligible_offers)
        return replace(request, image=None, edits=named) if is_fit else request
    editors = _find_editors(request.model, catalogue)
    is_fit = bool(editors) and not any(offer.video is not None and offer.video.continues for offer in editors)
    return replace(request, image=None, edits=named) if is_fit else request


def is_edited(read: VideoRequest, catalogue: Catalogue, *, today: date) -> bool:
    """Return whether a video that a request names as its picture is one to edit, once it was read: without a model, where any that can be
    bought takes it."""
    return read.model is not None or bool(rank_eligible(catalogue, read, today=today))


def name_as_image(error: BrokenRules) -> BrokenRules:
    """Return the refusal of a video to edit as that of the picture as which it was named."""
    return BrokenRules(tuple(replace(rule, argument="image") if rule.argument == EDITS else rule for rule in error.broken))


def name_any_clip(request: VideoRequest, catalogue: Catalogue) -> VideoRequest:
    """Return the request with a video to edit, of the length that it says, where its model, or each of its family, does nothing else."""
    editors = _find_editors(request.model, catalogue) if request.edits is None else ()
    return replace(request, edits=name_clip(editors[0], request.seconds)) if editors else request


def _find_editors(model: str | None, catalogue: Catalogue) -> Sequence[Offer]:
    """Return the offers that a name means, where each of them does nothing but change or continue videos; else none."""
    if model is None:
        return ()
    if catalogue.has_name(model):
        named = catalogue.find_named(model)[:1]
    else:
        family = catalogue.find_family(model)
        named = [offer for offer in family if catalogue.is_buyable(offer)] or family
    return named if all(offer.video is not None for offer in named) else ()
