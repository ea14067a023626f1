"""Offers of WaveSpeed, and how each is ordered: every model has its own path and its own flat fields.

Fields and prices are those of the models' pages (https://wavespeed.ai/docs/docs-api/...) and of WaveSpeed's own skills. Not sold, because
no source has path, fields and values together: Kling 4.0, Seedance 2.5, Wan 2.7, Grok, Veo 3.1 and LTX-2 19B.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sora_mcp.domain import ImageRule, Link, Offer, Order, Rate, Rule, Size, Text
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    FULL_HD,
    HD,
    KLING,
    LAST,
    SEED,
    SEEDANCE,
    VEO_SECONDS,
    combine_sizes,
    split_sizes,
)

DOCS = "https://wavespeed.ai/docs/docs-api"
SKILLS = "https://github.com/WaveSpeedAI/agent-skills/blob/main/skills"
CHECKED = date(2026, 11, 30)
NEGATIVE = Rule("negative_prompt", Text(2500))
"""No page states a limit: Kling's maker has this one."""


@dataclass(frozen=True)
class Wire:
    """The names and types of a model's fields. What it has no field for, no rule of its offer allows."""

    ratio: str | None = "aspect_ratio"
    resolution: bool = True
    pixels: bool = False
    """A `size` such as `1280*720`, where the order has no first frame."""
    seconds: Literal["number", "suffix"] | None = "number"
    """A length of 5 s as 5 or "5s"; None where it is fixed."""
    last: str = "last_image"
    audio: str = "generate_audio"


Row = tuple[Offer, Wire]


def make_inputs(order: Order) -> dict[str, Any]:
    """Return the fields of an order without its pictures, which no price depends on."""
    wire, size = WIRES[order.offer.model], order.size
    is_exact = wire.pixels and order.image is None and size.pixels is not None
    lengths: Mapping[str, Any] = {"number": order.seconds, "suffix": f"{order.seconds}s"}
    fields: dict[str, Any] = {
        "prompt": order.prompt,
        "resolution": size.resolution if wire.resolution and not is_exact else None,
        "duration": lengths[wire.seconds] if wire.seconds else None,
        wire.audio: order.options.get("audio"),
        "seed": order.options.get("seed"),
        "negative_prompt": order.options.get("negative_prompt"),
    }
    if is_exact:
        fields["size"] = size.text.replace("x", "*")
    elif wire.ratio:
        fields[wire.ratio] = size.ratio
    return drop_missing(fields)


def make_pictures(order: Order) -> dict[str, Any]:
    """Return the fields of an order's pictures."""
    wire, references = WIRES[order.offer.model], str(order.options.get("references", "")).split()
    first = order.image and order.image.uri
    return drop_missing({"image": first, wire.last: order.options.get("last_image"), "reference_images": references or None})


def _sell(model: str, path: str, rates: tuple[Rate, ...], *rules: Rule, source: str = "", **facts: Any) -> Offer:
    """Return an offer. The path has `{}` where a first frame makes it another."""
    more: dict[str, Any] = {"checked": CHECKED} | facts
    if "{}" in path:
        more |= {"image_slug": path.format("image-to-video"), "image": ImageRule()}
    maker = path.partition("/")[0]
    slug = path.format("text-to-video")
    page = f"{DOCS}/{maker}/{slug.replace('/', '-')}"
    return Offer(model=model, slug=slug, rules=rules, rates=rates, source=source or page, **more)


def _frames(*resolutions: str) -> tuple[Size, ...]:
    """Return the sizes of an order whose first frame decides the ratio, or of a model with one resolution and no field for it."""
    return tuple(Size(name, None, name) for name in resolutions)


def _by_length(prices: Mapping[int, str]) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "video", {"seconds": seconds}) for seconds, price in prices.items())


VEO: Row = (
    _sell(
        "veo-3.1-fast",
        "google/veo3.1-fast/{}",
        # By the video, whatever its length, at 720p and 1080p. 4k is a size of the model, without a price on the page.
        tuple(Rate(usd(price), "video", {"audio": audio}) for audio, price in ((True, "1.20"), (False, "0.80"))),
        *(Rule("size", combine_sizes(("16:9", "9:16"), ("1080p", "720p"))), VEO_SECONDS, AUDIO, NEGATIVE, SEED, *LAST),
        source=f"{SKILLS}/wavespeed-veo-31-fast/SKILL.md",
    ),
    Wire(),
)
WAN: Row = (
    _sell(
        "wan-2.6",
        "alibaba/wan-2.6/{}",
        tuple(Rate(usd(price), "second", {"resolution": text}) for text, price in (("720p", "0.10"), ("1080p", "0.15"))),
        *(*split_sizes((*HD, *FULL_HD), _frames("720p", "1080p")), Rule("seconds", (5, 10, 15)), NEGATIVE, SEED),
        source=f"{SKILLS}/wavespeed-wan-26/SKILL.md",
    ),
    Wire(ratio=None, pixels=True),
)


def _seedance_rates() -> tuple[Rate, ...]:
    """Return rates per second: the page has 5 and 10 s, and prices in proportion. It has none for 1080p."""
    prices = (("720p", True, "0.052"), ("720p", False, "0.026"), ("480p", True, "0.024"), ("480p", False, "0.012"))
    return tuple(Rate(usd(price), "second", {"resolution": text, "audio": audio}) for text, audio, price in prices)


def _seedance(model: str, path: str, ratios: tuple[str, ...], resolutions: tuple[str, ...], seconds: range, *rules: Rule) -> Row:
    """Return an offer of Seedance 2.0, from words and references only: pages disagree on the fields of its first frames."""
    return _sell(model, path, (), Rule("size", combine_sizes(ratios, resolutions)), Rule("seconds", seconds), *rules), Wire()


REFERENCES = Rule("references", Link(9))
"""The page states no number: Seedance's maker has this one."""
SEEDANCE_ROWS: tuple[Row, ...] = (
    (
        _sell(
            "seedance-1.5-pro",
            "bytedance/seedance-v1.5-pro/{}",
            _seedance_rates(),
            *(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p"))), Rule("seconds", range(4, 13)), AUDIO, SEED, *LAST),
            source=f"{SKILLS}/wavespeed-seedance-15-pro/SKILL.md",
        ),
        Wire(),
    ),
    *(
        _seedance(f"seedance-{name}", f"bytedance/seedance-{name}/text-to-video", SEEDANCE, sizes, range(4, 16), REFERENCES)
        for name, sizes in (("2.0", ("720p", "480p", "1080p")), ("2.0-fast", ("720p", "480p", "1080p")))
    ),
    _seedance(
        "seedance-2.0-mini-turbo",
        "bytedance/seedance-2.0-mini/text-to-video-turbo",
        ("16:9", "9:16", "1:1", "4:3", "3:4"),
        ("720p", "1080p"),
        range(5, 13),
        AUDIO,
    ),
)


def _kling(model: str, tier: str) -> Row:
    """Return an offer of Kling 3.0. With a first frame, the frame decides the ratio."""
    rules = (*split_sizes(KLING, (AUTO,)), Rule("seconds", range(3, 16)), AUDIO, NEGATIVE, *LAST)
    return _sell(model, f"kwaivgi/kling-v3.0-{tier}/{{}}", (), *rules), Wire(resolution=False, last="end_image", audio="sound")


def _turbo(tier: str, resolution: str) -> Row:
    """Return an offer of Kling 3.0 Turbo, from words only."""
    rules = (Rule("size", combine_sizes(("16:9", "9:16", "1:1"), (resolution,))), Rule("seconds", range(3, 16)))
    return _sell(f"kling-3.0-turbo-{tier}", f"kwaivgi/kling-v3-turbo-{tier}/text-to-video", (), *rules), Wire(resolution=False)


KLING_ROWS: tuple[Row, ...] = (
    *(_kling(f"kling-3.0-{name}", tier) for name, tier in (("standard", "std"), ("pro", "pro"), ("4k", "4k"))),
    *(_turbo(tier, resolution) for tier, resolution in (("std", "720p"), ("pro", "1080p"))),
)


def _hailuo(tier: str, path: str, prices: Mapping[int, str], size: Size, seconds: Literal["number"] | None, **facts: Any) -> Row:
    """Return an offer of Hailuo 2.3, by the video. It has no field for the size."""
    rules = (Rule("size", (size,)), Rule("seconds", tuple(prices)))
    page = f"{DOCS}/minimax/minimax-hailuo-2.3-{path}"
    offer = _sell(f"hailuo-2.3-{tier}", f"minimax/hailuo-2.3/{path}", _by_length(prices), *rules, source=page, **facts)
    return offer, Wire(ratio=None, resolution=False, seconds=seconds)


HAILUO_ROWS: tuple[Row, ...] = (
    _hailuo("standard", "t2v-standard", {6: "0.23", 10: "0.56"}, Size("768p", None, "768p"), "number"),
    _hailuo("pro", "t2v-pro", {5: "0.49"}, Size("1080p", None, "1080p"), None),
    _hailuo("fast", "fast", {6: "0.19", 10: "0.32"}, AUTO, "number", text=False, image=ImageRule()),
)
LTX: Row = (
    _sell(
        "ltx-2-pro",
        "lightricks/ltx-2-pro/text-to-video",
        (),  # $0.06 a second on 2026-01-08, by somebody who compared the page: too old to count
        *(Rule("size", _frames("1080p")), Rule("seconds", (6, 8, 10)), AUDIO),
    ),
    Wire(ratio=None, resolution=False),
)
RAY: Row = (
    # The page names 16:9 as an example of a ratio, and no other.
    _sell("ray-3.2", "luma/ray-3.2/{}", (), Rule("size", combine_sizes(("16:9",), ("720p", "540p", "1080p"))), Rule("seconds", (5, 10))),
    Wire(ratio="size", seconds="suffix"),
)
ROWS: tuple[Row, ...] = (VEO, WAN, *SEEDANCE_ROWS, *KLING_ROWS, *HAILUO_ROWS, LTX, RAY)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}
