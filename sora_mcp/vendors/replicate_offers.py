"""Offers of Replicate, and how each is ordered: every model has its own input fields. https://replicate.com/collections/text-to-video

Replicate has no list of prices: they are those of the models' pages, with their fields, as somebody else read them on 2026-10-06. What only
an older reading states is not sold: Runway Gen-4.5, HappyHorse 1.0 and Wan 2.7 from words (2026-06-04). HappyHorse 1.1 is not sold either:
it takes a first frame and references in one field, so that one reference would be a first frame; nor Kling O1, H3, Grok and Gemini Omni,
whose fields no page that was seen names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Order, Rate, Rule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import (
    KLING_2_SECONDS,
    KLING_SECONDS,
    NEGATIVE,
    WAN_RATIOS,
    WIDE,
    follow_frame,
    keep_ratio,
    list_kling,
    list_veo,
)
from sora_mcp.vendors.shared.offer_rows import Row, Wire, sell, write_fields, write_pictures
from sora_mcp.vendors.shared.rates import rate_resolutions, rate_sound, rate_sound_and_size
from sora_mcp.vendors.shared.sizes import AUDIO, LAST, SEED, SEEDANCE, VEO_SECONDS, allow_references, name_sizes

CHECKED = date(2026, 10, 6)
LATER = date(2026, 10, 10)
"""Prices of Seedance 2 and Wan 3, as somebody else read them on their pages. Fields of Seedance 2.5, Wan 3 and PixVerse V6 are those of the
pages' schemas as https://github.com/ajcwebdev/autoshow has them."""
SEEN = date(2026, 11, 30)
"""Models of which lengths, sizes and pictures were seen, and no price."""
FRAME = ImageRule()
RATIOS = (*SEEDANCE, "9:21")
WIRE = Wire(last="last_frame_image")
KLING_WIRE = replace(WIRE, first="start_image", last="end_image")
KLING_3_WIRE = replace(KLING_WIRE, resolution="mode", words={"720p": "standard", "1080p": "pro", "4k": "4k"})


def make_input(order: Order) -> dict[str, Any]:
    """Return the input fields of an order."""
    wire = WIRES[order.offer.model]
    return write_fields(wire, order) | write_pictures(wire, order)


def _sell(model: str, slug: str, rates: tuple[Rate, ...], *rules: Rule, **facts: Any) -> Offer:
    known: dict[str, Any] = {"checked": CHECKED, "image": FRAME, "picture": slug} | facts
    return sell("https://replicate.com/", model, slug, rates, *rules, **known)


def _kling_3(model: str, slug: str, prices: Mapping[str, tuple[str, str]], *more: Rule, **facts: Any) -> Row:
    """Return an offer of Kling 3.0, whose mode is the resolution. With a first frame, the frame decides the ratio."""
    rules = follow_frame(("16:9", "9:16", "1:1"), prices, KLING_SECONDS, AUDIO, *LAST, *more)
    return _sell(model, slug, rate_sound_and_size(prices), *rules, **facts), KLING_3_WIRE


def _kling_2(model: str, slug: str, rates: tuple[Rate, ...], *more: Rule, **facts: Any) -> Row:
    return _sell(model, slug, rates, *list_kling(KLING_2_SECONDS, NEGATIVE, *more), **facts), replace(KLING_WIRE, resolution=None)


def _seedance(model: str, rates: tuple[Rate, ...], ratios: tuple[str, ...], names: tuple[str, ...], *more: Rule, **facts: Any) -> Row:
    """Return an offer of Seedance. With a first frame, the frame decides the ratio: 2.0 and 2.5 have a word for that."""
    offer = _sell(model, f"bytedance/{model}", rates, *follow_frame(ratios, names, SEED, *more), **facts)
    return offer, replace(WIRE, framed_ratio="adaptive" if model.startswith("seedance-2") else None)


def _veo(model: str, rates: tuple[Rate, ...], *rules: Rule) -> Row:
    return _sell(model, f"google/{model}", rates, *rules), replace(WIRE, last="last_frame")


VEO = list_veo(("1080p", "720p"))
VEO_LITE = keep_ratio(WIDE, ("1080p", "720p"), VEO_SECONDS, Rule("seconds", (8,), {"resolution": "1080p"}))
NO_REFERENCES = tuple(Rule("references", (), when) for when in ({"ratio": "9:16"}, {"seconds": (4, 6)}))
"""Veo takes references at 16:9 and 8 s only."""
KLING_30 = {"1080p": ("0.224", "0.336"), "720p": ("0.168", "0.252"), "4k": ("0.42", "0.42")}
KLING_OMNI = {"1080p": ("0.224", "0.28"), "720p": ("0.168", "0.224"), "4k": ("0.42", "0.42")}
SEEDANCE_25 = {"720p": "0.2312", "480p": "0.1028"}
SEEDANCE_20 = {"1080p": "0.45", "4k": "1.00", "720p": "0.18", "480p": "0.08"}
SEEDANCE_10 = {"1080p": "0.15", "720p": "0.06", "480p": "0.03"}
LONG, SHORT = Rule("seconds", range(4, 16)), Rule("seconds", range(2, 13))
CHIPS = Rule("seconds", (4, 5, 6, 8, 10, 12))
"""Lengths that an application of others lets people choose; the page may have more."""
ALL_SIZES = ("1080p", "720p", "480p")
SEEDANCE_ROWS: tuple[Row, ...] = (
    _seedance(
        "seedance-2.5",
        rate_resolutions(SEEDANCE_25),
        SEEDANCE,
        tuple(SEEDANCE_25),
        *(Rule("seconds", range(4, 31)), *LAST, AUDIO, *allow_references(30)),
        checked=LATER,
    ),
    _seedance(
        "seedance-2.0",
        rate_resolutions(SEEDANCE_20),
        RATIOS,
        tuple(SEEDANCE_20),
        *(LONG, *LAST, AUDIO, *allow_references(9)),
        checked=LATER,
    ),
    _seedance("seedance-2.0-fast", rate_resolutions({"720p": "0.15"}), RATIOS, ("720p",), LONG, *LAST, AUDIO, *allow_references(9)),
    _seedance(
        "seedance-2.0-mini",
        (),
        RATIOS,
        ("720p", "480p"),
        *(Rule("seconds", (5, 10, 15)), *LAST, AUDIO, *allow_references(9)),
        checked=SEEN,
        prompt_max=4000,
    ),
    _seedance(
        "seedance-1.5-pro",
        rate_sound_and_size({"1080p": ("0.06", "0.12"), "480p": ("0.013", "0.025")}),
        RATIOS,
        ("1080p", "480p"),
        *(SHORT, *LAST, AUDIO),
    ),
    _seedance("seedance-1-pro", rate_resolutions(SEEDANCE_10), RATIOS, tuple(SEEDANCE_10), SHORT, *LAST),
    _seedance("seedance-1-pro-fast", (), RATIOS, ALL_SIZES, CHIPS, checked=SEEN, sound=False),
    _seedance(
        "seedance-1-lite",
        (),
        RATIOS,
        ALL_SIZES,
        *(CHIPS, *LAST, *allow_references(4), Rule("references", (), {"resolution": "1080p"})),
        checked=SEEN,
        sound=False,
    ),
)
WAN_3 = {"720p": "0.10", "480p": "0.05", "1080p": "0.20"}
ROWS: tuple[Row, ...] = (
    *SEEDANCE_ROWS,
    _kling_3("kling-3.0", "kwaivgi/kling-v3-video", KLING_30),
    _kling_3("kling-3.0-omni", "kwaivgi/kling-v3-omni-video", KLING_OMNI, *allow_references(7), prompt_max=2500),
    _kling_2("kling-2.6-pro", "kwaivgi/kling-v2.6", rate_sound("0.07", "0.14"), AUDIO),
    _kling_2("kling-2.5-turbo-pro", "kwaivgi/kling-v2.5-turbo-pro", (Rate(usd("0.07"), "second"),), *LAST, sound=False),
    _veo("veo-3.1", rate_sound("0.20", "0.40"), *VEO, *allow_references(3), *NO_REFERENCES),
    _veo("veo-3.1-fast", rate_sound("0.10", "0.15"), *VEO),
    _veo("veo-3.1-lite", rate_resolutions({"1080p": "0.08", "720p": "0.05"}), *VEO_LITE),
    (
        _sell(
            "wan-2.7-i2v",
            "wan-video/wan-2.7-i2v",
            rate_resolutions({"720p": "0.10", "1080p": "0.15"}),
            *(Rule("size", name_sizes("720p", "1080p")), Rule("seconds", range(2, 16)), *LAST),
            text=False,
            sound=True,
        ),
        replace(WIRE, first="first_frame", last="last_frame"),
    ),
    (
        _sell(
            "wan-3.0",
            "alibaba/wan-3",
            rate_resolutions(WAN_3),
            *follow_frame(WAN_RATIOS, WAN_3, Rule("seconds", range(2, 31)), NEGATIVE, SEED),
            checked=LATER,
        ),
        WIRE,
    ),
    (
        _sell(
            "pixverse-v6",
            "pixverse/pixverse-v6",
            (),
            *follow_frame(("16:9", "9:16", "1:1"), ("720p", "360p", "540p", "1080p"), Rule("seconds", (5, 8, 10, 15))),
            *(AUDIO, NEGATIVE, SEED, *LAST),
            checked=SEEN,
        ),
        replace(WIRE, resolution="quality", audio="generate_audio_switch"),
    ),
)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}
PICTURES = tuple(sorted({name for wire in WIRES.values() for name in (wire.first, wire.last, wire.references)}))
"""Every field that has pictures."""
