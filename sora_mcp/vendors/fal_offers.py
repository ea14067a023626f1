"""Offers of fal, and how each is ordered. https://fal.ai/models

Fields are those of each model's own page (`https://fal.ai/models/<path>/llms.txt`) as copies of it have them. Not sold, because no source
of this quarter has their path, fields and price together: Kling 4.0 (its pages name two paths) and O3, Seedance 2.5 Flash, Wan 2.7 and
Vidu Q3. Sora 2 has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sora_mcp.domain import Call, ImageRule, Offer, Order, Rate, Rule, Size, Text, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.fal_calls import Wire, submit_as
from sora_mcp.vendors.shared.families import GROK_RATIOS, GROK_SECONDS
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    KLING,
    LAST,
    OMNI_ENDS,
    SEED,
    SEEDANCE,
    VEO_SECONDS,
    allow_references,
    combine_sizes,
    split_sizes,
)

MODELS = "https://fal.ai/models"
CHECKED = date(2026, 11, 30)
"""The page's own price, or that of litellm 1.110.2, which cites the page."""
LISTED = date(2026, 10, 8)
"""A public list of fal's pages, read by others on this day."""
READ = date(2026, 10, 4)
"""Prices and fields that others read on fal's pages. https://github.com/Avi-141/dheevara"""
EXPORTED = date(2026, 9, 1)
"""fal's list of models, exported in the week before. https://github.com/gokayfem/ComfyUI-fal-API"""
NEGATIVE = Rule("negative_prompt", Text(2500))
"""fal states no limit: Kling's maker has this one."""
ANY_RATIO = ("16:9", "9:16", "1:1", "4:3", "3:4")
FRAMES = ("start_image_url", "end_image_url")
Row = tuple[Offer, Wire]
Rates = Mapping[str, str] | tuple[Rate, ...]


def _rates(prices: Rates) -> tuple[Rate, ...]:
    """Return rates by resolution, where they are not made yet. fal states the final cost itself."""
    if isinstance(prices, tuple):
        return prices
    return tuple(Rate(usd(price), "second", {"resolution": resolution}) for resolution, price in prices.items())


def _by_sound(silent: str, audible: str, *resolutions: str) -> tuple[Rate, ...]:
    """Return rates per second, without sound and with it."""
    where = {"resolution": resolutions} if resolutions else {}
    return tuple(Rate(usd(price), "second", {"audio": audio, **where}) for audio, price in ((False, silent), (True, audible)))


def _frames(names: Iterable[str]) -> tuple[Size, ...]:
    """Return the sizes of an order whose first frame decides the ratio."""
    return tuple(Size(name, None, name) for name in names)


def _sell(
    model: str,
    path: str,
    prices: Rates,
    *rules: Rule,
    checked: date = CHECKED,
    text: bool = True,
    picture: str | None = None,
    image: ImageRule | None = None,
    **facts: Any,
) -> Offer:
    """Return an offer. The path has `{}` for what is made from what, or `picture` is the path with a first frame."""
    from_picture = picture or path.format("image-to-video")
    slug = path.format("text-to-video") if text else from_picture
    return Offer(
        model=model,
        slug=slug,
        image_slug=from_picture if text else None,
        rules=rules,
        rates=_rates(prices),
        source=f"{MODELS}{slug}",
        checked=checked,
        text=text,
        image=image or ImageRule(),
        **facts,
    )


# Seedance


def _seedance(model: str, path: str, prices: Rates, resolutions: tuple[str, ...], seconds: range, **facts: Any) -> Row:
    """Return a Seedance offer. With a first frame, the frame decides the ratio."""
    sizes = split_sizes(combine_sizes(SEEDANCE, resolutions), _frames(resolutions))
    rules = (*sizes, Rule("seconds", seconds), AUDIO, *LAST, *allow_references(9))
    offer = _sell(model, f"/bytedance/{path}/{{}}", prices, *rules, **facts)
    return offer, Wire(references=(f"/bytedance/{path}/reference-to-video", "image_urls"))


def _widest(resolution: str, price: str, times: str = "1") -> Rate:
    return Rate(usd(price), "second", {"resolution": resolution}, times=times)


SEEDANCE_25 = (_widest("720p", "0.473", "1.003"), _widest("480p", "0.2205", "1.045"), _widest("1080p", "1.1373"))
"""fal bills pixels at $0.0234 per 1,000 tokens: the page states 16:9, and the factor is that of the ratio with most pixels. 1080p is such a
sum: 48,600 tokens per second."""
SEEDANCE_20 = {"720p": "0.3034", "480p": "0.1346", "1080p": "0.682", "4k": "1.5552"}
SEEDANCE_ROWS = (
    _seedance("seedance-2.5", "seedance-2.5", SEEDANCE_25, ("720p", "480p", "1080p"), range(4, 31), confidence="derived"),
    _seedance("seedance-2.0", "seedance-2.0", SEEDANCE_20, tuple(SEEDANCE_20), range(4, 16)),
    *(
        _seedance(f"seedance-2.0-{tier}", f"seedance-2.0/{tier}", prices, tuple(prices), range(4, 16), checked=LISTED)
        for tier, prices in (("fast", {"720p": "0.2419", "480p": "0.1089"}), ("mini", {"720p": "0.1547", "480p": "0.0721"}))
    ),
)

# MiniMax


def _h3(model: str, path: str, prices: Mapping[str, str], rates: Rates, seconds: range, wire: Wire, *more: Rule) -> Row:
    """Return an offer of H3. With a first frame, the frame decides the ratio."""
    sizes = split_sizes(combine_sizes(SEEDANCE, tuple(prices)), _frames(prices))
    return _sell(model, f"{path}/{{}}", rates, *sizes, Rule("seconds", seconds), SEED, *LAST, *more, checked=READ), wire


def _hailuo(model: str, path: str, short: str, long: str) -> Row:
    """Return an offer of Hailuo, by the video."""
    rates = (Rate(usd(short), "video", {"seconds": 6}), Rate(usd(long), "video", {"seconds": 10}))
    return _sell(model, path, rates, Rule("size", (AUTO,)), Rule("seconds", (6, 10)), text=False), Wire()


H3 = {"768P": "0.06", "480P": "0.05", "2K": "0.13", "4K": "0.16"}
H3_RATES = tuple(
    Rate(usd(price), "second", {"resolution": resolution}, picture=usd("0.08"), free_pictures=5) for resolution, price in H3.items()
)
H3_WIRE = Wire("number", references=("/minimax/h3/reference-to-video", "reference_image_urls"))
H3_MAX = {"768P": "0.08", "480P": "0.05", "1080P": "0.16"}
H3_TURBO = {"768P": "0.04", "480P": "0.025", "1080P": "0.08"}
H3_MAX_WIRE = Wire("number", fixed={"prompt_expansion_mode": "balanced"})
"""References are not sold: their tokens cost extra, and no page says how many a picture has."""
MINIMAX_ROWS = (
    _h3("minimax-h3", "/minimax/h3", H3, H3_RATES, range(5, 16), H3_WIRE, *allow_references(9)),
    _h3("minimax-h3-max", "/minimax/h3-max", H3_MAX, H3_MAX, range(1, 16), H3_MAX_WIRE),
    _h3("minimax-h3-max-turbo", "/minimax/h3-max-turbo", H3_TURBO, H3_TURBO, range(1, 16), H3_MAX_WIRE),
    _hailuo("hailuo-2.3-standard", "/fal-ai/minimax/hailuo-2.3/standard/{}", "0.28", "0.56"),
    _hailuo("hailuo-2.3-fast-standard", "/fal-ai/minimax/hailuo-2.3-fast/standard/{}", "0.19", "0.32"),
)

# Kling

KLING_SIZES = split_sizes(KLING, (AUTO,))
KLING_SECONDS = Rule("seconds", range(3, 16))


def _kling(tier: str, silent: str, audible: str) -> Row:
    """Return an offer of Kling 3.0. With a first frame, the frame decides the ratio."""
    rules = (*KLING_SIZES, KLING_SECONDS, AUDIO, NEGATIVE, *LAST)
    offer = _sell(f"kling-3.0-{tier}", f"/fal-ai/kling-video/v3/{tier}/{{}}", _by_sound(silent, audible), *rules)
    return offer, Wire(first=FRAMES[0])


def _turbo(tier: str, price: str) -> Row:
    """Return an offer of Kling 3.0 Turbo, whose clips always have sound."""
    path, rates = f"/fal-ai/kling-video/v3/turbo/{tier}/{{}}", (Rate(usd(price), "second"),)
    image = ImageRule(types=("image/jpeg", "image/png"), sides=(300, 65_535), most_stretch=2.5)
    rules = (*KLING_SIZES, KLING_SECONDS)
    return _sell(f"kling-3.0-turbo-{tier}", path, rates, *rules, checked=READ, image=image, prompt_max=2500, sound=True), Wire()


KLING_ROWS = (
    _kling("pro", "0.112", "0.168"),
    _kling("standard", "0.084", "0.126"),
    _kling("4k", "0.42", "0.42"),
    _turbo("pro", "0.14"),
    _turbo("standard", "0.112"),
)

# Veo


def _veo(model: str, path: str, prices: Mapping[str, tuple[str, str]], references: tuple[Rule, ...] = ()) -> Row:
    """Return an offer of Veo 3.1, which keeps the ratio beside a first frame too."""
    sizes = Rule("size", combine_sizes(("16:9", "9:16"), tuple(prices)))
    rates = tuple(rate for name, pair in prices.items() for rate in _by_sound(*pair, name))
    rules = (sizes, VEO_SECONDS, AUDIO, SEED, NEGATIVE, *LAST, *references)
    between = (f"{path}/first-last-frame-to-video", "first_frame_url", "last_frame_url")
    wire = Wire("suffix", references=(f"{path}/reference-to-video", "image_urls"), between=between)
    return _sell(model, path, rates, *rules, picture=f"{path}/image-to-video"), wire


VEO_REFERENCES = (
    *allow_references(3),
    Rule("references", (), {"seconds": (4, 6)}),
    Rule("seed", (), {"referenced": True}),
    Rule("negative_prompt", (), {"referenced": True}),
)
VEO, VEO_FAST = ("0.20", "0.40"), ("0.10", "0.15")
VEO_ROWS = (
    _veo("veo-3.1", "/fal-ai/veo3.1", {"720p": VEO, "1080p": VEO, "4k": ("0.40", "0.60")}, VEO_REFERENCES),
    _veo("veo-3.1-fast", "/fal-ai/veo3.1/fast", {"720p": VEO_FAST, "1080p": VEO_FAST, "4k": ("0.30", "0.35")}),
    _veo("veo-3.1-lite", "/fal-ai/veo3.1/lite", {"720p": ("0.03", "0.05"), "1080p": ("0.05", "0.08")}),
)


def _omni() -> Row:
    """Return the offer of Gemini Omni 1.1, whose end Google announces for everyone."""
    prices = {"720p": "0.10", "360p": "0.03", "1080p": "0.15", "4k": "0.30"}
    rules = (Rule("size", combine_sizes(("16:9", "9:16"), tuple(prices))), Rule("seconds", range(3, 11)), *LAST, *allow_references(10))
    path = "/google/gemini-omni-flash/v1.1/{}"
    offer = _sell("gemini-omni-1.1-flash", path, prices, *rules, checked=READ, sound=True, ends=OMNI_ENDS)
    return offer, Wire("number", references=(path.format("reference-to-video"), "image_urls"))


# Alibaba


def _wan(model: str, prices: Mapping[str, str], checked: date) -> Row:
    """Return an offer of Wan 3. With a first frame, the frame decides the ratio."""
    sizes = split_sizes(combine_sizes(ANY_RATIO, tuple(prices)), _frames(prices))
    rules = (*sizes, Rule("seconds", range(2, 31)), AUDIO, SEED, *LAST, *allow_references(10))
    wire = Wire("number", FRAMES[0], audio="audio", references=(f"/alibaba/{model}/reference-to-video", "reference_image_urls"))
    return _sell(model, f"/alibaba/{model}/{{}}", prices, *rules, checked=checked), wire


def _horse(model: str, path: str, prices: Mapping[str, str], ratios: tuple[str, ...]) -> Row:
    """Return an offer of HappyHorse. With a first frame, the frame decides the ratio."""
    sizes = split_sizes(combine_sizes(ratios, tuple(prices)), _frames(prices))
    rules = (*sizes, Rule("seconds", range(3, 16)), SEED, *allow_references(9))
    wire = Wire("number", references=(f"{path}/reference-to-video", "image_urls"))
    return _sell(model, f"{path}/{{}}", prices, *rules, checked=EXPORTED, prompt_max=2500, sound=True), wire


def _edit(model: str, slug: str, prices: Mapping[str, str], seconds: tuple[int, int], checked: date) -> Row:
    """Return an offer that changes a video."""
    rules = (Rule("size", _frames(prices)), Rule("seconds", range(seconds[0], seconds[1] + 1)))
    source = f"{MODELS}{slug}/llms.txt"
    return Offer(model, slug, rules, _rates(prices), source, checked, text=False, video=VideoRule(seconds)), Wire()


HORSE = "/alibaba/happy-horse"
ALIBABA_ROWS = (
    _wan("wan-3.0", {"720p": "0.10", "480p": "0.05", "1080p": "0.20"}, LISTED),
    _wan("wan-3.0-prime", {"720p": "0.14", "480p": "0.068", "1080p": "0.28"}, READ),
    _horse("happyhorse-1.1", f"{HORSE}/v1.1", {"720p": "0.14", "1080p": "0.18"}, (*ANY_RATIO, "21:9", "9:21", "5:4", "4:5")),
    _horse("happyhorse-1.0", HORSE, {"720p": "0.14", "1080p": "0.28"}, ANY_RATIO),
    _edit("happyhorse-edit", f"{HORSE}/video-edit", {"720p": "0.28", "1080p": "0.56"}, (3, 15), EXPORTED),
)

# Others: their ratio is told beside a first frame too


def _ltx(tier: str, prices: Mapping[str, str], seconds: Rule, *more: Rule) -> Row:
    sizes = Rule("size", combine_sizes(("16:9", "9:16"), tuple(prices)))
    path = f"/lightricks/ltx-2.5/{{}}/{tier}"
    return _sell(f"ltx-2.5-{tier}", path, prices, sizes, seconds, *more, AUDIO, *LAST, checked=READ), Wire("number")


def _luma() -> Row:
    """Return the offer of Ray 3.2, dearer from words than from a picture."""
    prices = {"720p": ("0.20", "0.06"), "540p": ("0.10", "0.03"), "1080p": ("0.40", "0.24")}
    rates = tuple(
        Rate(usd(price), "second", {"resolution": resolution, "image": image})
        for resolution, pair in prices.items()
        for image, price in zip((False, True), pair, strict=True)
    )
    sizes = Rule("size", combine_sizes(SEEDANCE, tuple(prices)))
    rules = (sizes, Rule("seconds", (5, 10)), Rule("seconds", (5,), {"image": True}), *LAST)
    return _sell("luma-ray-3.2", "/luma/agent/ray/v3.2/{}", rates, *rules), Wire("suffix")


def _flux() -> Row:
    prices = {"720p": "0.17", "1080p": "0.29"}
    rules = (
        Rule("size", combine_sizes(("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "2:1"), tuple(prices))),
        Rule("seconds", range(5, 21)),
    )
    wire = Wire("number", between=("/blackforestlabs/flux-3/first-last-frame-to-video", *FRAMES))
    return _sell("flux-3", "/blackforestlabs/flux-3/{}", prices, *rules, AUDIO, *LAST, checked=EXPORTED), wire


def _vidu() -> Row:
    """Return the offer of Vidu Q2 Pro: a price for the video, and one for its seconds."""
    prices = {"720p": ("0.05", "0.10"), "1080p": ("0.10", "0.30")}
    rates = tuple(Rate(usd(second), "second", {"resolution": name}, fee=usd(fee)) for name, (second, fee) in prices.items())
    rules = (Rule("size", _frames(prices)), Rule("seconds", range(2, 9)), SEED, *LAST)
    return _sell("vidu-q2-pro", "", rates, *rules, text=False, picture="/fal-ai/vidu/q2/image-to-video/pro"), Wire("number")


def _pixverse() -> Row:
    """Return the offer of PixVerse V6. With a first frame, the frame decides the ratio. The page counts the prompt in bytes."""
    prices = {"720p": ("0.045", "0.060"), "360p": ("0.025", "0.035"), "540p": ("0.035", "0.045"), "1080p": ("0.090", "0.115")}
    rates = tuple(rate for name, pair in prices.items() for rate in _by_sound(*pair, name))
    sizes = split_sizes(combine_sizes((*SEEDANCE, "2:3", "3:2"), tuple(prices)), _frames(prices))
    rules = (*sizes, Rule("seconds", range(1, 16)), AUDIO, SEED, Rule("negative_prompt", Text(2048)))
    return _sell("pixverse-v6", "/pixverse/v6/{}", rates, *rules, prompt_max=2048), Wire("number", audio="generate_audio_switch")


def _grok(prices: Mapping[str, str], picture: str) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "second", {"resolution": name}, picture=usd(picture)) for name, price in prices.items())


GROK = "/xai/grok-imagine-video"
GROK_SIZES = Rule("size", combine_sizes(GROK_RATIOS, ("720p", "480p")))
GROK_LENGTHS = Rule("seconds", GROK_SECONDS)
OTHER_ROWS = (
    _ltx("pro", {"720p": "0.12", "1080p": "0.17"}, Rule("seconds", (6, 8, 10))),
    _ltx(
        "fast",
        {"720p": "0.09", "1080p": "0.13", "1440p": "0.19", "2160p": "0.30"},
        Rule("seconds", range(6, 21, 2)),
        Rule("seconds", (6, 8, 10), {"resolution": ("1440p", "2160p")}),
    ),
    _luma(),
    _flux(),
    _vidu(),
    _pixverse(),
    (
        _sell(
            "grok-imagine-video",
            f"{GROK}/{{}}",
            _grok({"720p": "0.07", "480p": "0.05"}, "0.002"),
            GROK_SIZES,
            GROK_LENGTHS,
            *allow_references(7),
            Rule("references", (), {"seconds": tuple(range(11, 16))}),
            checked=EXPORTED,
            sound=True,
        ),
        Wire("number", references=(f"{GROK}/reference-to-video", "reference_image_urls")),
    ),
    (
        _sell(
            "grok-imagine-video-1.5",
            f"{GROK}/v1.5/{{}}",
            _grok({"720p": "0.14", "480p": "0.08"}, "0.01"),
            Rule("size", _frames(("720p", "480p"))),
            GROK_LENGTHS,
            text=False,
            sound=True,
        ),
        Wire("number"),
    ),
    # A second costs $0.05 or $0.07 as output, and $0.01 as input. What is longer than 8 s would be cut.
    _edit("grok-imagine-video-edit", f"{GROK}/edit-video", {"480p": "0.06", "720p": "0.08"}, (1, 8), CHECKED),
)

ROWS = (*SEEDANCE_ROWS, *MINIMAX_ROWS, *KLING_ROWS, *VEO_ROWS, _omni(), *ALIBABA_ROWS, *OTHER_ROWS)
OFFERS = tuple(offer for offer, _ in ROWS)
WIRES = {offer.model: wire for offer, wire in ROWS}


def submit(order: Order) -> Call:
    """Return the submit call of the order's model."""
    return submit_as(WIRES[order.offer.model], order)
