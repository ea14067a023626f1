"""Offers of Muvi, from its model pages. https://developer.muvi.video/docs"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Rate, Reply, Rule, Size, Text, VideoRule
from sora_mcp.domain.money import Micros, parse_amount, usd
from sora_mcp.vendors.muvi_uploads import MOST_BYTES
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    FULL_HD,
    HD,
    KLING,
    LAST,
    SEED,
    SEEDANCE,
    SORA,
    SORA_ENDED,
    SORA_PRO,
    SORA_SECONDS,
    UHD,
    VEO_SECONDS,
    allow_references,
    combine_sizes,
    split_sizes,
)

CHECKED = date(2026, 11, 20)
READ = date(2026, 11, 30)
"""Pages read in the vendor's own repository, https://github.com/PixelByte-Apps/docs. Not offered of it: extensions, for which `continues`
takes the last frame; motion control, which wants a second video; Kling 2.1, which Kling ended on 2026-09-15; Wan 2.6 Flash, whose page has
five times the price of Wan 2.6; and Hailuo 2.3 Pro, whose pages state no length, and a quarter of the price of the standard one."""
O1_SECONDS = (Rule("seconds", range(3, 11)), Rule("seconds", (5, 10), {"image": False}))
NEGATIVE = Rule("negative_prompt", Text(1000))
LAST_FRAME = {"last_image": "start-end-frame-to-video"}
DOCS = "https://developer.muvi.video/docs/models/video"
SHAPES = tuple(Size(ratio, ratio) for ratio in SEEDANCE)
KLING_AND_MORE = ("16:9", "9:16", "1:1", "4:3", "3:4")
FRAME = ImageRule(most_bytes=10_485_760)
"""A job takes a URL only; pictures of this computer are uploaded first, with the same limit."""


def _offer(maker: str, model: str, rules: tuple[Rule, ...], rates: tuple[Rate, ...], *, page: str = "", **more: Any) -> Offer:
    """Return an offer whose slug and price page are named after maker and model; the page has dashes for dots."""
    task = "text-to-video" if more.get("text", True) else "image-to-video"
    source = f"{DOCS}/{maker}/{page or model.replace('.', '-') + '-' + task}"
    return Offer(model, f"{maker}/{model}/text-to-video", rules, rates, source, CHECKED, **more)


def _both(maker: str, model: str, rules: tuple[Rule, ...], rates: tuple[Rate, ...], **more: Any) -> Offer:
    """Return an offer that also animates a first frame."""
    return _offer(maker, model, rules, rates, image=FRAME, image_slug=f"{maker}/{model}/image-to-video", **more)


def _slugs(maker: str, model: str, **tasks: str) -> dict[str, str]:
    """Return the slugs of the capabilities that an option asks for."""
    return {option: f"{maker}/{model}/{task}" for option, task in tasks.items()}


def _sora(model: str, size: Rule, rates: tuple[Rate, ...], expected_s: int) -> Offer:
    rules = (size, SORA_SECONDS)
    facts = {"prompt_with_image": False, "expected_s": expected_s, "ended": SORA_ENDED, "sound": True}
    return _both("openai", model, rules, rates, prompt_max=1000, **facts)


def _veo(model: str, *, audio: bool) -> Offer:
    """Return a Veo offer. Sound and 4k each cost 50% more; `audio` is the default, in which the two models differ.

    No last frame: `start-end-frame-to-video` has neither sound nor seed, and prices of its own. The page of 3.1 names no most of
    references; that of 3.1 fast has 3.
    """
    rules = (Rule("size", (*HD, *FULL_HD, *UHD)), VEO_SECONDS, Rule("audio", (True, False), default=audio), SEED, *allow_references(3))
    rows = ((("720p", "1080p"), False, "1"), (("720p", "1080p"), True, "1.5"), ("4k", False, "1.5"), ("4k", True, "2.25"))
    rates = tuple(Rate(usd("0.20"), "second", {"resolution": size, "audio": sound}, times) for size, sound, times in rows)
    return _both("google", model, rules, rates, prompt_max=4000, option_slugs=_slugs("google", model, references="reference-to-video"))


def _kling(
    model: str, price: str, *more: Rule, sizes: tuple[Size, ...] = KLING, seconds: tuple[int, ...] = (5, 10, 15), sound: str = "1.5"
) -> Offer:
    rules = (Rule("size", sizes), Rule("seconds", seconds), Rule("audio", (True, False), default=False), *more)
    rates = tuple(Rate(usd(price), "second", {"audio": on}, times) for on, times in ((False, "1"), (True, sound)))
    return _both("kling", model, rules, rates, prompt_max=2500, expected_s=180, option_slugs=_slugs("kling", model, **LAST_FRAME))


def _kling_o(model: str, slug: str, price: str, seconds: tuple[Rule, ...], *, sound: bool, references: bool = True) -> Offer:
    """Return a Kling O offer. A first frame decides the ratio. O3 sells sound for 50% more; O1 has no word on it."""
    audio = (Rule("audio", (True, False), default=False),) if sound else ()
    rates = tuple(Rate(usd(price), "second", {"audio": on}, times) for on, times in ((False, "1"), (True, "1.5")))
    return Offer(
        model=model,
        slug=f"kling-plus/{slug}/text-to-video",
        image_slug=f"kling-plus/{slug}/image-to-video",
        option_slugs=_slugs("kling-plus", slug, **LAST_FRAME, **({"references": "reference-to-video"} if references else {})),
        rules=(*split_sizes(KLING, (AUTO,)), *seconds, *audio, *LAST, *(allow_references(7) if references else ())),
        rates=rates if sound else (Rate(usd(price), "second"),),
        source=f"{DOCS}/kling-plus/{slug}-text-to-video",
        checked=READ,
        image=FRAME,
        prompt_max=2500,
        expected_s=240,
    )


def _animate(maker: str, model: str, rules: tuple[Rule, ...], rates: tuple[Rate, ...], **more: Any) -> Offer:
    """Return an offer that needs a first frame, at a page read on READ."""
    facts = {"text": False, "prompt_max": 2500, "expected_s": 240} | more
    offer = _both(maker, model, rules, rates, **facts)
    return replace(offer, checked=READ)


def _by_resolution(price: str, **factors: str) -> tuple[Rate, ...]:
    return tuple(Rate(usd(price), "second", {"resolution": name.lstrip("r")}, times) for name, times in factors.items())


def _frames(*resolutions: str) -> Rule:
    """Return the sizes of a model whose ratio the first frame decides."""
    return Rule("size", tuple(Size(text, None, text) for text in resolutions))


def _edit(model: str, slug: str, price: str, *, checked: date, task: str = "video-edit") -> Offer:
    """Return an offer that edits a video for a flat price.

    Only the page of O3 Pro has a limit, of 10 s; Kling edits 3 to 10 s:
    https://wavespeed.ai/docs/docs-api/kwaivgi/kwaivgi-kling-video-o3-std-video-edit
    """
    return Offer(
        model=model,
        slug=f"kling-plus/{slug}/{task}",
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(3, 11))),
        rates=(Rate(usd(price), "video"),),
        source=f"{DOCS}/kling-plus/{slug}-{task}",
        checked=checked,
        text=False,
        video=VideoRule((3, 10), MOST_BYTES),  # it arrives through the upload
        expected_s=180,
    )


def _seedance(model: str, price: str, large: tuple[str, str, str]) -> Offer:
    """Return a Seedance offer. `large` has the price factors of 1440p at 24, 30 and 60 fps; a first frame decides the ratio."""
    sizes = split_sizes(combine_sizes(SEEDANCE, ("720p", "1440p")), (Size("720p", None, "720p"), Size("1440p", None, "1440p")))
    factors = {"720p": ("1", "1.1", "1.25"), "1440p": large}
    rows = ((size, fps, times) for size, row in factors.items() for fps, times in zip((24, 30, 60), row, strict=True))
    rates = tuple(Rate(usd(price), "second", {"resolution": size, "fps": fps}, times) for size, fps, times in rows)
    rules = (*sizes, Rule("seconds", range(4, 16)), Rule("fps", (24, 30, 60), default=24), *LAST, *allow_references(9))
    slugs = _slugs("bytedance", model, **LAST_FRAME, references="omni-reference")
    return _both("bytedance", model, rules, rates, prompt_max=5000, option_slugs=slugs)


OFFERS = (
    _sora(
        "sora-2-pro",
        SORA_PRO,
        (Rate(usd("0.30"), "second", {"resolution": "720p"}), Rate(usd("0.30"), "second", {"resolution": "1080p"}, times="1.67")),
        expected_s=240,
    ),
    _sora("sora-2", SORA, (Rate(usd("0.10"), "second"),), expected_s=180),
    _veo("veo-3.1-fast", audio=True),
    _veo("veo-3.1", audio=False),
    _kling("kling-3.0-pro", "0.112", *LAST),
    _kling("kling-3.0-standard", "0.084", *LAST),
    _kling("kling-2.6-pro", "0.07", sizes=KLING[:2], seconds=(5, 10), sound="2"),
    _offer(
        "kling",
        "kling-text2video-v3",
        (Rule("size", KLING), Rule("seconds", range(3, 16)), Rule("quality", ("std", "pro"), default="std")),
        tuple(Rate(usd("0.075"), "second", {"quality": quality}, times) for quality, times in (("std", "1"), ("pro", "1.5"))),
        prompt_max=2500,
        expected_s=180,
    ),
    _seedance("seedance-2.0", "0.24", ("2", "2.2", "2.5")),
    _seedance("seedance-2.0-fast", "0.20", ("1.5", "1.65", "1.875")),
    _both(
        "alibaba-plus",
        "wan-2.7",
        (
            *split_sizes(combine_sizes(KLING_AND_MORE, ("720p", "1080p")), (Size("720p", None, "720p"), Size("1080p", None, "1080p"))),
            *(Rule("seconds", range(2, 16)), *LAST),
            *(Rule("negative_prompt", Text(500)), SEED),
            *(*allow_references(1), Rule("references", (), {"seconds": tuple(range(11, 16))})),
        ),
        tuple(Rate(usd("0.15"), "second", {"resolution": size}, times) for size, times in (("720p", "1"), ("1080p", "1.5"))),
        prompt_max=5000,
        option_slugs=_slugs("alibaba-plus", "wan-2.7", references="reference-to-video"),
    ),
    _both(
        "runway",
        "gen-4.5",
        (Rule("size", (AUTO, *SHAPES)), Rule("size", SHAPES, {"image": False}), Rule("seconds", range(2, 11))),
        (Rate(usd("0.12"), "second"),),
        prompt_max=5000,
    ),
    _both(
        "minimax-plus",
        "hailuo-2.3-standard",
        (Rule("size", (Size("768p"),)), Rule("seconds", (6, 10))),
        (Rate(usd("0.035"), "second"),),
        prompt_max=2500,
    ),
    _both(
        "minimax-plus",
        "hailuo-2.3-fast",
        (Rule("size", (Size("768p"),)), Rule("seconds", (6, 10))),
        (Rate(usd("0.025"), "second"),),
        prompt_max=2500,
        text=False,
    ),
    _both(
        "xai",
        "grok-imagine",
        (Rule("size", (Size("480p", None, "480p"), Size("720p", None, "720p"))), Rule("seconds", (6, 10, 15))),
        tuple(Rate(usd("0.05"), "second", {"resolution": size}, times) for size, times in (("480p", "1"), ("720p", "1.4"))),
        page="grok-imagine",  # an older page that names no task
        text=False,
    ),
    _offer(
        "alibaba-plus",
        "wan-2.6",
        (Rule("size", KLING[:2]), Rule("seconds", (5, 10, 15)), Rule("negative_prompt", Text(1000))),
        (Rate(usd("0.10"), "second"),),
        prompt_max=2500,
    ),
    # The page names no limit of the clip that it goes on from: one of the model itself has at most 15 s.
    Offer(
        model="wan-2.6-extend",
        slug="alibaba-plus/wan-2.6/video-extend",
        rules=(_frames("720p", "1080p"), Rule("seconds", (5, 10, 15)), Rule("negative_prompt", Text(1000))),
        rates=(Rate(usd("0.15"), "second"),),
        source=f"{DOCS}/alibaba-plus/wan-2-6-video-extend",
        checked=READ,
        text=False,
        video=VideoRule((2, 15.5), MOST_BYTES, continues="wan-2.6"),
        prompt_max=2500,
        expected_s=300,
    ),
    # From a first frame, Wan 2.6 has the fields and the price of Super.
    *(
        _animate(
            "alibaba-plus",
            f"wan-2.6-{tier}",
            (_frames(*(name.lstrip("r") for name in factors)), Rule("seconds", (5, 10, 15)), Rule("negative_prompt", Text(1000))),
            _by_resolution(price, **factors),
        )
        for tier, price, factors in (
            ("super", "0.10", {"r720p": "1", "r1080p": "1.5"}),
            ("pro", "0.15", {"r1080p": "1", "r2k": "2", "r4k": "4"}),
        )
    ),
    _edit("kling-o3-standard", "kling-o3-standard", "0.03", checked=CHECKED),
    _edit("kling-o3-pro-edit", "kling-o3-pro", "0.05", checked=READ),
    _edit("kling-o1-pro-edit", "kling-o1-pro", "0.04", checked=READ),
    _edit("kling-o1-pro-edit-fast", "kling-o1-pro", "0.03", checked=READ, task="video-edit-fast"),
    _edit("kling-o1-standard-edit", "kling-o1-standard", "0.03", checked=READ),
    _kling_o("kling-o3-pro", "kling-o3-pro", "0.112", (Rule("seconds", range(3, 16)),), sound=True),
    _kling_o("kling-o3-std", "kling-o3-standard", "0.084", (Rule("seconds", range(3, 16)),), sound=True),
    _kling_o("kling-o1-pro", "kling-o1-pro", "0.07", O1_SECONDS, sound=False),
    # The references of O1 Standard have no ratio.
    _kling_o("kling-o1-standard", "kling-o1-standard", "0.05", O1_SECONDS, sound=False, references=False),
    *(
        replace(
            _both(
                "kling-plus",
                model,
                (*(split_sizes(KLING, (AUTO,)) if text else (Rule("size", (AUTO,)),)), Rule("seconds", (5, 10)), NEGATIVE),
                (Rate(usd(price), "second"),),
                prompt_max=2500,
                expected_s=240,
                text=text,
            ),
            checked=READ,
        )
        for model, price, text in (
            ("kling-2.5-turbo-pro", "0.05", True),
            ("kling-2.5-turbo-standard", "0.035", False),
            ("kling-2.6-standard", "0.05", True),
        )
    ),
    _animate(
        "bytedance-plus",
        "seedance-1.5-pro-super",
        (
            *(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p", "1080p"))), Rule("seconds", range(4, 13)), AUDIO),
            *(Rule("camera_fixed", (True, False)), *LAST),
        ),
        tuple(
            Rate(usd("0.015"), "second", {"resolution": size, "audio": audio}, times)
            for size, silent, loud in (("480p", "1", "2"), ("720p", "1.8667", "3.7334"), ("1080p", "3.7333", "7.4666"))
            for audio, times in ((False, silent), (True, loud))
        ),
        prompt_max=5000,
        expected_s=300,
        option_slugs=_slugs("bytedance-plus", "seedance-1.5-pro-super", **LAST_FRAME),
    ),
    _animate(
        "google",
        "veo-3.1-ecl",
        (Rule("size", (*HD, *FULL_HD, *UHD)), VEO_SECONDS, Rule("audio", (True, False), default=False), *LAST),
        tuple(Rate(usd("0.20"), "second", {"audio": audio}, times) for audio, times in ((False, "1"), (True, "1.5"))),
        prompt_max=4000,
        option_slugs=_slugs("google", "veo-3.1-ecl", **LAST_FRAME),
    ),
)


def read_quote(reply: Reply) -> Micros | None:
    """Return the price, in millionths of a dollar: flat as in the reference, or under `data` as on the pricing page."""
    body = reply.body.get("data", reply.body)
    return parse_amount(body["estimatedCost"] if "estimatedCost" in body else body["estimatedCostMicroCents"], per_usd=1_000_000)
