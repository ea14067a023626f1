"""Grok Imagine as xAI sells it. https://docs.x.ai/developers/pricing"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Link, Offer, Rate, Rule, VideoRule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.families import GROK_RATIOS, GROK_SECONDS
from sora_mcp.vendors.shared.sizes import AUDIO, AUTO, combine_sizes

CHECKED = date(2026, 11, 30)


def _offer(model: str, prices: dict[str, str], picture: str, page: str, *more: Rule) -> Offer:
    """Return an offer with prices by resolution, and a price for each picture sent."""
    return Offer(
        model=model,
        slug=model,
        rules=(Rule("size", combine_sizes(GROK_RATIOS, tuple(prices))), Rule("seconds", GROK_SECONDS), AUDIO, *more),
        rates=tuple(Rate(usd(price), "second", {"resolution": size}, picture=usd(picture)) for size, price in prices.items()),
        source=f"https://docs.x.ai/{page}",
        checked=CHECKED,
        image=ImageRule(),
        expected_s=60,
    )


REFERENCES = Rule("references", Link(7))
OFFERS = (
    # Lite refuses references and last frames. https://docs.x.ai/developers/model-capabilities/video/reference-to-video
    _offer("grok-imagine-video-1.5-lite", {"480p": "0.02", "720p": "0.03", "1080p": "0.14"}, "0.01", "developers/pricing"),
    _offer(
        "grok-imagine-video-1.5",
        {"480p": "0.08", "720p": "0.14", "1080p": "0.25"},
        "0.01",
        "docs/models/grok-imagine-video-1.5",
        # A last frame stands alone, or beside a first one and references. All that is "reference to video", which ends at 720p,
        # says https://docs.x.ai/developers/model-capabilities/video/generation
        *(Rule("last_image", Link()), Rule("last_image", (), {"resolution": "1080p"})),
        *(REFERENCES, Rule("references", (), {"resolution": "1080p"})),
    ),
    _offer(
        "grok-imagine-video",
        {"480p": "0.05", "720p": "0.07"},
        "0.002",
        "docs/models/grok-imagine-video",
        *(REFERENCES, Rule("references", (), {"image": True}), Rule("references", (), {"seconds": tuple(range(11, 16))})),
    ),
    Offer(
        model="grok-imagine-video-edit",
        slug="grok-imagine-video",
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(1, 10))),
        # An edit keeps the size of its video up to 720p: $0.07 of output and $0.01 of video input a second, as xAI's list of models had it
        # on 2026-09-14, read second hand. /v1/videos/extensions is not offered: no page says whether the seconds sent are billed again.
        rates=(Rate(usd("0.08"), "second"),),
        source="https://docs.x.ai/developers/models/grok-imagine-video",
        checked=date(2026, 9, 14),
        confidence="derived",
        text=False,
        video=VideoRule((1, 8.7)),
        expected_s=60,
    ),
)
