"""Find what makes the clip of a job at other models: where its own is paused, as it cost more than was quoted, or its vendor refused it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.advice import Limits, list_others, rank_replacement
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.name_matching import name_brand
from sora_mcp.catalogue.sizes import count_lines
from sora_mcp.domain import Job, NextClip, Size, VideoRequest
from sora_mcp.jobs.next_steps import read_fixes, rebuild_requests

EXACT = 2
"""Requests that are for the clip as it was: of its very size, and of its shape and resolution."""


def find_replacements(job: Job, catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[NextClip, ...]:
    """Return the clip as other models make it within the caps, the better one first: the one with the same sound that will probably cost
    the least, and where that is at the same vendor, the one that will cost the least at another. A silent clip may get sound there."""
    sound, requests = _find_sound(job, catalogue), list(rebuild_requests(job, catalogue))
    levels = [list(_list_clips(level, sound, catalogue, limits, today)) for level in (requests[:EXACT], requests[EXACT:])]
    alike = _find_best(levels, catalogue, lambda clip: clip.sound is sound)
    elsewhere = _find_best(levels, catalogue, lambda clip: _name_seller(clip) != job.vendor and (clip.sound is not False or not sound))
    found = alike if alike and _name_seller(alike[0]) != job.vendor else (*alike, *elsewhere)
    return tuple(sorted(found, key=lambda clip: rank_replacement(clip.model, clip.likely or 0, catalogue)))


def find_elsewhere(job: Job, refusers: Collection[str], catalogue: Catalogue, limits: Limits, *, today: date) -> tuple[NextClip, ...]:
    """Return the clip of a refused job as other models make it within the caps, at half its resolution or more, but for those of vendors
    that refuse it: the one that will probably cost the least, and the one most like it, of its family where that has one."""
    sound, brand, lines = _find_sound(job, catalogue), name_brand(job.model), count_lines(Size(job.size))
    found = list[NextClip]()
    for request in rebuild_requests(job, catalogue):  # the most alike first
        found += _list_clips([request], sound is True, catalogue, limits, today)
    found = [clip for clip in found if clip.model != job.model and _name_seller(clip) not in refusers and (clip.sound or not sound)]
    found = [clip for clip in found if 2 * (count_lines(Size(clip.size)) or lines) >= lines]
    cheapest = _find_best([found], catalogue, lambda _: True)
    alike = sorted(found, key=lambda clip: name_brand(clip.model) != brand)[:1]
    return tuple({clip.model: clip for clip in (*cheapest, *alike)}.values())


def _find_sound(job: Job, catalogue: Catalogue) -> bool | None:
    """Return whether the clip was to have sound, else whether it has; None where nobody knows."""
    offer = catalogue.get(job.model)
    ordered = job.options.get("audio", offer.sound if offer is not None else None)
    measured = job.artifact.has_sound if job.artifact is not None else None
    return ordered if isinstance(ordered, bool) else measured


def _list_clips(
    requests: Sequence[VideoRequest], sound: bool | None, catalogue: Catalogue, limits: Limits, today: date
) -> Iterator[NextClip]:
    """Yield what each model makes of the first of these requests that it takes: with this sound, where it leaves the choice."""
    seen = set[str]()
    for request in requests:
        plain = {name: value for name, value in request.options.items() if name != "audio"}
        for options in (plain if sound is None else plain | {"audio": sound}, plain):
            wanted = replace(request, model=None, options=options)
            clips = read_fixes(list_others(wanted, catalogue, limits, today=today), wanted)
            yield from (clip for clip in clips if clip.model not in seen)
            seen |= {clip.model for clip in clips}


def _find_best(levels: Sequence[Sequence[NextClip]], catalogue: Catalogue, fits: Callable[[NextClip], bool]) -> tuple[NextClip, ...]:
    """Return the clip to name first of those that fit, in the first level that has any."""
    for level in levels:
        if fitting := [clip for clip in level if fits(clip)]:
            return (min(fitting, key=lambda clip: rank_replacement(clip.model, clip.likely or 0, catalogue)),)
    return ()


def _name_seller(clip: NextClip) -> str:
    return clip.model.partition(":")[0]
