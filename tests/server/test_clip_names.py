"""How clips are told apart in texts: by the words of their prompts that differ, and by which take they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date
from pathlib import Path

from sora_mcp.domain import Job
from sora_mcp.domain.money import Micros, usd
from sora_mcp.domain.prompt_words import shorten_prompt, shorten_prompts
from sora_mcp.jobs.edit import Input, describe_inputs
from sora_mcp.media.edit.edits import EditRequest
from sora_mcp.server.job_names import name_job, with_titles
from sora_mcp.server.messages import describe_job, describe_jobs
from sora_mcp.server.news_text import describe_news
from sora_mcp.server.resources import list_files
from sora_mcp.server.tools.get_spend import Period, format_result
from sora_mcp.server.tools.list_videos import make_rows
from sora_mcp.store.records import Costs, Page
from tests.each import each

from .counter import NOW, a_done_job
from .test_messages import BUDGET

VILLAGE = "A slow aerial shot over a small fishing village on the coast with white houses, blue shutters, boats and gulls in the air"
NOON, NIGHT = f"{VILLAGE}, at noon in bright sun", f"{VILLAGE}, at night under a full moon"


def _input(about: str) -> Input:
    return Input(Path("clip.mp4"), "", 1.0, about)


def takes(count: int = 2) -> list[Job]:
    return [replace(a_done_job(), id=f"v_{number}" * 2, take=number, take_count=count) for number in range(1, count + 1)]


@each(
    ("prompts", "names"),
    [
        ((), []),
        (("A fox", "A fox", "An owl"), ["A fox", "A fox", "An owl"]),
        ((NOON,), ["A slow aerial shot over a small fishing…"]),
        ((NOON, NOON), ["A slow aerial shot over a small fishing…"] * 2),
        ((NOON, NIGHT), ["A slow aerial… noon in bright sun", "A slow aerial… night under a full moon"]),
        ((NOON, "An owl", NIGHT), ["A slow aerial… noon in bright sun", "An owl", "A slow aerial… night under a full moon"]),
        ((VILLAGE, NIGHT), ["A slow… air", "A slow… air, at night under a full moon"]),
        (
            (NOON, NIGHT, f"{VILLAGE}, at night in rain"),
            ["A slow aerial… noon in bright sun", "A slow aerial… night under a full moon", "A slow aerial… night in rain"],
        ),
        (("x" * 300, f"{'x' * 299}y"), [f"{'x' * 37}… x", f"{'x' * 37}… y"]),
        (("界" * 60 + "日", "界" * 60 + "月"), [f"{'界' * 37}… 日", f"{'界' * 37}… 月"]),
        (("\u200b", "\u200c"), ["", ""]),
    ],
)
def test_prompts_that_begin_alike_are_shortened_to_where_they_differ(prompts: tuple[str, ...], names: list[str]) -> None:
    assert shorten_prompts(prompts) == names
    assert all(len(name) <= 40 for name in names)


def test_no_word_is_cut_in_the_middle() -> None:
    for most in range(6, 140):
        whole = shorten_prompt(NIGHT, most).removesuffix("…")
        assert NIGHT.startswith(whole), most
        assert f"{NIGHT} "[len(whole)] == " ", (most, whole)
    assert shorten_prompt("界" * 60) == f"{'界' * 39}…"


def test_a_sentence_says_which_take_it_is_about() -> None:
    first, second = takes()
    assert name_job(first) == "v_1v_1 (take 1 of 2)"
    assert name_job(with_titles([second])[0]) == '"A paper boat drifts down a rainy street" (v_2v_2, take 2 of 2)'
    lines = describe_jobs([first, second], now=NOW).splitlines()
    assert [line.partition(",")[0] for line in lines[1:3]] == ["Done: v_1v_1 (take 1 of 2)", "Done: v_2v_2 (take 2 of 2)"]


def test_a_list_tells_takes_and_versions_apart() -> None:
    jobs = [*takes(), replace(a_done_job(), prompt=NOON), replace(a_done_job(), prompt=NIGHT)]
    lines = [line for _, line in make_rows(Page(tuple(jobs), None), UTC, NOW)]
    for line, words in zip(
        lines, ("v_1v_1 (take 1 of 2) completed", "v_2v_2 (take 2 of 2) completed", '… noon in bright sun"', "… night under"), strict=True
    ):
        assert words in line, line
    assert [resource.title for resource in list_files(jobs)[:2]] == [
        "A paper boat drifts down a rainy street, take 1 of 2",
        "A paper boat drifts down a rainy street, take 2 of 2",
    ]


def test_the_costs_by_job_tell_takes_apart() -> None:
    nothing = Micros(0)
    rows = [
        Costs(job.id, 1, usd("0.4"), nothing, nothing, nothing, prompt=job.prompt, model="m", day="d", take=job.take, take_count=2)
        for job in takes()
    ]
    result = format_result(Period(date(2026, 11, 14), None), "job", rows, sums=rows, budget=BUDGET)
    lines = (result.structured_content or {})["message"].splitlines()
    assert [line.partition(" drifts")[0] for line in lines[1:3]] == [
        'd v_1v_1 (take 1 of 2) m "A paper boat',
        'd v_2v_2 (take 2 of 2) m "A paper boat',
    ]


def test_the_sum_of_several_clips_says_why_it_is_not_exact() -> None:
    stated = replace(a_done_job(), actual=usd("0.40"))
    unstated, other = a_done_job(), replace(a_done_job(), vendor="fal", model="fal:kling-3.0")
    for jobs, head in (
        ((stated, stated), "2 of 2 have ended, $0.80 in all."),
        ((stated, unstated), "2 of 2 have ended, about $0.80 in all (Muvi does not state what it charged)."),
        ((other, unstated), "2 of 2 have ended, about $0.80 in all (fal and Muvi do not state what they charged)."),
        ((unstated, replace(stated, charged="no", actual=None)), "2 of 2 have ended (Muvi does not state what it charged)."),
    ):
        assert describe_jobs(jobs, now=NOW).splitlines()[0] == head
    assert describe_news([stated]).startswith("Finished since the last chat:\n")
    assert describe_news([unstated]).startswith(
        'Finished since the last chat ("about" is the quote, as Muvi does not state what it charged):\n'
    )


def test_a_join_is_named_by_its_title_and_its_clips() -> None:
    clips = [_input(NOON), _input(NIGHT), replace(_input("A fox"), take=2)]
    parts = "A slow aerial… noon in bright sun; A slow aerial… night under a full moon; take 2: A fox"
    assert describe_inputs(EditRequest(("a", "b", "c"), "join"), clips) == f"join of 3 clips: {parts}"
    titled = EditRequest(("a", "b", "c"), "join", {"text": "Our village"})
    assert describe_inputs(titled, clips) == f"join: Our village (3 clips: {parts})"
    assert describe_inputs(EditRequest(("a",), "mute"), clips[:1]) == f"mute: {NOON}"


def test_an_edit_that_the_chat_does_not_know_is_named_without_the_ids_of_its_clips() -> None:
    options = {"action": "join", "inputs": "v_a, then v_b", "transition": "fade"}
    join = replace(
        a_done_job(), model="local:edit", vendor="local", prompt="join of 2 clips: A fox; An owl", options=options, micros=Micros(0)
    )
    assert describe_job(join, now=NOW).startswith("join of v_a, then v_b: faded into each other. Done")
    told = describe_job(with_titles([join])[0], now=NOW)
    assert told.startswith("Done in")
    trim = replace(join, prompt="trim: A fox", options={"action": "trim", "inputs": "v_a", "start": 1, "end": 3})
    assert describe_job(with_titles([trim])[0], now=NOW).startswith("trim: from 1 s to 3 s. Done in")
    assert '"join of 2 clips: A fox; An owl" (' in told
    assert "v_a" not in told
