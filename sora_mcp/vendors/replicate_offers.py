"""Offers of Replicate, and how each is ordered: every model has its own input fields. https://replicate.com/collections/text-to-video

Replicate has no list of prices: they are those of the models' pages, with their fields, as somebody else read them on 2026-10-06. What only
an older reading states is not sold: Runway Gen-4.5, HappyHorse 1.0 and Wan 2.7 from words (2026-06-04), and Seedance 2.0 in 480p and 720p.
Wan 3 is not sold either: its page may show the price of a week's sale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Order, Rate, Rule, Size, Text
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.requests import drop_missing
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    KLING,
    LAST,
    SEED,
    SEEDANCE,
    VEO_SECONDS,
    allow_references,
    combine_sizes,
    split_sizes,
)

CHECKED = date(2026, 10, 6)
FRAME = ImageRule(most_bytes=1_000_000)
"""`data:` URIs are recommended up to 1 MB. https://replicate.com/docs/topics/predictions/input-files (read 2026-11-30)"""
NEGATIVE = Rule("negative_prompt", Text(2500))
"""No page states a limit: Kling's maker has this one."""
RATIOS = (*SEEDANCE, "9:21")


@dataclass(frozen=True)
class Wire:
    """The names of a model's fields. What it has no field for, no rule of its offer allows."""

    first: str = "image"
    last: str = "last_frame_image"
    resolution: str | None = "resolution"
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """The model's own words for resolutions."""
    framed_ratio: str | None = None
    """What stands for the ratio where the first frame decides it."""


Row = tuple[Offer, Wire]
KLING_MODES = {"720p": "standard", "1080p": "pro", "4k": "4k"}


def make_input(order: Order) -> dict[str, Any]:
    """Return the input fields of an order."""
    wire, size, references = WIRES[order.offer.model], order.size, str(order.options.get("references", "")).split()
    fields: dict[str, Any] = {
        "prompt": order.prompt,
        "duration": order.seconds,
        "aspect_ratio": size.ratio or (wire.framed_ratio if order.image else None),
        wire.first: order.image and order.image.uri,
        wire.last: order.options.get("last_image"),
        "reference_images": references or None,
        "generate_audio": order.options.get("audio"),
        "seed": order.options.get("seed"),
        "negative_prompt": order.options.get("negative_prompt"),
    }
    if wire.resolution and size.resolution:
        fields[wire.resolution] = wire.words.get(size.resolution, size.resolution)
    return drop_missing(fields)


def _sell(model: str, slug: str, rates: tuple[Rate, ...], *rules: Rule, **facts: Any) -> Offer:
    page = f"https://replicate.com/{slug}"
    return Offer(model=model, slug=slug, rules=rules, rates=rates, source=page, checked=CHECKED, image=FRAME, **facts)


def _frames(*resolutions: str) -> tuple[Size, ...]:
    """Return the sizes of an order whose first frame decides the ratio."""
    return tuple(Size(name, None, name) for name in resolutions)


def _by_resolution(prices: Mapping[str, str]) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "second", {"resolution": name}) for name, price in prices.items())


def _by_sound(prices: Mapping[str | None, tuple[str, str]]) -> tuple[Rate, ...]:
    """Return rates per second, without sound and with it, by resolution where they depend on it."""
    return tuple(
        Rate(usd(price), "second", {"audio": audio} | ({} if name is None else {"resolution": name}))
        for name, pair in prices.items()
        for audio, price in zip((False, True), pair, strict=True)
    )


def _kling_3(model: str, slug: str, prices: Mapping[str | None, tuple[str, str]], *more: Rule, **facts: Any) -> Row:
    """Return an offer of Kling 3.0, whose mode is the resolution. With a first frame, the frame decides the ratio."""
    names = ("1080p", "720p", "4k")
    sizes = split_sizes(combine_sizes(("16:9", "9:16", "1:1"), names), _frames(*names))
    offer = _sell(model, slug, _by_sound(prices), *sizes, Rule("seconds", range(3, 16)), AUDIO, *LAST, *more, **facts)
    return offer, Wire("start_image", "end_image", "mode", KLING_MODES)


def _kling_2(model: str, slug: str, rates: tuple[Rate, ...], *more: Rule, **facts: Any) -> Row:
    offer = _sell(model, slug, rates, *split_sizes(KLING, (AUTO,)), Rule("seconds", (5, 10)), NEGATIVE, *more, **facts)
    return offer, Wire("start_image", "end_image", None)


def _seedance(model: str, rates: tuple[Rate, ...], names: tuple[str, ...], seconds: range, *more: Rule, **facts: Any) -> Row:
    """Return an offer of Seedance. With a first frame, the frame decides the ratio: 2.0 has a word for that."""
    sizes = split_sizes(combine_sizes(RATIOS, names), _frames(*names))
    offer = _sell(model, f"bytedance/{model}", rates, *sizes, Rule("seconds", seconds), SEED, *LAST, *more, **facts)
    return offer, Wire(framed_ratio="adaptive" if model.startswith("seedance-2") else None)


def _veo(model: str, rates: tuple[Rate, ...], *more: Rule) -> Row:
    sizes = Rule("size", combine_sizes(("16:9", "9:16"), ("1080p", "720p")))
    return _sell(model, f"google/{model}", rates, sizes, VEO_SECONDS, *more), Wire(last="last_frame")


VEO_OPTIONS = (AUDIO, NEGATIVE, SEED, *LAST)
NO_REFERENCES = tuple(Rule("references", (), when) for when in ({"ratio": "9:16"}, {"seconds": (4, 6)}))
"""Veo takes references at 16:9 and 8 s only."""
KLING_30: Mapping[str | None, tuple[str, str]] = {"1080p": ("0.224", "0.336"), "720p": ("0.168", "0.252"), "4k": ("0.42", "0.42")}
KLING_OMNI: Mapping[str | None, tuple[str, str]] = {"1080p": ("0.224", "0.28"), "720p": ("0.168", "0.224"), "4k": ("0.42", "0.42")}
ROWS: tuple[Row, ...] = (
    _seedance("seedance-2.0", _by_resolution({"1080p": "0.45", "4k": "1.00"}), ("1080p", "4k"), range(4, 16), AUDIO, *allow_references(9)),
    _seedance("seedance-2.0-fast", _by_resolution({"720p": "0.15"}), ("720p",), range(4, 16), AUDIO, *allow_references(9)),
    _seedance(
        "seedance-1.5-pro",
        _by_sound({"1080p": ("0.06", "0.12"), "480p": ("0.013", "0.025")}),
        ("1080p", "480p"),
        range(2, 13),
        AUDIO,
    ),
    _seedance(
        "seedance-1-pro",
        _by_resolution({"1080p": "0.15", "720p": "0.06", "480p": "0.03"}),
        ("1080p", "720p", "480p"),
        range(2, 13),
    ),
    _kling_3("kling-3.0", "kwaivgi/kling-v3-video", KLING_30),
    _kling_3("kling-3.0-omni", "kwaivgi/kling-v3-omni-video", KLING_OMNI, *allow_references(7), prompt_max=2500),
    _kling_2("kling-2.6-pro", "kwaivgi/kling-v2.6", _by_sound({None: ("0.07", "0.14")}), AUDIO),
    _kling_2("kling-2.5-turbo-pro", "kwaivgi/kling-v2.5-turbo-pro", (Rate(usd("0.07"), "second"),), *LAST, sound=False),
    _veo("veo-3.1", _by_sound({None: ("0.20", "0.40")}), *VEO_OPTIONS, *allow_references(3), *NO_REFERENCES),
    _veo("veo-3.1-fast", _by_sound({None: ("0.10", "0.15")}), *VEO_OPTIONS),
    _veo("veo-3.1-lite", _by_resolution({"1080p": "0.08", "720p": "0.05"}), Rule("seconds", (8,), {"resolution": "1080p"})),
    (
        _sell(
            "wan-2.7-i2v",
            "wan-video/wan-2.7-i2v",
            _by_resolution({"720p": "0.10", "1080p": "0.15"}),
            *(Rule("size", _frames("720p", "1080p")), Rule("seconds", range(2, 16)), *LAST),
            text=False,
            sound=True,
        ),
        Wire("first_frame", "last_frame"),
    ),
)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}
