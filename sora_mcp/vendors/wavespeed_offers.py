"""Offers of WaveSpeed, and how each is ordered: every model has its own path and its own flat fields.

Fields and prices are those of the models' pages (https://wavespeed.ai/docs/docs-api/...) and of WaveSpeed's own skills. Not sold, because
no source has path, fields and values together: Seedance 2.5, Wan 2.7, Grok, Veo 3.1, Kling O3 and 2.6, H3 and LTX-2 19B.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from sora_mcp.domain import Link, Offer, Order, Rate, Rule, Size, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import KLING_SECONDS, NEGATIVE, WAN_RATIOS, follow_frame, list_kling, list_veo
from sora_mcp.vendors.shared.rates import rate_lengths, rate_resolutions, rate_sound_and_size
from sora_mcp.vendors.shared.rows import FRAME, Row, Wire, sell, write_fields, write_pictures
from sora_mcp.vendors.shared.sizes import AUDIO, AUTO, FULL_HD, HD, LAST, SEED, SEEDANCE, combine_sizes, name_sizes, split_sizes

DOCS = "https://wavespeed.ai/docs/docs-api"
SKILLS = "https://github.com/WaveSpeedAI/agent-skills/blob/main/skills"
CHECKED = date(2026, 11, 30)
WIRE = Wire()
"""Most models have these names: `image`, `last_image`, `reference_images`, `generate_audio`."""
BARE = replace(WIRE, resolution=None)
PIXELS = replace(WIRE, ratio=None, pixels=True)


def _sell(model: str, path: str, rates: tuple[Rate, ...], *rules: Rule, source: str = "", **facts: Any) -> Offer:
    """Return an offer. The path has `{}` where a first frame makes it another; without, it takes words only, or what `facts` say."""
    maker = path.partition("/")[0]
    page = f"{DOCS}/{maker}/{path.format('text-to-video').replace('/', '-')}"
    more: dict[str, Any] = {"checked": CHECKED, "image": FRAME if "{}" in path else None} | facts
    return sell("", model, path, rates, *rules, source=source or page, **more)


VEO: Row = (
    _sell(
        "veo-3.1-fast",
        "google/veo3.1-fast/{}",
        # By the video, whatever its length, at 720p and 1080p. 4k is a size of the model, without a price on the page.
        tuple(Rate(usd(price), "video", {"audio": audio}) for audio, price in ((True, "1.20"), (False, "0.80"))),
        *list_veo(("1080p", "720p")),
        source=f"{SKILLS}/wavespeed-veo-31-fast/SKILL.md",
    ),
    WIRE,
)
WAN: Row = (
    _sell(
        "wan-2.6",
        "alibaba/wan-2.6/{}",
        rate_resolutions({"720p": "0.10", "1080p": "0.15"}),
        *(*split_sizes((*HD, *FULL_HD), name_sizes("720p", "1080p")), Rule("seconds", (5, 10, 15)), NEGATIVE, SEED),
        source=f"{SKILLS}/wavespeed-wan-26/SKILL.md",
    ),
    PIXELS,
)


def _seedance(model: str, path: str, ratios: tuple[str, ...], resolutions: tuple[str, ...], seconds: range, *rules: Rule) -> Row:
    """Return an offer of Seedance 2.0, from words and references only: pages disagree on the fields of its first frames."""
    return _sell(model, path, (), Rule("size", combine_sizes(ratios, resolutions)), Rule("seconds", seconds), *rules), WIRE


REFERENCES = Rule("references", Link(9))
"""The page states no number: Seedance's maker has this one."""
SEEDANCE_ROWS: tuple[Row, ...] = (
    (
        _sell(
            "seedance-1.5-pro",
            "bytedance/seedance-v1.5-pro/{}",
            # By the second: the page has 5 and 10 s, and prices in proportion. It has none for 1080p.
            rate_sound_and_size({"720p": ("0.026", "0.052"), "480p": ("0.012", "0.024")}),
            *(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p"))), Rule("seconds", range(4, 13)), AUDIO, SEED, *LAST),
            source=f"{SKILLS}/wavespeed-seedance-15-pro/SKILL.md",
        ),
        WIRE,
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
    rules = list_kling(KLING_SECONDS, AUDIO, NEGATIVE, *LAST)
    return _sell(model, f"kwaivgi/kling-v3.0-{tier}/{{}}", (), *rules), replace(BARE, last="end_image", audio="sound")


def _turbo(tier: str, resolution: str) -> Row:
    """Return an offer of Kling 3.0 Turbo, from words only."""
    rules = (Rule("size", combine_sizes(("16:9", "9:16", "1:1"), (resolution,))), Rule("seconds", range(3, 16)))
    return _sell(f"kling-3.0-turbo-{tier}", f"kwaivgi/kling-v3-turbo-{tier}/text-to-video", (), *rules), BARE


KLING_ROWS: tuple[Row, ...] = (
    *(_kling(f"kling-3.0-{name}", tier) for name, tier in (("standard", "std"), ("pro", "pro"), ("4k", "4k"))),
    *(_turbo(tier, resolution) for tier, resolution in (("std", "720p"), ("pro", "1080p"))),
)


def _hailuo(tier: str, path: str, prices: Mapping[int, str], size: Size, seconds: Literal["number"] | None, **facts: Any) -> Row:
    """Return an offer of Hailuo 2.3, by the video. It has no field for the size."""
    rules = (Rule("size", (size,)), Rule("seconds", tuple(prices)))
    page = f"{DOCS}/minimax/minimax-hailuo-2.3-{path}"
    offer = _sell(f"hailuo-2.3-{tier}", f"minimax/hailuo-2.3/{path}", rate_lengths(prices), *rules, source=page, **facts)
    return offer, replace(BARE, ratio=None, seconds=seconds)


HAILUO_ROWS: tuple[Row, ...] = (
    _hailuo("standard", "t2v-standard", {6: "0.23", 10: "0.56"}, Size("768p", None, "768p"), "number"),
    _hailuo("pro", "t2v-pro", {5: "0.49"}, Size("1080p", None, "1080p"), None),
    _hailuo("fast", "fast", {6: "0.19", 10: "0.32"}, AUTO, "number", text=False, image=FRAME),
)
LTX: Row = (
    _sell(
        "ltx-2-pro",
        "lightricks/ltx-2-pro/text-to-video",
        (),  # $0.06 a second on 2026-01-08, by somebody who compared the page: too old to count
        *(Rule("size", name_sizes("1080p")), Rule("seconds", (6, 8, 10)), AUDIO),
    ),
    replace(BARE, ratio=None),
)
RAY: Row = (
    # The page names 16:9 as an example of a ratio, and no other.
    _sell("ray-3.2", "luma/ray-3.2/{}", (), Rule("size", combine_sizes(("16:9",), ("720p", "540p", "1080p"))), Rule("seconds", (5, 10))),
    replace(WIRE, ratio="size", seconds="suffix"),
)
KLING_4 = "https://wavespeed.ai/blog/zh-CN/ai-news/kling-4-0-is-coming-what-we-know-and-how-to-prepare-on-wavespeedai/"
KLING_4_NAMES = ("720p", "1080p", "4k")
NEW_ROWS: tuple[Row, ...] = (
    (
        _sell(
            "kling-4.0",
            "kwaivgi/kling-v4.0/{}",
            (),
            *follow_frame(("16:9", "9:16", "1:1", "21:9"), KLING_4_NAMES, Rule("seconds", range(3, 31)), *LAST),
            source=KLING_4,
            sound=True,
        ),
        WIRE,
    ),
    (
        _sell(
            "kling-4.0-edit",
            "kwaivgi/kling-v4.0/video-edit",
            (),
            *(Rule("size", name_sizes(*KLING_4_NAMES)), Rule("seconds", range(3, 31))),
            source=KLING_4,
            text=False,
            picture="kwaivgi/kling-v4.0/video-edit",
            video=VideoRule((3, 30)),
        ),
        WIRE,
    ),
    *(
        (
            _sell(
                f"wan-{version}",
                f"alibaba/wan-{version}/text-to-video",
                (),
                *(Rule("size", combine_sizes(WAN_RATIOS, ("720p", "480p", "1080p"))), Rule("seconds", range(2, 31)), AUDIO, SEED),
                source="https://wavespeed.ai/blog/developer-friction/how-do-i-use-the-wan-30-api/",
            ),
            replace(WIRE, audio="enable_audio"),
        )
        for version in ("3.0", "3.0-prime")
    ),
    (
        _sell(
            "wan-2.5",
            "alibaba/wan-2.5/text-to-video",
            (),
            *(Rule("size", (*HD, *FULL_HD, Size("832x480", "16:9", "480p"), Size("480x832", "9:16", "480p"))), Rule("seconds", (5, 10))),
            NEGATIVE,
            source="https://wavespeed.ai/models/alibaba/wan-2.5/text-to-video/llms.txt",
        ),
        PIXELS,
    ),
)
"""Of Wan 3 from pictures no page that was seen names the fields."""
ROWS: tuple[Row, ...] = (VEO, WAN, *SEEDANCE_ROWS, *KLING_ROWS, *HAILUO_ROWS, LTX, RAY, *NEW_ROWS)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}


def make_inputs(order: Order) -> dict[str, Any]:
    """Return the fields of an order without its pictures, which no price depends on."""
    return write_fields(WIRES[order.offer.model], order)


def make_pictures(order: Order) -> dict[str, Any]:
    """Return the fields of an order's pictures."""
    return write_pictures(WIRES[order.offer.model], order)
