"""The service's side of the store: one request is one job, found again, paged through, agreed to by a person."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from sora_mcp.domain import Image, Job
from sora_mcp.domain.errors import (
    BrokenRule,
    BrokenRules,
    NeedsConfirmation,
    NotFound,
    OverBudget,
    Refused,
    RequestIdConflict,
    TooManyAtOnce,
)
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.ids import ALPHABET, canonical, new_id
from sora_mcp.store.records import Approval, Identity, Page, QuoteTerms
from sora_mcp.store.schema import jobs
from tests.each import each

from .stored import CALL, CAPS, DAY_S, DONE, FILE, NOON, Clock, begun, claimed, no, purchase, running, spent


def test_a_reserved_job_is_due_and_holds_its_money(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase("1.20", request_id="r1", image=Image("data:,", job_id="v_0000000000")), CAPS)
    assert made == Job(
        id=made.id,
        principal="local",
        state="submitting",
        vendor="muvi",
        model="muvi:sora-2",
        prompt="A paper boat drifts down a rainy street",
        size="1280x720",
        seconds=4,
        options={"audio": True, "seed": 7},
        with_image=True,
        warnings=("It may be gone.",),
        micros=usd("1.20"),
        actual=None,
        charged="held",
        basis="$1.20 per video",
        source="https://example.com/prices",
        checked=date(2026, 11, 20),
        confidence="listed",
        created_at=NOON,
        updated_at=NOON,
        expected_s=180,
        version=1,
        request_id="r1",
        parents=("v_0000000000",),
    )
    assert spent(store) == (usd("1.20"), usd("1.20"))
    assert claimed(store) == replace(made, call=CALL, fence=1)


def test_the_paid_call_is_shown_to_workers_only(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(), CAPS)
    assert [
        job.call
        for job in (made, store.jobs.get.sync(made.id, None), *store.jobs.get_changed.sync(0), *store.jobs.search.sync(None, limit=5).jobs)
    ] == [None] * 4


def test_a_free_video_holds_nothing(store: Store) -> None:
    assert store.reservations.reserve.sync(purchase("0"), CAPS).charged == "no"
    assert spent(store) == (0, 0)


def test_text_that_a_database_cannot_hold_is_stored_without_those_characters(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(prompt="a\0b\ud800c", principal="p\0"), CAPS)
    assert store.jobs.get.sync(made.id, "p\0").prompt == "a\ufffdb?c"


# One wish, one job


def test_the_same_request_id_is_the_same_job_for_ever(store: Store, clock: Clock) -> None:
    wish = purchase(request_id="r1")
    made = store.reservations.reserve.sync(wish, CAPS)
    clock.at += 40 * DAY_S
    assert store.reservations.reserve.sync(wish, CAPS) == replace(made, deduplicated=True)


def test_the_same_request_id_with_other_arguments_is_refused(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(request_id="r1"), CAPS)
    with pytest.raises(RequestIdConflict) as refused:
        store.reservations.reserve.sync(purchase(request_id="r1"), CAPS)
    assert refused.value.job_id == made.id


def test_a_request_id_belongs_to_its_principal(store: Store) -> None:
    made = [store.reservations.reserve.sync(purchase(request_id="r1", principal=name), CAPS) for name in ("ann", "bob")]
    assert [job.deduplicated for job in made] == [False, False]


def test_the_same_request_within_ten_minutes_is_the_same_job(store: Store, clock: Clock) -> None:
    wish = purchase()
    made = store.reservations.reserve.sync(wish, CAPS)
    done = store.outcomes.refuse.sync(claimed(store), None, no("yes"))
    clock.at += 599
    assert store.reservations.reserve.sync(wish, CAPS) == replace(done, deduplicated=True)
    clock.at += 1
    assert store.reservations.reserve.sync(wish, CAPS).id != made.id


@pytest.mark.parametrize("unclear", [False, True], ids=["live", "unknown"])
def test_the_same_request_is_the_same_job_while_nobody_knows_its_end(unclear: bool, store: Store, clock: Clock) -> None:
    wish = purchase()
    job = store.reservations.reserve.sync(wish, CAPS)
    if unclear:
        store.outcomes.mark_unclear.sync(claimed(store), None, no("unknown"))
    clock.at += 40 * DAY_S
    assert (
        store.reservations.reserve.sync(wish, CAPS).id,
        store.reservations.reserve.sync(replace(wish, identity=replace(wish.identity, fingerprint="varied")), CAPS).id == job.id,
    ) == (job.id, False)
    store.outcomes.refuse.sync(store.jobs.get.sync(job.id, None), None, no("yes"))
    clock.at += 1
    assert store.reservations.reserve.sync(wish, CAPS).deduplicated is False


def test_a_request_that_says_the_same_is_the_same_job_although_it_means_another(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(words_hash="w"), CAPS)
    assert [store.reservations.reserve.sync(purchase(words_hash=words), CAPS).id == made.id for words in ("w", "v", None)] == [
        True,
        False,
        False,
    ]


def test_a_free_job_is_the_same_request_by_its_meaning_only(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase("0", words_hash="w", fingerprint="f"), CAPS)
    again = [store.reservations.reserve.sync(purchase(words_hash="w", fingerprint=meaning), CAPS).id == made.id for meaning in ("f", "g")]
    assert again == [True, False]


def test_a_request_id_is_in_conflict_only_where_words_and_meaning_both_differ(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(words_hash="w", fingerprint="f", request_id="r1"), CAPS)
    same = [{"words_hash": "w"}, {"fingerprint": "f"}, {"words_hash": "v", "fingerprint": "f"}]
    assert [store.reservations.reserve.sync(purchase(request_id="r1", **said), CAPS).id for said in same] == [made.id] * 3
    with pytest.raises(RequestIdConflict):
        store.reservations.reserve.sync(purchase(words_hash="v", request_id="r1"), CAPS)


def test_what_was_said_is_known_without_what_it_means(store: Store) -> None:
    made = [store.reservations.reserve.sync(purchase(words_hash="w", request_id=name), CAPS) for name in ("r1", None)]
    asked = [store.reservations.find.sync(Identity("local", name, "w")) for name in ("r1", None, "r2")]
    assert asked == [replace(made[0], deduplicated=True), replace(made[1], deduplicated=True), None]
    with pytest.raises(RequestIdConflict):
        store.reservations.find.sync(Identity("local", "r1", "v"))


def test_of_a_job_of_an_older_version_only_the_meaning_is_known(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(fingerprint="f", request_id="r1"), CAPS)
    assert store.reservations.find.sync(Identity("local", "r1", "w")) is None
    assert store.reservations.reserve.sync(purchase(words_hash="w", fingerprint="f", request_id="r1"), CAPS).id == made.id


def test_the_same_request_of_another_principal_is_another_job(store: Store) -> None:
    wish = purchase()
    made = [
        store.reservations.reserve.sync(replace(wish, identity=replace(wish.identity, principal=name)), CAPS) for name in ("ann", "bob")
    ]
    assert made[0].id != made[1].id


def test_a_request_that_ended_free_of_charge_can_be_repeated_at_once(store: Store) -> None:
    wish = purchase()
    store.reservations.reserve.sync(wish, CAPS)
    store.outcomes.refuse.sync(claimed(store), None, no("no"))
    assert store.reservations.reserve.sync(wish, CAPS).deduplicated is False


def test_a_request_that_ended_with_a_charge_is_still_the_same_request(store: Store) -> None:
    wish = purchase()
    made = store.reservations.reserve.sync(wish, CAPS)
    store.outcomes.refuse.sync(claimed(store), None, no("yes"))
    assert store.reservations.reserve.sync(wish, CAPS).id == made.id


def test_a_request_of_unclear_outcome_is_still_the_same_request(store: Store) -> None:
    wish = purchase()
    made = store.reservations.reserve.sync(wish, CAPS)
    store.outcomes.mark_unclear.sync(claimed(store), None, no("unknown"))
    assert store.reservations.reserve.sync(wish, CAPS).id == made.id


def test_a_known_request_comes_before_every_cap(store: Store) -> None:
    wish = purchase(request_id="r1")
    made = store.reservations.reserve.sync(wish, CAPS)
    assert store.reservations.reserve.sync(wish, replace(CAPS, per_video=usd("0"))).id == made.id


# A person's yes


def asked(store: Store, **changes: object) -> NeedsConfirmation:
    """What the store says to a wish that needs a yes."""
    with pytest.raises(NeedsConfirmation) as refused:
        store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True, **changes), CAPS)
    return refused.value


def test_a_request_that_needs_a_yes_writes_a_quote_and_holds_nothing(store: Store) -> None:
    needs = asked(store)
    assert needs.message == "muvi:sora-2 costs $1.00 for this, which the user must approve first, by 12:15 UTC."
    assert store.approvals.get.sync(needs.quote_id) == Approval(
        id=needs.quote_id,
        model="muvi:sora-2",
        size="1280x720",
        seconds=4,
        micros=usd("1.00"),
        prompt="A paper boat drifts down a rainy street",
        expires_at=NOON + 900,
        approved_at=None,
        used_by=None,
    )
    assert spent(store) == (0, 0)


def test_asking_again_asks_for_the_same_yes(store: Store) -> None:
    assert asked(store).quote_id == asked(store).quote_id


def test_one_yes_buys_one_video(store: Store, clock: Clock) -> None:
    quote_id = asked(store).quote_id
    assert store.approvals.approve.sync(quote_id).approved_at == NOON
    made = store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True, quote_id=quote_id.upper()), CAPS)
    assert store.approvals.get.sync(quote_id).used_by == made.id
    store.outcomes.refuse.sync(claimed(store), None, no("yes"))
    clock.at += 600
    again = asked(store, quote_id=quote_id)
    assert again.quote_id != quote_id
    assert again.message.startswith(f"Quote {quote_id} was used for {made.id} already. muvi:sora-2 costs")


def test_a_yes_is_found_without_its_name(store: Store) -> None:
    store.approvals.approve.sync(asked(store).quote_id)
    assert store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True), CAPS).state == "submitting"


def test_a_quote_without_a_yes_buys_nothing(store: Store) -> None:
    quote_id = asked(store).quote_id
    assert asked(store, quote_id=quote_id).quote_id == quote_id


def test_a_yes_ends_after_fifteen_minutes(store: Store, clock: Clock) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    clock.at += 900
    again = asked(store, quote_id=quote_id)
    assert again.message.startswith(f"Quote {quote_id} has expired. ")
    with pytest.raises(Refused, match="has expired"):
        store.approvals.approve.sync(quote_id)


@pytest.mark.parametrize("changes", [{"fingerprint": "g"}, {"price": "1.01"}])
def test_a_yes_is_for_these_arguments_and_this_price(store: Store, changes: dict[str, str]) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    with pytest.raises(NeedsConfirmation) as refused:
        store.reservations.reserve.sync(purchase(**({"fingerprint": "f"} | changes), confirm=True, quote_id=quote_id), CAPS)
    assert refused.value.message.startswith(f"Quote {quote_id} is for other arguments or another price. ")


def test_a_yes_belongs_to_its_principal(store: Store) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    assert asked(store, principal="eve", quote_id=quote_id).message.startswith(f"There is no quote '{quote_id}'. ")


def test_a_refused_purchase_uses_no_yes_up(store: Store) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    with pytest.raises(OverBudget):
        store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True), replace(CAPS, daily=usd("0.50")))
    assert store.approvals.get.sync(quote_id).used_by is None


TERMS = QuoteTerms("local", "any prompt", "muvi:sora-2", "1280x720", 4, usd("1.00"), uses=3)


def planned(store: Store, quote_id: str, **changes: Any) -> Job:
    """A clip of these terms, with a prompt of its own, bought with the quote of a plan."""
    wish = purchase(**({"terms_hash": "any prompt", "confirm": True, "quote_id": quote_id} | changes))
    return store.reservations.reserve.sync(wish, CAPS)


def test_a_quote_for_three_clips_buys_three_and_no_fourth(store: Store) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    assert store.approvals.request.sync(TERMS) == quote_id
    with pytest.raises(NeedsConfirmation, match="has not approved"):
        planned(store, quote_id)
    assert store.approvals.approve.sync(quote_id).total == usd("3")
    made = [planned(store, quote_id, prompt=prompt, request_id=prompt, fingerprint=prompt).id for prompt in ("a", "b", "c", "c")]
    assert len({*made}) == 3
    with pytest.raises(NeedsConfirmation, match=f"Quote {quote_id} was used for {made[2]} already"):
        planned(store, quote_id)
    assert spent(store) == (usd("3"), usd("3"))


@pytest.mark.parametrize("changes", [{"terms_hash": "others"}, {"price": "1.01"}, {"principal": "eve"}])
def test_a_quote_for_several_clips_is_for_these_terms_and_this_price(store: Store, changes: dict[str, str]) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    store.approvals.approve.sync(quote_id)
    with pytest.raises(NeedsConfirmation):
        planned(store, quote_id, **changes)
    assert store.approvals.get.sync(quote_id).uses == 3


def test_a_quote_for_several_clips_ends_after_an_hour(store: Store, clock: Clock) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    store.approvals.approve.sync(quote_id)
    clock.at += 3599
    planned(store, quote_id)
    clock.at += 1
    with pytest.raises(NeedsConfirmation, match="has expired"):
        planned(store, quote_id)


def test_clips_of_an_approved_plan_are_no_purchases_without_a_yes(store: Store) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    store.approvals.approve.sync(quote_id)
    for _ in range(3):
        planned(store, quote_id)
    assert not store.budgets.passes_unasked.sync(usd("1"), replace(CAPS, unasked=usd("1")))


def test_a_second_yes_changes_nothing(store: Store, clock: Clock) -> None:
    approval = store.approvals.approve.sync(asked(store).quote_id)
    clock.at += 60
    assert store.approvals.approve.sync(approval.id) == approval


def test_a_used_quote_takes_no_yes(store: Store) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True), CAPS)
    with pytest.raises(Refused, match="was used"):
        store.approvals.approve.sync(quote_id)


def test_an_unknown_quote_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="There is no quote 'q_x'"):
        store.approvals.approve.sync("q_x")


# Finding


def test_ids_are_short_and_hard_to_misread() -> None:
    name = new_id("v")
    assert len(name) == 12
    assert set(name[2:]) <= set(ALPHABET)
    assert canonical(" V_O1lIabcdEf ") == "v_0111abcdef"


def test_a_job_is_found_however_its_id_is_typed(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(), CAPS)
    typed = f" {made.id.upper().replace('0', 'O').replace('1', 'L')} "
    assert store.jobs.get.sync(typed, "local") == made


@each("job_id", ["v_0000000000", "", "v_\0", "v_\ud800", "%"])
def test_an_unknown_job_is_not_found(store: Store, job_id: str) -> None:
    with pytest.raises(NotFound):
        store.jobs.get.sync(job_id, None)


def test_a_job_of_somebody_else_is_not_found(store: Store) -> None:
    made = store.reservations.reserve.sync(purchase(principal="ann"), CAPS)
    with pytest.raises(NotFound):
        store.jobs.get.sync(made.id, "eve")
    assert store.jobs.get.sync(made.id, None) == made


def made_of(store: Store, clock: Clock, count: int, **changes: object) -> list[Job]:
    """So many free jobs, newest first; two of them at each moment."""
    jobs: list[Job] = []
    for number in range(count):
        clock.at = NOON + number // 2
        jobs.append(store.reservations.reserve.sync(purchase("0", **changes), CAPS))
    return sorted(jobs, key=lambda job: (job.created_at, job.id), reverse=True)


def test_pages_follow_each_other_without_gap_or_repeat(store: Store, clock: Clock) -> None:
    jobs = made_of(store, clock, 5)
    first = store.jobs.search.sync("local", limit=2)
    second = store.jobs.search.sync("local", limit=2, cursor=first.next_cursor)
    third = store.jobs.search.sync("local", limit=2, cursor=second.next_cursor)
    assert [*first.jobs, *second.jobs, *third.jobs] == jobs
    assert third.next_cursor is None


def test_a_page_holds_the_principals_own_jobs(store: Store, clock: Clock) -> None:
    mine, theirs = made_of(store, clock, 2, principal="ann"), made_of(store, clock, 1, principal="bob")
    assert store.jobs.search.sync("ann", limit=9) == Page(tuple(mine), None)
    assert sorted(job.id for job in store.jobs.search.sync(None, limit=9).jobs) == sorted(job.id for job in (*mine, *theirs))
    assert store.jobs.search.sync("bob", limit=9).jobs == tuple(theirs)


def test_free_clips_under_way_are_limited_for_each_principal(store: Store) -> None:
    for _ in range(2):
        store.reservations.reserve.sync(purchase("0", vendor="sample", most_live=2), CAPS)
    store.reservations.reserve.sync(purchase("0", vendor="other", most_live=2), CAPS)
    store.reservations.reserve.sync(purchase("0", vendor="sample", most_live=2, principal="ben"), CAPS)
    with pytest.raises(TooManyAtOnce, match="2 free clips are under way, as many as one may have at once") as refused:
        store.reservations.reserve.sync(purchase("0", vendor="sample", most_live=2), CAPS)
    assert (refused.value.its_code, refused.value.charged) == ("over_budget", "no")
    with pytest.raises(TooManyAtOnce):
        store.reservations.check.sync(purchase("0", vendor="sample", most_live=2), CAPS)
    (live, *_) = store.jobs.search.sync("local", limit=9).jobs
    store.reservations.cancel_unsent.sync(live)
    store.reservations.reserve.sync(purchase("0", vendor=live.vendor, most_live=2), CAPS)


def test_a_page_can_be_of_one_state(store: Store) -> None:
    done = store.outcomes.complete.sync(running(store), FILE)
    made = store.reservations.reserve.sync(purchase(), CAPS)
    assert store.jobs.search.sync("local", states=("submitting",), limit=9).jobs == (made,)
    assert store.jobs.search.sync("local", states=("completed",), limit=9).jobs == (done,)


@each(
    ("query", "found"),
    [
        ("boat", {"a Paper boat", "a boat of STRASSE"}),
        ("BOAT paper", {"a Paper boat"}),
        ("stra\u00dfe", {"a boat of STRASSE"}),
        ("100%", {"100% wool_"}),
        ("l_", {"100% wool_"}),
        ("%", {"100% wool_"}),
        ("nothing", set[str]()),
        ("  ", {"a Paper boat", "a boat of STRASSE", "100% wool_"}),
    ],
)
def test_a_query_means_every_word_somewhere_in_the_prompt(store: Store, query: str, found: set[str]) -> None:
    for prompt in ("a Paper boat", "a boat of STRASSE", "100% wool_"):
        store.reservations.reserve.sync(purchase("0", prompt=prompt), CAPS)
    assert {job.prompt for job in store.jobs.search.sync("local", query=query, limit=9).jobs} == found


@each("query", ["x" * 501, "a " * 11, "\u00fc" * 60_000, "%" * 60_000], ids=lambda query: query[:2])
def test_a_query_of_more_than_a_database_takes_is_refused(store: Store, query: str) -> None:
    with pytest.raises(BrokenRules) as refused:
        store.jobs.search.sync("local", query=query, limit=2)
    said = f"{len(query.split())} words of {len(query)} characters"
    assert refused.value.broken == (BrokenRule("query", said, "at most 10 words of 500 characters in all", "invalid_argument"),)


def test_a_query_that_takes_long_is_ended_and_the_next_reader_is_not(store: Store, database: Database) -> None:
    """Words that nearly match everywhere are the worst case of LIKE."""
    store.reservations.reserve.sync(purchase("0", prompt="a" * 4_000), CAPS)
    with database.writing() as conn:
        row = conn.execute(sa.select(jobs)).mappings().one()
        conn.execute(sa.insert(jobs), [{**row, "id": f"v_{number:010}", "version": number + 2} for number in range(4_000)])
    begun_at = time.monotonic()
    with pytest.raises(BrokenRules) as refused:
        store.jobs.search.sync("local", query="a" * 499 + "b", limit=2)
    assert (refused.value.broken[0].argument, time.monotonic() - begun_at < 60) == ("query", True)
    assert len(store.jobs.search.sync("local", query="aaa", limit=2).jobs) == 2


@each("query", ["%" * 500, "\U0001f3ac" * 500, "a " * 10], ids=lambda query: query[:2])
def test_a_query_of_as_much_as_is_taken_finds_what_it_says(store: Store, query: str) -> None:
    job = store.reservations.reserve.sync(purchase("0", prompt=f"of {query}"), CAPS)
    assert store.jobs.search.sync("local", query=query, limit=2).jobs == (job,)


def as_cursor(json: str) -> str:
    return base64.urlsafe_b64encode(json.encode()).decode().rstrip("=")


@each(
    "cursor",
    [
        *("x", "", "bm90aGluZw", "WzFd", "bnVsbA", "\u00e9", "W1sxXSwyXQ"),
        *map(as_cursor, (f'[1{"0" * 400}, "v_1"]', f'[1{"0" * 5_000}, "v_1"]', "[" * 60_000, '["1", "v_1"]', '{"1": 1, "2": 2}')),
        *map(as_cursor, ('[1, "\\ud800"]', '[1, "\\u0000"]', "[1, 2]", '[NaN, "v_1"]', '[-Infinity, "v_1"]', '[1e999, "v_1"]')),
    ],
    ids=lambda cursor: cursor[:24],
)
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BrokenRules) as refused:
        store.jobs.search.sync("local", limit=2, cursor=cursor)
    assert refused.value.broken == (BrokenRule("cursor", cursor[:80], "the next_cursor of an earlier answer", "invalid_argument"),)


# Changes


def test_every_change_that_a_client_can_see_has_the_next_version(store: Store) -> None:
    assert store.jobs.get_version.sync() == 0
    job = running(store)
    assert store.jobs.get_version.sync() == 2
    done = store.outcomes.settle.sync(job, DONE)
    assert done is not None
    other = store.reservations.reserve.sync(purchase(), CAPS)
    assert (done.version, other.version, store.jobs.get_version.sync()) == (3, 4, 4)
    assert store.jobs.get_changed.sync(0) == (done, other)
    assert store.jobs.get_changed.sync(3) == (other,)
    assert store.jobs.get_changed.sync(4) == ()


def test_alive_counts_what_the_worker_has_to_finish(store: Store) -> None:
    store.outcomes.complete.sync(running(store), FILE)
    store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
    store.reservations.reserve.sync(purchase(), CAPS)
    begun(store)
    assert store.jobs.count_live.sync() == 2


def test_a_job_that_was_just_asked_for_knows_what_is_left_of_the_day(store: Store) -> None:
    wish = purchase("1.20")
    made = store.reservations.reserve.sync(wish, CAPS)
    assert (made.day_left, store.jobs.get.sync(made.id, None).day_left) == (usd("8.80"), None)
    assert store.reservations.reserve.sync(purchase("0"), CAPS).day_left == usd("8.80")
    assert store.reservations.reserve.sync(purchase("0.30"), CAPS).day_left == store.budgets.get.sync(CAPS).day_left == usd("8.50")
    assert store.reservations.reserve.sync(wish, CAPS).day_left == usd("8.50")


def test_a_new_job_takes_as_long_as_the_median_of_the_last_twenty_of_its_model(store: Store, clock: Clock) -> None:
    for number in range(1, 23):
        clock.at = NOON + number * 1000
        job = running(store, "0.10")
        clock.at += 500 if number < 3 else number
        store.outcomes.complete.sync(job, FILE)
        if number == 2:
            assert store.reservations.reserve.sync(purchase(), CAPS).expected_s == 180
            clock.at += DAY_S
        clock.at += 1
    assert store.reservations.reserve.sync(purchase("0"), CAPS).expected_s == 12
    assert store.reservations.reserve.sync(purchase("0", model="sora-2-pro"), CAPS).expected_s == 180


# Calling back


def test_an_unsent_job_is_cancelled_free_of_charge(store: Store, database: Database) -> None:
    made = store.reservations.reserve.sync(purchase(), CAPS)
    gone = store.reservations.cancel_unsent.sync(made)
    assert gone == replace(made, state="cancelled", charged="no", finished_at=NOON, version=2)
    assert spent(store) == (0, 0)
    assert store.leases.claim.sync("me", limit=9, lease_s=60) == ()
    with database.reading() as conn:
        assert conn.execute(sa.text("SELECT call FROM jobs")).scalar_one() is None


def test_a_job_that_is_being_sent_is_not_cancelled(store: Store) -> None:
    job = begun(store)
    assert store.reservations.cancel_unsent.sync(job) is None
    assert store.jobs.get.sync(job.id, None).state == "submitting"


def test_a_cancelled_job_is_not_begun(store: Store) -> None:
    store.reservations.reserve.sync(purchase(), CAPS)
    job = claimed(store)
    assert store.reservations.cancel_unsent.sync(job) is not None
    assert store.leases.begin_submit.sync(job, "t", lease_s=60) is False
