"""Sizes, lengths and end dates that a model has at every vendor."""

from __future__ import annotations

from datetime import date

from sora_mcp.domain.offer import Ended, Link, Rule, Size

SORA_ENDED = Ended("Sora 2", "OpenAI", date(2026, 9, 24), "https://developers.openai.com/api/docs/models/sora-2")
OMNI_ENDS = Ended(
    "Gemini Omni 1.1 Flash", "Google", date(2026, 12, 3), "https://ai.google.dev/gemini-api/docs/deprecations", "gemini-omni-1.2-flash"
)
"""By the price map of litellm 1.110.2, which cites that page."""
OMNI_PREVIEW_ENDED = Ended(
    "Gemini Omni Flash's preview",
    "Google",
    date(2026, 11, 6),
    "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/omni-flash-preview",
    "gemini-omni-1.1-flash",
)
"""The later of Google's two platforms, by the same map; there was no other Omni Flash before 1.1."""

HD = (Size("1280x720", "16:9", "720p"), Size("720x1280", "9:16", "720p"))
FULL_HD = (Size("1920x1080", "16:9", "1080p"), Size("1080x1920", "9:16", "1080p"))
UHD = (Size("3840x2160", "16:9", "4k"), Size("2160x3840", "9:16", "4k"))
SORA = Rule("size", HD)
SORA_PRO = Rule("size", (*HD, Size("1792x1024", "16:9", "1080p"), Size("1024x1792", "9:16", "1080p")))
"""Sora's "1080p" is 1792x1024. https://docs.aimlapi.com/api-references/video-models/openai/sora-2-pro-i2v"""
SORA_SECONDS = Rule("seconds", (4, 8, 12))
VEO_SECONDS = Rule("seconds", (4, 6, 8))
AUDIO = Rule("audio", (True, False), default=True)
SEED = Rule("seed", range(2**31))
LAST = (Rule("last_image", Link()), Rule("last_image", (), {"image": False}))
"""A last frame needs a first one."""


def allow_references(most: int) -> tuple[Rule, ...]:
    """Return rules that allow up to `most` reference pictures, without a first frame."""
    return (Rule("references", Link(most)), Rule("references", (), {"image": True}))


KLING = tuple(Size(ratio, ratio) for ratio in ("16:9", "9:16", "1:1"))
SEEDANCE = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
AUTO = Size("auto")
"""The first frame decides: the vendor has no field for the size."""


def combine_sizes(ratios: tuple[str, ...], resolutions: tuple[str, ...]) -> tuple[Size, ...]:
    """Return each ratio in each resolution, where no page states pixels."""
    return tuple(Size(f"{ratio} {resolution}", ratio, resolution) for resolution in resolutions for ratio in ratios)


def name_sizes(*resolutions: str) -> tuple[Size, ...]:
    """Return sizes without a ratio: the first frame decides it, or the model has one and no field for it."""
    return tuple(Size(name, None, name) for name in resolutions)


def split_sizes(words: tuple[Size, ...], picture: tuple[Size, ...]) -> tuple[Rule, ...]:
    """Return size rules of a model that takes `words` without a first frame and `picture` with one."""
    return (
        Rule("size", (*words, *picture)),
        Rule("size", words, {"image": False}),
        Rule("size", picture, {"image": True}),
    )
