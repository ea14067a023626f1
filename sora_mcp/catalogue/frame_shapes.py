"""Read a size where the model has none of its own shape: with a first frame, such a video has the shape of the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from sora_mcp.catalogue.sizes import (
    drop_shape,
    find_shape,
    fitting,
    has_shape,
    list_shape_words,
    list_shapes,
    names_shape,
    of_shape,
    orientation,
)
from sora_mcp.domain import Image, Size, VideoRequest

MOST_LISTED = 6
"""Sizes that are listed one by one."""
MOST_STRETCH = 5
"""How many times longer than the other one side of a shape may be."""
RATIO = re.compile(r"([0-9]{1,4}):([0-9]{1,4})")
MOST_SIDE = 21
"""The largest number of a ratio that people say: `21:9`."""


def fit_frame(request: VideoRequest, sizes: Sequence[Size]) -> tuple[Size, ...]:
    """Return those of the sizes without a shape that the words of the request mean, because its first frame has the shape that they say,
    or is brought to it; none where it has not."""
    image, text = request.frame, request.size or ""
    free = tuple(size for size in sizes if not has_shape(size))
    if not free or image is None or not image.width or not image.height or not names_shape(text):
        return ()
    if not (_target_shape(text) if request.is_fitted else is_of_shape(image, text)):
        return ()
    rest = drop_shape(text)
    return fitting(rest, free) if rest else free


def is_of_shape(image: Image, text: str) -> bool:
    """Return whether a measured picture has every shape that these words say; exact pixels are said of the video and not of the shape."""
    return find_shape(text) is not None and all(_has_shape(image, word) for word in list_shape_words(text))


def decides_shape(request: VideoRequest, sizes: Sequence[Size]) -> bool:
    """Return whether the request has a first frame that one of these sizes, which have none, takes its shape from."""
    return request.image is not None and not all(map(has_shape, sizes))


def find_target(image: Image, size: Size, how: str, text: str | None = None) -> tuple[int, int]:
    """Return the pixels to which a picture is cropped or padded: the video's, or where only the shape is known, the largest such part of
    the picture, or the smallest such frame around it. `text` is the caller's size, which says the shape where the video's has none."""
    width, height = image.width or 0, image.height or 0
    if size.pixels is not None:
        return size.pixels
    meant = size if has_shape(size) else _target_shape(text or "")
    if meant is None or not meant.ratio:
        return width, height
    wide, _, high = meant.ratio.partition(":")
    ratio = int(wide) / int(high)
    if (width / height > ratio) == (how == "crop"):
        return round(height * ratio), height
    return width, round(width / ratio)


def bring_to_shape(request: VideoRequest, sizes: Sequence[Size]) -> Image | None:
    """Return the first frame as it is sent, as far as it is measured: cropped or padded where no size decides how large it becomes."""
    image = request.frame
    if image is None or not request.is_fitted or not image.width or not fit_frame(request, sizes):
        return image
    width, height = find_target(image, Size(""), str(request.options.get("fit")), request.size)
    return replace(image, width=width, height=height)


def describe_sizes(request: VideoRequest, sizes: Sequence[Size]) -> str:
    """Return which sizes are legal; of a model where the first frame decides the shape, that it does, and which it is."""
    listed = _list_sizes(sizes)
    if request.image is None or any(has_shape(size) for size in sizes):
        return listed
    allowed, own = "left out" if len(sizes) == 1 else listed, describe_shape(request.frame)
    if not names_shape(request.size):
        return f"{allowed}: the first frame decides it" if len(sizes) == 1 else listed
    return f"{allowed}: the first frame decides the shape{f', here {own}' if own else ''}"


def _list_sizes(sizes: Sequence[Size]) -> str:
    """Return the sizes in words; of many, the shapes and the lines that each is sold with, where that says the same."""
    shapes, lines = list_shapes(sizes), list(dict.fromkeys(size.plain_resolution for size in sizes))
    if len(sizes) > MOST_LISTED and len(lines) > 1 and all(lines) and len(shapes) * len(lines) == len(sizes):
        return f"{_join(shapes)}, each with {_join(lines)}"
    return _join([size.text for size in sizes])


def _join(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} or {texts[-1]}" if len(texts) > 1 else texts[0]


def describe_shape(image: Image | None) -> str:
    """Return a picture's shape as people say it, `3:4`, else its width and height; empty where it is not measured."""
    if image is None or not image.width or not image.height:
        return ""
    common = math.gcd(image.width, image.height)
    wide, high = image.width // common, image.height // common
    return f"{wide}:{high}" if max(wide, high) <= MOST_SIDE else f"{image.width}x{image.height}"


def can_fit_to(request: VideoRequest) -> bool:
    """Return whether the words of the size say a shape to which the first frame can be cropped or padded."""
    return bool(request.frame and request.frame.width) and _target_shape(request.size or "") is not None


def _has_shape(image: Image, word: str) -> bool:
    ratio = _read_ratio(word)
    if ratio is not None:
        return bool(of_shape(image, (ratio,)))
    return orientation(Size(f"{image.width}x{image.height}")) == word


def _target_shape(text: str) -> Size | None:
    """Return the one ratio that these words say; None for a mere direction, which leaves it open."""
    ratios = [_read_ratio(word) for word in dict.fromkeys(list_shape_words(text))]
    return ratios[0] if len(ratios) == 1 else None


def _read_ratio(word: str) -> Size | None:
    """Return the ratio of a word: `9:16`, `square`; None for any other, and for one that no picture is cut to."""
    named = RATIO.fullmatch("1:1" if word == "square" else word)
    if named is None:
        return None
    wide, high = int(named[1]), int(named[2])
    return Size("", f"{wide}:{high}") if min(wide, high) * MOST_STRETCH >= max(wide, high) > 0 else None
