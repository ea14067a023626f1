"""Offers of AI/ML API, as far as its schemas describe them. https://docs.aimlapi.com"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Size, Text
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import (
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
    combine_sizes,
    split_sizes,
)

CHECKED = date(2026, 11, 20)
DOCS = "https://docs.aimlapi.com/api-references/video-models"
FIVE = ("16:9", "9:16", "1:1", "4:3", "3:4")
AUDIO = Rule("audio", (True, False), default=True)
NEGATIVE = Rule("negative_prompt", Text(2500))  # the docs state no limit; 2,500 is ours

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
            *(SEED, Rule("seed", (), {"image": True}), NEGATIVE, Rule("negative_prompt", (), {"image": True})),
        ),
        rates=(Rate(usd("0.13"), "second"),),  # quoted of this page in a survey, read 2026-11-20
        source="https://aimlapi.com/ai-ml-api-pricing",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="seedance-2.0",
        slug="bytedance/seedance-2-0",
        rules=(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p", "1080p", "4k"))), Rule("seconds", range(4, 16)), AUDIO, SEED, *LAST),
        rates=(),
        source=f"{DOCS}/bytedance/seedance-2-0",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="seedance-2.5",
        slug="bytedance/seedance-2-5",
        rules=(Rule("size", combine_sizes(SEEDANCE, ("720p", "480p"))), Rule("seconds", range(4, 31)), AUDIO, SEED, *LAST),
        rates=(),
        source=f"{DOCS}/bytedance/seedance-2-5",
        checked=CHECKED,
        image=ImageRule(),
    ),
    Offer(
        model="happyhorse-1.1",
        slug="alibaba/happyhorse-1.1",
        rules=(Rule("size", combine_sizes(FIVE, ("720p", "1080p"))), Rule("seconds", range(3, 16)), SEED),
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
)
