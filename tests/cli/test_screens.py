"""What a person sees at a terminal of a given width, and what a pipe gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from sora_mcp.catalogue import matrix
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.cli.jobs import describe_job, print_jobs, print_spend
from sora_mcp.cli.terminal import Column, open_console, print_facts, print_table, shorten
from sora_mcp.cli.vendors import print_vendors
from sora_mcp.domain import Job, JobError
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.records import SpendRow

from ..each import each
from ..screens import open_screen, text_of
from ..stored import CAPS, DONE, FILE, claimed, purchase, running

TODAY = date(2026, 11, 29)
LONG = "A slow aerial shot over a foggy harbour at dawn, fishing boats leaving one by one, gulls circling above the pier"
PROMPTS = {
    "plain": LONG,
    "cjk": "雨の降る静かな通りを、紙の舟がゆっくりと流れていく。街灯の光が水たまりに映る。",
    "rtl": "סירת נייר שטה ברחוב גשום בלילה והאורות משתקפים במים",
    "emoji": "🚤 A paper boat 🌧️ drifts down 👩‍👩‍👧 a rainy street 🏳️‍🌈 at night 😀😀😀😀",
    "markup": "[red]not a colour[/red] [link=https://example.com]no link[/link] :smile: [/nothing]",
    "hostile": "boat\x1b[2J\x1b]0;title\x07\u202e\u200bname\r\nv_0000000000  completed",
}


def at(day: int, hour: int = 12) -> float:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC).timestamp()


@pytest.fixture
def some(store: Store) -> list[Job]:
    """Jobs of every kind of prompt, in several states, today and earlier."""
    found = [store.reservations.reserve.sync(purchase("1.00", prompt=prompt, fingerprint=name), CAPS) for name, prompt in PROMPTS.items()]
    states = ("completed", "failed", "running", "unknown", "queued", "completed")
    models = ("muvi:sora-2", "openrouter:google/veo-3.1-fast-generate-preview", "sample:sample", "fal:kling-3-pro", "runway:gen-4.5", "x:y")
    return [
        replace(job, id=f"v_{number:010}", state=state, model=model, created_at=at(29 - number * 3, 9), updated_at=at(29))  # type: ignore[arg-type]
        for number, (job, state, model) in enumerate(zip(found, states, models, strict=True))
    ]


def lines_of(screen: Console, *, width: int) -> list[str]:
    """The lines of a terminal, none of which it would break, and no control character among them."""
    lines = text_of(screen).splitlines()
    assert [line for line in lines if cell_len(line) > width] == []
    assert [line for line in lines if not line.isprintable()] == []
    return lines


@each("width", [40, 60, 80, 100, 120, 200])
def test_a_job_is_one_line_of_the_terminal(width: int, some: list[Job]) -> None:
    print_jobs(screen := open_screen(width), some, zone=UTC, today=TODAY)
    lines = lines_of(screen, width=width)
    assert len(lines) == len(some) + 1
    assert [line.split()[:2] for line in lines[1:]] == [[job.id, job.state] for job in some]


def test_at_eighty_columns_jobs_have_what_a_person_looks_for(some: list[Job]) -> None:
    print_jobs(screen := open_screen(80), some, zone=UTC, today=TODAY)
    heading, first, second, third, fourth, _, last = lines_of(screen, width=80)
    assert heading.split() == ["JOB", "STATE", "MODEL", "PRICE", "MADE", "PROMPT"]
    assert first == "v_0000000000  completed  muvi:sora-2     $1.00  09:30   A slow aerial shot over…"
    assert second == "v_0000000001  failed     openrouter:go…  $1.00  Nov 26  雨の降る静かな通りを、…"
    assert third.split()[2:6] == ["sample:sample", "$1.00", "Nov", "23"]
    assert "paper boat" in fourth
    assert "boatname" in last


def test_a_model_is_not_cut_for_what_matters_less(some: list[Job]) -> None:
    jobs = [replace(job, model="compatible:my-model", prompt="a boat") for job in some]
    print_jobs(screen := open_screen(80), jobs, zone=UTC, today=TODAY)
    assert [line.split()[2] for line in lines_of(screen, width=80)[1:]] == ["compatible:my-model"] * len(jobs)


def test_at_forty_columns_the_job_its_state_and_its_prompt_are_left(some: list[Job]) -> None:
    print_jobs(screen := open_screen(40), some, zone=UTC, today=TODAY)
    heading, first, *_ = lines_of(screen, width=40)
    assert (heading.split(), first) == (["JOB", "STATE", "PROMPT"], "v_0000000000  completed  A slow aerial…")


def test_a_pipe_gets_every_column_whole(some: list[Job]) -> None:
    print_jobs(pipe := open_screen(), some, zone=UTC, today=TODAY)
    heading, first, *rest = text_of(pipe).splitlines()
    assert heading.split() == ["JOB", "STATE", "MODEL", "SIZE", "SECONDS", "PRICE", "CHARGED", "MADE", "PROMPT"]
    assert first.endswith(f"2026-11-29 09:30  {LONG}")
    assert len(rest) == len(some) - 1


def test_words_in_square_brackets_are_words() -> None:
    for screen in (open_screen(), open_screen(200)):
        print_facts(screen, [("prompt", PROMPTS["markup"])])
        assert PROMPTS["markup"] in text_of(screen)


def test_a_prompt_moves_no_cursor_and_hides_nothing() -> None:
    for screen in (open_screen(), open_screen(80)):
        print_table(screen, [Column("PROMPT")], [("a\x1b[2Jb\u202ec\nd",)])
        print_facts(screen, [("prompt", "a\x1b]0;title\x07b"), ("left out", None)])
        assert text_of(screen) == "PROMPT\nabc d\nprompt  ab\n"


@each("width", [40, 80, 120])
def test_a_job_is_shown_in_lines_that_fit(width: int, store: Store) -> None:
    job = running(store)
    store.outcomes.settle.sync(job, DONE)
    store.outcomes.complete.sync(claimed(store), FILE)
    job = replace(store.jobs.get.sync(job.id, None), prompt=LONG * 3, error=JobError("vendor_rejected", LONG, "no", PROMPTS["cjk"]))
    print_facts(screen := open_screen(width), describe_job(job, UTC))
    shown = text_of(screen)
    whole = [line for line in shown.splitlines() if not line.startswith(("sha256", "price from"))]
    assert [line for line in whole if cell_len(line) > width] == []
    assert " ".join(shown.split()).count("gulls circling above the pier") == 4


def test_a_long_path_is_left_in_one_piece_to_be_copied() -> None:
    path = "/videos/" + "a-very-long-folder/" * 10 + "boat.mp4"
    print_facts(screen := open_screen(80), [("path", path)])
    assert text_of(screen) == f"path  {path}\n"


@each(("width", "headings"), [(80, "DAY MODEL VIDEOS HELD SPENT"), (30, "DAY MODEL SPENT")])
def test_spend_fits_and_adds_up(width: int, headings: str, store: Store) -> None:
    rows = [SpendRow("2026-11-29", "openrouter", "openrouter:google/veo-3.1-fast-generate-preview", 12, usd("0"), usd("100.5"))]
    budget = store.budgets.get.sync(CAPS)
    print_spend(screen := open_screen(width), rows, budget)
    heading, row, total, *_ = lines_of(screen, width=width)
    assert heading.split() == headings.split()
    assert (row.split()[-1], total.split()[0], total.split()[-1]) == ("$100.50", "total", "$100.50")


@each("width", [40, 80, 120, 200])
def test_a_model_is_one_line_of_the_terminal(width: int) -> None:
    rows = matrix.rows(Catalogue(), today=TODAY)
    print_vendors(screen := open_screen(width), rows)
    lines = lines_of(screen, width=width)
    assert [line.split()[0].rstrip("…") in row.model for line, row in zip(lines[1:], rows, strict=False)] == [True] * len(rows)
    assert {"MODEL", "PRICE"} <= set(lines[0].split())


def test_a_text_is_cut_after_a_whole_part_where_it_has_parts() -> None:
    assert shorten("$0.10/s (720p); $0.30/s (1080p)", 25, "; ") == "$0.10/s (720p); …"
    assert shorten("$0.10/s (720p); $0.30/s (1080p)", 10, r"; |(?= \()") == "$0.10/s…"
    assert (shorten("雨の降る", 6), shorten("boat", 4), shorten("boat", 0)) == ("雨の…", "boat", "")


def test_colours_heed_no_color_and_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert open_console().no_color
