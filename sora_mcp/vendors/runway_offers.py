"""Runway's offers: its own models, and those of others that it sells. https://docs.dev.runwayml.com/guides/pricing/

Fields, sizes and pictures are those of its library (runwayml 5.24.0, 2026-10-23). Lengths and texts that the library types as numbers
and texts only are those of its OpenAPI file and of what others read there in August to October 2026. Kling 4.0, Kling O3, Kling 3.0 in 4k
and Kling 2.5 Turbo have no rates: no source that was seen states their price at Runway. Edits by other models than Aleph 2 are not offered:
neither their prices nor the lengths of the video that is sent were seen stated. Upscaling and HDR have no argument here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Link, Offer, Rate, Rule, Size, Text, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import GROK_RATIOS, GROK_SECONDS
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    FULL_HD,
    HD,
    LAST,
    OMNI_ENDS,
    OMNI_PREVIEW_ENDED,
    SEED,
    UHD,
    VEO_SECONDS,
    allow_references,
    combine_sizes,
    split_sizes,
)

PRICES = "https://docs.dev.runwayml.com/guides/pricing/"
CHECKED = date(2026, 11, 29)
"""The day of litellm 1.110.2, whose price map cites the page."""
READ = date(2026, 10, 4)
"""The day on which somebody else read the page, of models that the map lacks."""
KLING_PRICES, KLING_READ = "https://academy.runwayml.com/models-pricing", date(2026, 10, 1)
CREDIT = usd("0.01")
SEEDANCE_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
WAN_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16")
FRAME = ImageRule()  # an upload may have 200 MB. https://docs.dev.runwayml.com/assets/inputs/
NEGATIVE = Rule("negative_prompt", Text(1000))  # the library states no limit; that of the prompt is ours


def _name_sizes(resolution: str, ratios: tuple[str, ...], pixels: str) -> tuple[Size, ...]:
    """Return a size for each text of pixels, in the order of the ratios."""
    return tuple(Size(text, ratio, resolution) for ratio, text in zip(ratios, pixels.split(), strict=True))


def _frames(*resolutions: str) -> tuple[Size, ...]:
    """Return the sizes of a model whose ratio the first frame decides."""
    return tuple(Size(resolution, None, resolution) for resolution in resolutions)


def _by_resolution(prices: dict[str, str], **more: Any) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "second", {"resolution": text}, **more) for text, price in prices.items())


def _by_sound(loud: str, silent: str) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "second", {"audio": audio}) for audio, price in ((True, loud), (False, silent)))


def _offer(model: str, slug: str, rates: tuple[Rate, ...], seconds: Any, *rules: Rule, prompt: int, **more: Any) -> Offer:
    """Return an offer that takes a first frame, and words alone where `text` does not say otherwise."""
    lengths = seconds if isinstance(seconds, Rule) else Rule("seconds", seconds)
    facts: dict[str, Any] = {"source": PRICES, "checked": CHECKED, "image": FRAME, "prompt_max": prompt, "prompt_in_utf16": True} | more
    return Offer(model=model, slug=slug, rules=(*rules, lengths), rates=rates, **facts)


def _seedance(model: str, slug: str, rates: tuple[Rate, ...], sizes: tuple[Size, ...], lengths: range, most: int, prompt: int) -> Offer:
    return _offer(model, slug, rates, lengths, Rule("size", sizes), AUDIO, SEED, *LAST, *allow_references(most), prompt=prompt)


def _wan(model: str, slug: str, prices: dict[str, str]) -> Offer:
    sizes = split_sizes(WAN_SIZES, _frames("480p", "720p", "1080p"))
    rates = _by_resolution(prices, whole=CREDIT)
    return _offer(model, slug, rates, range(2, 31), *sizes, AUDIO, *LAST, *allow_references(10), prompt=20_000, checked=READ)


def _kling(model: str, slug: str, price: str, sizes: tuple[Size, ...], *rules: Rule, **more: Any) -> Offer:
    """Return an offer at the price with sound: silent clips cost less, and are settled at what Runway says at the end."""
    more |= {"prompt": 2500, "source": KLING_PRICES, "checked": KLING_READ}
    rates = (Rate(usd(price), "second"),) if price else ()
    return _offer(model, slug, rates, range(3, 16), Rule("size", sizes), AUDIO, *LAST, *rules, **more)


KLING_720P = (*HD, Size("960x960", "1:1", "720p"))
KLING_1080P = (*FULL_HD, Size("1440x1440", "1:1", "1080p"))
KLING_4K = (*UHD, Size("2880x2880", "1:1", "4k"))
KLING_4 = (
    *(*HD, Size("940x940", "1:1", "720p"), Size("1460x624", "21:9", "720p")),
    *(*FULL_HD, Size("1440x1440", "1:1", "1080p"), Size("2200x940", "21:9", "1080p")),
)
BESIDE = (Rule("references", Link(7)), Rule("references", (), {"image": False}))
"""References beside a first frame only."""
WIDE = (*HD, Size("1104x832", "4:3"), Size("832x1104", "3:4"), Size("960x960", "1:1"), Size("1584x672", "21:9"))
SMALL = _name_sizes("720p", SEEDANCE_RATIOS, "1470x630 1280x720 1112x834 960x960 834x1112 720x1280")
LARGE = _name_sizes("1080p", SEEDANCE_RATIOS, "2206x946 1920x1080 1664x1248 1440x1440 1248x1664 1080x1920")
SEEDANCE_2 = (*SMALL, *_name_sizes("480p", SEEDANCE_RATIOS, "992x432 864x496 752x560 640x640 560x752 496x864"))
SEEDANCE_2_4K = (*SEEDANCE_2, *LARGE, *_name_sizes("4k", SEEDANCE_RATIOS, "3840x1646 3840x2160 3840x2880 3840x3840 2880x3840 2160x3840"))
SEEDANCE_25 = (*SMALL, *_name_sizes("480p", SEEDANCE_RATIOS, "992x432 854x480 752x560 640x640 560x752 480x854"), *LARGE)
WAN_SIZES = (
    *_name_sizes("720p", WAN_RATIOS, "1280x720 1104x832 960x960 832x1104 720x1280"),
    *_name_sizes("480p", WAN_RATIOS, "832x480 720x544 624x624 544x720 480x832"),
    *_name_sizes("1080p", WAN_RATIOS, "1920x1080 1648x1248 1440x1440 1248x1648 1080x1920"),
)
GROK_LITE = (
    *_name_sizes("720p", GROK_RATIOS, "1280x720 720x1280 720x720 960x720 720x960 1088x720 720x1088"),
    *_name_sizes("480p", GROK_RATIOS, "848x480 480x848 480x480 640x480 480x640 720x480 480x720"),
    *_name_sizes("1080p", GROK_RATIOS, "1904x1072 1072x1904 1424x1424 1648x1232 1232x1648 1744x1152 1152x1744"),
)
HORSE = (
    *(*HD, Size("960x960", "1:1", "720p"), Size("1108x832", "4:3", "720p"), Size("832x1108", "3:4", "720p")),
    *(*FULL_HD, Size("1440x1440", "1:1", "1080p"), Size("1662x1248", "4:3", "1080p"), Size("1248x1662", "3:4", "1080p")),
)
OMNI = (*HD, Size("640x360", "16:9", "360p"), Size("360x640", "9:16", "360p"), *FULL_HD, *UHD)
HAILUO = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")

OFFERS = (
    _offer(
        "gen4.5",
        "gen4.5",
        (Rate(usd("0.12"), "second"),),
        range(2, 11),
        *(Rule("size", WIDE), Rule("size", HD, {"image": False}), SEED),
        prompt=1000,
    ),
    _offer("gen4-turbo", "gen4_turbo", (Rate(usd("0.05"), "second"),), range(2, 11), Rule("size", WIDE), SEED, prompt=1000, text=False),
    *(
        _offer(model, slug, _by_sound(loud, silent), VEO_SECONDS, Rule("size", (*HD, *FULL_HD)), AUDIO, SEED, NEGATIVE, *LAST, prompt=1000)
        for model, slug, loud, silent in (("veo-3.1", "veo3.1", "0.40", "0.20"), ("veo-3.1-fast", "veo3.1_fast", "0.15", "0.10"))
    ),
    _kling("kling-3.0-standard", "kling3.0_standard", "0.13", KLING_720P),
    # 85 credits for 5 s with sound, by Runway's own estimate of 2026-08-17
    _kling("kling-3.0-pro", "kling3.0_pro", "0.17", KLING_1080P, confidence="derived"),
    _kling("kling-3.0-4k", "kling3.0_4k", "", KLING_4K),
    _kling("kling-o3-standard", "klingO3_standard", "", KLING_720P, *BESIDE),
    _kling("kling-o3-pro", "klingO3_pro", "", KLING_1080P, *BESIDE),
    _kling("kling-o3-4k", "klingO3_4k", "", KLING_4K, *BESIDE),
    _offer(
        "kling-2.5-turbo-pro",
        "kling2.5_turbo_pro",
        (),
        (5, 10),
        *split_sizes((*KLING_1080P, *HD, Size("720x720", "1:1", "720p")), (AUTO,)),
        *LAST,
        prompt=2500,
        sound=False,
    ),
    # 3 to 30 s, always with sound: https://docs.venice.ai/models/kling-4-0 (since 2026-10-24)
    _offer(
        "kling-4.0",
        "kling_4",
        (),
        range(3, 31),
        *(*split_sizes(KLING_4, _frames("720p", "1080p")), *LAST, *allow_references(10)),
        prompt=2500,
        checked=READ,
        sound=True,
    ),
    _seedance(
        "seedance-2.0",
        "seedance2",
        _by_resolution({"480p": "0.36", "720p": "0.36", "1080p": "0.40", "4k": "1.50"}),
        SEEDANCE_2_4K,
        range(4, 16),
        most=9,
        prompt=3500,
    ),
    _seedance("seedance-2.0-fast", "seedance2_fast", (Rate(usd("0.29"), "second"),), SEEDANCE_2, range(4, 16), most=9, prompt=3500),
    _seedance(
        "seedance-2.0-mini",
        "seedance2_mini",
        (Rate(usd("0.16"), "second", least=usd("0.64")),),
        SEEDANCE_2,
        range(4, 16),
        most=9,
        prompt=3500,
    ),
    _seedance(
        "seedance-2.5",
        "seedance2_5",
        _by_resolution({"480p": "0.20", "720p": "0.30", "1080p": "0.68"}, least=usd("0.80")),
        SEEDANCE_25,
        range(4, 31),
        most=30,
        prompt=15_000,
    ),
    _wan("wan-3.0", "wan3", {"480p": "0.05", "720p": "0.10", "1080p": "0.20"}),
    _wan("wan-3.0-prime", "wan3_prime", {"480p": "0.068", "720p": "0.14", "1080p": "0.28"}),
    _offer(
        "minimax-h3",
        "hailuo3",
        _by_resolution({"768P": "0.10", "2K": "0.15"}, picture=usd("0.02")),
        range(5, 16),
        *split_sizes(combine_sizes(HAILUO, ("768P", "2K")), _frames("768P", "2K")),
        *(*LAST, *allow_references(9)),
        prompt=6000,
        sound=True,
    ),
    _offer(
        "minimax-h3-max",
        "h3_max",
        _by_resolution({"480p": "0.05", "768p": "0.08"}),
        range(5, 16),
        *(Rule("size", _frames("768p", "480p")), SEED, *LAST),
        Rule("prompt_expansion", ("disabled", "balanced", "quality")),
        prompt=6000,
        checked=READ,
        image=ImageRule(sides=(256, 10_000)),
    ),
    _offer(
        "happyhorse-1.0",
        "happyhorse_1_0",
        _by_resolution({"720p": "0.15", "1080p": "0.30"}),
        range(3, 16),
        *split_sizes(HORSE, _frames("720p", "1080p")),
        prompt=2500,
        checked=READ,
    ),
    _offer(
        "grok-imagine-video-1.5",
        "grok_imagine_1_5",
        _by_resolution({"480p": "0.10", "720p": "0.16", "1080p": "0.29"}, picture=CREDIT),
        GROK_SECONDS,
        *split_sizes(combine_sizes(GROK_RATIOS, ("480p", "720p", "1080p")), _frames("480p", "720p", "1080p")),
        *(*allow_references(7), Rule("references", (), {"resolution": "1080p"})),
        prompt=2500,
        checked=READ,
        image=ImageRule(most_stretch=2.5),
        sound=True,
    ),
    _offer(
        "grok-imagine-video-1.5-lite",
        "grok_imagine_1_5_lite",
        _by_resolution({"480p": "0.02", "720p": "0.03", "1080p": "0.14"}, picture=CREDIT),
        GROK_SECONDS,
        *split_sizes(GROK_LITE, _frames("480p", "720p", "1080p")),
        prompt=2500,
        checked=date(2026, 10, 8),
        sound=True,
    ),
    _offer(
        "gemini-omni-flash",
        "gemini_omni_flash",
        (Rate(usd("0.10"), "second", picture=CREDIT),),
        range(3, 11),
        Rule("size", HD),
        prompt=4000,
        sound=True,
        ended=OMNI_PREVIEW_ENDED,
    ),
    _offer(  # of the prices between the first and the last, 10 and 15 credits were read elsewhere than on the page
        "gemini-omni-1.1-flash",
        "gemini_omni_flash_1.1",
        _by_resolution({"360p": "0.034", "720p": "0.10", "1080p": "0.15", "4k": "0.30"}, whole=CREDIT),
        range(3, 11),
        *(Rule("size", OMNI), *LAST),
        prompt=4000,
        checked=READ,
        confidence="derived",
        sound=True,
        ends=OMNI_ENDS,
    ),
    Offer(
        model="aleph2",
        slug="aleph2",
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(1, 31)), SEED),
        rates=(Rate(usd("0.28"), "second", least=usd("0.56")),),
        source=PRICES,
        checked=CHECKED,
        text=False,
        video=VideoRule((1, 30)),
        prompt_max=1000,
        prompt_in_utf16=True,
    ),
)
