"""The gallery with two hundred videos in a real browser, opened as a file."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.gallery.build import write_page
from sora_mcp.config.settings import load
from tests.each import each

from ..cli.test_gallery import CLIP, NASTY, made
from .stage import stage

pytestmark = pytest.mark.slow

POSTERS = """(async () => {
  const shown = await Promise.all([...document.querySelectorAll('video[poster]')].map(async (video) => {
    const picture = new Image();
    picture.src = video.poster;
    await picture.decode();
    return picture.naturalWidth > 0;
  }));
  return [shown.length, shown.every(Boolean), document.querySelectorAll('article').length];
})()"""


async def test_every_poster_shows_and_no_request_leaves_the_machine(tmp_path: Path) -> None:
    environ = {"SORA_MCP_HOME": str(tmp_path / "home"), "SORA_MCP_OUTPUT_DIR": str(tmp_path / "videos"), "SORA_MCP_TIMEZONE": "UTC"}
    settings = load(environ, today=date(2026, 11, 21), config=tmp_path / "none.toml")
    settings.output_dir.mkdir()
    jobs = []
    for number in range(200, 0, -1):
        path = settings.output_dir / f"2026-11-20_boat {number}.mp4"
        shutil.copy(CLIP, path)
        parents = (f"v_{number - 1:010d}",) if number % 20 in (2, 3) else ()
        jobs.append(replace(made(number, path, parents=parents, prompt=f"{number}: {NASTY}")))
    page = write_page(tuple(jobs), settings)
    async with stage() as at:
        await at.do("fresh", theme="dark" if os.environ.get("DARK") else "light")
        await at.do("visit", url=page.as_uri())
        assert await at.do("see", js=POSTERS) == [200, True, 200]
        await at.do("see", js="document.querySelector('video').play()")
        await at.do("holds", js="document.querySelector('video').currentTime > 0.1")
        await at.do("see", js="document.querySelector('button').click()")
        await at.do("holds", js="document.getElementById('say').textContent !== ''")
        if os.environ.get("SHOTS"):
            await at.do("shot", path=f"{os.environ['SHOTS']}/gallery.png")
        assert await at.do("heard") == {"complaints": [], "foreign": []}


@each("width", [320, 390, 1280])
async def test_the_last_shot_of_a_long_chain_is_as_readable_as_the_first(tmp_path: Path, width: int) -> None:
    settings = load(
        {"SORA_MCP_HOME": str(tmp_path), "SORA_MCP_OUTPUT_DIR": str(tmp_path)}, today=date(2026, 11, 21), config=tmp_path / "none.toml"
    )
    jobs = [made(number, tmp_path / "gone.mp4", parents=(f"v_{number - 1:010d}",)) for number in range(40, 0, -1)]
    page = write_page(tuple(jobs), settings)
    async with stage() as at:
        await at.do("fresh", theme="light", width=width)
        await at.do("visit", url=page.as_uri())
        assert await at.do("see", js="Math.min(...[...document.querySelectorAll('article')].map((one) => one.offsetWidth))") > 200
        assert await at.do("see", js="document.documentElement.scrollWidth <= innerWidth")
