"""How each card of the MCP App looks: at several widths, light and dark, in both directions of reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.each import each

from .stage import require_axe
from .test_player import PROMPTS, Played, finished, played

pytestmark = pytest.mark.slow

SEEN = [(320, "light"), (320, "dark"), (768, "dark"), (1280, "light")]
"""Widths and themes at which every card is looked at, in both directions of reading."""


BROKEN = "[...document.querySelectorAll('button:not(.play)')].filter((one) => one.offsetHeight > 44).map((one) => one.textContent)"
"""The buttons whose words stand in two lines."""
JUMBLED = """[...document.querySelectorAll('main *')].filter((one) =>
  [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim())
  && !['plaintext', 'isolate'].includes(getComputedStyle(one).unicodeBidi)
  && getComputedStyle(one.parentNode).unicodeBidi !== 'plaintext').map((one) => one.outerHTML)"""
"""Texts that take their direction from the page: from right to left their full stops would stand at the wrong end."""


async def look(card: Played, name: str, width: int, theme: str) -> None:
    """Axe finds nothing, no text is jumbled or broken and nothing is wider than the page, from left to right and from right to left."""
    for direction in ("rtl", "ltr"):
        await card.at.do("see", js=f"document.documentElement.dir = '{direction}'")
        if direction == "ltr" or (width, theme) == SEEN[0]:
            assert await card.at.do("axe") == [], (name, direction)
        assert await card.at.do("see", js="document.documentElement.scrollWidth <= innerWidth"), (name, direction)
        assert await card.at.do("see", js=BROKEN) == [], (name, direction)
        assert await card.at.do("see", js=JUMBLED) == [], (name, direction)
    await card.calm(f"axe-{name}-{width}-{theme}")


@each(("width", "theme"), SEEN)
async def test_axe_finds_nothing_on_prices_offers_and_refusals(tmp_path: Path, width: int, theme: str) -> None:
    require_axe()
    sample = {"prompt": f"{PROMPTS['arabic'][0]} {width} {theme}", "model": "sample:sample", "seconds": 4, "size": "360x640"}
    cards: list[tuple[str, dict[str, Any], str]] = [
        ("estimate_cost", {"seconds": 8}, "Which model?"),
        ("estimate_cost", {"model": "muvi:veo-3.1-fast", "seconds": 8}, "Make this video?"),
        ("create_video", {**sample, "size": "640x362", "seconds": 2}, "Not sent, nothing charged"),
    ]
    async with played(tmp_path) as card:
        for tool, arguments, text in cards:
            await card.put(tool, arguments, theme=theme, width=width)
            await card.at.do("until", text=text)
            await look(card, text.split()[0], width, theme)


@each(("width", "theme"), SEEN)
async def test_axe_finds_nothing_on_progress_player_and_takes(tmp_path: Path, width: int, theme: str) -> None:
    require_axe()
    sample = {"prompt": PROMPTS["arabic"][0], "model": "sample:sample", "seconds": 4, "size": "360x640"}
    async with played(tmp_path) as card:
        card.free = anyio.Event()
        await card.put("create_video", sample, theme=theme, width=width)
        await card.at.do("until", text="Your video is being made")
        await look(card, "progress", width, theme)
        card.free.set()
        job = await finished(card, sample)
        await card.put("get_video_status", {"job_id": job["job_id"]}, theme=theme, width=width)
        await card.at.do("holds", js="document.querySelector('video')?.readyState >= 1")
        await look(card, "player", width, theme)
        takes = [job["job_id"], (await finished(card, {**sample, "options": {"seed": 2}}))["job_id"]]
        await card.put("get_video_status", {"job_ids": takes}, theme=theme, width=width)
        await card.at.do("holds", js="document.querySelectorAll('.takes img').length === 2")
        await look(card, "takes", width, theme)
