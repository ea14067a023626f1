"""Offers of MuleRun, as far as its pages and its skills repository describe them. https://mulerun.com/docs/api-reference

Not offered: edits and video references of Kling 3 Omni and Wan VACE, which take a video by its address only (skills of 2026-04-23). No
model has a price: neither these pages nor those of https://www.mulerouter.ai/models state one as far as they could be read (2026-11-30).
"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rule, Size, Text
from sora_mcp.vendors.shared.sizes import (
    AUDIO,
    AUTO,
    FULL_HD,
    HD,
    KLING,
    LAST,
    SEED,
    SORA,
    SORA_ENDED,
    SORA_PRO,
    SORA_SECONDS,
    VEO_SECONDS,
    allow_references,
    split_sizes,
)

CHECKED = date(2026, 11, 20)
READ = date(2026, 11, 30)
OMNI = "/vendors/klingai/v1/kling-v3-omni"
DOCS = "https://mulerun.com/docs/api-reference/endpoint"
SKILLS = "https://github.com/openmule/mulerouter-skills"


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


WAN_SIZES = (
    *(Size("1280x720", "16:9", "720p"), Size("720x1280", "9:16", "720p"), Size("960x960", "1:1", "720p")),
    *(Size("1088x832", "4:3", "720p"), Size("832x1088", "3:4", "720p")),
    *(Size("832x480", "16:9", "480p"), Size("480x832", "9:16", "480p"), Size("624x624", "1:1", "480p")),
    *(Size("1920x1080", "16:9", "1080p"), Size("1080x1920", "9:16", "1080p"), Size("1440x1440", "1:1", "1080p")),
    *(Size("1632x1248", "4:3", "1080p"), Size("1248x1632", "3:4", "1080p")),
)
WAN_2_2 = tuple(size for size in WAN_SIZES if size.resolution != "720p")


def _wan(
    version: str,
    sizes: tuple[Size, ...],
    resolutions: tuple[str, ...],
    seconds: tuple[int, ...],
    *more: Rule,
    checked: date = CHECKED,
    text: str = "-t2v",
    image: str = "-i2v",
    prompt_max: int = 2000,
) -> Offer:
    """Return a Wan offer. A first frame decides the ratio; `text` and `image` end the names of the two paths."""
    return Offer(
        model=f"wan-{version}",
        slug=f"/vendors/alibaba/v1/wan{version}{text}/generation",
        image_slug=f"/vendors/alibaba/v1/wan{version}{image}/generation",
        rules=(
            *split_sizes(sizes, tuple(Size(resolution, None, resolution) for resolution in resolutions)),
            *(Rule("seconds", seconds), Rule("prompt_extend", (True, False), default=True), *more),
            *(Rule("negative_prompt", Text(500)), SEED),
        ),
        rates=(),
        source=SKILLS,
        checked=checked,
        image=ImageRule(types=("image/jpeg", "image/png", "image/bmp", "image/webp"), sides=(360, 2000)),
        prompt_max=prompt_max,
        expected_s=180,
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
        model="kling-v3-omni",
        slug=f"{OMNI}/text-to-video/generation",
        image_slug=f"{OMNI}/image-to-video/generation",
        option_slugs={"references": f"{OMNI}/reference-image-to-video/generation"},
        rules=(
            *(*split_sizes(KLING, (AUTO,)), Rule("seconds", range(3, 16)), Rule("mode", ("std", "pro"), default="pro")),
            *(Rule("audio", (True, False), default=False), Rule("negative_prompt", Text(2500)), *LAST, *allow_references(7)),
        ),
        rates=(),
        source=SKILLS,
        checked=READ,
        image=ImageRule(),
        prompt_max=2500,
        expected_s=180,
    ),
    *(
        Offer(
            model=model,
            slug="/vendors/google/v1/veo/generation",
            rules=(
                *(Rule("size", (*HD, *FULL_HD)), VEO_SECONDS, Rule("negative_prompt", Text(500)), *LAST),
                *(*allow_references(3), Rule("references", (), {"seconds": (4, 6)})),
            ),
            rates=(),
            source=SKILLS,
            checked=READ,
            image=ImageRule(),
            prompt_max=2000,
        )
        for model in ("veo-3.1", "veo-3.1-fast")  # at api.mulerun.com only
    ),
    _wan("2.6", WAN_SIZES, ("720P", "480P", "1080P"), (5, 10, 15), AUDIO, Rule("multi_shots", ("single", "multi"), default="single")),
    _wan("2.5", WAN_SIZES, ("720P", "480P", "1080P"), (5, 10), AUDIO, checked=READ, image="-i2v-preview", text="-t2v-preview"),
    _wan("2.2", WAN_2_2, ("480P", "1080P"), (5,), checked=READ, image="-i2v-plus", text="-t2v-plus", prompt_max=800),
)
