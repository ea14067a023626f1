"""Offers of Pixazo, as far as its pages and its skills repository describe them. https://www.pixazo.ai/models

For models other than Sora only one sample call each was found (2026-11-20, 2026-11-30). Exactly that sample is offered, without first
frame, and so without last frames, references, edits and upscaling; the price is left to the dashboard of the account. Of Seedance 2.5,
Kling O3, HappyHorse 1.1, Gemini Omni 1.1 and FLUX 3 the sample names no size or length, or no ratio, so they are not offered.
"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Size, Text
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import FULL_HD, SEED, SORA_ENDED, SORA_PRO, SORA_SECONDS, combine_sizes

CHECKED = date(2026, 11, 20)
READ = date(2026, 11, 30)
SKILLS = "https://github.com/Pixazo-AI/skills"
PRICES = {("720p", 4): "1.50", ("720p", 8): "3", ("720p", 12): "4.50", ("1080p", 4): "2.50", ("1080p", 8): "5", ("1080p", 12): "7.50"}

OFFERS = (
    Offer(
        model="sora-2-pro",
        slug="/sora-video/v1/video/generate",
        image_slug="/sora-video/v1/video/i2v/generate",
        rules=(SORA_PRO, SORA_SECONDS),
        rates=tuple(Rate(usd(price), "video", {"resolution": size, "seconds": length}) for (size, length), price in PRICES.items()),
        source="https://www.pixazo.ai/models/text-to-video/sora-2-api",
        checked=CHECKED,
        image=ImageRule(exact=True),
        expected_s=180,
        ended=SORA_ENDED,
        sound=True,
    ),
    Offer(
        model="veo-3.1",
        slug="/veo/v1/text-to-video",
        rules=(
            *(Rule("size", FULL_HD[:1]), Rule("seconds", (8,)), Rule("audio", (True,), default=True)),
            *(SEED, Rule("negative_prompt", Text(500))),  # the docs state no limit; 500 is ours
        ),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/veo/SKILL.md",
        checked=CHECKED,
    ),
    Offer(
        model="grok-imagine-video-1.5",
        slug="/grok-imagine-video-1-5/v1/text-to-video",
        rules=(Rule("size", combine_sizes(("16:9",), ("720p",))), Rule("seconds", (6,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/grok-imagine-video/SKILL.md",
        checked=CHECKED,
    ),
    Offer(
        model="ltx-2.5-pro",
        slug="/ltx-2-5-pro/v1/text-to-video",
        rules=(Rule("size", (Size("1080p", None, "1080p"),)), Rule("seconds", (6,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/ltx/SKILL.md",
        checked=CHECKED,
    ),
    Offer(
        model="wan-3.0",
        slug="/wan-3-0-video/v1/text-to-video",
        rules=(Rule("size", (Size("480P", None, "480P"),)), Rule("seconds", (5,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/wan/SKILL.md",
        checked=READ,
    ),
    Offer(
        model="luma-ray-3.2",
        slug="/luma-agent-ray-v3-2-text-to-video/v1/text-to-video",
        rules=(Rule("size", combine_sizes(("16:9",), ("540p",))), Rule("seconds", (5,))),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/luma/SKILL.md",
        checked=READ,
    ),
    Offer(
        model="pixverse-v6",
        slug="/pixverse-v6-text-to-video/v1/pixverse-v6-text-to-video-request",
        rules=(
            *(Rule("size", combine_sizes(("16:9",), ("720p",))), Rule("seconds", (5,)), Rule("audio", (True,), default=True)),
            Rule("negative_prompt", Text(500)),  # the docs state no limit; 500 is ours
        ),
        rates=(),
        source=f"{SKILLS}/blob/main/skills/pixverse/SKILL.md",
        checked=READ,
    ),
)
