"""Read OpenRouter's public list of video models as offers. https://openrouter.ai/docs/api/api-reference/video-generation

A model without sizes or lengths is skipped; one whose prices cannot all be read gets no price. Of `input_references` the list does not say
how many a model takes, and of `previous_job_id` neither which models take it nor what the continued seconds cost: neither is offered.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from sora_mcp.domain import ImageRule, Offer, Reply, Rule, Size, Text
from sora_mcp.vendors.openrouter_prices import read_rates
from sora_mcp.vendors.shared.sizes import LAST, SEED

SOURCE = "https://openrouter.ai/api/v1/videos/models"
OURS = {"kling-v3.0-pro": "kling-3.0-pro", "kling-v3.0-std": "kling-3.0-standard"}
"""Model names that other vendors spell differently."""
VERTEX, NEGATIVE = "google-vertex", "negativePrompt"
"""The provider and its parameter, by https://openrouter.ai/docs/cookbook/video-generation/provider-specific-video-options (2026-11-30).
Of other makers no page names the provider, and options under a wrong name are dropped without a word."""
RATIO = re.compile(r"[1-9][0-9]{0,4}:[1-9][0-9]{0,4}")
RESOLUTION = re.compile(r"[1-9][0-9]{0,4}[pPkK]")
PIXELS = re.compile(r"[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
MOST_UNWANTED = 500  # the docs state no limit; 500 is ours
EDGES = {"1k": 1080, "2k": 1440, "4k": 2160}


def read_offers(reply: Reply, checked: date) -> tuple[Offer, ...]:
    """Return an offer for each model of the list that can be sold. Raise as `read` may where the body is no such list."""
    body = reply.body
    rows = [cast("dict[str, Any]", row) for row in cast("list[object]", body["data"]) if isinstance(row, dict)]
    names = Counter(_name(row) for row in rows)
    return tuple(offer for row in rows if (offer := _offer(row, names, checked)) is not None)


def _name(row: Mapping[str, Any]) -> str:
    """Return the model's name without its maker, as other vendors name it."""
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
    frames, passed = _texts(row.get("supported_frame_images")), _texts(row.get("allowed_passthrough_parameters"))
    image = ImageRule() if "first_frame" in frames else None
    last = LAST if image is not None and "last_frame" in frames else ()
    unwanted = (Rule("negative_prompt", Text(MOST_UNWANTED)),) if slug.startswith("google/") and NEGATIVE in passed else ()
    name, prices = _name(row), _as_mapping(row.get("pricing_skus"))
    return Offer(
        model=name if names[name] == 1 else slug.casefold(),
        slug=slug,
        rules=(Rule("size", sizes), Rule("seconds", lengths), *audio, *seed, *last, *unwanted),
        rates=read_rates(prices, sizes, audio=bool(audio), image=image is not None),
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


def _as_mapping(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _sizes(row: Mapping[str, Any]) -> tuple[Size, ...]:
    """Return each ratio in each resolution, in pixels where the list has them; pixels alone where it has nothing else."""
    ratios = [text for text in _texts(row.get("supported_aspect_ratios")) if RATIO.fullmatch(text)]
    resolutions = [text for text in _texts(row.get("supported_resolutions")) if RESOLUTION.fullmatch(text)]
    pixels = [text for text in _texts(row.get("supported_sizes")) if PIXELS.fullmatch(text)]
    if not ratios and not resolutions:
        return tuple(dict.fromkeys(Size(text, _ratio(text)) for text in pixels))
    found = (_size(ratio, resolution, pixels) for resolution, ratio in itertools.product(resolutions or [None], ratios or [None]))
    return tuple(dict.fromkeys(found))


def _size(ratio: str | None, resolution: str | None, pixels: Iterable[str]) -> Size:
    """Return a size named by pixels where ratio and shorter side match exactly: some makers' 720p is 1112x834."""
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
