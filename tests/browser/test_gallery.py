"""The gallery with two hundred videos in a real browser, opened as a file."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.gallery.build import write_page
from sora_mcp.config.settings import Settings, load
from sora_mcp.domain import Job
from sora_mcp.domain.job import JobError
from tests.each import each

from ..cli.test_gallery import CLIP, NASTY, made
from .stage import Stage, require_axe, stage

pytestmark = pytest.mark.slow

POSTERS = """(async () => {
  const shown = await Promise.all([...document.querySelectorAll('.shot img')].map(async ({ src }) => {
    const picture = new Image();
    picture.src = src;
    await picture.decode();
    return picture.naturalWidth > 0;
  }));
  return [shown.length, shown.every(Boolean), document.querySelectorAll('article').length];
})()"""
SEEN = "[...document.querySelectorAll('article')].filter((card) => !card.closest('[hidden]')).map(({ id }) => Number(id.slice(2)))"
FOCUSED = "Number(document.activeElement.closest('article')?.id.slice(2))"
FITS = "document.documentElement.scrollWidth <= innerWidth"


def settings_of(folder: Path) -> Settings:
    environ = {"SORA_MCP_HOME": str(folder / "home"), "SORA_MCP_OUTPUT_DIR": str(folder / "videos"), "SORA_MCP_TIMEZONE": "UTC"}
    settings = load(environ, today=date(2026, 11, 21), config=folder / "none.toml")
    settings.output_dir.mkdir()
    return settings


def made_clip(number: int, settings: Settings, **changes: object) -> Job:
    """A finished job with a file."""
    path = settings.output_dir / f"2026-11-20_boat {number}.mp4"
    shutil.copy(CLIP, path)
    return replace(made(number, path), **changes)  # type: ignore[arg-type]


def every_kind(settings: Settings) -> tuple[Job, ...]:
    """One job of each kind that a page shows otherwise."""
    vertical = made_clip(6, settings, prompt="\u0642\u0627\u0631\u0628 \u0648\u0631\u0642\u064a (sora 2)")
    assert vertical.artifact is not None
    error = JobError("vendor_refused", "The vendor refused the prompt.", "no", NASTY)
    return (
        replace(made(8, prompt=NASTY), state="failed", charged="no", artifact=None, error=error),
        replace(made(7, prompt="boat" * 100), state="unknown", charged="unknown", artifact=None),
        replace(vertical, artifact=replace(vertical.artifact, width=720, height=1280, notes=("It is shorter.",))),
        made_clip(5, settings, parents=("v_0000000004",), prompt="Trim 0 to 2 s", model="local:edit"),
        made_clip(4, settings, prompt="A red kite"),
        made(3, settings.output_dir / "gone.mp4", prompt="A blue kite"),
        made_clip(2, settings, prompt="A green kite", model="fal:kling-3"),
        replace(made(1), state="running", charged="held", artifact=None),
    )


async def open_page(at: Stage, page: Path, *, theme: str = "light", width: int = 1280, still: bool = False) -> None:
    await at.do("fresh", theme=theme, width=width, still=still)
    await at.do("visit", url=page.as_uri())


async def test_every_poster_shows_and_no_request_leaves_the_machine(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    jobs = [
        made_clip(n, settings, parents=(f"v_{n - 1:010d}",) if n % 20 in (2, 3) else (), prompt=f"{n}: {NASTY}") for n in range(200, 0, -1)
    ]
    page = write_page(tuple(jobs), settings)
    async with stage() as at:
        await open_page(at, page)
        assert await at.do("see", js=POSTERS) == [200, True, 200]
        await at.do("see", js="document.querySelector('.shot').click()")
        await at.do("holds", js="document.querySelector('#stage video').currentTime > 0.1")
        assert await at.do("see", js="document.querySelector('#viewed').textContent") == f"200: {NASTY}"
        await at.do("click", name="Copy prompt")
        await at.do("holds", js="document.getElementById('said').textContent !== ''")
        assert await at.do("pasted") == f"200: {NASTY}"
        assert await at.do("heard") == {"complaints": [], "foreign": []}


@each("width", [320, 390, 1280])
async def test_a_long_chain_is_a_filmstrip_that_fits(tmp_path: Path, width: int) -> None:
    settings = settings_of(tmp_path)
    jobs = [made(number, tmp_path / "gone.mp4", parents=(f"v_{number - 1:010d}",)) for number in range(40, 0, -1)]
    page = write_page(tuple(jobs), settings)
    async with stage() as at:
        await open_page(at, page, width=width)
        assert await at.do("see", js="[document.querySelectorAll('.item').length, document.querySelectorAll('.strip li').length]") == [
            1,
            39,
        ]
        assert await at.do("see", js="Math.min(...[...document.querySelectorAll('.shot')].map((one) => one.offsetWidth)) >= 40")
        assert await at.do("see", js=FITS)


@each("theme", ["light", "dark"])
@each("width", [320, 768, 1280])
async def test_axe_finds_nothing_in_any_state_of_the_page(tmp_path: Path, width: int, theme: str) -> None:
    require_axe()
    settings = settings_of(tmp_path)
    nothing = tmp_path / "empty.html"
    shutil.copy(write_page((), settings), nothing)
    page = write_page(every_kind(settings), settings)
    async with stage() as at:
        await open_page(at, nothing, theme=theme, width=width)
        assert await at.do("axe") == []
        await open_page(at, page, theme=theme, width=width)
        assert await at.do("axe") == []
        assert await at.do("see", js=FITS)
        for number in (8, 6):
            await at.do("see", js=f"document.querySelector('#v_{number:010d} .shot').click()")
            assert await at.do("axe") == []
            assert await at.do("see", js="document.getElementById('viewer').scrollWidth <= innerWidth")
            if os.environ.get("SHOTS"):
                await at.do("shot", path=f"{os.environ['SHOTS']}/gallery-{number}-{width}-{theme}.png")
            await at.do("press", key="Escape")
            await at.do("holds", js=f"{FOCUSED} === {number}")
        await at.do("press", key="/")
        await at.do("type", text="zzz")
        await at.do("until", text="Nothing matches")
        assert await at.do("axe") == []
        assert await at.do("heard") == {"complaints": [], "foreign": []}


async def test_a_search_and_filters_keep_the_source_of_what_they_find(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    page = write_page(every_kind(settings), settings)
    async with stage() as at:
        await open_page(at, page)
        assert sorted(await at.do("see", js=SEEN)) == [1, 2, 3, 4, 5, 6, 7, 8]
        await at.do("press", key="/")
        await at.do("type", text="KITE a")
        await at.do("holds", js="document.getElementById('found').textContent === '3 of 8 · $1.20'")
        assert await at.do("see", js=SEEN) == [4, 3, 2]
        await at.do("press", key="Escape")
        await at.do("holds", js="document.getElementById('found').textContent === ''")
        await at.do("press", key="/")
        await at.do("type", text="trim")
        await at.do("holds", js="document.getElementById('found').textContent === '1 of 8 · $0.40'")
        assert await at.do("see", js=SEEN) == [4, 5]
        await at.do("press", key="Escape")
        for field, value, seen in (
            ("state", "Failed", [8]),
            ("model", "fal:kling-3", [2]),
            ("day", "2026-11-20", [8, 7, 6, 4, 5, 3, 2, 1]),
        ):
            choose = f"const one = document.getElementById('{field}'); one.value = '{value}'; one.dispatchEvent(new Event('input'))"
            await at.do("see", js=f"{{ {choose} }}")
            await at.do("holds", js=f"document.getElementById('found').textContent.startsWith('{len(seen)} of 8')")
            assert await at.do("see", js=SEEN) == seen
            await at.do("see", js="clear()")


async def test_the_keyboard_goes_from_card_to_card_and_into_one_and_back(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    page = write_page(every_kind(settings), settings)
    async with stage() as at:
        await open_page(at, page)
        assert await at.do("see", js="document.querySelectorAll('.shot[tabindex=\"0\"]').length") == 1
        for key, number in (
            ("ArrowRight", 8),
            ("ArrowRight", 7),
            ("ArrowRight", 6),
            ("ArrowLeft", 7),
            ("End", 1),
            ("Home", 8),
            ("ArrowDown", None),
        ):
            await at.do("press", key=key)
            focused = await at.do("see", js=FOCUSED)
            assert focused == number if number else focused not in (8, 7)
        await at.do("press", key="Home")
        await at.do("press", key="ArrowRight")
        await at.do("press", key="ArrowRight")
        await at.do("press", key="Space")
        await at.do("holds", js="document.activeElement.querySelector('video')?.currentTime > 0.1")
        assert await at.do("see", js="document.getElementById('viewer').open") is False
        await at.do("press", key="Space")
        assert await at.do("see", js="document.querySelectorAll('.shot.runs').length") == 0
        await at.do("press", key="Enter")
        await at.do("holds", js="document.querySelector('#stage video').currentTime > 0.1")
        await at.do("press", key="Space")
        assert await at.do("see", js="document.querySelector('#stage video').paused")
        box = "(({ width, height }) => Math.round(width / height * 100))(document.querySelector('#stage video').getBoundingClientRect())"
        assert await at.do("see", js=box) == 56
        await at.do("press", key="ArrowRight")
        assert await at.do("see", js="document.querySelector('#told .id').textContent") == "v_0000000004"
        await at.do("press", key="ArrowRight")
        await at.do("see", js="document.querySelector('#told dd a').click()")
        await at.do("holds", js="document.querySelector('#told .id').textContent === 'v_0000000004'")
        await at.do("press", key="Escape")
        await at.do("holds", js=f"{FOCUSED} === 4")
        assert await at.do("see", js="document.querySelectorAll('#stage *').length") == 0


@each("still", [True, False])
async def test_a_pointer_at_rest_sees_a_preview_unless_motion_is_unwanted(tmp_path: Path, still: bool) -> None:
    settings = settings_of(tmp_path)
    page = write_page((made_clip(1, settings),), settings)
    async with stage() as at:
        await open_page(at, page, still=still)
        await at.do("hover", css=".shot")
        if still:
            await at.do("press", key="ArrowRight")
            assert await at.do("see", js=f"[{FOCUSED}, document.querySelectorAll('.shot video').length, soon]") == [1, 0, 0]
        else:
            await at.do("holds", js="document.querySelector('.shot video')?.currentTime > 0.1")
            assert await at.do("see", js="document.querySelector('.shot video').muted")
            await at.do("hover", css="h1")
            await at.do("holds", js="document.querySelector('.shot video') === null")


async def test_a_file_that_the_browser_cannot_play_says_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    broken = settings.output_dir / "broken.mp4"
    broken.write_bytes(b"no video")
    page = write_page((made(1, broken),), settings)
    async with stage() as at:
        await open_page(at, page)
        await at.do("see", js="document.querySelector('.shot').click()")
        await at.do("until", text="This browser cannot show the file")
        assert (await at.do("see", js="document.getElementById('open').href")).endswith("/broken.mp4")
