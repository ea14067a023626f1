"""The gallery: one page beside the videos, in which no word of others does anything."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from scripts.house import PACKAGE
from sora_mcp.cli.gallery.build import write_page
from sora_mcp.cli.gallery.page import Shown, render_page
from sora_mcp.config.settings import Settings, load
from sora_mcp.domain import Artifact, Job
from sora_mcp.store import Store
from tests.each import each

from ..nouns import a_job
from ..stored import DONE, FILE, claimed, running
from .conftest import Sora

CLIP = PACKAGE / "media" / "sample" / "clips" / "landscape.mp4"
NASTY = '</p><script>alert(1)</script><img src="https://example.com/x" onerror=alert(1)>"\'&\u202e'


def made(number: int, path: Path = Path("/videos/a.mp4"), *, parents: tuple[str, ...] = (), prompt: str = "A paper boat") -> Job:
    """A finished job whose file may be at this path."""
    at = 1_795_176_000.0 + number
    file = Artifact(str(path), 1000, "00" * 32, 4.0, 1280, 720)
    return replace(a_job(), id=f"v_{number:010d}", state="completed", artifact=file, parents=parents, prompt=prompt, created_at=at)


class Nesting(HTMLParser):
    """Which article stands under which, and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.under: dict[str, str | None] = {}
        self._open: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "li":
            self._open.append(None)
        if tag == "article":
            self._open[-1] = dict(attrs)["id"]
            self.under[str(self._open[-1])] = self._open[-2] if len(self._open) > 1 else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._open.pop()


def page_of(*jobs: Job) -> str:
    return render_page(tuple(Shown(job, None, None) for job in jobs), Path("/videos"), UTC)


def test_words_of_others_are_words() -> None:
    text = page_of(made(1, prompt=NASTY))
    assert Nesting(text).tags.count("script") == 1
    assert "img" not in Nesting(text).tags
    assert "https:" not in re.sub(r"<p class=words.*?</p>", "", text)


def test_what_was_made_from_a_video_stands_under_it() -> None:
    text = page_of(made(3, parents=("v_0000000002", "v_0000000009")), made(2, parents=("v_0000000001",)), made(1))
    assert Nesting(text).under == {"v_0000000001": None, "v_0000000002": "v_0000000001", "v_0000000003": "v_0000000002"}
    circle = page_of(made(2, parents=("v_0000000001",)), made(1, parents=("v_0000000002",)))
    assert Nesting(circle).under == {"v_0000000001": None, "v_0000000002": "v_0000000001"}


def test_a_card_says_what_was_measured_and_what_differs_from_the_order() -> None:
    job = made(1)
    assert job.artifact is not None
    note = "The clip is 1.88 s long (you asked for 4 s)."
    delivered = replace(job.artifact, duration_s=1.875, width=640, height=360, has_sound=False, notes=(note,))
    odd = replace(job, artifact=delivered, warnings=("muvi reports $0.00 for a price of $0.40: $0.40 counts as spent.",))
    text = page_of(odd)
    assert "$0.40 · 1.88 s · 640x360 · no sound · muvi:sora-2 · " in text
    assert f"<p class=note>{note}</p>" in text
    assert "$0.40 counts as spent.</p>" in text
    unmeasured = replace(job, artifact=replace(job.artifact, duration_s=None, width=None, height=None))
    assert "$0.40 · 4 s · 1280x720 · muvi:sora-2" in page_of(unmeasured)
    frame = replace(job, seconds=0, artifact=replace(job.artifact, duration_s=None))
    assert "$0.40 · 1280x720 · muvi:sora-2" in page_of(frame)


def test_a_chain_of_two_thousand_shots_is_a_page() -> None:
    assert len(Nesting(page_of(*(made(n, parents=(f"v_{n - 1:010d}",)) for n in range(2000, 0, -1)))).under) == 2000


@pytest.fixture
def settings(said: dict[str, str]) -> Settings:
    loaded = load(said, today=date(2026, 11, 21))
    loaded.output_dir.mkdir()
    return loaded


def test_posters_are_made_beside_the_videos_and_kept(settings: Settings) -> None:
    there = settings.output_dir / "a boat #1.mp4"
    shutil.copy(CLIP, there)
    broken = settings.output_dir / "broken.mp4"
    broken.write_bytes(b"no video")
    jobs = (made(3, there), made(2, broken), made(1, settings.output_dir / "gone.mp4"))
    text = write_page(jobs, settings).read_text("utf-8")
    picture = there.with_suffix(".jpg")
    assert picture.read_bytes()[:3] == b"\xff\xd8\xff"
    assert 'poster="a%20boat%20%231.jpg" src="a%20boat%20%231.mp4"' in text
    assert 'preload=metadata aria-label="Video v_0000000002" src="broken.mp4"' in text
    assert text.count("The file was moved or deleted") == 1
    before = picture.stat().st_mtime_ns
    write_page(jobs, settings)
    assert picture.stat().st_mtime_ns == before


def test_an_edit_that_is_a_picture_is_shown_as_one(settings: Settings) -> None:
    pictures = [settings.output_dir / f"edit #1.{kind}" for kind in ("gif", "jpg", "png")]
    for picture in pictures:
        Image.new("RGB", (320, 180), "red").save(picture)
    text = write_page(tuple(made(1, picture) for picture in pictures), settings).read_text("utf-8")
    for picture in pictures:
        assert f'<img loading=lazy alt="Picture v_0000000001" src="edit%20%231{picture.suffix}">' in text
    assert "video" not in Nesting(text).tags
    assert sorted(settings.output_dir.iterdir()) == [*pictures, settings.output_dir / "gallery.html"]


@each(
    ("names", "count"),
    [
        ((), "0 videos"),
        (("a.mp4",), "1 video"),
        (("a.mp4", "b.mp4", "c.png"), "2 videos and 1 picture"),
        (("a.png", "b.gif"), "0 videos and 2 pictures"),
    ],
)
def test_pictures_are_not_counted_as_videos(names: tuple[str, ...], count: str) -> None:
    assert f"<p class=dim>{count}, $" in page_of(*(made(number, Path("/videos", name)) for number, name in enumerate(names)))


def test_a_link_in_the_pages_place_is_not_followed(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (settings.output_dir / "gallery.html").symlink_to(tmp_path / "precious")
    write_page((), settings)
    assert (tmp_path / "precious").read_text() == "mine"
    assert "No finished videos yet." in (settings.output_dir / "gallery.html").read_text()


def test_the_command_says_where_it_is_and_opens_it_only_when_wanted(
    sora: Sora, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    store.outcomes.settle.sync(running(store, prompt="a red kite"), DONE)
    store.outcomes.complete.sync(claimed(store), FILE)
    path = tmp_path / "videos" / "gallery.html"
    assert (sora("gallery", "--no-open").code, opened) == (0, [])
    assert (sora("gallery")[:2], opened) == ((0, f"1 video: {path}\n"), [path.as_uri()])
    assert "a red kite" in path.read_text("utf-8")
