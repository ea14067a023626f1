"""LTX, Luma, FLUX, Vidu, PixVerse and Grok at fal, and how each model is ordered. https://fal.ai/models

Fields are those of fal's list of models, exported in the week before 2026-09-01 (https://github.com/gokayfem/ComfyUI-fal-API). It states
no price for Ray 2. PixVerse's path between two frames wants a ratio, which nobody says beside a first frame: its last frame is not sold.
Luma's edits are not sold: they are 5 or 10 s long, whatever the video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sora_mcp.domain import Rate, Rule, Text, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import GROK_RATIOS, GROK_SECONDS, WAN_RATIOS, WIDE, follow_frame, keep_ratio
from sora_mcp.vendors.shared.offer_rows import Row, Wire, sell
from sora_mcp.vendors.shared.rates import rate_resolutions, rate_sound_and_size
from sora_mcp.vendors.shared.sizes import AUDIO, LAST, SEED, SEEDANCE, allow_references, combine_sizes, name_sizes

CHECKED, READ, EXPORTED = date(2026, 11, 30), date(2026, 10, 4), date(2026, 9, 1)
NUMBER = Wire("number", first="image_url", last="end_image_url", references="reference_image_urls", video="video_url")
SUFFIX = replace(NUMBER, seconds="suffix")
_sell = partial(sell, "https://fal.ai/models")


def _ltx(tier: str, path: str, prices: Mapping[str, str], seconds: Rule, *more: Rule, picture: str | None = None, checked: date) -> Row:
    rules = keep_ratio(WIDE, prices, seconds, *more, AUDIO, *LAST)
    return _sell(f"ltx-{tier}", path, rate_resolutions(prices), *rules, picture=picture, checked=checked), NUMBER


def _luma_2(tier: str) -> Row:
    """Return an offer of Ray 2, whose ratio is told beside a first frame too."""
    rules = keep_ratio(("16:9", "9:16", "4:3", "3:4", "21:9", "9:21"), ("540p", "720p", "1080p"), Rule("seconds", (5, 9)), *LAST)
    path = f"/fal-ai/luma-dream-machine/{tier}"
    return _sell(f"luma-{tier}", path, (), *rules, picture=f"{path}/image-to-video", checked=EXPORTED), SUFFIX


def _luma_3() -> Row:
    """Return the offer of Ray 3.2, dearer from words than from a picture."""
    prices = {"720p": ("0.20", "0.06"), "540p": ("0.10", "0.03"), "1080p": ("0.40", "0.24")}
    rates = tuple(
        Rate(usd(price), "second", {"resolution": resolution, "image": image})
        for resolution, pair in prices.items()
        for image, price in zip((False, True), pair, strict=True)
    )
    rules = keep_ratio(SEEDANCE, prices, Rule("seconds", (5, 10)), Rule("seconds", (5,), {"image": True}), *LAST)
    return _sell("luma-ray-3.2", "/luma/agent/ray/v3.2/{}", rates, *rules, checked=CHECKED), SUFFIX


def _flux(model: str, prices: Mapping[str, str], path: str, wire: Wire, *more: Rule, last: str | None = None) -> Row:
    """Return an offer of FLUX 3, whose ratio is told beside a first frame too."""
    base = "/blackforestlabs/flux-3/"
    rules = keep_ratio((*SEEDANCE, "2:1"), prices, Rule("seconds", range(5, 21)), AUDIO, *more)
    between = f"{base}{last}" if last else None
    return _sell(model, f"{base}{path}", rate_resolutions(prices), *rules, last=between, checked=EXPORTED), wire


# Vidu


def _vidu_q3(tier: str, end: str, low: str, high: str, references: tuple[Rule, ...] = ()) -> Row:
    """Return an offer of Vidu Q3, whose last frame has no 360p."""
    names = ("720p", "360p", "540p", "1080p")
    rates = rate_resolutions({"720p": high, "360p": low, "540p": low, "1080p": high})
    short = Rule("last_image", (), {"resolution": "360p"})
    rules = follow_frame(WAN_RATIOS, names, Rule("seconds", range(1, 17)), AUDIO, SEED, *LAST, short, *references)
    path = "/fal-ai/vidu/q3/"
    facts: dict[str, Any] = {"picture": f"{path}image-to-video{end}", "checked": EXPORTED, "prompt_max": 2000}
    facts["references"] = f"{path}reference-to-video/mix" if references else None
    return _sell(f"vidu-q3{tier}", f"{path}text-to-video{end}", rates, *rules, **facts), replace(NUMBER, audio="audio")


def _vidu_q2(tier: str, rates: tuple[Rate, ...], checked: date) -> Row:
    """Return an offer of Vidu Q2 from pictures only."""
    rules = (Rule("size", name_sizes("720p", "1080p")), Rule("seconds", range(2, 9)), SEED, *LAST)
    return _sell(
        f"vidu-q2-{tier}", "", rates, *rules, text=False, picture=f"/fal-ai/vidu/q2/image-to-video/{tier}", checked=checked
    ), NUMBER


Q2_PRO = tuple(
    Rate(usd(second), "second", {"resolution": name}, fee=usd(fee))
    for name, second, fee in (("720p", "0.05", "0.10"), ("1080p", "0.10", "0.30"))
)
"""A price for the video, and one for its seconds."""
Q2 = (
    *(Rate(usd(price), "video", {"resolution": name}) for name, price in (("720p", "0.3"), ("360p", "0.1"), ("520p", "0.2"))),
    Rate(usd("0.1"), "second", {"resolution": "1080p"}, fee=usd("0.2")),
)
VIDU_ROWS: tuple[Row, ...] = (
    _vidu_q3("-pro", "", "0.07", "0.154", allow_references(4)),
    _vidu_q3("-turbo", "/turbo", "0.035", "0.077"),
    _vidu_q2("pro", Q2_PRO, CHECKED),
    _vidu_q2("turbo", (), EXPORTED),
    (
        _sell(
            "vidu-q2",
            "/fal-ai/vidu/q2/text-to-video",
            Q2,
            *(Rule("size", combine_sizes(("16:9", "9:16", "1:1"), ("720p", "360p", "520p", "1080p"))), Rule("seconds", range(2, 9)), SEED),
            image=None,
            checked=EXPORTED,
            prompt_max=3000,
        ),
        NUMBER,
    ),
)

# PixVerse: the pages count prompts in bytes

PIXVERSE_NAMES = ("720p", "360p", "540p", "1080p")
PIXVERSE = (SEED, Rule("negative_prompt", Text(2048)))
LENGTHS = {5: "1", 8: "2", 10: "2.2"}
"""What a length costs, as many times as 5 s."""


def _pixverse_5(version: str, lengths: tuple[int, ...], prices: Mapping[str, tuple[str, ...]]) -> Row:
    """Return an offer of PixVerse 5, by the video: the price of 5 s without sound, and with it where it makes sound.

    Its longest videos are not made in 1080p.
    """
    rates = tuple(
        Rate(
            usd(price), "video", {"resolution": name, "seconds": seconds} | ({"audio": bool(at)} if len(pair) > 1 else {}), LENGTHS[seconds]
        )
        for name, pair in prices.items()
        for at, price in enumerate(pair)
        for seconds in (lengths[:-1] if name == "1080p" else lengths)
    )
    audio = (AUDIO,) if len(prices["720p"]) > 1 else ()
    lengths_rules = (Rule("seconds", lengths), Rule("seconds", lengths[:-1], {"resolution": "1080p"}))
    rules = follow_frame(WAN_RATIOS, prices, *lengths_rules, *audio, *PIXVERSE)
    sound = None if audio else False
    facts: dict[str, Any] = {"checked": EXPORTED, "prompt_max": 2048, "sound": sound}
    offer = _sell(f"pixverse-v{version}", f"/fal-ai/pixverse/v{version}/{{}}", rates, *rules, **facts)
    return offer, replace(NUMBER, seconds="text", audio="generate_audio_switch")


def _pixverse_6() -> Row:
    prices = {"720p": ("0.045", "0.060"), "360p": ("0.025", "0.035"), "540p": ("0.035", "0.045"), "1080p": ("0.090", "0.115")}
    rules = follow_frame((*SEEDANCE, "2:3", "3:2"), prices, Rule("seconds", range(1, 16)), AUDIO, *PIXVERSE)
    offer = _sell("pixverse-v6", "/pixverse/v6/{}", rate_sound_and_size(prices), *rules, prompt_max=2048, checked=CHECKED)
    return offer, replace(NUMBER, audio="generate_audio_switch")


# Grok

GROK = "/xai/grok-imagine-video"
GROK_LENGTHS = Rule("seconds", GROK_SECONDS)
GROK_PRICES, GROK_15_PRICES = {"720p": "0.07", "480p": "0.05"}, {"720p": "0.14", "480p": "0.08", "1080p": "0.25"}
GROK_ROWS: tuple[Row, ...] = (
    (
        _sell(
            "grok-imagine-video",
            f"{GROK}/{{}}",
            rate_resolutions(GROK_PRICES, picture=usd("0.002")),
            *keep_ratio(GROK_RATIOS, GROK_PRICES, GROK_LENGTHS, *allow_references(7)),
            Rule("references", (), {"seconds": tuple(range(11, 16))}),
            references=f"{GROK}/reference-to-video",
            checked=EXPORTED,
            sound=True,
        ),
        NUMBER,
    ),
    (
        _sell(
            "grok-imagine-video-1.5",
            f"{GROK}/v1.5/{{}}",
            rate_resolutions(GROK_15_PRICES, picture=usd("0.01")),
            *follow_frame(GROK_RATIOS, GROK_15_PRICES, GROK_LENGTHS, *allow_references(7)),
            Rule("references", (), {"resolution": "1080p"}),
            references=f"{GROK}/v1.5/reference-to-video",
            checked=EXPORTED,
            sound=True,
        ),
        NUMBER,
    ),
    # A second costs $0.05 or $0.07 as output, and $0.01 as input. What is longer than 8 s would be cut.
    (
        _sell(
            "grok-imagine-video-edit",
            "",
            rate_resolutions({"480p": "0.06", "720p": "0.08"}),
            *(Rule("size", name_sizes("480p", "720p")), Rule("seconds", range(1, 9))),
            text=False,
            picture=f"{GROK}/edit-video",
            image=None,
            video=VideoRule((1, 8)),
            source=f"https://fal.ai/models{GROK}/edit-video/llms.txt",
            checked=CHECKED,
        ),
        NUMBER,
    ),
)

LTX_25, LTX_23 = "/lightricks/ltx-2.5/{}/", "/fal-ai/ltx-2.3/"
SHORT, LONG = Rule("seconds", (6, 8, 10)), Rule("seconds", range(6, 21, 2))
ONLY_SHORT = Rule("seconds", (6, 8, 10), {"resolution": ("1440p", "2160p")})
ROWS: tuple[Row, ...] = (
    _ltx("2.5-pro", f"{LTX_25}pro", {"720p": "0.12", "1080p": "0.17"}, SHORT, checked=READ),
    _ltx("2.5-fast", f"{LTX_25}fast", {"720p": "0.09", "1080p": "0.13", "1440p": "0.19", "2160p": "0.30"}, LONG, ONLY_SHORT, checked=READ),
    _ltx("2.3-pro", f"{LTX_23}{{}}", {"1080p": "0.08", "1440p": "0.16", "2160p": "0.32"}, SHORT, checked=EXPORTED),
    _ltx("2.3-fast", f"{LTX_23}{{}}/fast", {"1080p": "0.06", "1440p": "0.12", "2160p": "0.24"}, LONG, ONLY_SHORT, checked=EXPORTED),
    _luma_3(),
    _luma_2("ray-2"),
    _luma_2("ray-2-flash"),
    _flux(
        "flux-3",
        {"720p": "0.17", "1080p": "0.29"},
        "{}",
        replace(NUMBER, first_of_two="start_image_url"),
        *LAST,
        last="first-last-frame-to-video",
    ),
    _flux("flux-3-draft", {"720p": "0.06"}, "{}/draft", replace(NUMBER, resolution=None)),
    *VIDU_ROWS,
    _pixverse_6(),
    _pixverse_5("5.6", (5, 8, 10), dict(zip(PIXVERSE_NAMES, (("0.45", "0.90"), *[("0.35", "0.80")] * 2, ("0.75", "1.50")), strict=True))),
    _pixverse_5("5.5", (5, 8, 10), dict(zip(PIXVERSE_NAMES, (("0.20", "0.25"), *[("0.15", "0.20")] * 2, ("0.40", "0.45")), strict=True))),
    _pixverse_5("5", (5, 8), dict(zip(PIXVERSE_NAMES, (("0.20",), *[("0.15",)] * 2, ("0.40",)), strict=True))),
    *GROK_ROWS,
)
