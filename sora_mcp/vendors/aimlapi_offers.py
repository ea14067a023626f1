"""Offers of AI/ML API, as far as its schemas describe them. https://docs.aimlapi.com

Not offered: edits, and extensions of Veo 3.1, which take a video by its address only, and there is no upload (2026-11-30).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Size, Text
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import GROK_RATIOS, GROK_SECONDS
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
    VEO_SECONDS,
    allow_references,
    combine_sizes,
    split_sizes,
)

CHECKED = date(2026, 11, 20)
DOCS = "https://docs.aimlapi.com/api-references/video-models"
FIVE = ("16:9", "9:16", "1:1", "4:3", "3:4")
NEGATIVE = Rule("negative_prompt", Text(2500))  # the docs state no limit; 2,500 is ours

READ = date(2026, 11, 30)
JPEG_OR_PNG = ("image/jpeg", "image/png")
MINIMAX = ImageRule(types=JPEG_OR_PNG, sides=(301, 65_535), most_stretch=2.49)
"""MiniMax's pictures: "greater than 2:5 and less than 5:2", and more than 300 pixels a side."""
PIXVERSE = ("720p", "540p", "360p", "1080p")
WAN_2_6 = (
    *(Rule("seconds", (5, 10, 15)), Rule("audio", (True, False), default=True), NEGATIVE),
    *(Rule("multi_shots", ("single", "multi"), default="single"), SEED),
)


def _offer(model: str, slug: str, page: str, *rules: Rule, **facts: Any) -> Offer:
    """Return an offer whose price only the vendor's list states."""
    return Offer(model, slug, rules, (), f"{DOCS}/{page}", READ, **facts)


def _seedance(model: str, slug: str, page: str) -> Offer:
    """Return a smaller Seedance 2.0."""
    rules = (Rule("size", combine_sizes(SEEDANCE, ("720p", "480p"))), Rule("seconds", range(4, 16)), AUDIO, SEED, *LAST)
    return _offer(model, slug, page, *rules, *allow_references(9), image=ImageRule())


def _flux(model: str, *resolutions: str) -> Offer:
    """Return a FLUX 3 offer. With a first frame no ratio is sent: the default, `auto`, "follows the first keyframe"."""
    sizes = split_sizes(combine_sizes((*SEEDANCE, "2:1"), resolutions), tuple(Size(text, None, text) for text in resolutions))
    slug = f"blackforestlabs/{model}"
    rules = (*sizes, Rule("seconds", range(5, 21)), AUDIO, *LAST)
    return _offer(model, f"{slug}-t2v", f"Black-Forest-Labs/{model}-t2v", *rules, image=ImageRule(), image_slug=f"{slug}-i2v")


def _kling(
    model: str,
    slug: str,
    page: str,
    *more: Rule,
    seconds: range | tuple[int, ...] = range(3, 16),
    slash: str = "-",
    image: ImageRule | None = None,
    **facts: Any,
) -> Offer:
    rules = (*split_sizes(KLING, (AUTO,)), Rule("seconds", seconds), *more)
    slugs = tuple(f"klingai/{slug}{slash}{task}-to-video" for task in ("text", "image"))
    pages = "Kling-AI" if "omni" in model else "kling-ai"
    return _offer(model, slugs[0], f"{pages}/{page}", *rules, image=image or ImageRule(), image_slug=slugs[1], expected_s=180, **facts)


def _hailuo(model: str, *more: Rule, text: bool = True) -> Offer:
    """Return a Hailuo offer. It makes 1080P in 6 s only: https://platform.minimax.io/docs/api-reference/video-generation-t2v"""
    sizes = Rule("size", (Size("768P", None, "768P"), Size("1080P", None, "1080P")))
    rules = (sizes, Rule("seconds", (6, 10)), Rule("seconds", (6,), {"resolution": "1080P"}), *more)
    return _offer(model, f"minimax/{model}", f"minimax/{model}", *rules, text=text, image=MINIMAX, prompt_max=2000)


OFFERS = (
    Offer(
        model="sora-2-pro",
        slug="openai/sora-2-pro-t2v",
        image_slug="openai/sora-2-pro-i2v",
        rules=(SORA_PRO, SORA_SECONDS),
        rates=(),
        source=f"{DOCS}/openai/sora-2-pro-t2v",
        checked=CHECKED,
        image=ImageRule(exact=True),
        expected_s=90,
        ended=SORA_ENDED,
        sound=True,
    ),
    Offer(
        model="sora-2",
        slug="openai/sora-2-t2v",
        image_slug="openai/sora-2-i2v",
        rules=(SORA, SORA_SECONDS),
        rates=(Rate(usd("0.13"), "second"),),  # quoted of this page in a survey, read 2026-11-20
        source="https://aimlapi.com/models/sora-2-text-to-video",
        checked=CHECKED,
        image=ImageRule(exact=True),
        expected_s=90,
        ended=SORA_ENDED,
        sound=True,
    ),
    Offer(
        model="veo-3.1-fast",
        slug="google/veo-3.1-t2v-fast",
        image_slug="google/veo-3.1-i2v-fast",
        rules=(
            *(Rule("size", (*HD, *FULL_HD)), VEO_SECONDS, AUDIO),
            *(SEED, Rule("seed", (), {"image": True}), NEGATIVE, Rule("negative_prompt", (), {"image": True}), *LAST),
        ),
        rates=(Rate(usd("0.13"), "second"),),  # quoted of this page in a survey, read 2026-11-20
        source="https://aimlapi.com/ai-ml-api-pricing",
        checked=CHECKED,
        image=ImageRule(),
        option_slugs={"last_image": "google/veo-3.1-first-last-image-to-video-fast"},
    ),
    Offer(
        model="seedance-2.0",
        slug="bytedance/seedance-2-0",
        rules=(
            Rule("size", combine_sizes(SEEDANCE, ("720p", "480p", "1080p", "4k"))),
            Rule("seconds", range(4, 16)),
            AUDIO,
            SEED,
            *LAST,
            *allow_references(9),
        ),
        rates=(),
        source=f"{DOCS}/bytedance/seedance-2-0",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="seedance-2.5",
        slug="bytedance/seedance-2-5",
        rules=(
            Rule("size", combine_sizes(SEEDANCE, ("720p", "480p"))),
            Rule("seconds", range(4, 31)),
            AUDIO,
            SEED,
            *LAST,
            *allow_references(9),
        ),
        rates=(),
        source=f"{DOCS}/bytedance/seedance-2-5",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="happyhorse-1.1",
        slug="alibaba/happyhorse-1.1",
        rules=(Rule("size", combine_sizes(FIVE, ("720p", "1080p"))), Rule("seconds", range(3, 16)), SEED, *allow_references(9)),
        rates=(),
        source=f"{DOCS}/alibaba-cloud/happyhorse-1.1",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="wan-2.7",
        slug="alibaba/wan-2-7-t2v",
        image_slug="alibaba/wan-2-7-i2v",
        rules=(
            *split_sizes(combine_sizes(FIVE, ("720p", "1080p")), (Size("720p", None, "720p"), Size("1080p", None, "1080p"))),
            *(Rule("seconds", (5, 10, 15)), SEED, Rule("audio", (True, False)), Rule("audio", (), {"image": True})),
            *(NEGATIVE, Rule("negative_prompt", Text(500), {"image": True})),
        ),
        rates=(),
        source=f"{DOCS}/alibaba-cloud/wan-2.7-text-to-video",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="kling-v3-pro",
        slug="klingai/video-v3-pro-text-to-video",
        image_slug="klingai/video-v3-pro-image-to-video",
        rules=(*split_sizes(KLING, (AUTO,)), Rule("seconds", range(3, 16)), AUDIO, NEGATIVE, *LAST),
        rates=(),
        source=f"{DOCS}/kling-ai/video-v3-pro-text-to-video",
        checked=CHECKED,
        image=ImageRule(),
        expected_s=180,
    ),
    # From here on: the schemas of the vendor's own repository, https://github.com/aimlapi/api-docs (2026-08-21). Of what it has these are
    # not offered: `gemini-omni-flash-preview`, the Veo previews and Veo 3.0, which Google ended; references of Veo 3.1, Wan 2.7 and
    # Kling O1, whose pages leave the ratio or a limit open; continuations and edits, whose pages name no length of the video that is sent.
    _offer(
        "veo-3.1",
        "google/veo-3.1-t2v",
        "google/veo-3-1-text-to-video",
        *(Rule("size", (*HD, *FULL_HD)), VEO_SECONDS, AUDIO),
        *(SEED, Rule("seed", (), {"image": True}), NEGATIVE, Rule("negative_prompt", (), {"image": True}), *LAST),
        image=ImageRule(),
        image_slug="google/veo-3.1-i2v",
        option_slugs={"last_image": "google/veo-3.1-first-last-image-to-video"},
    ),
    _offer(
        "veo-3.1-lite",
        "veo-3.1-lite-generate-001",
        "google/veo-3.1-lite-generate",
        *(Rule("size", combine_sizes(("16:9", "9:16"), ("720P", "1080P"))), VEO_SECONDS, AUDIO, *LAST),
        image=ImageRule(),
    ),
    _seedance("seedance-2.0-fast", "bytedance/seedance-2-0-fast", "bytedance/seedance-2.0-fast"),
    _seedance("seedance-2.0-mini", "bytedance/dreamina-seedance-2-0-mini", "ByteDance/seedance-2-0-mini"),
    _offer(
        "seedance-1.5-pro",
        "bytedance/seedance-1-5-pro",
        "bytedance/seedance-1.5-pro",
        *(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p", "1080p"))), Rule("seconds", range(4, 13)), AUDIO, SEED, *LAST),
        image=ImageRule(),
    ),
    _offer(
        "happyhorse-1.0",
        "alibaba/happyhorse-1-0",
        "alibaba-cloud/happy-horse-1.0",
        *(Rule("size", combine_sizes(FIVE, ("720p", "1080p"))), Rule("seconds", range(3, 16)), SEED, *allow_references(9)),
        image=ImageRule(),
    ),
    _offer(
        "wan-2.6",
        "alibaba/wan-2-6-t2v",
        "alibaba-cloud/wan-2.6-text-to-video",
        *split_sizes(combine_sizes(FIVE, ("720p", "1080p")), (Size("720p", None, "720p"), Size("1080p", None, "1080p"))),
        *WAN_2_6,
        image=ImageRule(),
        image_slug="alibaba/wan-2-6-i2v",
    ),
    _offer(
        "wan-2.6-flash",
        "alibaba/wan-2-6-image-to-video-flash",
        "alibaba-cloud/wan-2.6-flash-image-to-video",
        Rule("size", (Size("720p", None, "720p"), Size("1080p", None, "1080p"))),
        *WAN_2_6,
        text=False,
        image=ImageRule(),
    ),
    _offer(
        "wan-2.5",
        "alibaba/wan2.5-t2v-preview",
        "alibaba-cloud/wan-2.5-preview-text-to-video",
        *(Rule("size", combine_sizes(("16:9", "9:16", "1:1"), ("720p", "480p", "1080p"))), Rule("seconds", (5, 10)), NEGATIVE, SEED),
        image=ImageRule(),
        image_slug="alibaba/wan2.5-i2v-preview",
    ),
    _flux("flux-3-video", "hd", "fhd"),
    _flux("flux-3-video-draft", "hd"),
    _kling("kling-v3-standard", "video-v3-standard", "v3-standard-text-to-video", AUDIO, NEGATIVE, *LAST),
    *(
        _kling(
            f"kling-v3-omni-{resolution}",
            f"video-v3-omni-{resolution}",
            f"v3-omni-{resolution}-text-to-video",
            *(AUDIO, NEGATIVE, *LAST, Rule("last_image", (), {"audio": True})),
        )
        for resolution in ("720p", "1080p")
    ),
    *(
        _kling(model, slug, page, image=ImageRule(types=JPEG_OR_PNG, sides=(300, 65_535), most_stretch=2.5), prompt_max=3072)
        for model, slug, page in (
            ("kling-v3-turbo-standard", "video-v3-standard-turbo", "v3-standard-turbo-text-to-video"),
            ("kling-v3-turbo-pro", "video-v3-turbo-pro", "v3-turbo-pro-text-to-video"),
        )
    ),
    _kling("kling-v2.6-pro", "video-v2-6-pro", "video-v2-6-pro-text-to-video", AUDIO, NEGATIVE, seconds=(5, 10), prompt_max=2500),
    _kling("kling-v2.5-turbo-pro", "v2.5-turbo/pro", "v2.5-turbo-pro-text-to-video", NEGATIVE, seconds=(5, 10), slash="/"),
    _offer(
        "kling-o1",
        "klingai/video-o1-image-to-video",
        "kling-ai/video-o1-image-to-video",
        *(Rule("size", (AUTO,)), Rule("seconds", (5, 10)), *LAST),
        text=False,
        image=ImageRule(),
        prompt_max=2500,
        expected_s=180,
    ),
    *(
        _offer(
            model,
            f"ltxv/{slug}",
            f"ltxv/{slug}",
            *(Rule("size", combine_sizes(("16:9",), ("1080p", "1440p", "2160p"))), Rule("seconds", (6, 8, 10))),
            *(Rule("fps", (25, 50)), AUDIO),
            image=ImageRule(),
        )
        for model, slug in (("ltx-2", "ltxv-2"), ("ltx-2-fast", "ltxv-2-fast"))
    ),
    _offer(
        "minimax-h3",
        "minimax/h3",
        "MiniMax/h3",
        *split_sizes(combine_sizes(SEEDANCE, ("2K",)), (Size("2K", None, "2K"),)),
        *(Rule("seconds", range(4, 16)), *LAST, *allow_references(9)),
        image=MINIMAX,
        prompt_max=7000,
        expected_s=180,
    ),
    _hailuo("hailuo-02", *LAST),
    _hailuo("hailuo-2.3"),
    _hailuo("hailuo-2.3-fast", text=False),
    _offer(
        "luma-ray-3.2",
        "luma/ray-3.2",
        "luma-ai/ray-3.2",
        *(Rule("size", combine_sizes(SEEDANCE, ("720p", "540p", "360p", "1080p"))), Rule("seconds", (5, 10)), *LAST),
        image=ImageRule(),
    ),
    _offer(
        "grok-imagine-video",
        "x-ai/grok-imagine-video",
        "xai/grok-imagine-video",
        # Beside pictures the vendor chooses the resolution.
        *split_sizes(combine_sizes(GROK_RATIOS, ("720p", "480p", "1080p")), tuple(Size(ratio, ratio) for ratio in GROK_RATIOS)),
        Rule("seconds", GROK_SECONDS),
        image=ImageRule(),
    ),
    _offer(
        "grok-imagine-video-1.5",
        "x-ai/grok-imagine-video-1.5-preview",
        "xai/grok-imagine-video-1.5-preview",
        *(Rule("size", tuple(Size(ratio, ratio) for ratio in GROK_RATIOS)), Rule("seconds", GROK_SECONDS)),
        text=False,
        image=ImageRule(),
    ),
    _offer(
        "gen-4-turbo",
        "runway/gen4_turbo",
        "runway/gen4_turbo",
        *(Rule("size", tuple(Size(ratio, ratio) for ratio in SEEDANCE)), Rule("seconds", (5, 10)), SEED, *LAST),
        text=False,
        image=ImageRule(),
        prompt_max=1000,
    ),
    _offer(
        "pixverse-v5.5",
        "pixverse/v5.5/text-to-video",
        "pixverse/v5-5-text-to-video",
        *split_sizes(combine_sizes(FIVE, PIXVERSE), tuple(Size(text, None, text) for text in PIXVERSE)),
        # In 1080p no 8 s by this page, and no 10 s by https://wavespeed.ai/docs/docs-api/pixverse/pixverse-v5.5/text-to-video
        *(Rule("seconds", (5, 8, 10)), Rule("seconds", (5,), {"resolution": "1080p"})),
        *(Rule("audio", (True, False), default=False), NEGATIVE, SEED),
        image=ImageRule(),
        image_slug="pixverse/v5.5/image-to-video",
    ),
    _offer(
        "pixverse-v5",
        "pixverse/v5/text-to-video",
        "pixverse/v5-text-to-video",
        *split_sizes(combine_sizes(FIVE, PIXVERSE), tuple(Size(text, None, text) for text in PIXVERSE)),
        *(Rule("seconds", (5, 8)), Rule("seconds", (5,), {"resolution": "1080p"}), *LAST, NEGATIVE, SEED),  # 1080p as of 5.5
        image=ImageRule(),
        image_slug="pixverse/v5/image-to-video",
        option_slugs={"last_image": "pixverse/v5/transition"},
    ),
    *(
        _offer(
            model,
            slug,
            f"bytedance/{page}",
            Rule("size", tuple(Size(text, None, text) for text in ("1080p", "720p", "480p"))),
            *(Rule("seconds", (5, 10)), SEED, *LAST, Rule("camera_fixed", (True, False)), Rule("watermark", (True, False))),
            image=ImageRule(),
            image_slug=image_slug,
            sound=False,
        )
        for model, slug, image_slug, page in (
            ("seedance-1-pro", "bytedance/seedance-1-0-pro-t2v", "bytedance/seedance-1-0-pro-i2v", "seedance-1.0-pro-text-to-video"),
            ("seedance-1-pro-fast", "bytedance/seedance-1-0-pro-fast", None, "seedance-1.0-pro-fast"),
        )
    ),
    *(
        _offer(
            model,
            f"sber-ai/{slug}-t2v",
            f"sber-ai/{slug}-text-to-video",
            *(Rule("size", tuple(Size(text, text) for text in ("3:2", "2:3", "1:1"))), Rule("seconds", (5, 10))),
        )
        for model, slug in (("kandinsky-5", "kandinsky5"), ("kandinsky-5-distill", "kandinsky5-distill"))
    ),
)
