"""The service's side of the store: one request is one job, found again, paged through, agreed to by a person."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from sora_mcp.domain import Image, Job
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, NeedsConfirmation, NotFound, OverBudget, Refused, RequestIdConflict, TooManyAtOnce
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.ids import ALPHABET, canonical, new_id
from sora_mcp.store.records import Approval, Identity, Page, QuoteTerms
from sora_mcp.store.schema import jobs
from tests.each import each

from .stored import CALL, CAPS, DAY_S, DONE, FILE, NOON, Clock, begun, claimed, no, purchase, reserve, running, spent


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
    _, before = store.jobs.look.sync(None)
    made = reserve(store)
    assert [
        job.call
        for job in (made, store.jobs.get.sync(made.id, None), *store.jobs.look.sync(before)[0], *store.jobs.search.sync(None, limit=5).jobs)
    ] == [None] * 4


def test_a_free_video_holds_nothing(store: Store) -> None:
    assert reserve(store, "0").charged == "no"
    assert spent(store) == (0, 0)


def test_text_that_a_database_cannot_hold_is_stored_without_those_characters(store: Store) -> None:
    made = reserve(store, prompt="a\0b\ud800c", principal="p\0")
    assert store.jobs.get.sync(made.id, "p\0").prompt == "a\ufffdb?c"


# One request, one job


def test_the_same_request_id_is_the_same_job_for_ever_and_before_every_cap(store: Store, clock: Clock) -> None:
    asked_for = purchase(request_id="r1")
    made = store.reservations.reserve.sync(asked_for, CAPS)
    clock.at += 40 * DAY_S
    for caps in (CAPS, replace(CAPS, per_video=usd("0"))):
        assert store.reservations.reserve.sync(asked_for, caps) == replace(made, deduplicated=True)


def test_a_request_and_its_id_belong_to_their_principal(store: Store) -> None:
    for same in ({"request_id": "r1", "fingerprint": "e"}, {"fingerprint": "f"}):
        assert [reserve(store, principal=name, **same).deduplicated for name in ("ann", "bob", "ann")] == [False, False, True], same


def test_the_same_request_within_ten_minutes_is_the_same_job(store: Store, clock: Clock) -> None:
    made = reserve(store, fingerprint="f")
    done = store.outcomes.refuse.sync(claimed(store), None, no("yes"))
    clock.at += 599
    assert reserve(store, fingerprint="f") == replace(done, deduplicated=True)
    clock.at += 1
    assert reserve(store, fingerprint="f").id != made.id


def test_a_request_that_ended_free_of_charge_can_be_repeated_at_once(store: Store) -> None:
    reserve(store, fingerprint="f")
    store.outcomes.refuse.sync(claimed(store), None, no("no"))
    assert reserve(store, fingerprint="f").deduplicated is False


def test_the_same_request_is_the_same_job_while_nobody_knows_its_end(store: Store, clock: Clock) -> None:
    for unclear in (False, True):
        job = reserve(store, fingerprint="f")
        if unclear:
            store.outcomes.mark_unclear.sync(claimed(store), None, no("unknown"))
        clock.at += 40 * DAY_S
        varied = reserve(store, "0", fingerprint="varied")
        assert (reserve(store, fingerprint="f").id, varied.id == job.id) == (job.id, False), unclear
        store.outcomes.refuse.sync(store.jobs.get.sync(job.id, None), None, no("yes"))
        store.reservations.cancel_unsent.sync(varied)
        clock.at += 1
        assert reserve(store, fingerprint="f").deduplicated is False, unclear
        clock.at += 40 * DAY_S
        store.outcomes.refuse.sync(claimed(store), None, no("yes"))


def test_a_request_is_known_by_its_words_where_it_costs_money_and_by_its_meaning(store: Store) -> None:
    paid, free = reserve(store, words_hash="w"), reserve(store, "0", words_hash="x", fingerprint="f")
    assert [reserve(store, words_hash=words).id == paid.id for words in ("w", "v", None)] == [True, False, False]
    assert [reserve(store, words_hash="x", fingerprint=meaning).id == free.id for meaning in ("f", "g")] == [True, False]


def test_a_request_id_is_in_conflict_only_where_words_and_meaning_both_differ(store: Store) -> None:
    made = reserve(store, words_hash="w", fingerprint="f", request_id="r1")
    same = [{"words_hash": "w"}, {"fingerprint": "f"}, {"words_hash": "v", "fingerprint": "f"}]
    assert [reserve(store, request_id="r1", **said).id for said in same] == [made.id] * 3
    for words in ("v", None):
        with pytest.raises(RequestIdConflict) as refused:
            reserve(store, words_hash=words, request_id="r1")
        assert refused.value.job_id == made.id, words


def test_what_was_said_is_known_without_what_it_means(store: Store) -> None:
    made = [reserve(store, words_hash="w", request_id=name) for name in ("r1", None)]
    asked = [store.reservations.find.sync(Identity("local", name, "w")) for name in ("r1", None, "r2")]
    assert asked == [replace(made[0], deduplicated=True), replace(made[1], deduplicated=True), None]
    with pytest.raises(RequestIdConflict):
        store.reservations.find.sync(Identity("local", "r1", "v"))


def test_of_a_job_of_an_older_version_only_the_meaning_is_known(store: Store) -> None:
    made = reserve(store, fingerprint="f", request_id="r1")
    assert store.reservations.find.sync(Identity("local", "r1", "w")) is None
    assert reserve(store, words_hash="w", fingerprint="f", request_id="r1").id == made.id
    with pytest.raises(RequestIdConflict):
        reserve(store, request_id="r1")


# A person's yes


def asked(store: Store, price: str = "1.00", **changes: Any) -> NeedsConfirmation:
    """What the store says to a request that needs a yes."""
    with pytest.raises(NeedsConfirmation) as refused:
        reserve(store, price, **({"fingerprint": "f", "confirm": True} | changes))
    return refused.value


def test_a_request_that_needs_a_yes_asks_for_the_same_one_again_and_holds_nothing(store: Store) -> None:
    needs = asked(store)
    assert needs.message == "muvi:sora-2 costs $1.00, so the user must approve it first, within 15 min."
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
        principal="local",
    )
    assert (asked(store).quote_id, asked(store, quote_id=needs.quote_id).quote_id) == (needs.quote_id, needs.quote_id)
    assert spent(store) == (0, 0)


def test_one_yes_buys_one_video(store: Store, clock: Clock) -> None:
    quote_id = asked(store).quote_id
    approval = store.approvals.approve.sync(quote_id)
    assert approval.approved_at == NOON
    clock.at += 60
    assert store.approvals.approve.sync(quote_id) == approval, "a second yes changes nothing"
    made = reserve(store, fingerprint="f", confirm=True, quote_id=quote_id.upper())
    assert store.approvals.get.sync(quote_id).used_by == made.id
    with pytest.raises(Refused, match="was used"):
        store.approvals.approve.sync(quote_id)
    store.outcomes.refuse.sync(claimed(store), None, no("yes"))
    clock.at += 600
    again = asked(store, quote_id=quote_id)
    assert again.quote_id != quote_id
    assert again.message.startswith(f"Quote {quote_id} was used for {made.id} already. muvi:sora-2 costs")


def test_a_yes_is_found_without_its_name_and_no_refused_purchase_uses_it_up(store: Store) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    with pytest.raises(OverBudget):
        reserve(store, fingerprint="f", confirm=True, caps=replace(CAPS, daily=usd("0.50")))
    assert store.approvals.get.sync(quote_id).used_by is None
    assert reserve(store, fingerprint="f", confirm=True).state == "submitting"


def test_a_yes_ends_after_fifteen_minutes(store: Store, clock: Clock) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    clock.at += 900
    again = asked(store, quote_id=quote_id)
    assert again.message.startswith(f"Quote {quote_id} has expired. ")
    with pytest.raises(Refused, match="has expired"):
        store.approvals.approve.sync(quote_id)


def test_a_yes_is_for_these_arguments_this_price_and_this_principal(store: Store) -> None:
    quote_id = asked(store).quote_id
    store.approvals.approve.sync(quote_id)
    for changes in ({"fingerprint": "g"}, {"price": "1.01"}):
        said = asked(store, quote_id=quote_id, **changes).message
        assert said.startswith(f"Quote {quote_id} is for other arguments or another price. "), changes
    assert asked(store, principal="eve", quote_id=quote_id).message.startswith(f"There is no quote '{quote_id}'. ")
    with pytest.raises(NotFound, match="There is no quote 'q_x'"):
        store.approvals.approve.sync("q_x")


TERMS = QuoteTerms("local", "any prompt", "muvi:sora-2", "1280x720", 4, usd("1.00"), uses=3)


def planned(store: Store, quote_id: str, price: str = "1.00", **changes: Any) -> Job:
    """A clip of these terms, with a prompt of its own, bought with the quote of a plan."""
    return reserve(store, price, **({"terms": ("any prompt",), "confirm": True, "quote_id": quote_id} | changes))


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
    assert not store.budgets.check.sync(usd("1"), replace(CAPS, unasked=usd("1"))).passes_unasked, "each was approved"


def test_a_quote_waits_for_exactly_its_terms_until_it_is_used_or_has_expired(store: Store, clock: Clock) -> None:
    assert store.approvals.find_waiting.sync(TERMS) is None
    quote_id = store.approvals.request.sync(TERMS)
    assert store.approvals.find_waiting.sync(TERMS) == quote_id
    others = (replace(TERMS, principal="ben"), replace(TERMS, fingerprint="o"), replace(TERMS, micros=usd("2")), replace(TERMS, uses=2))
    assert [store.approvals.find_waiting.sync(other) for other in others] == [None] * 4
    store.approvals.approve.sync(quote_id)
    for prompt in ("a", "b", "c"):
        planned(store, quote_id, prompt=prompt, request_id=prompt, fingerprint=prompt)
    assert store.approvals.find_waiting.sync(TERMS) is None
    later = store.approvals.request.sync(TERMS)
    clock.at += 3600
    assert (later != quote_id, store.approvals.find_waiting.sync(TERMS)) == (True, None)


def test_a_quote_for_several_clips_is_for_these_terms_and_this_price(store: Store) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    store.approvals.approve.sync(quote_id)
    for changes in ({"terms": ("others",)}, {"price": "1.01"}, {"principal": "eve"}):
        with pytest.raises(NeedsConfirmation):
            planned(store, quote_id, **changes)
        assert store.approvals.get.sync(quote_id).uses == 3, changes


def test_a_quote_for_several_clips_ends_after_an_hour(store: Store, clock: Clock) -> None:
    quote_id = store.approvals.request.sync(TERMS)
    store.approvals.approve.sync(quote_id)
    clock.at += 3599
    planned(store, quote_id)
    clock.at += 1
    with pytest.raises(NeedsConfirmation, match="has expired"):
        planned(store, quote_id)


# Finding


def test_ids_are_short_and_hard_to_misread() -> None:
    name = new_id("v")
    assert len(name) == 12
    assert set(name[2:]) <= set(ALPHABET)
    assert canonical(" V_O1lIabcdEf ") == "v_0111abcdef"


def test_a_job_is_found_however_its_id_is_typed_and_only_by_its_principal(store: Store) -> None:
    made = reserve(store, principal="ann")
    typed = f" {made.id.upper().replace('0', 'O').replace('1', 'L')} "
    assert (store.jobs.get.sync(typed, "ann"), store.jobs.get.sync(made.id, None)) == (made, made)
    with pytest.raises(NotFound):
        store.jobs.get.sync(made.id, "eve")
    for unknown in ("v_0000000000", "", "v_\0", "v_\ud800", "%"):
        with pytest.raises(NotFound):
            store.jobs.get.sync(unknown, None)


def made_of(store: Store, clock: Clock, count: int, **changes: object) -> list[Job]:
    """So many free jobs, newest first; two of them at each moment."""
    jobs: list[Job] = []
    for number in range(count):
        clock.at = NOON + number // 2
        jobs.append(reserve(store, "0", **changes))
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
        reserve(store, "0", vendor="sample", most_live=2)
    reserve(store, "0", vendor="other", most_live=2)
    reserve(store, "0", vendor="sample", most_live=2, principal="ben")
    with pytest.raises(TooManyAtOnce, match="2 free clips are under way, as many as one may have at once") as refused:
        reserve(store, "0", vendor="sample", most_live=2)
    assert (refused.value.its_code, refused.value.charged) == ("over_budget", "no")
    with pytest.raises(TooManyAtOnce):
        store.reservations.check.sync(purchase("0", vendor="sample", most_live=2), CAPS)
    (live, *_) = store.jobs.search.sync("local", limit=9).jobs
    store.reservations.cancel_unsent.sync(live)
    reserve(store, "0", vendor=live.vendor, most_live=2)


def test_a_page_can_be_of_one_state(store: Store) -> None:
    done = store.outcomes.complete.sync(running(store), FILE)
    made = reserve(store)
    assert store.jobs.search.sync("local", states=("submitting",), limit=9).jobs == (made,)
    assert store.jobs.search.sync("local", states=("completed",), limit=9).jobs == (done,)


BOAT, STREET, WOOL = "a Paper boat", "a boat of STRASSE", "100% wool_"
QUERIES: dict[str, set[str]] = {
    "boat": {BOAT, STREET},
    "BOAT paper": {BOAT},
    "stra\u00dfe": {STREET},
    "100%": {WOOL},
    "l_": {WOOL},
    "%": {WOOL},
    "nothing": set(),
    "  ": {BOAT, STREET, WOOL},
}


def test_a_query_means_every_word_somewhere_in_the_prompt(store: Store) -> None:
    for prompt in (BOAT, STREET, WOOL):
        reserve(store, "0", prompt=prompt)
    assert {query: {job.prompt for job in store.jobs.search.sync("local", query=query, limit=9).jobs} for query in QUERIES} == QUERIES


@each("query", ["x" * 501, "a " * 11, "\u00fc" * 60_000, "%" * 60_000], ids=lambda query: query[:2])
def test_a_query_of_more_than_a_database_takes_is_refused(store: Store, query: str) -> None:
    with pytest.raises(BrokenRules) as refused:
        store.jobs.search.sync("local", query=query, limit=2)
    said = f"{len(query.split())} words of {len(query)} characters"
    assert refused.value.broken == (BrokenRule("query", said, "at most 10 words of 500 characters in all", "invalid_argument"),)


@pytest.mark.slow
def test_a_query_that_takes_long_is_ended_and_the_next_reader_is_not(store: Store, database: Database) -> None:
    """Words that nearly match everywhere are the worst case of LIKE."""
    reserve(store, "0", prompt="a" * 4_000)
    with database.writing() as conn:
        row = conn.execute(sa.select(jobs)).mappings().one()
        conn.execute(sa.insert(jobs), [{**row, "id": f"v_{number:010}", "version": number + 2} for number in range(4_000)])
    with pytest.raises(BrokenRules) as refused:
        store.jobs.search.sync("local", query="a" * 499 + "b", limit=2)
    assert refused.value.broken[0].argument == "query"
    assert len(store.jobs.search.sync("local", query="aaa", limit=2).jobs) == 2


@each("query", ["%" * 500, "\U0001f3ac" * 500, "a " * 10], ids=lambda query: query[:2])
def test_a_query_of_as_much_as_is_taken_finds_what_it_says(store: Store, query: str) -> None:
    job = reserve(store, "0", prompt=f"of {query}")
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
    _, first = store.jobs.look.sync(None)
    job = running(store)
    assert store.jobs.get_version.sync() == 2
    done = store.outcomes.settle.sync(job, DONE)
    assert done is not None
    changed, then = store.jobs.look.sync(first)
    other = reserve(store)
    assert (done.version, other.version, store.jobs.get_version.sync()) == (3, 4, 4)
    assert changed == (done,)
    changed, last = store.jobs.look.sync(then)
    assert changed == (other,)
    assert store.jobs.look.sync(last)[0] == ()


def test_the_first_cancellation_that_was_asked_for_is_kept(store: Store, clock: Clock) -> None:
    job, first = running(store), clock.at
    store.outcomes.note_cancel.sync(job)
    clock.at += 60
    store.outcomes.note_cancel.sync(job)
    assert store.jobs.get.sync(job.id, "local").cancel_asked_at == first


def test_alive_counts_what_the_worker_has_to_finish(store: Store) -> None:
    store.outcomes.complete.sync(running(store), FILE)
    store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
    reserve(store)
    begun(store)
    assert store.jobs.count_live.sync() == 2


def test_a_job_that_was_just_asked_for_knows_what_is_left_of_the_day(store: Store) -> None:
    wish = purchase("1.20")
    made = store.reservations.reserve.sync(wish, CAPS)
    assert (made.day_left, store.jobs.get.sync(made.id, None).day_left) == (usd("8.80"), None)
    assert reserve(store, "0").day_left == usd("8.80")
    assert reserve(store, "0.30").day_left == store.budgets.get.sync(CAPS).day_left == usd("8.50")
    assert store.reservations.reserve.sync(wish, CAPS).day_left == usd("8.50")


def test_a_new_job_takes_as_long_as_the_median_of_the_last_twenty_of_its_model(store: Store, clock: Clock) -> None:
    for number in range(1, 23):
        clock.at = NOON + number * 1000
        job = running(store, "0.10")
        clock.at += 500 if number < 3 else number
        store.outcomes.complete.sync(job, FILE)
        if number == 2:
            assert reserve(store).expected_s == 180
            clock.at += DAY_S
        clock.at += 1
    assert reserve(store, "0").expected_s == 12
    assert reserve(store, "0", model="sora-2-pro").expected_s == 180


# Calling back


def test_an_unsent_job_is_cancelled_free_of_charge(store: Store, database: Database) -> None:
    made = reserve(store)
    gone = store.reservations.cancel_unsent.sync(made)
    assert gone == replace(made, state="cancelled", charged="no", finished_at=NOON, cancel_asked_at=NOON, version=2)
    assert spent(store) == (0, 0)
    assert store.leases.claim.sync("me", limit=9, lease_s=60) == ()
    with database.reading() as conn:
        assert conn.execute(sa.text("SELECT call FROM jobs")).scalar_one() is None


def test_a_job_that_is_being_sent_is_not_cancelled(store: Store) -> None:
    job = begun(store)
    assert store.reservations.cancel_unsent.sync(job) is None
    assert store.jobs.get.sync(job.id, None).state == "submitting"


def test_a_cancelled_job_is_not_begun(store: Store) -> None:
    reserve(store)
    job = claimed(store)
    assert store.reservations.cancel_unsent.sync(job) is not None
    assert store.leases.begin_submit.sync(job, "t", lease_s=60) is False


def test_a_quote_that_is_not_for_a_purchase_is_refused_where_no_yes_is_needed(store: Store, clock: Clock) -> None:
    for named, says in (("q_0000000000", "There is no quote 'q_0000000000'."), (asked(store).quote_id, "is for other arguments")):
        with pytest.raises(BrokenRules, match=says) as caught:
            reserve(store, "0.50", fingerprint="other", quote_id=named)
        assert [(fix.argument, fix.value, fix.micros) for fix in caught.value.fixes] == [("quote", None, usd("0.50"))]
    assert reserve(store, "0.50", fingerprint="other").charged == "held"


def test_a_quote_for_exactly_this_is_no_hindrance_where_no_yes_is_needed_any_more(store: Store, clock: Clock) -> None:
    quote_id = asked(store).quote_id
    assert reserve(store, fingerprint="f", quote_id=quote_id).charged == "held"
