"""Offers of MuleRun, as far as its pages and its skills repository describe them. https://mulerun.com/docs/api-reference"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rule, Size, Text
from sora_mcp.vendors.shared.sizes import AUTO, KLING, LAST, SEED, SORA, SORA_ENDED, SORA_PRO, SORA_SECONDS, split_sizes

CHECKED = date(2026, 11, 20)
DOCS = "https://mulerun.com/docs/api-reference/endpoint"
SKILLS = "https://github.com/openmule/mulerouter-skills"
AUDIO = Rule("audio", (True, False), default=True)


def _openai(model: str, path: str, size: Rule, expected_s: int) -> Offer:
    return Offer(
        model=model,
        slug=f"/vendors/openai/v1/{path}/generation",
        rules=(size, SORA_SECONDS),
        rates=(),
        source=f"{DOCS}/openai/{path}/generation",
        checked=CHECKED,
        image=ImageRule(exact=True),
        prompt_max=2000,
        expected_s=expected_s,
        ended=SORA_ENDED,
        sound=True,
    )


# No page states a price.
OFFERS = (
    _openai("sora-2-pro", "sora-2-pro", SORA_PRO, expected_s=330),
    _openai("sora-2", "sora", SORA, expected_s=210),
    Offer(
        model="kling-v3",
        slug="/vendors/klingai/v1/kling-v3/text-to-video/generation",
        image_slug="/vendors/klingai/v1/kling-v3/image-to-video/generation",
        rules=(
            *split_sizes(KLING, (AUTO,)),
            Rule("seconds", range(3, 16)),
            Rule("mode", ("std", "pro"), default="std"),
            Rule("audio", (True, False), default=False),
            Rule("negative_prompt", Text(2500)),
            *LAST,
        ),
        rates=(),
        source=SKILLS,
        checked=CHECKED,
        image=ImageRule(types=("image/jpeg", "image/png"), most_bytes=9_999_999, sides=(300, 65_535), most_stretch=2.5),
        prompt_max=2500,
        expected_s=180,
    ),
    Offer(
        model="happyhorse-1.0",
        slug="/vendors/alibaba/v1/happy-horse-1-0-t2v/generation",
        image_slug="/vendors/alibaba/v1/happy-horse-1-0-i2v/generation",
        rules=(Rule("size", tuple(Size(text, None, text) for text in ("720P", "1080P"))), Rule("seconds", range(3, 16)), SEED),
        rates=(),
        source=SKILLS,
        checked=CHECKED,
        image=ImageRule(),
        prompt_max=2500,
    ),
    Offer(
        model="wan-2.6",
        slug="/vendors/alibaba/v1/wan2.6-t2v/generation",
        image_slug="/vendors/alibaba/v1/wan2.6-i2v/generation",
        rules=(
            *split_sizes(
                (
                    *(Size("1280x720", "16:9", "720p"), Size("720x1280", "9:16", "720p"), Size("960x960", "1:1", "720p")),
                    *(Size("1088x832", "4:3", "720p"), Size("832x1088", "3:4", "720p")),
                    *(Size("832x480", "16:9", "480p"), Size("480x832", "9:16", "480p"), Size("624x624", "1:1", "480p")),
                    *(Size("1920x1080", "16:9", "1080p"), Size("1080x1920", "9:16", "1080p"), Size("1440x1440", "1:1", "1080p")),
                    *(Size("1632x1248", "4:3", "1080p"), Size("1248x1632", "3:4", "1080p")),
                ),
                tuple(Size(text, None, text) for text in ("720P", "480P", "1080P")),
            ),
            *(Rule("seconds", (5, 10, 15)), AUDIO, Rule("prompt_extend", (True, False), default=True)),
            *(Rule("multi_shots", ("single", "multi"), default="single"), Rule("negative_prompt", Text(500)), SEED),
        ),
        rates=(),
        source=SKILLS,
        checked=CHECKED,
        image=ImageRule(types=("image/jpeg", "image/png", "image/bmp", "image/webp"), sides=(360, 2000)),
        prompt_max=2000,
        expected_s=180,
    ),
)
