"""Continue a finished clip: what a request takes from it where it says nothing itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.rules import allows, sizes_of
from sora_mcp.catalogue.sizes import count_lines, fitting, name_lines
from sora_mcp.domain import PICTURES, Job, Offer, Size, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, UnknownModel
from sora_mcp.store import Store
from sora_mcp.vendors import sample

MOST_STEPS_BACK = 20
"""Clips before a job that are looked at."""


async def find_maker(store: Store, job: Job) -> Job:
    """Return the job whose model made the clip: of an edit, the one whose clip it ends with."""
    for _ in range(MOST_STEPS_BACK):
        if not job.is_changed or not job.parents:
            break
        job = await store.jobs.get(job.parents[-1], job.principal)
    return job


async def is_sample(store: Store, job: Job) -> bool:
    """Return whether the clip, or what an edit was made of, is a free sample."""
    return (await find_maker(store, job)).vendor == sample.VENDOR.name


async def find_chain(store: Store, job: Job) -> tuple[str, ...]:
    """Return the clips that a continuation goes on from, the first one first, and itself; empty for any other job, and where its file has
    the clip before it already."""
    chain = [job]
    while len(chain[-1].parents) == 1 and not chain[-1].is_changed and not chain[-1].has_clip_before and len(chain) < MOST_STEPS_BACK:
        chain.append(await store.jobs.get(chain[-1].parents[0], job.principal))
    return tuple(one.id for one in reversed(chain)) if len(chain) > 1 else ()


def continue_job(request: VideoRequest, job: Job, catalogue: Catalogue, *, maker: Job) -> VideoRequest:
    """Return the request with model, size, sound and options of the job, where it says none, and the job's last frame as its first.

    Of an edit, model and options are those of the clip's `maker`. What the model does not sell with a first frame is not taken over,
    and of a job of another model only size and sound are.
    """
    refuse_other_frame(request, job.id)
    if job.artifact is not None and not job.artifact.path.endswith(".mp4"):
        raise BrokenRules((BrokenRule("continues", job.id, "a finished clip: this is a picture", "invalid_argument"),))
    own = None if maker.is_changed else _find_own(maker, catalogue)
    model, offers = request.model or own, tuple[Offer, ...]()
    with contextlib.suppress(UnknownModel):
        offers = catalogue.find_all_named(model) if model is not None else ()
    if own is not None and request.model is not None and not catalogue.has_name(request.model):
        # A family that the clip's own model belongs to means that model.
        offers = tuple(offer for offer in offers if offer.id == own) or offers
        model = own if any(offer.id == own for offer in offers) else model
    is_same = own is not None and any(offer.id == own for offer in offers)
    words = _list_size_words(job, offers, is_chosen=model is not None)
    size = request.size or _find_taken(words, offers if model is not None else catalogue.eligible_offers)
    options = {**take_options(maker, offers, is_same=is_same), **request.options}
    return replace(request, model=model, size=size, options=options, image=f"{job.id}#last", continues=None)


def continue_elsewhere(request: VideoRequest, job: Job, catalogue: Catalogue) -> VideoRequest:
    """Return the request with the resolution and the sound of the job, for any model, without its first frame."""
    own = catalogue.get(job.model)
    words = _list_size_words(job, () if own is None else (own,), is_chosen=False)
    sound = {"audio": job.options["audio"]} if isinstance(job.options.get("audio"), bool) else {}
    return replace(request, size=_find_taken(words, catalogue.eligible_offers), options=sound, continues=None)


def _list_size_words(job: Job, offers: Sequence[Offer], *, is_chosen: bool) -> Iterator[str]:
    """Yield the words of the clip's size, where a model is chosen already; then its lines, `720p`, as its offer sells it, else by its
    pixels: the first frame has its shape."""
    if is_chosen:
        yield job.size
    named = Size(job.size)
    own = next((size for offer in offers for size in sizes_of(offer) if offer.id == job.model and size.text == named.text), named)
    if count_lines(own):
        yield name_lines(own)


def _find_taken(words: Iterable[str], offers: Sequence[Offer]) -> str | None:
    """Return the first of these sizes that one of the offers takes with a first frame; None where none does."""
    return next((text for text in words if any(fitting(text, sizes_of(offer, image=True)) for offer in offers)), None)


def describe_source(said: VideoRequest, request: VideoRequest, offer: Offer) -> str:
    """Say what a continuation at the offer takes from the clip, of a request as it was `said` and as it was read; empty where that is
    nothing."""
    if said.continues is None:
        return ""
    source = said.continues.strip()
    if request.clip is not None:
        first = f"{request.model} continues {source} itself, not from its last frame."
    else:
        names = [name for name in ("model", "size") if getattr(said, name) is None and getattr(request, name) is not None]
        names += _list_options(said, request, offer)
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
        first = f"{listed[:1].upper()}{listed[1:]} {'is that' if len(names) == 1 else 'are those'} of {source}." if names else ""
    sound = _describe_sound(said, request, offer, "it" if first else source)
    return " ".join(filter(None, (first, sound)))


def _list_options(said: VideoRequest, request: VideoRequest, offer: Offer) -> Iterator[str]:
    """Yield the options that were taken, but for sound and for what the offer does by itself."""
    for name, value in request.options.items():
        if name != "audio" and name not in said.options and not any(rule.default == value for rule in offer.rules if rule.param == name):
            yield f"{name}={json.dumps(value, ensure_ascii=False)}"


def _describe_sound(said: VideoRequest, request: VideoRequest, offer: Offer, source: str) -> str:
    """Say whether the clip is made with sound, where that was taken, and how it is made otherwise, where it can be."""
    if (audio := request.options.get("audio")) is None or "audio" in said.options:
        return ""
    taken = f"With sound, as {source} has" if audio else f"Without sound, as {source} is"
    other = "audio=false makes it silent" if audio else "audio=true gives it sound"
    return f"{taken}; {other}." if _can_take(offer, "audio", not audio) else f"{taken}."


def _find_own(maker: Job, catalogue: Catalogue) -> str:
    """Return the model that made the clip: of one that its vendor continued, the model that it goes on from."""
    offer = catalogue.get(maker.model)
    return f"{maker.vendor}:{offer.video.continues}" if offer is not None and offer.video and offer.video.continues else maker.model


def refuse_other_frame(request: VideoRequest, continued: str) -> None:
    """Raise BrokenRules where a continuation has a first frame of its own."""
    if request.image is not None:
        allowed = f"left out: a continuation begins with the last frame of {continued}"
        raise BrokenRules((BrokenRule("image", None, allowed, "invalid_image"),))


def take_options(job: Job, offers: Sequence[Offer], *, is_same: bool) -> Mapping[str, Any]:
    """Return the job's options that one of the offers takes with a first frame. Pictures were those of the other clip."""
    names = [name for name in job.options if name not in PICTURES and (is_same or name == "audio")]
    return {name: job.options[name] for name in names if any(_can_take(offer, name, job.options[name]) for offer in offers)}


def _can_take(offer: Offer, name: str, value: object) -> bool:
    """Return whether the offer takes this value of an option beside a first frame."""
    rules = [rule for rule in offer.rules if rule.param == name and (not rule.when or rule.when == {"image": True})]
    return bool(rules) and all(allows(rule, value) for rule in rules)
