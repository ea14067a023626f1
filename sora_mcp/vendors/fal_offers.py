"""Offers of fal that have no file of their own, and how each is ordered. https://fal.ai/models

Fields are those of each model's own page (`https://fal.ai/models/<path>/llms.txt`) as copies of it have them. Not sold, because no source
of this quarter has their path, fields and price together: Kling 4.0 (its pages name two paths), Seedance 2.5 Flash, PixVerse C1 and Vidu
Q1. Sora 2, Wan 2.6 from words and LTX-2 have ended there. Extensions are not sold:
no page of this quarter has fields and price of one together, and H3 Max's bills tokens of the video that is sent, which nobody can count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sora_mcp.domain import Rate, Rule, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import (
    WAN_NEGATIVE,
    WAN_RATIOS,
    WIDE,
    follow_frame,
    keep_ratio,
    list_seedance,
    list_veo,
    list_wan,
)
from sora_mcp.vendors.shared.offer_rows import Row, Wire, sell
from sora_mcp.vendors.shared.rates import rate_lengths, rate_resolutions, rate_sound_and_size
from sora_mcp.vendors.shared.sizes import AUDIO, AUTO, LAST, OMNI_ENDS, SEED, SEEDANCE, allow_references, name_sizes

CHECKED = date(2026, 11, 30)
"""The page's own price, or that of litellm 1.110.2, which cites the page."""
LISTED = date(2026, 10, 8)
"""A public list of fal's pages, read by others on this day."""
READ = date(2026, 10, 4)
"""Prices and fields that others read on fal's pages. https://github.com/Avi-141/dheevara"""
EXPORTED = date(2026, 9, 1)
"""fal's list of models, exported in the week before. https://github.com/gokayfem/ComfyUI-fal-API"""
TEXT = Wire("text", first="image_url", last="end_image_url", references="image_urls", video="video_url")
NUMBER, SUFFIX = replace(TEXT, seconds="number"), replace(TEXT, seconds="suffix")
_sell = partial(sell, "https://fal.ai/models")


def _edit(model: str, slug: str, prices: Mapping[str, str], seconds: tuple[int, int], checked: date = EXPORTED) -> Row:
    """Return an offer that changes a video."""
    rules = (Rule("size", name_sizes(*prices)), Rule("seconds", range(seconds[0], seconds[1] + 1)))
    page = f"https://fal.ai/models{slug}/llms.txt"
    video = VideoRule(seconds)
    return _sell(
        model, slug, rate_resolutions(prices), *rules, text=False, picture=slug, image=None, video=video, source=page, checked=checked
    ), TEXT


# Seedance


def _seedance(model: str, path: str, rates: tuple[Rate, ...], names: tuple[str, ...], seconds: range, **facts: Any) -> Row:
    """Return an offer of Seedance 2."""
    rules = list_seedance(names, seconds, AUDIO, *allow_references(9))
    base = f"/bytedance/{path}/"
    return _sell(model, f"{base}{{}}", rates, *rules, references=f"{base}reference-to-video", **facts), TEXT


def _seedance_1(model: str, path: str, rates: tuple[Rate, ...], seconds: range, *more: Rule) -> Row:
    """Return an offer of Seedance 1, which has a word for the ratio of the first frame, and takes no references."""
    rules = follow_frame(SEEDANCE, ("720p", "480p", "1080p"), Rule("seconds", seconds), SEED, *more)
    offer = _sell(model, f"/fal-ai/bytedance/seedance/{path}/{{}}", rates, *rules, checked=EXPORTED, confidence="derived")
    return offer, replace(TEXT, framed_ratio="auto")


def _widest(resolution: str, price: str, times: str = "1") -> Rate:
    return Rate(usd(price), "second", {"resolution": resolution}, times=times)


SEEDANCE_25 = (_widest("720p", "0.473", "1.003"), _widest("480p", "0.2205", "1.045"), _widest("1080p", "1.1373"))
"""fal bills pixels at $0.0234 per 1,000 tokens: the page states 16:9, and the factor is that of the ratio with most pixels. 1080p is such a
sum: 48,600 tokens per second."""
SEEDANCE_20 = {"720p": "0.3034", "480p": "0.1346", "1080p": "0.682", "4k": "1.5552"}
SEEDANCE_15 = {"720p": ("0.0261", "0.0522"), "480p": ("0.0121", "0.0242"), "1080p": ("0.0587", "0.1174")}
"""$1.2 and $2.4 per million tokens, at the ratio with most pixels: 10,044, 21,736 and 48,911 tokens per second."""
SEEDANCE_10 = {"720p": "0.0564", "480p": "0.0243", "1080p": "0.124"}
SEEDANCE_10_FAST = {"720p": "0.0226", "480p": "0.0098", "1080p": "0.049"}
"""$2.5 and $1 per million tokens, of which it has up to 22,560 and 9,720 per second; 1080p as the pages state it."""
SEEDANCE_ROWS = (
    _seedance("seedance-2.5", "seedance-2.5", SEEDANCE_25, ("720p", "480p", "1080p"), range(4, 31), confidence="derived", checked=CHECKED),
    _seedance("seedance-2.0", "seedance-2.0", rate_resolutions(SEEDANCE_20), tuple(SEEDANCE_20), range(4, 16), checked=CHECKED),
    *(
        _seedance(f"seedance-2.0-{tier}", f"seedance-2.0/{tier}", rate_resolutions(prices), tuple(prices), range(4, 16), checked=LISTED)
        for tier, prices in (("fast", {"720p": "0.2419", "480p": "0.1089"}), ("mini", {"720p": "0.1547", "480p": "0.0721"}))
    ),
    _seedance_1("seedance-1.5-pro", "v1.5/pro", rate_sound_and_size(SEEDANCE_15), range(4, 13), AUDIO, *LAST),
    _seedance_1("seedance-1-pro", "v1/pro", rate_resolutions(SEEDANCE_10), range(2, 13), *LAST),
    _seedance_1("seedance-1-pro-fast", "v1/pro/fast", rate_resolutions(SEEDANCE_10_FAST), range(2, 13)),
)

# MiniMax


def _h3(model: str, path: str, prices: Mapping[str, str], rates: tuple[Rate, ...], seconds: range, wire: Wire, *more: Rule) -> Row:
    """Return an offer of H3."""
    rules = follow_frame(SEEDANCE, prices, Rule("seconds", seconds), SEED, *LAST, *more)
    references = f"{path}/reference-to-video" if more else None
    return _sell(model, f"{path}/{{}}", rates, *rules, references=references, checked=READ), wire


def _hailuo(tier: str, rates: tuple[Rate, ...], *rules: Rule, fixed: bool = False, text: bool = True) -> Row:
    """Return an offer of Hailuo, whose pro models make 6 s and have no field for it. No model has one for the ratio."""
    version, _, kind = tier.rpartition("-")
    lengths = Rule("seconds", (6,) if fixed else (6, 10))
    offer = _sell(f"hailuo-{tier}", f"/fal-ai/minimax/hailuo-{version}/{kind}/{{}}", rates, *rules, lengths, text=text, checked=EXPORTED)
    return offer, replace(TEXT, seconds=None if fixed else "text", resolution=None)


H3 = {"768P": "0.06", "480P": "0.05", "2K": "0.13", "4K": "0.16"}
H3_RATES = rate_resolutions(H3, picture=usd("0.08"), free_pictures=5)
H3_MAX = {"768P": "0.08", "480P": "0.05", "1080P": "0.16"}
H3_TURBO = {"768P": "0.04", "480P": "0.025", "1080P": "0.08"}
H3_MAX_WIRE = replace(NUMBER, fixed={"prompt_expansion_mode": "balanced"})
"""References are not sold: their tokens cost extra, and no page says how many a picture has."""
HAILUO_768, HAILUO_1080 = Rule("size", name_sizes("768p")), Rule("size", name_sizes("1080p"))
HAILUO_02_FAST = "/fal-ai/minimax/hailuo-02-fast/image-to-video"
MINIMAX_ROWS = (
    _h3("minimax-h3", "/minimax/h3", H3, H3_RATES, range(5, 16), replace(NUMBER, references="reference_image_urls"), *allow_references(9)),
    _h3("minimax-h3-max", "/minimax/h3-max", H3_MAX, rate_resolutions(H3_MAX), range(1, 16), H3_MAX_WIRE),
    _h3("minimax-h3-max-turbo", "/minimax/h3-max-turbo", H3_TURBO, rate_resolutions(H3_TURBO), range(1, 16), H3_MAX_WIRE),
    _hailuo("2.3-standard", rate_lengths({6: "0.28", 10: "0.56"}), HAILUO_768),
    _hailuo("2.3-pro", rate_lengths({6: "0.49"}), HAILUO_1080, fixed=True),
    _hailuo("2.3-fast-standard", rate_lengths({6: "0.19", 10: "0.32"}), Rule("size", (AUTO,)), text=False),
    _hailuo("2.3-fast-pro", (), HAILUO_1080, fixed=True, text=False),
    _hailuo("02-pro", rate_resolutions({"1080p": "0.08"}), HAILUO_1080, *LAST, fixed=True),
    _hailuo("02-standard", rate_resolutions({"768p": "0.045"}), HAILUO_768, *LAST),
    (
        _sell(
            "hailuo-02-fast",
            "",
            rate_resolutions({"512p": "0.017"}),
            *(Rule("size", name_sizes("512p")), Rule("seconds", (6, 10))),
            text=False,
            picture=HAILUO_02_FAST,
            checked=EXPORTED,
        ),
        replace(TEXT, resolution=None),
    ),
)

# Google


def _veo(model: str, path: str, prices: Mapping[str, tuple[str, str]], *more: Rule) -> Row:
    """Return an offer of Veo 3.1."""
    base = f"/fal-ai/{path}/"
    offer = _sell(
        model,
        base[:-1],
        rate_sound_and_size(prices),
        *list_veo(prices, *more),
        picture=f"{base}image-to-video",
        last=f"{base}first-last-frame-to-video",
        references=f"{base}reference-to-video" if more else None,
        checked=CHECKED,
    )
    return offer, replace(SUFFIX, first_of_two="first_frame_url", last="last_frame_url")


VEO_REFERENCES = (
    *allow_references(3),
    Rule("references", (), {"seconds": (4, 6)}),
    *(Rule(name, (), {"referenced": True}) for name in ("seed", "negative_prompt")),
)
VEO, VEO_FAST = ("0.20", "0.40"), ("0.10", "0.15")
OMNI = {"720p": "0.10", "360p": "0.03", "1080p": "0.15", "4k": "0.30"}
OMNI_PATH = "/google/gemini-omni-flash/v1.1/"
GOOGLE_ROWS = (
    _veo("veo-3.1", "veo3.1", {"720p": VEO, "1080p": VEO, "4k": ("0.40", "0.60")}, *VEO_REFERENCES),
    # No page states a price with references in 4k.
    _veo(
        "veo-3.1-fast",
        "veo3.1/fast",
        {"720p": VEO_FAST, "1080p": VEO_FAST, "4k": ("0.30", "0.35")},
        *(*VEO_REFERENCES, Rule("references", (), {"resolution": "4k"})),
    ),
    _veo("veo-3.1-lite", "veo3.1/lite", {"720p": ("0.03", "0.05"), "1080p": ("0.05", "0.08")}),
    (
        _sell(
            "gemini-omni-1.1-flash",
            f"{OMNI_PATH}{{}}",
            rate_resolutions(OMNI),
            *keep_ratio(WIDE, OMNI, Rule("seconds", range(3, 11)), *LAST, *allow_references(10)),
            references=f"{OMNI_PATH}reference-to-video",
            checked=READ,
            sound=True,
            ends=OMNI_ENDS,
        ),
        NUMBER,
    ),
)

# Alibaba


def _wan_3(model: str, prices: Mapping[str, str], checked: date) -> Row:
    """Return an offer of Wan 3."""
    rules = list_wan(prices, range(2, 31), AUDIO, *LAST, *allow_references(10))
    references = f"/alibaba/{model}/reference-to-video"
    offer = _sell(model, f"/alibaba/{model}/{{}}", rate_resolutions(prices), *rules, references=references, checked=checked)
    return offer, replace(NUMBER, first="start_image_url", audio="audio", references="reference_image_urls")


def _wan_26(model: str, end: str, prices: Mapping[str, str], *more: Rule) -> Row:
    """Return an offer of Wan 2.6, from pictures only."""
    rules = (Rule("size", name_sizes(*prices)), Rule("seconds", (5, 10, 15)), SEED, WAN_NEGATIVE, *more)
    path = f"/wan/v2.6/image-to-video{end}"
    return _sell(model, path, rate_resolutions(prices), *rules, text=False, picture=path, checked=EXPORTED, prompt_max=1500), TEXT


def _horse(model: str, path: str, prices: Mapping[str, str], ratios: tuple[str, ...]) -> Row:
    """Return an offer of HappyHorse."""
    rules = follow_frame(ratios, prices, Rule("seconds", range(3, 16)), SEED, *allow_references(9))
    references = f"{path}/reference-to-video"
    facts: dict[str, Any] = {"references": references, "checked": EXPORTED, "prompt_max": 2500, "sound": True}
    return _sell(model, f"{path}/{{}}", rate_resolutions(prices), *rules, **facts), NUMBER


HORSE = "/alibaba/happy-horse"
WAN_27 = {"720p": "0.10", "1080p": "0.15"}
ALIBABA_ROWS = (
    _wan_3("wan-3.0", {"720p": "0.10", "480p": "0.05", "1080p": "0.20"}, LISTED),
    _wan_3("wan-3.0-prime", {"720p": "0.14", "480p": "0.068", "1080p": "0.28"}, READ),
    # References are not sold: no page says how many it takes.
    (
        _sell(
            "wan-2.7",
            "/fal-ai/wan/v2.7/{}",
            rate_resolutions(WAN_27),
            *list_wan(WAN_27, range(2, 16), WAN_NEGATIVE, *LAST),
            checked=EXPORTED,
            prompt_max=5000,
            sound=True,
        ),
        NUMBER,
    ),
    _edit("wan-2.7-edit", "/fal-ai/wan/v2.7/edit-video", WAN_27, (2, 10)),
    _wan_26("wan-2.6", "", WAN_27),
    # Half of it without sound, as its field says; the page states one price, and the final cost is fal's own.
    _wan_26("wan-2.6-flash", "/flash", {"720p": "0.05", "1080p": "0.075"}, AUDIO),
    _horse("happyhorse-1.1", f"{HORSE}/v1.1", {"720p": "0.14", "1080p": "0.18"}, (*WAN_RATIOS, "21:9", "9:21", "5:4", "4:5")),
    _horse("happyhorse-1.0", HORSE, {"720p": "0.14", "1080p": "0.28"}, WAN_RATIOS),
    _edit("happyhorse-edit", f"{HORSE}/video-edit", {"720p": "0.28", "1080p": "0.56"}, (3, 15)),
)
ROWS: tuple[Row, ...] = (*SEEDANCE_ROWS, *MINIMAX_ROWS, *GOOGLE_ROWS, *ALIBABA_ROWS)
