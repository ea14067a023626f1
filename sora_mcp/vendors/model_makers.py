"""Makers of models, by the words that people name them with: the vendors that sell a model are often others."""

from __future__ import annotations

from collections.abc import Mapping

BRANDS: Mapping[str, frozenset[str]] = {
    maker: frozenset(brands.split())
    for makers, brands in (
        ("google deepmind", "veo gemini"),
        ("openai", "sora"),
        ("kuaishou kwai kwaivgi", "kling"),
        ("bytedance", "seedance"),
        ("alibaba", "wan happyhorse"),
        ("minimax", "minimax hailuo"),
        ("runway runwayml", "gen aleph"),
        ("xai", "grok"),
        ("luma lumalabs", "luma ray"),
        ("lightricks", "ltx"),
    )
    for maker in makers.split()
}
"""The families of models of each maker, whose name may stand before them."""
SPELLINGS = {"std": "standard", "klingai": "kling"}
"""Words of a model's name that mean the same as others."""
