"""Offers of WaveSpeed, and how each is ordered: every model has its own path and its own flat fields.

Fields and prices are those of the models' pages (https://wavespeed.ai/docs/docs-api/...), of WaveSpeed's own skills, and of node packs and
notes of others that cite these pages: https://github.com/eRepublik-Labs/comfyui-nodes-erpk (at e9b6bb7 and 10b1915) has the requests of
Seedance 2, Kling, Wan 2.7, Veo 3.1, H3 and LTX field by field. Not sold, because no source has path, fields and values together: Wan 3 with
references, LTX-2 19B, Kling O1 and O3 in 4K; Seedance 2.0's own edits, whose length and ratio are not those of the video; extensions of
Veo 3.1, Wan 2.5 and Seedance 1.5 and 2.5, whose price no page states, or which bill seconds of the clip that is sent.

Most models have no rates here: their pages were seen in copies of which none says its day, and two of one page differ. WaveSpeed's list of
models prices them as of today, for whoever has its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from sora_mcp.domain import Offer, Order, Rate, Rule, Size, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import (
    KLING_2_SECONDS,
    KLING_SECONDS,
    NEGATIVE,
    WAN_NEGATIVE,
    WAN_RATIOS,
    WIDE,
    follow_frame,
    keep_ratio,
    list_kling,
    list_veo,
    list_wan,
    name_resolution,
)
from sora_mcp.vendors.shared.offer_rows import FRAME, Row, Wire, sell, write_fields, write_pictures
from sora_mcp.vendors.shared.rates import rate_lengths, rate_resolutions, rate_sound_and_size
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    FULL_HD,
    HD,
    LAST,
    SEED,
    SEEDANCE,
    allow_references,
    combine_sizes,
    name_sizes,
    split_sizes,
)

DOCS = "https://wavespeed.ai/docs/docs-api"
SKILLS = "https://github.com/WaveSpeedAI/agent-skills/blob/main/skills"
CHECKED, SEEN = date(2026, 11, 30), date(2026, 9, 1)
"""Today, and when somebody else read the prices of the models' pages."""
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


def _seedance(name: str, seconds: range, resolutions: tuple[str, ...], references: int, ratios: tuple[str, ...] = SEEDANCE) -> Row:
    """Return an offer of Seedance 2.0, or of 2.5, where the first frame decides the ratio."""
    listed = follow_frame if name.startswith("2.5") else keep_ratio
    version, turbo = name.removesuffix("-turbo"), "-turbo" * name.endswith("-turbo")
    rules = listed(ratios, resolutions, Rule("seconds", seconds), AUDIO, *LAST, *(allow_references(references) if references else ()))
    return _sell(f"seedance-{name}", f"bytedance/seedance-{version}/{{}}{turbo}", (), *rules), WIRE


TURBO = ("720p", "1080p")
PLAIN = ("720p", "480p", "1080p")
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
    # Sources differ in the number of references: the lowest counts, but for 2.0 mini, whose nine are stated as its page's.
    *(_seedance(name, range(4, 16), PLAIN, 4) for name in ("2.0", "2.0-fast")),
    *(_seedance(name, range(4, 16), TURBO, 4) for name in ("2.0-turbo", "2.0-fast-turbo")),
    _seedance("2.0-mini", range(4, 16), (*PLAIN, "4k"), 9),
    _seedance("2.0-mini-turbo", range(5, 13), TURBO, 0, WAN_RATIOS),
    _seedance("2.5", range(4, 31), (*PLAIN, "4k"), 4),
    _seedance("2.5-turbo", range(4, 31), TURBO, 4),
)


SOUND = replace(BARE, last="end_image", audio="sound")


def _kling(model: str, tier: str) -> Row:
    """Return an offer of Kling 3.0. With a first frame, the frame decides the ratio."""
    rules = list_kling(KLING_SECONDS, AUDIO, NEGATIVE, *LAST, resolution=name_resolution(tier))
    return _sell(model, f"kwaivgi/kling-v3.0-{tier}/{{}}", (), *rules), SOUND


def _omni(tier: str, path: str, *more: Rule) -> Row:
    """Return an offer of Kling O3."""
    return _sell(f"kling-o3-{tier}", f"kwaivgi/kling-video-o3-{path}/{{}}", (), *list_kling(KLING_SECONDS, AUDIO, *LAST, *more)), SOUND


def _kling_2(model: str, path: str, wire: Wire, *more: Rule, **facts: Any) -> Row:
    """Return an offer of Kling 2.6 or 2.5 Turbo."""
    return _sell(model, f"kwaivgi/kling-{path}/{{}}", (), *list_kling(KLING_2_SECONDS, NEGATIVE, *more), **facts), wire


def _turbo(tier: str, resolution: str) -> Row:
    """Return an offer of Kling 3.0 Turbo, from words only."""
    rules = (Rule("size", combine_sizes(("16:9", "9:16", "1:1"), (resolution,))), Rule("seconds", range(3, 16)))
    return _sell(f"kling-3.0-turbo-{tier}", f"kwaivgi/kling-v3-turbo-{tier}/text-to-video", (), *rules), BARE


KLING_ROWS: tuple[Row, ...] = (
    *(_kling(f"kling-3.0-{name}", tier) for name, tier in (("standard", "std"), ("pro", "pro"), ("4k", "4k"))),
    *(_turbo(tier, resolution) for tier, resolution in (("std", "720p"), ("pro", "1080p"))),
    _omni("standard", "std"),
    _omni("pro", "pro", Rule("seconds", (5, 10), {"image": True})),
    _kling_2("kling-2.6-pro", "v2.6-pro", SOUND, AUDIO),  # its last frame cannot be combined with sound, which is on by itself
    _kling_2("kling-2.6-standard", "v2.6-std", BARE),
    _kling_2("kling-2.5-turbo-pro", "v2.5-turbo-pro", BARE, *LAST, sound=False),
    (
        _sell(
            "kling-2.5-turbo-standard",
            "kwaivgi/kling-v2.5-turbo-std/image-to-video",
            (),
            *(Rule("size", (AUTO,)), KLING_2_SECONDS, NEGATIVE),
            text=False,
            image=FRAME,
            picture="kwaivgi/kling-v2.5-turbo-std/image-to-video",
            sound=False,
        ),
        BARE,
    ),
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
        "lightricks/ltx-2-pro/{}",
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


def _edit(model: str, path: str, rates: tuple[Rate, ...], sizes: Iterable[Size], seconds: tuple[int, int], **facts: Any) -> Offer:
    """Return an offer that changes a video."""
    rules = (Rule("size", tuple(sizes)), Rule("seconds", range(seconds[0], seconds[1] + 1)))
    slug = f"{path}/video-edit"
    return _sell(model, slug, rates, *rules, text=False, picture=slug, video=VideoRule(seconds), **facts)


KEEP_SOUND = replace(WIRE, fixed={"generate_audio": False})
NOTED = date(2026, 10, 7)
EDIT_ROWS: tuple[Row, ...] = (
    (_edit("kling-4.0-edit", "kwaivgi/kling-v4.0", (), name_sizes(*KLING_4_NAMES), (3, 30), source=KLING_4), WIRE),
    (
        _edit(
            "kling-o3-pro-edit",
            "kwaivgi/kling-video-o3-pro",
            (Rate(usd("0.168"), "second"),),
            (AUTO,),
            (3, 10),
            source="https://wavespeed.ai/models/kwaivgi/kling-video-o3-pro/video-edit",
            checked=SEEN,
        ),
        BARE,
    ),
    # The seconds of both videos count, which are as many: each price is twice that of the page.
    (
        _edit(
            "seedance-2.5-edit",
            "bytedance/seedance-2.5",
            rate_resolutions({"720p": "0.44", "480p": "0.22", "1080p": "1.10"}),
            name_sizes(*PLAIN),
            (4, 30),
            source="https://wavespeed.ai/models/bytedance/seedance-2.5/video-edit",
            checked=NOTED,
        ),
        KEEP_SOUND,
    ),
    (
        replace(
            _edit(
                "seedance-2.5-turbo-edit",
                "bytedance/seedance-2.5",
                rate_resolutions({"720p": "0.24", "1080p": "0.26"}),
                name_sizes(*TURBO),
                (2, 15),
                source="https://wavespeed.ai/models/bytedance/seedance-2.5/video-edit-turbo",
                checked=NOTED,
            ),
            slug="bytedance/seedance-2.5/video-edit-turbo",
        ),
        KEEP_SOUND,
    ),
    (_edit("wan-2.7-edit", "alibaba/wan-2.7", (), name_sizes("720p", "1080p"), (2, 10)), WIRE),
)


def _extend(model: str, path: str, rates: tuple[Rate, ...], sizes: Iterable[Size], lengths: range | tuple[int, ...], **facts: Any) -> Offer:
    """Return an offer that goes on from a clip of a model, and returns both as one video. The added seconds are billed.

    xAI continues clips of 2 to 15 s (https://docs.x.ai/developers/model-capabilities/video); of Seedance, clips are as long.
    """
    rules = (Rule("size", tuple(sizes)), Rule("seconds", lengths))
    slug, rule = f"{path}/video-extend", VideoRule((2, 15.5), continues=model)
    page = f"{DOCS}/{path.partition('/')[0]}/{slug.replace('/', '-')}"
    return _sell(f"{model}-extend", slug, rates, *rules, text=False, picture=slug, video=rule, source=page, **facts)


GROK_EXTEND = _extend("grok-imagine-video", "x-ai/grok-imagine-video", (Rate(usd("0.05"), "second"),), (AUTO,), (6, 10), sound=True)
EXTEND_ROWS: tuple[Row, ...] = (
    (GROK_EXTEND, BARE),
    # Their pages tell the price by that of another page: WaveSpeed's list has it as of today.
    *(
        (_extend(f"seedance-{name}", f"bytedance/seedance-{name}", (), name_sizes(*PLAIN), range(4, 16), sound=True), WIRE)
        for name in ("2.0", "2.0-fast")
    ),
)
H3_WORDS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
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
    *(
        (
            _sell(
                f"wan-{version}",
                f"alibaba/wan-{version}/{{}}",
                rate_resolutions(prices),
                # Of first frames no source has a seed.
                *follow_frame(WAN_RATIOS, prices, Rule("seconds", range(2, 31)), AUDIO, SEED, Rule("seed", (), {"image": True}), *LAST),
                source=f"https://wavespeed.ai/models/alibaba/wan-{version}/image-to-video",
                checked=SEEN,
            ),
            replace(WIRE, audio="enable_audio"),
        )
        for version, prices in (
            ("3.0", {"720p": "0.10", "480p": "0.05", "1080p": "0.20"}),
            ("3.0-prime", {"720p": "0.15", "480p": "0.075", "1080p": "0.30"}),
        )
    ),
    (_sell("wan-2.7", "alibaba/wan-2.7/{}", (), *list_wan(("720p", "1080p"), range(2, 16), WAN_NEGATIVE, *LAST), sound=True), WIRE),
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
    (_sell("veo-3.1", "google/veo3.1/{}", (), *list_veo(("1080p", "720p"))), WIRE),
    (
        _sell(
            "minimax-h3",
            "minimax/h3/{}",
            (),
            # Nine references, of which each after the fifth costs more.
            *follow_frame(H3_WORDS, ("768p", "2k"), Rule("seconds", range(4, 16)), *LAST, *allow_references(5)),
            references="minimax/h3/reference-to-video",
            sound=True,
        ),
        WIRE,
    ),
    (
        _sell(
            "minimax-h3-open",
            "wavespeed-ai/minimax-h3/{}",
            (),
            *follow_frame((*H3_WORDS, "9:21"), ("480p", "768p"), Rule("seconds", range(5, 16)), SEED, *LAST, *allow_references(9)),
            references="wavespeed-ai/minimax-h3/reference-to-video",
            source="https://wavespeed.ai/models/wavespeed-ai/minimax-h3/text-to-video",
            sound=True,
        ),
        WIRE,
    ),
    (
        _sell(
            "ltx-2.3",
            "wavespeed-ai/ltx-2.3/{}",
            (),
            *follow_frame(WIDE, PLAIN, Rule("seconds", range(5, 21)), SEED),
            source="https://wavespeed.ai/models/wavespeed-ai/ltx-2.3/text-to-video",
        ),
        WIRE,
    ),
    (
        _sell(
            "grok-imagine-video",
            "x-ai/grok-imagine-video/{}",
            (),
            *follow_frame(("16:9", "1:1", "9:16"), ("720p", "480p"), Rule("seconds", (6, 10))),
        ),
        WIRE,
    ),
)
ROWS: tuple[Row, ...] = (VEO, WAN, *SEEDANCE_ROWS, *KLING_ROWS, *HAILUO_ROWS, LTX, RAY, *NEW_ROWS, *EDIT_ROWS, *EXTEND_ROWS)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}


def make_inputs(order: Order) -> dict[str, Any]:
    """Return the fields of an order without its pictures, which no price depends on."""
    return write_fields(WIRES[order.offer.model], order)


def make_pictures(order: Order) -> dict[str, Any]:
    """Return the fields of an order's pictures."""
    return write_pictures(WIRES[order.offer.model], order)
