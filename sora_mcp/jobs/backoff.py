"""Compute when to ask a vendor again: early enough to notice, seldom enough to be polite."""

from __future__ import annotations

from sora_mcp.domain import Job

MAX_POLL_S = 60.0
SLOW_POLL_S = 300.0
SLOW_AFTER = 6
"""After so many expected durations something is wrong at the vendor, and a poll every five minutes is enough."""
MIN_POLL_S = 6.0
POLL_SHARE = 0.09
"""Share of the time that has passed: at most 15 polls for a job of two minutes, and some 5 seconds until its end is noticed."""
JITTER = 0.2
TOLD_POLL_S = 60.0
"""Least pause at a vendor whose webhooks arrive: they say when to ask, and a poll is only for one that is lost."""
MAX_RETRY_S = 60.0
RENEWAL_S = 3.0
RENEWAL_GROWTH = 4.0
"""Five pauses between six dead links last over ten minutes, even the shortest."""
MAX_POLLS_PER_S = 10
"""Of one process to all vendors."""
MIN_LIST_POLL_S = 1.0
WINDOW_S = 90.0
"""How long after the paid call left a vendor may take it: the call's own deadline."""
SKEW_S = 30.0
"""How far a vendor's clock may be from ours."""
EXCLUSIVE_LIST_POLLS = 3


def compute_first_poll_s(expected_s: float, *, is_told: bool = False) -> float:
    """Return the seconds from the submit to the first poll: a quarter of the usual duration, which may have been learnt over a night.

    `is_told`: the vendor's webhooks arrive.
    """
    return min(max(_compute_min_poll_s(expected_s), expected_s / 4, TOLD_POLL_S if is_told else 0.0), SLOW_POLL_S)


def compute_next_poll_s(job: Job, *, now: float, chance: float, live: int = 0, is_told: bool = False) -> float:
    """Return the seconds to the next poll: a share of the time that has passed, with a jitter; `chance` is from 0 to 1.

    With very many jobs live each is polled less often, so that their vendors are asked no more than MAX_POLLS_PER_S. `is_told`: the
    vendor's webhooks arrive.
    """
    elapsed = max(0.0, now - (job.submitted_at or job.created_at))
    if elapsed > SLOW_AFTER * max(job.expected_s, MAX_POLL_S):
        return SLOW_POLL_S
    pause = TOLD_POLL_S if is_told else min(max(_compute_min_poll_s(job.expected_s), POLL_SHARE * elapsed), MAX_POLL_S)
    return max(pause, live / MAX_POLLS_PER_S) * _compute_jitter(chance)


def compute_list_poll_s(poll_seconds: float | None, *, usual_s: float) -> float:
    """Return the seconds to the next reading of a vendor's whole list: it costs more than a poll of one job, so once a second at most."""
    return usual_s if poll_seconds is None else max(poll_seconds, MIN_LIST_POLL_S)


def compute_exclusive_s(poll_seconds: float | None) -> float:
    """Return the seconds for which no submit may follow an unclear one: while a list could mistake one for the other, or three readings
    of it where the user set the pause between them."""
    return EXCLUSIVE_LIST_POLLS * compute_list_poll_s(poll_seconds, usual_s=(WINDOW_S + SKEW_S) / EXCLUSIVE_LIST_POLLS)


def compute_retry_s(tries: int, *, chance: float) -> float:
    """Return the seconds to wait after a failed attempt: doubling, with full jitter in the upper half."""
    pause = min(2.0 ** min(tries, 10), MAX_RETRY_S)
    return pause * (0.5 + chance / 2)


def compute_renewal_s(dead_links: int, poll_seconds: float | None, *, chance: float) -> float:
    """Return the seconds after so many dead links until the vendor is asked for another: at first soon, for a link may only have been
    old."""
    pause = RENEWAL_S * RENEWAL_GROWTH**dead_links * _compute_jitter(chance)
    return pause if poll_seconds is None else min(pause, poll_seconds)


def _compute_jitter(chance: float) -> float:
    return 1 + JITTER * (2 * chance - 1)


def _compute_min_poll_s(expected_s: float) -> float:
    return min(MIN_POLL_S, expected_s / 4)
