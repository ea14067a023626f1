"""Find values that mend a broken request: each is tried, and has its price."""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from sora_mcp.catalogue.frame_shapes import MOST_LISTED, can_fit_to
from sora_mcp.catalogue.rules import FIT, FITS, VARIATION, check, quote, sizes_of
from sora_mcp.catalogue.size_words import read_size_words
from sora_mcp.catalogue.sizes import (
    SHAPES,
    count_lines,
    drop_shape,
    estimate_sides,
    fitting,
    has_shape,
    names_shape,
    of_shape,
    orientation,
    read_lines,
)
from sora_mcp.domain import CONTINUES, EDITS, NAMED_OPTIONS, Link, Offer, Size, Text, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules, PriceUnknown, SoraError
from sora_mcp.domain.money import NO_LIMIT, Micros
from sora_mcp.vendors import EVERY

MOST_TRIES = 400
"""Combinations of values that are tried at most."""
MOST_WORDS = 5
"""Words of a size that are read for a number of lines."""
MOST_NAME = 100
"""Characters of an option's name up to which it is compared with others."""
WIDTH_BY_HEIGHT = re.compile(r"([0-9]{1,5})([x×*:])([0-9]{1,5})")


def find_fixes(
    request: VideoRequest, offer: Offer, broken: Sequence[BrokenRule], *, can_fit: bool, below: Micros = NO_LIMIT, today: date
) -> tuple[Fix, ...]:
    """Return values that mend the request: up to four for a single broken argument, one for each when there are several.

    What is too long has one, the longest of those that cost at most `below`. A size of another shape than landscape, portrait or square,
    as was asked for, is none.

    `can_fit` is whether a picture can be cropped and padded here.
    A prompt is the caller's own and is not mended: beside a broken one, the fixes are tried with a prompt that fits.
    """
    arguments = list(dict.fromkeys(rule.argument for rule in broken if rule.argument != "prompt"))
    sound = request if len(arguments) == len({rule.argument for rule in broken}) else replace(request, prompt="a prompt that fits")
    near = [_near(name, request, offer, can_fit=can_fit) or _drop_unknown(name, among=arguments) for name in arguments]
    # An argument with one candidate is mended first and once; only combinations of the others are tried.
    sound = functools.reduce(change_request, (values[0] for values in near if len(values) == 1), sound)
    found: list[tuple[Fix, ...]] = []
    is_too_long = type(request.seconds) is int and request.seconds > offer.seconds[-1]
    is_length = arguments == ["seconds"] and is_too_long
    most = 1 if len(arguments) > 1 or is_length else 4
    for changes in itertools.islice(itertools.product(*near), MOST_TRIES):
        mended = functools.reduce(change_request, (fix for fix, values in zip(changes, near, strict=True) if len(values) > 1), sound)
        try:
            micros = quote(check(mended, offer, today=today), today=today).micros
        except BrokenRules:
            continue
        except PriceUnknown:
            micros = None
        if is_length and micros is not None and micros > below:
            continue
        found.append(tuple(replace(change, micros=micros) for change in changes))
        if len(found) == most:
            break
    return tuple(fix for group in found for fix in group)


def joint_fixes(refusal: SoraError, fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """Return the first fixes, as many as mend the call as one; those behind them are alternatives.

    That is one change for each broken argument but the prompt, or another model, which mends all of it alone. An unknown argument is
    taken out besides, and then there are no alternatives.
    """
    if not isinstance(refusal, BrokenRules):
        return fixes[:1]
    if any(rule.code == "unknown_argument" for rule in refusal.broken):
        return fixes
    arguments = {rule.argument for rule in refusal.broken} - {"prompt"}
    is_other_model = bool(fixes) and fixes[0].argument == "model" and "model" not in arguments
    named = [fix.argument for fix in fixes]
    first = next((at for at, name in enumerate(named) if name in named[:at]), len(named))
    return fixes[: 1 if is_other_model else min(first, len(arguments))]


def change_request(request: VideoRequest, change: Fix) -> VideoRequest:
    """Return the request with one argument changed; None takes it out."""
    argument, value = change.argument, change.value
    name = argument.removeprefix("options.")
    if name == argument and name not in NAMED_OPTIONS:
        return replace(request, **{argument: value})
    kept = {key: old for key, old in request.options.items() if key != name}
    return replace(request, options=kept if value is None else kept | {name: value})


def _near(argument: str, request: VideoRequest, offer: Offer, *, can_fit: bool) -> list[Fix]:
    """Return legal values that may mend one argument, the nearest to what was asked first."""
    if argument == "seconds":
        wanted = request.seconds if type(request.seconds) is int else 0
        return [Fix(argument, n) for n in sorted(offer.seconds, key=lambda n: (abs(n - wanted), n))]
    if argument == "size":
        sizes = sizes_of(offer, image=request.image is not None)
        if request.image is not None and not any(has_shape(size) for size in sizes):
            return _follow_frame(request, sizes, can_fit)
        apart = sorted(((_distance(size, request.size or ""), size.text) for size in sizes), key=lambda found: found[0])
        near = [text for (is_unlike, _), text in apart if not is_unlike]
        if WIDTH_BY_HEIGHT.search(request.size or ""):
            near = [text for distance, text in apart if distance == (False, 0)] or near  # the same, as this model calls it
        return [Fix(argument, text) for text in (near if names_shape(request.size) else _name_lines(near, sizes, request.size or ""))]
    if argument == "image":
        return [*(Fix("size", text) for text in _frame_sizes(request, offer)), *list_fits(request, can_fit)] or _nearest_sizes(
            request, offer
        )
    if argument == f"options.{FIT}":
        return [Fix(argument, None)] if request.image is None else [*list_fits(request, can_fit), Fix(argument, None)]
    if argument == f"options.{VARIATION}":
        return [Fix(argument, 1)]
    if argument in (EDITS, CONTINUES):
        return []  # without the video another one would be made
    name = argument.removeprefix("options.")
    rule = next((rule for rule in offer.options if rule.param == name), None)
    if rule is None:
        return _rename(name, request, offer)
    # Without what was asked for the video would be another one: no fix leaves it out.
    values = () if isinstance(rule.allowed, Text | Link) else rule.allowed[:6]
    return [Fix(argument, value) for value in dict.fromkeys((rule.default, *values)) if value is not None]


def _name_lines(texts: Sequence[str], sizes: Sequence[Size], asked: str) -> list[str]:
    """Return sizes by their lines alone, once each, where they are many, all have lines, and nothing else was asked for."""
    lines = {size.text: size.plain_resolution for size in sizes}
    is_about_lines = len(sizes) > MOST_LISTED and all(lines.values()) and all(map(read_lines, read_size_words(asked)[:MOST_WORDS]))
    return list(dict.fromkeys(lines[text] for text in texts)) if is_about_lines else list(texts)


def _follow_frame(request: VideoRequest, sizes: Sequence[Size], can_fit: bool) -> list[Fix]:
    """Return the size without the shape, which the first frame decides, and where it can be brought to the one that was asked for, that."""
    rest = drop_shape(request.size or "")
    nearest = sorted((_distance(size, rest)[1], size.text) for size in sizes)
    plain = None if len(sizes) == 1 or not rest else rest if fitting(rest, sizes) else nearest[0][1]
    crops = list(list_fits(request, can_fit))[:1] if can_fit_to(request) and not request.is_fitted else []
    return [Fix("size", plain), *crops]


def _rename(name: str, request: VideoRequest, offer: Offer) -> list[Fix]:
    """Return the options with the nearest name that this offer has in place of one that nobody has; a known one is asked for as it is."""
    own = [rule.param for rule in offer.options if rule.param not in request.options]
    near = [] if name in _known_options() else difflib.get_close_matches(name[:MOST_NAME].casefold(), own, n=1)
    return [Fix("options", {near[0] if old == name else old: value for old, value in request.options.items()}) for _ in near]


def _drop_unknown(argument: str, *, among: Sequence[str]) -> list[Fix]:
    """Return the call without an option that no model has, only where other arguments are mended with it: else it is just named."""
    is_unknown = argument.startswith("options.") and argument.removeprefix("options.") not in _known_options()
    return [Fix(argument, None)] if is_unknown and len(among) > 1 else []


@functools.cache
def _known_options() -> frozenset[str]:
    """Return the options that some model has. Who asks for one of them wants it."""
    return frozenset(rule.param for vendor in EVERY for offer in vendor.offers for rule in offer.options) | {*NAMED_OPTIONS}


def _distance(size: Size, text: str) -> tuple[bool, int]:
    """Return how far a size is from what was asked: first by its shape, then by its pixels or lines. Without either all are as near."""
    asked = WIDTH_BY_HEIGHT.fullmatch(text.strip().casefold())
    if asked is None:
        return _unlike(size, read_size_words(text))
    width, height = int(asked[1]), int(asked[3])
    shape = orientation(Size("", f"{width}:{height}"))
    sides = estimate_sides(size)
    apart = abs(sides[0] - width) + abs(sides[1] - height) if sides and asked[2] != ":" else 0
    return shape is not None and orientation(size) != shape, apart


def _unlike(size: Size, words: Sequence[str]) -> tuple[bool, int]:
    """Return the same for words such as `portrait`, `1080p` and `8k`."""
    ratio = next((word for word in words if WIDTH_BY_HEIGHT.fullmatch(word)), None)
    shape = next((word for word in words if word in SHAPES), ratio and orientation(Size("", ratio)))
    wanted = next((lines for word in words if (lines := read_lines(word))), 0)
    return shape is not None and orientation(size) != shape, abs(count_lines(size) - wanted) if wanted else 0


def list_fits(request: VideoRequest, can_fit: bool) -> Iterator[Fix]:
    """Yield the ways to bring a picture to the video's size, where its bytes are here."""
    image = request.frame
    if image is not None and not image.is_url and can_fit:
        yield from (Fix(f"options.{FIT}", how) for how in FITS[:2])


def _frame_sizes(request: VideoRequest, offer: Offer) -> Iterator[str]:
    """Return the sizes that have the first frame's own width and height."""
    image = request.frame
    return (size.text for size in sizes_of(offer, image=True) if image is not None and size.pixels == (image.width, image.height))


def _nearest_sizes(request: VideoRequest, offer: Offer) -> list[Fix]:
    """Return the sizes that come nearest to the first frame's shape, for a computer that cannot bring it to one."""
    image = request.frame
    return [] if image is None else [Fix("size", size.text) for size in of_shape(image, sizes_of(offer, image=True), nearest=True)]
