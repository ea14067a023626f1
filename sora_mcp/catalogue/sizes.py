"""Read sizes as people write them, and choose those that have the shape of a first frame."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from sora_mcp.catalogue.size_words import read_size_words
from sora_mcp.domain import Image, Size

SHAPES = ("landscape", "portrait", "square")
LINES = {"sd": 480, "hd": 720, "2k": 1440, "4k": 2160, "8k": 4320}
"""What people, and some vendors, call a number of lines."""
USUAL = (360, 480, 540, 720, 1080, 1440, 2160)
"""Numbers of lines that people know as names."""
COUNTED = re.compile(r"([0-9]{1,5})p?")
SIDES = re.compile(r"[0-9]{1,5}[x:][0-9]{1,5}")
SAME_SHAPE = 1.03
"""How many times greater one ratio may be than the other: "16:9" of 480 lines is sold as 832x480, which is 2.6 % narrower."""
AS_NEAR = 1.01
"""Of sizes of one shape, those that are all taken as the nearest."""


def fitting(text: str, sizes: Iterable[Size]) -> tuple[Size, ...]:
    """Return the sizes that these words mean: `1280x720`, `16:9`, `9:16 1080p`, `portrait`. A size's own text means that size only. Pixels
    that no size has mean the one that is sold without pixels, as their ratio and lines: `16:9 720p`."""
    wanted = read_size_words(text)
    named = [(size, *_names(size)) for size in sizes]
    exact = tuple(size for size, own, _ in named if own == wanted)
    if found := exact or tuple(size for size, _, names in named if wanted and names.issuperset(wanted)):
        return found
    asked = Size(wanted[0]).pixels if len(wanted) == 1 and SIDES.fullmatch(wanted[0]) else None
    return () if asked is None else tuple(size for size, *_ in named if _has_ratio_and_lines(size, asked))


def _has_ratio_and_lines(size: Size, asked: tuple[int, int]) -> bool:
    """Return whether a size without pixels has the ratio and the lines of these."""
    ratio, lines = _ratio(size), count_lines(size)
    if size.pixels is not None or ratio is None or not lines or lines != min(asked):
        return False
    quotient = asked[0] * ratio[1] / (asked[1] * ratio[0])
    return max(quotient, 1 / quotient) <= SAME_SHAPE


def names_shape(text: str | None) -> bool:
    """Return whether these words say a shape: `1280x720`, `16:9` and `portrait` do, `1080p` and no words do not."""
    return text is not None and any(word in SHAPES or ":" in word or "x" in word for word in read_size_words(text))


def find_shape(text: str) -> str | None:
    """Return the first word that says a shape: `16:9`, `square`; None where none does."""
    return next(iter(list_shape_words(text)), None)


def list_shape_words(text: str) -> list[str]:
    """Return the words that say a shape: `16:9`, `square`. Exact pixels are a size and no shape."""
    return [word for word in read_size_words(text) if word in SHAPES or ":" in word]


def drop_shape(text: str) -> str:
    """Return the other words: `1080p` of `9:16 1080p`."""
    return " ".join(word for word in read_size_words(text) if word not in SHAPES and ":" not in word)


def find_lost_shape(text: str, sizes: Sequence[Size]) -> str | None:
    """Return the shape that these words say, where none of the sizes has it."""
    shape = find_shape(text)
    return None if shape is None or fitting(shape, sizes) else shape


def list_shapes(sizes: Iterable[Size]) -> list[str]:
    """Return the ratio of each size once; of one without a ratio, the size."""
    return list(dict.fromkeys(size.ratio or size.text for size in sizes))


@functools.lru_cache(maxsize=1000)
def orientation(size: Size) -> str | None:
    """Return `landscape`, `portrait` or `square`; None where only the resolution is known."""
    sides = _ratio(size) or size.pixels
    if sides is None:
        return None
    return "square" if sides[0] == sides[1] else "landscape" if sides[0] > sides[1] else "portrait"


@functools.lru_cache(maxsize=1000)
def count_lines(size: Size) -> int:
    """Return of how many lines a size is sold as, else how many its pixels have; 0 where no source says it: `1112x834` may be sold as
    720p."""
    sold_as = max(map(read_lines, read_size_words(size.resolution or size.text)), default=0)
    return sold_as or min(size.pixels or (0,))


def estimate_sides(size: Size) -> tuple[int, int] | None:
    """Return the pixels of a size; of a ratio with lines those that it has by them; None where either is not known."""
    ratio, lines = _ratio(size), count_lines(size)
    if size.pixels is not None or ratio is None or not lines:
        return size.pixels
    short = min(ratio)
    return round(ratio[0] * lines / short), round(ratio[1] * lines / short)


def read_lines(word: str) -> int:
    """Return how many lines a word of a size means, such as `720p` or `4k`; 0 for any other."""
    counted = COUNTED.fullmatch(word)
    return int(counted[1]) if counted else LINES.get(word, 0)


def is_size(text: str) -> bool:
    """Return whether every word says a shape, pixels or lines, whoever sells that."""
    words = read_size_words(text)
    return bool(words) and all(word in SHAPES or SIDES.fullmatch(word) or read_lines(word) for word in words)


def name_lines(size: Size) -> str:
    """Return how many lines a size has as people say it: `720p`, `4K`; the pixels, where they have no such name and the vendor gives
    none; empty where no source says it."""
    lines = count_lines(size)
    if size.pixels is not None and not size.resolution and lines not in USUAL:
        return size.text
    return {0: "", 2160: "4K"}.get(lines, f"{lines}p")


def describe_size(text: str, *, is_edit: bool) -> str:
    """Return the text of an ordered size, and in words that the video to change, or the first frame, decides its shape."""
    return text if text != "auto" else "the clip's shape" if is_edit else "the first frame's shape"


def name_size(size: Size) -> str:
    """Return the size in words that other models' sizes fit too: `9:16 1080p`."""
    lines = name_lines(size)
    return f"{size.ratio} {lines}" if size.ratio and lines and lines != size.text else size.text


def has_shape(size: Size) -> bool:
    """Return whether a size has a shape of its own; `720p` and `auto` take that of the first frame."""
    return size.pixels is not None or _ratio(size) is not None


def of_shape(frame: Image, sizes: Sequence[Size], *, nearest: bool = False) -> tuple[Size, ...]:
    """Return the sizes of a measured frame's shape, in their order; none where no size has it, or the `nearest` ones, however far."""
    apart = [_compare(size, frame) for size in sizes]
    least = min(apart, default=1.0)
    is_same = least <= SAME_SHAPE
    if not is_same and not nearest:
        return ()
    most = least * (AS_NEAR if is_same else SAME_SHAPE)
    return tuple(size for size, quotient in zip(sizes, apart, strict=True) if quotient <= most)


def first_of_each_shape(sizes: Iterable[Size]) -> list[str]:
    """Return one size of each shape, as text."""
    found: dict[object, str] = {}
    for size in sizes:
        found.setdefault(size.ratio or size.pixels, size.text)
    return [*found.values()]


def _compare(size: Size, frame: Image) -> float:
    """Return how many times greater one ratio of width to height is than the other; 1 for a size that takes the frame's."""
    sides = size.pixels or _ratio(size)
    if sides is None or not frame.width or not frame.height:
        return 1.0
    quotient = sides[0] * frame.height / (sides[1] * frame.width)
    return max(quotient, 1 / quotient)


@functools.lru_cache(maxsize=1000)
def _ratio(size: Size) -> tuple[int, int] | None:
    width, _, height = (size.ratio or "").partition(":")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() and int(height) else None


@functools.lru_cache(maxsize=4096)
def _names(size: Size) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of an offered size, and every word that it answers to."""
    own = read_size_words(size.text)
    others = (name for name in (size.ratio, size.resolution, orientation(size)) if name)
    return own, frozenset((*own, *(word for name in others for word in read_size_words(name))))
