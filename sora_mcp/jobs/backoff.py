"""When to ask a vendor again: early enough to notice, seldom enough to be polite."""

from __future__ import annotations

from sora_mcp.domain import Job

CAP_S = 60.0
SLOW_S = 300.0
SLOW_AFTER = 6
"""Past this many expected durations something is wrong at the vendor, and a question every five minutes does."""
FLOOR_S = 6.0
PACE = 0.09
"""At most 15 questions for a job of two minutes, and some 5 seconds until its end is noticed."""
JITTER = 0.2
BACKOFF_CAP_S = 60.0
RENEWAL_S = 3.0
RENEWAL_GROWTH = 4.0
"""Five pauses between six dead links last over ten minutes, even the shortest."""
MOST_PER_S = 10
"""Questions a second, of one process to all vendors."""
LEAST_LOOK_S = 1.0
WINDOW_S = 90.0
"""How long after the paid call left a vendor may take it: the call's own deadline."""
SKEW_S = 30.0
"""How far a vendor's clock may be from ours."""
ALONE_LOOKS = 3


def first(expected_s: float) -> float:
    """Seconds from the submit to the first question: a quarter of the usual duration, which may have been learnt over a night."""
    return min(max(_floor(expected_s), expected_s / 4), SLOW_S)


def later(job: Job, *, now: float, chance: float, alive: int = 0) -> float:
    """Seconds to the next question: a share of the time that has passed, with a jitter; `chance` is from 0 to 1.

    With very many jobs alive each is asked more seldom, so that their vendors hear no more than MOST_PER_S.
    """
    elapsed = max(0.0, now - (job.submitted_at or job.created_at))
    if elapsed > SLOW_AFTER * max(job.expected_s, CAP_S):
        return SLOW_S
    pause = min(max(_floor(job.expected_s), PACE * elapsed), CAP_S)
    return max(pause, alive / MOST_PER_S) * (1 + JITTER * (2 * chance - 1))


def look(poll_seconds: float | None, *, usual_s: float) -> float:
    """Seconds to the next look at a vendor's whole list: more than a question after one job, so never oftener than once a second."""
    return usual_s if poll_seconds is None else max(poll_seconds, LEAST_LOOK_S)


def alone(poll_seconds: float | None) -> float:
    """Seconds for which no submit may follow an unclear one: while a list could mistake one for the other, or three looks at it where
    the user set the pause between them."""
    return ALONE_LOOKS * look(poll_seconds, usual_s=(WINDOW_S + SKEW_S) / ALONE_LOOKS)


def backoff(tries: int, *, chance: float) -> float:
    """Seconds to wait after a failed attempt: doubling, with full jitter in the upper half."""
    pause = min(2.0 ** min(tries, 10), BACKOFF_CAP_S)
    return pause * (0.5 + chance / 2)


def renewal(dead_links: int, poll_seconds: float | None, *, chance: float) -> float:
    """Seconds after so many dead links until the vendor is asked for another: at first soon, for a link may only have been old."""
    pause = RENEWAL_S * RENEWAL_GROWTH**dead_links * (1 + JITTER * (2 * chance - 1))
    return pause if poll_seconds is None else min(pause, poll_seconds)


def _floor(expected_s: float) -> float:
    return min(FLOOR_S, expected_s / 4)
