"""Strengths of each model, as pages of those who make or sell it say: a hint for who chooses, never a rule."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sora_mcp.domain import Offer

LOOKED_UP = date(2026, 11, 30)
VEO = "https://wavespeed.ai/ja/veo-3-1-api"
"""Its Standard tier is for full quality, its Fast tier for trials."""
SEEDANCE = "https://www.volcengine.com/article/2688898"
"""For film-like clips with complex camera work and sound the full Seedance 2.0."""
SEEDANCE_FAST = "https://www.volcengine.com/article/2684961"
"""For drafts of ideas and many clips of at most 720p."""
KLING = "https://docs.comfy.org/tutorials/partner-nodes/kling/kling-3-0"
"""Dialogue in several languages with exact lip sync."""


@dataclass(frozen=True)
class Hint:
    """The strength of a model, and the page that says so."""

    good_for: str
    source: str
    checked: date = LOOKED_UP


BEST, DRAFT, TALK = "best look", "drafts", "talking people"
HINTS: Mapping[str, Hint] = {
    "veo-3.1": Hint(BEST, VEO),
    "veo-3.1-fast": Hint(DRAFT, VEO),
    "seedance-2.0": Hint(BEST, SEEDANCE),
    "seedance-2.0-fast": Hint(DRAFT, SEEDANCE_FAST),
    "kling-3.0-pro": Hint(TALK, KLING),
    "kling-3.0-standard": Hint(TALK, KLING),
    "kling-v3": Hint(TALK, KLING),
    "kling-v3-pro": Hint(TALK, KLING),
}
"""By model, whoever sells it. A model that no such page says anything of has no hint."""
WHOSE, SELLERS_WORD = "say sellers", "the sellers' word"
"""Whose word a hint is: stands once in a text, behind the first, or of its label."""


LABELS: Mapping[str, str] = {
    **dict.fromkeys(("best", BEST, "best quality"), BEST),
    **dict.fromkeys(("draft", DRAFT), DRAFT),
    **dict.fromkeys(("talk", "talking", TALK, "talking person", "dialogue", "lip sync"), TALK),
    **dict.fromkeys(("edit", "edits", "edits a video", "edit video"), "edit"),
    "longest": "longest",
    **dict.fromkeys(("cheapest", "cheap", "as cheap as possible"), "cheapest"),
}
"""What lists and prices call models by, and other words for it."""
MOST_LABEL = 40
"""Characters of a label, with room for a word more."""


def find_label(name: str) -> str | None:
    """Return the label that these words mean, as lists of models have it; None for any other name."""
    words = re.findall(r"[^\W_]+", name[:MOST_LABEL].casefold())
    return LABELS.get(" ".join(word for word in words if word not in ("the", "model", "models", "for")))


def find_near_label(name: str) -> str | None:
    """Return the label that a misspelled one may mean."""
    words = name.strip().casefold()
    return next(iter(difflib.get_close_matches(words, LABELS, n=1, cutoff=0.75)), None) if len(words) <= MOST_LABEL else None


def get_hint(offer: Offer) -> Hint | None:
    """Return what the offer's model is good for; None where no source says it."""
    return HINTS.get(offer.model)


def describe_hint(hint: Hint, *, with_source: bool) -> str:
    """Return what a model is good for; `with_source` says whose word that is."""
    return f"{hint.good_for}, {WHOSE}" if with_source else hint.good_for


def is_known_for(offer: Offer, good_for: str) -> bool:
    """Return whether a page says this of the offer's model: `BEST`, `DRAFT` or `TALK`."""
    return (hint := get_hint(offer)) is not None and hint.good_for == good_for
