"""Offers of Google's Interactions API. https://ai.google.dev/gemini-api/docs/pricing"""

from __future__ import annotations

from datetime import date

from sora_mcp.domain import ImageRule, Offer, Rate, Rule
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import combine_sizes

CHECKED = date(2026, 11, 20)
SIZES = Rule("size", combine_sizes(("16:9", "9:16"), ("720p", "360p", "1080p", "4k")))
FRAME = ImageRule(urls=False)  # the bytes are part of the submit call
SOURCE = "https://ai.google.dev/gemini-api/docs/pricing"
PRICES = {"360p": "0.03", "720p": "0.10", "1080p": "0.15", "4k": "0.30"}

OFFERS = (
    Offer(
        model="gemini-omni-1.1-flash",
        slug="gemini-omni-1.1-flash",
        rules=(SIZES, Rule("seconds", range(3, 11))),
        rates=tuple(Rate(usd(price), "second", {"resolution": size}) for size, price in PRICES.items()),
        source=SOURCE,
        checked=CHECKED,
        confidence="derived",  # billed in tokens, of which a second has a known number; input and thinking tokens are extra
        image=FRAME,
    ),
    Offer(
        model="gemini-omni-1.2-flash",
        slug="gemini-omni-1.2-flash",
        rules=(SIZES, Rule("seconds", range(3, 16))),
        rates=(),
        source=SOURCE,
        checked=CHECKED,
        image=FRAME,
    ),
)
