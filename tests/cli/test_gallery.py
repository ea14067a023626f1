"""The gallery: one page beside the videos, in which no word of others does anything."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scripts.house import PACKAGE
from sora_mcp.cli.gallery.build import write_page
from sora_mcp.cli.gallery.facts import REASONS
from sora_mcp.cli.gallery.page import Shown, render_page
from sora_mcp.config.settings import Settings, load
from sora_mcp.domain import Artifact, Job, JobError
from sora_mcp.domain.money import Micros
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
    job = replace(a_job(), id=f"v_{number:010d}", state="completed", charged="yes", artifact=file)
    return replace(job, parents=parents, prompt=prompt, created_at=at)


class Nesting(HTMLParser):
    """Which article stands under which, and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.under: dict[str, str | None] = {}
        self._open: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag == "li":
            self._open.append(None)
        if tag == "article":
            self._open[-1] = dict(attrs)["id"]
            self.under[str(self._open[-1])] = self._open[-2] if len(self._open) > 1 else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._open.pop()


SAME = {"Model": "muvi:sora-2", "Made": "2026-11-20 12:00", "Id": "v_0000000001"}


def facts_of(job: Job) -> dict[str, str]:
    """What the large view says of a job."""
    return dict(re.findall(r"<dt>(\w+)<dd>(?:<span class=id>)?([^<]*)", page_of(job)))


def page_of(*jobs: Job) -> str:
    return render_page(tuple(Shown(job, None, None) for job in jobs), Path("/videos"), UTC)


def test_words_of_others_are_words() -> None:
    text = page_of(made(1, prompt=NASTY))
    assert Nesting(text).tags.count("script") == 1
    assert "img" not in Nesting(text).tags
    assert "https:" not in re.sub(r"<h3 class=words.*?</h3>|<bdi>.*?</bdi>", "", text)
    refused = JobError("vendor_refused", NASTY, "no", NASTY)
    failed = replace(made(1, prompt=NASTY), state="failed", artifact=None, error=refused, model=NASTY, size=NASTY, warnings=(NASTY,))
    page = Nesting(page_of(failed))
    assert (page.tags.count("script"), page.tags.count("img"), page.tags.count("p")) == (1, 0, Nesting(text).tags.count("p") + 2)
    assert not [name for _, attrs in page.attributes for name in attrs if name.startswith("on")]


def test_a_card_without_a_file_says_why() -> None:
    unclear = replace(made(1), state="unknown", charged="unknown", artifact=None)
    failed = replace(made(2), state="failed", charged="no", artifact=None, error=JobError("vendor_refused", "The vendor refused it.", "no"))
    text = page_of(failed, unclear)
    for why in (
        "<b>Unclear</b><span dir=auto>The vendor may or may not have taken it.",
        "<b>Failed</b><span dir=auto>The vendor refused it.",
    ):
        assert why in text


def test_the_page_loads_nothing_and_sends_nothing() -> None:
    text = page_of(made(1))
    policy = "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    assert not re.search(r"https?://|url\(|@import|<link|fetch\(|<!-- ", text)


def test_what_was_made_from_a_video_stands_under_it() -> None:
    text = page_of(made(3, parents=("v_0000000002", "v_0000000009")), made(2, parents=("v_0000000001",)), made(1))
    assert Nesting(text).under == {"v_0000000001": None, "v_0000000002": "v_0000000001", "v_0000000003": "v_0000000001"}
    circle = page_of(made(2, parents=("v_0000000001",)), made(1, parents=("v_0000000002",)))
    assert Nesting(circle).under == {"v_0000000001": None, "v_0000000002": "v_0000000001"}


def test_a_card_says_what_was_measured_and_what_differs_from_the_order() -> None:
    job = made(1)
    assert job.artifact is not None
    note = "The clip is 1.88 s long (you asked for 4 s)."
    delivered = replace(job.artifact, duration_s=1.875, width=640, height=360, has_sound=False, notes=(note,))
    odd = replace(job, artifact=delivered, warnings=("muvi reports $0.00 for a price of $0.40: $0.40 counts as spent.",))
    assert facts_of(odd) == {"Price": "$0.40", "Length": "1.88 s", "Size": "640 × 360", "Sound": "none", **SAME}
    text = page_of(odd)
    assert f"<p class=note dir=auto>{note}</p>" in text
    assert "$0.40 counts as spent.</p>" in text
    assert "<span>$0.40</span> <span>1.88 s</span>" in text
    unmeasured = replace(job, artifact=replace(job.artifact, duration_s=None, width=None, height=None))
    assert facts_of(unmeasured) == {"Price": "$0.40", "Length": "4 s", "Size": "1280 × 720", **SAME}
    frame = replace(job, seconds=0, artifact=replace(job.artifact, duration_s=None))
    assert facts_of(frame) == {"Price": "$0.40", "Size": "1280 × 720", **SAME}


@each(
    ("changes", "state", "chip", "fact"),
    [
        ({"state": "failed", "charged": "no"}, "Failed", "not charged", "not charged"),
        ({"state": "failed", "charged": "yes"}, "Failed", "$0.40", "$0.40"),
        ({"state": "unknown", "charged": "unknown"}, "Unclear", "maybe $0.40", "$0.40, if it was charged"),
        ({"state": "running", "charged": "held"}, "Being made", "$0.40", "$0.40, held"),
        ({"state": "cancelled", "charged": "no"}, "Cancelled", "not charged", "not charged"),
        ({"state": "expired", "charged": "yes"}, "Link died", "$0.40", "$0.40"),
    ],
)
def test_a_job_without_a_file_says_its_state_and_what_became_of_the_money(
    changes: dict[str, Any], state: str, chip: str, fact: str
) -> None:
    job = replace(made(1), artifact=None, **changes)
    text = page_of(job)
    why = f"<span dir=auto>{REASONS[job.state]}</span>" if job.state in REASONS else ""
    assert f"<span class=blank><b>{state}</b>{why}</span><span class=chips><span>{chip}</span>" in text
    assert f'<option value="{state}">{state}</option>' in text
    assert facts_of(job)["Price"] == fact
    assert ", $0.00 in all." in text if job.charged == "no" else ", $0.40 in all." in text


@each(
    ("size", "width", "height", "aspect"),
    [
        ("1280x720", 720, 1280, "0.5625"),
        ("1280x720", None, None, "1.778"),
        ("auto", None, None, "1.778"),
        ("0x0", None, None, "1.778"),
        ("1280x720", 4000, 400, "2.6"),
        ("1280x720", 100, 4000, "0.42"),
    ],
)
def test_a_card_has_the_shape_of_its_clip(size: str, width: int | None, height: int | None, aspect: str) -> None:
    job = made(1)
    assert job.artifact is not None
    shaped = replace(job, size=size, artifact=replace(job.artifact, width=width, height=height))
    text = render_page((Shown(shaped, Path("/videos/a.mp4"), None),), Path("/videos"), UTC)
    assert f'<li class=item style="--a:{aspect}">' in text
    assert '<li class="item lost" style="--a:0.8">' in page_of(shaped)


def test_each_month_says_what_it_came_to() -> None:
    october, november = replace(made(1), created_at=1_793_000_000.0), made(2)
    edit = replace(made(3, Path("/videos/a.png"), parents=(october.id,)), micros=Micros(0))
    text = page_of(edit, november, october)
    assert "<h2>November 2026</h2><p class=dim>$0.40 · 1 video and 1 picture</p>" in text
    assert "<h2>October 2026</h2><p class=dim>$0.40 · 1 video</p>" in text
    assert "<p class=dim>2 videos and 1 picture, $0.80 in all.</p>" in text
    assert Nesting(text).under[edit.id] == october.id


def test_models_days_and_states_can_be_filtered() -> None:
    text = page_of(replace(made(100_000), model="fal:kling-3"), replace(made(2), state="failed", artifact=None), made(1))
    for option in ("muvi:sora-2", "fal:kling-3", "2026-11-20", "2026-11-21", "Finished", "Failed"):
        assert text.count(f'<option value="{option}">') == 1
    assert 'data-model="fal:kling-3" data-day="2026-11-21" data-state="Finished" data-micros="400000"' in text


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
    shots = {attrs["data-src"]: attrs["data-kind"] for _, attrs in Nesting(text).attributes if "data-src" in attrs}
    assert shots == {"a%20boat%20%231.mp4": "video", "broken.mp4": "video"}
    assert re.findall(r'<img [^>]*src="([^"]*)"', text) == ["a%20boat%20%231.jpg"]
    assert text.count("It was moved or deleted.") == 1
    before = picture.stat().st_mtime_ns
    write_page(jobs, settings)
    assert picture.stat().st_mtime_ns == before


def test_an_edit_that_is_a_picture_is_shown_as_one(settings: Settings) -> None:
    pictures = [settings.output_dir / f"edit #1.{kind}" for kind in ("gif", "jpg", "png")]
    for picture in pictures:
        Image.new("RGB", (320, 180), "red").save(picture)
    text = write_page(tuple(made(1, picture) for picture in pictures), settings).read_text("utf-8")
    for picture in pictures:
        assert f'<img loading=lazy decoding=async alt="" src="edit%20%231{picture.suffix}">' in text
    assert "video" not in Nesting(text).tags
    assert sorted(settings.output_dir.iterdir()) == [*pictures, settings.output_dir / "gallery.html"]


@each(
    ("names", "count"),
    [
        (("a.mp4",), "1 video"),
        (("a.mp4", "b.mp4", "c.png"), "2 videos and 1 picture"),
        (("a.png", "b.gif"), "0 videos and 2 pictures"),
    ],
)
def test_pictures_are_not_counted_as_videos(names: tuple[str, ...], count: str) -> None:
    page = page_of(*(made(number, Path("/videos", name)) for number, name in enumerate(names)))
    assert f"<p class=dim>{count}, $" in page


def test_a_link_in_the_pages_place_is_not_followed(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (settings.output_dir / "gallery.html").symlink_to(tmp_path / "precious")
    write_page((), settings)
    assert (tmp_path / "precious").read_text() == "mine"
    assert "No videos yet" in (settings.output_dir / "gallery.html").read_text()


def test_the_command_says_where_it_is_and_opens_it_only_when_wanted(
    sora: Sora, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    store.outcomes.settle.sync(running(store, prompt="a red kite"), DONE)
    store.outcomes.complete.sync(claimed(store), FILE)
    running(store, prompt="a blue kite")
    path = tmp_path / "videos" / "gallery.html"
    assert (sora("gallery", "--no-open").code, opened) == (0, [])
    assert (sora("gallery")[:2], opened) == ((0, f"1 video and 1 without a file: {path}\n"), [path.as_uri()])
    text = path.read_text("utf-8")
    assert "a red kite" in text and "a blue kite" in text
