"""Kling's offers, with the prices that its page states in dollars beside its units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Scalar, Size
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import LAST, allow_references, combine_sizes, split_sizes

PRICES = "https://kling.ai/document-api/pricing/base/video"
CHECKED = date(2026, 10, 8)
"""The day on which somebody else read that page."""
RATIOS = ("16:9", "9:16", "1:1")
FRAME = ImageRule(types=("image/jpeg", "image/png"), sides=(300, 65_535), most_stretch=2.5)
SILENT_OR_NOT = Rule("audio", (True, False), default=False)
LARGE_ONLY = (Rule("audio", (False,), {"resolution": "720p"}), Rule("last_image", (), {"resolution": "720p"}))
Prices = Mapping[str, tuple[str, str]]
"""Dollars per second by resolution: silent, and with sound."""


def _offer(model: str, prices: Prices, lengths: Any, *more: Rule, prompt_max: int = 3072, sound: bool | None = None) -> Offer:
    """Return an offer. With a first frame, the frame decides the ratio, at a path of its own; Omni has one path for all."""
    resolutions = tuple(prices)
    omni = model in OMNI
    has_switch = SILENT_OR_NOT in more
    return Offer(
        model=model,
        slug=f"/{'omni-video' if omni else 'text-to-video'}/{model}",
        image_slug=None if omni else f"/image-to-video/{model}",
        rules=(
            *split_sizes(combine_sizes(RATIOS, resolutions), tuple(Size(text, None, text) for text in resolutions)),
            *(Rule("seconds", lengths), *more),
        ),
        rates=tuple(_list_rates(prices, has_switch=has_switch)),
        source=PRICES,
        checked=CHECKED,
        image=FRAME,
        prompt_max=prompt_max,
        expected_s=180,
        sound=sound,
    )


def _list_rates(prices: Prices, *, has_switch: bool) -> list[Rate]:
    rates: list[Rate] = []
    for resolution, (silent, loud) in prices.items():
        when: dict[str, Scalar | tuple[Scalar, ...]] = {"resolution": resolution}
        if has_switch:
            rates += [Rate(usd(silent), "second", when | {"audio": False})]
            rates += [Rate(usd(loud), "second", when | {"audio": True})] if loud else []
        else:
            rates += [Rate(usd(silent), "second", when)]
    return rates


OMNI = ("kling-3.0-omni", "kling-o1")
OLD = {"720p": ("0.042", ""), "1080p": ("0.07", "0.14")}
OFFERS = (
    _offer(
        "kling-3.0",
        {"720p": ("0.084", "0.126"), "1080p": ("0.112", "0.168"), "4k": ("0.42", "0.42")},
        range(3, 16),
        *(SILENT_OR_NOT, *LAST),
    ),
    _offer("kling-3.0-turbo", {"720p": ("0.112", ""), "1080p": ("0.14", "")}, range(3, 16), prompt_max=2500, sound=True),
    _offer(
        "kling-3.0-omni",
        {"720p": ("0.084", "0.112"), "1080p": ("0.112", "0.14"), "4k": ("0.42", "0.42")},
        range(3, 16),
        *(SILENT_OR_NOT, *LAST, *allow_references(7)),
    ),
    _offer("kling-o1", {"720p": ("0.084", ""), "1080p": ("0.112", "")}, range(3, 11), *LAST, *allow_references(7), sound=False),
    # Sound, and a last frame, at 1080p only
    _offer("kling-2.6", OLD, (5, 10), SILENT_OR_NOT, *LAST, *LARGE_ONLY, prompt_max=2500),
    _offer("kling-2.5-turbo", OLD, (5, 10), *LAST, LARGE_ONLY[1], prompt_max=2500, sound=False),
)
SINGLE_SHOT = ("kling-3.0", "kling-3.0-omni")
"""Models that make several shots where they are not told otherwise."""
