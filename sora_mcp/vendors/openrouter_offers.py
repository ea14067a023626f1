"""OpenRouter's public list of video models as offers. https://openrouter.ai/docs/api/api-reference/video-generation

A model whose sizes or lengths the list does not name is left out, and one whose prices cannot all be read has no price.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any, cast

from sora_mcp.domain import ImageRule, Offer, Rate, Reply, Rule, Scalar, Size
from sora_mcp.domain.money import Micros, ceil
from sora_mcp.vendors.shared.sizes import SEED

SOURCE = "https://openrouter.ai/api/v1/videos/models"
OURS = {"kling-v3.0-pro": "kling-3.0-pro", "kling-v3.0-std": "kling-3.0-standard"}
"""Models that this house already knows under a name that is spelt differently."""
RATIO = re.compile(r"[1-9][0-9]{0,4}:[1-9][0-9]{0,4}")
RESOLUTION = re.compile(r"[1-9][0-9]{0,4}[pPkK]")
PIXELS = re.compile(r"[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
SECONDS = re.compile(r"(?:(text|image)_to_video_)?duration_seconds(?:_(with|without)_audio)?(?:_(\d+p|\dk))?")
CENTS = re.compile(r"()cents_per_(?:second_output|video_output_second)(?:_(\d+p|\dk))?(?:_(with|without)_audio)?")
TOKENS = re.compile(r"video_tokens(_without_audio)?")
NOT_OURS = re.compile(r"reference_.*|.*_video_(?:input|continuation)(?:_.*)?")
"""Prices of what is not sold here: references, and videos as input."""
BESIDES = ("cents_per_image_input", "minimum_cents_per_generation")
"""Cents for each picture that is sent, and the least that a video costs."""
MOST = 1_000_000
"""Dollars or cents: what is above is no price."""
EDGES = {"1k": 1080, "2k": 1440, "4k": 2160}
Price = tuple[Mapping[str, Scalar], Decimal]
"""Under which conditions a second costs how many micros."""


def offers_of(reply: Reply, checked: date) -> tuple[Offer, ...]:
    """Every model of the list that can be sold; raises as `read` does where it is no such list."""
    body = reply.body
    rows = [cast("dict[str, Any]", row) for row in cast("list[object]", body["data"]) if isinstance(row, dict)]
    names = Counter(_name(row) for row in rows)
    return tuple(offer for row in rows if (offer := _offer(row, names, checked)) is not None)


def _name(row: Mapping[str, Any]) -> str:
    """A model's name without its maker's: that is how other vendors name it too."""
    tail = str(row.get("id")).rpartition("/")[2].casefold()
    return OURS.get(tail, tail)


def _offer(row: Mapping[str, Any], names: Counter[str], checked: date) -> Offer | None:
    slug = row.get("id")
    sizes, lengths = _sizes(row), _lengths(row.get("supported_durations"))
    if (
        not isinstance(slug, str)
        or not re.fullmatch(r"[A-Za-z0-9~][A-Za-z0-9._~-]*(?:/[A-Za-z0-9._:~-]+)?", slug)
        or not sizes
        or not lengths
    ):
        return None
    audio = (Rule("audio", (True, False), default=True),) if row.get("generate_audio") is True else ()
    seed = (SEED,) if row.get("seed") is True else ()
    image = ImageRule() if "first_frame" in _texts(row.get("supported_frame_images")) else None
    name, prices = _name(row), _named(row.get("pricing_skus"))
    return Offer(
        model=name if names[name] == 1 else slug.casefold(),
        slug=slug,
        rules=(Rule("size", sizes), Rule("seconds", lengths), *audio, *seed),
        rates=_rates(prices, sizes, audio=bool(audio), image=image is not None),
        source=SOURCE,
        checked=checked,
        confidence="derived" if "video_tokens" in prices else "live",
        image=image,
    )


def _lengths(durations: object) -> tuple[int, ...]:
    value = cast("list[object]", durations) if isinstance(durations, list) else []
    return tuple(sorted({n for n in value if type(n) is int and 0 < n <= 600}))


def _texts(value: object) -> list[str]:
    return [text for text in cast("list[object]", value) if isinstance(text, str)] if isinstance(value, list) else []


def _named(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


# Sizes


def _sizes(row: Mapping[str, Any]) -> tuple[Size, ...]:
    """Every ratio in every resolution, in pixels where the list has them; only pixels where it has nothing else."""
    ratios = [text for text in _texts(row.get("supported_aspect_ratios")) if RATIO.fullmatch(text)]
    resolutions = [text for text in _texts(row.get("supported_resolutions")) if RESOLUTION.fullmatch(text)]
    pixels = [text for text in _texts(row.get("supported_sizes")) if PIXELS.fullmatch(text)]
    if not ratios and not resolutions:
        return tuple(dict.fromkeys(Size(text, _ratio(text)) for text in pixels))
    found = (_size(ratio, resolution, pixels) for resolution, ratio in itertools.product(resolutions or [None], ratios or [None]))
    return tuple(dict.fromkeys(found))


def _size(ratio: str | None, resolution: str | None, pixels: Iterable[str]) -> Size:
    """Named by its pixels only where ratio and shorter side are exactly those: some makers' 720p is 1112x834."""
    exact = (text for text in pixels if ratio and resolution and _ratio(text) == ratio and min(_sides(text)) == _edge(resolution))
    return Size(next(exact, " ".join(part for part in (ratio, resolution) if part)), ratio, resolution)


def _sides(pixels: str) -> tuple[int, int]:
    width, _, height = pixels.partition("x")
    return int(width), int(height)


def _ratio(pixels: str) -> str:
    width, height = _sides(pixels)
    common = math.gcd(width, height)
    return f"{width // common}:{height // common}"


def _edge(resolution: str) -> int:
    name = resolution.casefold()
    return EDGES.get(name) or (int(name[:-1]) if name.endswith("p") else 0)


# Prices


def _rates(prices: Mapping[str, object], sizes: tuple[Size, ...], *, audio: bool, image: bool) -> tuple[Rate, ...]:
    """One row for every case that the prices tell apart. None at all where one of them is nothing, or in a unit not read here."""
    besides = {name: _amount(prices[name]) for name in BESIDES if name in prices}
    ours = {name: value for name, value in prices.items() if name not in BESIDES and not NOT_OURS.fullmatch(name)}
    if None in besides.values():
        return ()
    picture, least = (ceil((besides.get(name) or Decimal(0)) * 10_000) for name in BESIDES)
    if any(TOKENS.fullmatch(name) for name in ours):
        rows = _by_tokens(ours, sizes, audio=audio)
    else:
        known = [price for name, value in ours.items() if (price := _price(name, value)) is not None]
        rows = tuple(_cases(known, sizes, audio=audio, image=image)) if len(known) == len(ours) else ()
    free = any(row.micros == 0 for row in rows) and not least  # only the user's price file calls a model free
    return () if free else tuple(replace(row, picture=picture, least=least) for row in rows)


def _by_tokens(prices: Mapping[str, object], sizes: tuple[Size, ...], *, audio: bool) -> tuple[Rate, ...]:
    """Dollars a token, of which a second has width x height x 24 / 1024: a sum of ours, for sizes of which the pixels are known."""
    loud, silent = _amount(prices.get("video_tokens")), _amount(prices.get("video_tokens_without_audio", prices.get("video_tokens")))
    if loud is None or silent is None or not all(TOKENS.fullmatch(name) for name in prices):
        return ()
    sounds: list[tuple[Decimal, dict[str, Scalar]]] = [(loud, {"audio": True}), (silent, {"audio": False})]
    either: list[tuple[Decimal, dict[str, Scalar]]] = [(max(loud, silent), {})]
    cases = [(size, amount, when) for size in sizes if size.pixels for amount, when in (sounds if audio else either)]
    return tuple(Rate(ceil(amount * _tokens(size) * 1_000_000), "second", {"size": size.text, **when}) for size, amount, when in cases)


def _tokens(size: Size) -> Decimal:
    width, height = size.pixels or (0, 0)
    return Decimal(width * height * 24) / 1024


def _amount(value: object) -> Decimal | None:
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except DecimalException:
        return None
    return amount if amount is not None and amount.is_finite() and 0 <= amount <= MOST else None


def _price(name: str, value: object) -> Price | None:
    """Dollars or cents a second, under the conditions that stand in the price's name."""
    amount, dollars, cents = _amount(value), SECONDS.fullmatch(name), CENTS.fullmatch(name)
    if amount is None or not (dollars or cents):
        return None
    mode, sound, resolution = dollars.groups() if dollars else _reordered(cents.groups() if cents else ("", None, None))
    when: dict[str, Scalar] = {"resolution": resolution} if resolution else {}
    when |= {"audio": sound == "with"} if sound else {}
    when |= {"image": mode == "image"} if mode else {}
    return when, amount * (1_000_000 if dollars else 10_000)


def _reordered(groups: tuple[str | None, ...]) -> tuple[str | None, str | None, str | None]:
    mode, resolution, sound = groups
    return mode, sound, resolution


def _cases(prices: list[Price], sizes: tuple[Size, ...], *, audio: bool, image: bool) -> Iterator[Rate]:
    named = {name for when, _ in prices for name in when}
    axes: dict[str, list[Scalar]] = {}
    if "resolution" in named:
        axes["resolution"] = list(dict.fromkeys(size.resolution for size in sizes if size.resolution))
    if "audio" in named and audio:
        axes["audio"] = [True, False]
    if "image" in named:
        axes["image"] = [False, True] if image else [False]
    for values in itertools.product(*axes.values()):
        case = dict(zip(axes, values, strict=True))
        if (micros := _dearest(prices, case)) is not None:
            yield Rate(micros, "second", case)


def _dearest(prices: list[Price], case: Mapping[str, Scalar]) -> Micros | None:
    """Of the prices that hold, those that no other one narrows; of several such the highest, so that a hold is never too small."""
    holding = [(when, amount) for when, amount in prices if all(_is(case.get(name), value) for name, value in when.items())]
    narrow = [amount for when, amount in holding if not any(set(when.items()) < set(other.items()) for other, _ in holding)]
    return ceil(max(narrow)) if narrow else None


def _is(value: Scalar | None, wanted: Scalar) -> bool:
    """What a case does not say may be either. `4K` and `4k` are the same."""
    return value is None or (str(value).casefold() == str(wanted).casefold())
