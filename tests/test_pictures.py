"""The pictures of README.md and docs/, and the script that makes them."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import pytest
from PIL import Image

from scripts.house import ROOT
from scripts.pictures.__main__ import DRAWN, MOST_BYTES, PICTURES, draw, shrink
from tests.browser.stage import found

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURE = re.compile(r'!\[([^\]]*)\]\((?!https?:)([^)]+)\)|<img alt="([^"]*)" src="([^"]+)"')
SOURCE = re.compile(r'srcset="([^"]+)"')
LEAST_ALT = 40
"""Characters: enough to say what there is to see."""


def test_every_picture_that_a_page_names_exists_is_small_and_says_what_it_shows() -> None:
    wrong: list[str] = []
    named: set[Path] = set()
    for page in PAGES:
        text = page.read_text("utf-8")
        shown = [(row[0] or row[2], row[1] or row[3]) for row in PICTURE.findall(text)]
        files = [page.parent / name for _, name in shown] + [page.parent / name for name in SOURCE.findall(text)]
        named |= {file.resolve() for file in files}
        wrong += [f"{page.name}: {file}" for file in files if not file.is_file() or file.stat().st_size >= MOST_BYTES]
        wrong += [f"{page.name}: {name} has no alt text" for alt, name in shown if len(alt) < LEAST_ALT]
    assert wrong == []
    assert named == {*PICTURES.iterdir()}, "a picture that no page shows"


def test_every_picture_is_one_that_the_script_draws() -> None:
    assert {path.stem.removesuffix("-light").removesuffix("-dark") for path in PICTURES.iterdir()} == {*DRAWN}


def test_the_recording_loads_nothing_and_shows_no_folder_of_the_machine_it_was_made_on() -> None:
    text = (PICTURES / "terminal.svg").read_text("utf-8").replace("&#160;", " ")
    assert "@font-face" not in text and re.findall(r"https?://(?!www\.w3\.org|www\.textualize\.io)", text) == []
    assert re.findall(r"(?<![\w<:/~.-])/[a-z]+/[\w.]+", text) == []
    assert "~/Videos/sora-mcp/" in text


def test_a_picture_that_is_too_large_is_made_smaller(tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    Image.effect_noise((300, 300), 80).save(noise)
    assert len(shrink(noise)) < Image.open(noise).size[0] * 300


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
async def test_each_picture_is_drawn_anew(name: str, tmp_path: Path) -> None:
    if name != "terminal":
        found()
    await anyio.to_thread.run_sync(draw, name, tmp_path, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in PICTURES.glob(f"{name}*")}
