"""MiniMax H3 and H3-Max as MiniMax sells them. https://platform.minimax.io/docs/guides/pricing-paygo

Not offered: Hailuo 2.3 and 02, over version 1 of the API, which the price page does not have any more (read second hand, 2026-09-26), and
which has no list for a paid call whose answer was lost; making a finished clip again in 2K, for which there is no argument here.
"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Size
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import LAST, SEEDANCE, allow_references, combine_sizes, split_sizes

CHECKED = date(2026, 11, 30)
PRICES = "https://platform.minimax.io/docs/guides/pricing-paygo"
FRAME = ImageRule(sides=(256, 5760), most_stretch=2.5)


def _offer(slug: str, prices: dict[str, str], lengths: range, picture: str, free: int, *more: Rule, sound: bool | None = None) -> Offer:
    """Return an offer. Text needs a ratio, because the default `adaptive` needs a picture; with a first frame, the frame decides it."""
    sizes = split_sizes(combine_sizes(SEEDANCE, tuple(prices)), tuple(Size(text, None, text) for text in prices))
    return Offer(
        model=slug.casefold(),
        slug=slug,
        rules=(*sizes, Rule("seconds", lengths), *LAST, *more),
        rates=tuple(
            Rate(usd(price), "second", {"resolution": text}, picture=usd(picture), free_pictures=free) for text, price in prices.items()
        ),
        source=PRICES,
        checked=CHECKED,
        image=FRAME,
        prompt_max=7000,
        expected_s=180,
        sound=sound,
    )


OFFERS = (
    # Rules: https://platform.minimax.io/docs/api-reference/video-generation-v2-create; prices of pictures: litellm 1.110.2 (2026-11-29)
    _offer("MiniMax-H3", {"768P": "0.08", "2K": "0.13"}, range(4, 16), "0.04", 5, *allow_references(9), sound=True),
    # Of H3-Max, resellers disagree on the sound.
    _offer("MiniMax-H3-Max", {"480P": "0.05", "768P": "0.08"}, range(5, 16), "0.074", 2),
)
