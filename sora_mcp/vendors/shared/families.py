"""Sizes, lengths and options that a family of models has at every vendor that sells it, because its maker decides them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sora_mcp.domain import Rule, Size
from sora_mcp.domain.offer import Text
from sora_mcp.vendors.shared.sizes import AUDIO, AUTO, KLING, LAST, SEED, SEEDANCE, VEO_SECONDS, combine_sizes, name_sizes, split_sizes

GROK_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")
GROK_SECONDS = range(1, 16)
"""Grok Imagine Video, 1.5 and 1.5 lite. https://docs.x.ai/developers/model-capabilities/video/generation (2026-11-30)"""
WIDE = ("16:9", "9:16")
WAN_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
NEGATIVE = Rule("negative_prompt", Text(2500))
"""Where a page states no limit: Kling's maker has this one."""
WAN_NEGATIVE = Rule("negative_prompt", Text(500))
"""https://www.alibabacloud.com/help/en/model-studio/wan2-7-t2v, and fal's pages of Wan 2.6 and 2.7 (2026-09-01)"""
KLING_SECONDS, KLING_2_SECONDS = Rule("seconds", range(3, 16)), Rule("seconds", (5, 10))

SEEDANCE_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
SEEDANCE_PIXELS = {
    "720p": "1280x720 720x1280 960x960 1112x834 834x1112 1470x630",
    "480p": "864x496 496x864 640x640 752x560 560x752 992x432",
    "1080p": "1920x1080 1080x1920 1440x1440 1664x1248 1248x1664 2206x946",
    "4k": "3840x2160 2160x3840 2880x2880 3326x2494 2494x3326 4398x1886",
}
"""Pixels of Seedance 2.0 and 1.5, in the order of the ratios. https://docs.byteplus.com/en/docs/ModelArk/1520757, as others read it in
August 2026; 4k as others have it for the same models at Volcengine."""
SEEDANCE_1_PIXELS = {
    "720p": "1248x704 704x1248 960x960 1120x832 832x1120 1504x640",
    "480p": "864x480 480x864 640x640 736x544 544x736 960x416",
    "1080p": "1920x1088 1088x1920 1440x1440 1664x1248 1248x1664 2176x928",
}
"""Pixels of Seedance 1.0, from the same page."""


def follow_frame(ratios: tuple[str, ...], resolutions: Iterable[str], *more: Rule) -> tuple[Rule, ...]:
    """Return the rules of a model whose ratio the first frame decides, where there is one."""
    names = tuple(resolutions)
    return (*split_sizes(combine_sizes(ratios, names), name_sizes(*names)), *more)


def keep_ratio(ratios: tuple[str, ...], resolutions: Iterable[str], *more: Rule) -> tuple[Rule, ...]:
    """Return the rules of a model whose ratio is told beside a first frame too."""
    return (Rule("size", combine_sizes(ratios, tuple(resolutions))), *more)


def list_kling(seconds: Rule, *more: Rule, resolution: str | None = None) -> tuple[Rule, ...]:
    """Return the rules of Kling: no resolution is told, and with a first frame no ratio. A few models are named by their `resolution`."""
    sizes = tuple(replace(size, resolution=resolution) for size in KLING)
    return (*split_sizes(sizes, (replace(AUTO, resolution=resolution),)), seconds, *more)


def name_resolution(tier: str) -> str | None:
    """Return the resolution that the name of a tier is; None for one such as `pro`, of which no page tells it."""
    return tier if tier == "4k" else None


def list_veo(resolutions: Iterable[str], *more: Rule) -> tuple[Rule, ...]:
    """Return the rules of Veo 3.1."""
    return keep_ratio(WIDE, resolutions, VEO_SECONDS, AUDIO, NEGATIVE, SEED, *LAST, *more)


def list_seedance(resolutions: Iterable[str], seconds: range, *more: Rule) -> tuple[Rule, ...]:
    """Return the rules of Seedance."""
    return follow_frame(SEEDANCE, resolutions, Rule("seconds", seconds), *LAST, *more)


def list_wan(resolutions: Iterable[str], seconds: range | tuple[int, ...], *more: Rule) -> tuple[Rule, ...]:
    """Return the rules of Wan from 2.6 on."""
    return follow_frame(WAN_RATIOS, resolutions, Rule("seconds", seconds), SEED, *more)


def list_pixels(pixels: dict[str, str], *resolutions: str) -> tuple[Size, ...]:
    """Return the sizes of some resolutions of a table of Seedance's pixels."""
    rows = ((text, pixels[text].split()) for text in resolutions)
    return tuple(Size(size, ratio, text) for text, row in rows for ratio, size in zip(SEEDANCE_RATIOS, row, strict=True))
