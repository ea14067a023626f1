"""When a vendor is asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sora_mcp.domain import Job
from sora_mcp.jobs.backoff import compute_first_poll_s, compute_next_poll_s, compute_renewal_s, compute_retry_s
from sora_mcp.jobs.download import MAX_DEAD_LINKS
from sora_mcp.jobs.poll import NOT_FOUND_S
from tests.each import each

from .nouns import a_job

SUBMITTED = 1_000_000.0


@pytest.fixture
def job() -> Job:
    return replace(a_job(), submitted_at=SUBMITTED, expected_s=120)


@each(("expected_s", "first_s"), [(240, 60.0), (120, 30.0), (20, 5.0), (8, 2.0), (2, 0.5), (330, 82.5), (28_800, 300.0)])
def test_the_first_question_comes_at_a_quarter_of_the_usual_time_and_within_five_minutes(expected_s: float, first_s: float) -> None:
    assert compute_first_poll_s(expected_s) == first_s


@each(("elapsed_s", "pause_s"), [(0, 6.0), (30, 6.0), (100, 9.0), (600, 54.0), (719, 60.0), (721, 300.0), (86_400, 300.0)])
def test_later_questions_keep_pace_with_the_time_that_has_passed(job: Job, elapsed_s: float, pause_s: float) -> None:
    assert compute_next_poll_s(job, now=SUBMITTED + elapsed_s, chance=0.5) == pytest.approx(pause_s)


def test_the_jitter_is_a_fifth_either_way(job: Job) -> None:
    assert compute_next_poll_s(job, now=SUBMITTED + 100, chance=0.0) == pytest.approx(7.2)
    assert compute_next_poll_s(job, now=SUBMITTED + 100, chance=1.0) == pytest.approx(10.8)


def test_a_clock_that_stepped_back_asks_at_the_floor(job: Job) -> None:
    assert compute_next_poll_s(job, now=SUBMITTED - 3_600, chance=0.5) == 6.0


def test_a_two_minute_job_is_asked_at_most_fifteen_times(job: Job) -> None:
    now, asked = SUBMITTED + compute_first_poll_s(120), 1
    while now < SUBMITTED + 120:
        now += compute_next_poll_s(job, now=now, chance=0.5)
        asked += 1

    assert asked <= 15
    assert now - (SUBMITTED + 120) <= 11


@each(("expected_s", "first_s"), [(20, 60.0), (240, 60.0), (330, 82.5), (28_800, 300.0)])
def test_a_vendor_that_tells_by_itself_is_first_asked_after_a_minute_or_more(expected_s: float, first_s: float) -> None:
    assert compute_first_poll_s(expected_s, is_told=True) == first_s


@each(("elapsed_s", "pause_s"), [(0, 60.0), (100, 60.0), (719, 60.0), (721, 300.0)])
def test_a_vendor_that_tells_by_itself_is_asked_once_a_minute(job: Job, elapsed_s: float, pause_s: float) -> None:
    assert compute_next_poll_s(job, now=SUBMITTED + elapsed_s, chance=0.5, is_told=True) == pytest.approx(pause_s)


@pytest.mark.fault("Q17")
@each(("tries", "least", "most"), [(0, 0.5, 1.0), (1, 1.0, 2.0), (5, 16.0, 32.0), (6, 30.0, 60.0), (99, 30.0, 60.0)])
def test_failed_attempts_wait_longer_each_time_up_to_a_minute(tries: int, least: float, most: float) -> None:
    assert (compute_retry_s(tries, chance=0.0), compute_retry_s(tries, chance=1.0)) == (least, most)


def test_dead_links_are_renewed_soon_and_then_ever_later_over_more_than_ten_minutes() -> None:
    pauses = [compute_renewal_s(dead_links, None, chance=0.0) for dead_links in range(MAX_DEAD_LINKS - 1)]
    assert pauses == pytest.approx([2.4, 9.6, 38.4, 153.6, 614.4])
    assert sum(pauses) > NOT_FOUND_S
    assert compute_renewal_s(0, None, chance=1.0) == pytest.approx(3.6)


@each(("poll_seconds", "pause_s"), [(0.02, 0.02), (5.0, 5.0), (900.0, 768.0)])
def test_a_pause_that_the_user_fixed_is_the_longest_between_dead_links_too(poll_seconds: float, pause_s: float) -> None:
    assert compute_renewal_s(4, poll_seconds, chance=0.5) == pytest.approx(pause_s)
