"""The worker's side of the store: one process works on a job, one call is sent, and no outcome is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sora_mcp.domain import Call, Done, Failed, Job, JobError
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database

from .stored import ASK, CALL, DONE, FILE, MEDIA, NOON, PENDING, Clock, begun, claimed, moves, no, reserve, running, sending

GONE = -1.0
"""A lease that has run out already."""


def row(database: Database, job: Job) -> dict[str, object]:
    """What the worker sees of a job: when it is due, and whose it is."""
    with database.reading() as conn:
        found = conn.execute(sa.text("SELECT due_at IS NOT NULL AS due, lease_owner AS owner FROM jobs WHERE id = :id"), {"id": job.id})
        return {"due": bool((only := found.one()).due), "owner": only.owner}


def orphans(database: Database) -> list[tuple[str, str, str]]:
    """Vendors' ids that belong to no row."""
    with database.reading() as conn:
        return [
            (r.vendor, r.vendor_id, r.job_id)
            for r in conn.execute(sa.text("SELECT vendor, vendor_id, job_id FROM orphans ORDER BY vendor_id"))
        ]


# Claims


def test_claims_take_what_is_due_longest_and_no_more_than_asked(store: Store) -> None:
    jobs = [reserve(store) for _ in range(3)]
    first = store.leases.claim.sync("a", limit=2, lease_s=60)
    assert [job.id for job in first] == [job.id for job in jobs[:2]]
    assert [job.id for job in store.leases.claim.sync("b", limit=2, lease_s=60)] == [jobs[2].id]
    assert store.leases.claim.sync("b", limit=0, lease_s=60) == ()


def test_downloads_are_claimed_by_a_number_of_their_own_and_count_only_where_there_is_room(store: Store) -> None:
    first, second = [running(store) for _ in range(2)]
    for job in (first, second):
        assert store.outcomes.settle.sync(job, DONE) is not None
    other = reserve(store)
    assert store.leases.has_waiting_download.sync()
    assert [job.id for job in store.leases.claim.sync("a", limit=9, lease_s=60, downloads=1)] == [first.id, other.id]
    assert (store.leases.has_waiting_download.sync(), store.leases.get_next_due_s.sync()) == (True, 0.0)
    assert (store.leases.get_next_due_s.sync(with_downloads=False) or 0.0) > 50
    assert [job.id for job in store.leases.claim.sync("a", limit=0, lease_s=60, downloads=9)] == [second.id]
    assert not store.leases.has_waiting_download.sync()


def test_a_lease_is_its_owners_until_it_runs_out(store: Store) -> None:
    reserve(store)
    assert claimed(store, "a").fence == 1
    assert store.leases.claim.sync("b", limit=9, lease_s=60) == ()
    reserve(store)
    job = claimed(store, "a", GONE)
    store.leases.renew.sync("b", [job.id], lease_s=60)  # nobody renews a lease of another
    job = claimed(store, "b", GONE)
    assert job.fence == 2
    store.leases.renew.sync("b", [job.id], lease_s=60)
    assert store.leases.claim.sync("a", limit=9, lease_s=60) == ()


def test_the_next_due_moment_counts_leases_and_comes_at_once_for_a_job_that_is_hurried(store: Store) -> None:
    assert store.leases.get_next_due_s.sync() is None
    reserve(store)
    assert store.leases.get_next_due_s.sync() == 0.0
    job = claimed(store, lease_s=100)
    assert 50 < (store.leases.get_next_due_s.sync() or 0.0) <= 100
    store.outcomes.step.sync(job, due_s=3000)
    assert 2900 < (store.leases.get_next_due_s.sync() or 0.0) <= 3000
    store.leases.make_due.sync(job)
    assert store.leases.get_next_due_s.sync() == 0.0
    assert claimed(store).id == job.id


def test_hurry_takes_no_job_from_its_worker_and_wakes_no_dead_one(store: Store, database: Database) -> None:
    job = running(store)
    store.leases.make_due.sync(job)
    assert store.leases.claim.sync("b", limit=9, lease_s=60) == ()
    done = store.outcomes.complete.sync(job, FILE)
    assert done is not None
    store.leases.make_due.sync(done)
    assert row(database, done) == {"due": False, "owner": None}


def test_a_clock_that_was_set_back_freezes_nothing(store: Store, database: Database) -> None:
    reserve(store)
    job = claimed(store, "a", lease_s=3 * 3600)
    assert store.leases.get_next_due_s.sync() == 0.0
    again = claimed(store, "b")
    assert (again.id, again.fence) == (job.id, 2)
    assert store.outcomes.step.sync(again, due_s=3 * 3600) is not None
    assert store.leases.get_next_due_s.sync() == 0.0
    assert claimed(store, "c", lease_s=60).fence == 3
    assert store.leases.claim.sync("d", limit=9, lease_s=60) == ()


def test_an_unclear_submit_holds_up_its_model_for_minutes_whatever_the_clock_does(store: Store, clock: Clock) -> None:
    store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
    reserve(store)
    job = claimed(store)
    for back_s, waits in ((0, True), (5, True), (61, False), (86_400, False)):
        clock.at = NOON - back_s
        assert (store.leases.get_blocked_until.sync(job, 60) is not None) is waits, back_s
    assert store.leases.begin_submit.sync(job, "u", lease_s=60, alone_s=60)
    clock.at = NOON
    reserve(store)
    other = claimed(store)
    assert not store.leases.begin_submit.sync(other, "u", lease_s=60, alone_s=60)
    assert store.jobs.get.sync(other.id, None).state == "submitting", "it waits"


def test_who_signs_off_frees_its_jobs(store: Store) -> None:
    reserve(store)
    store.leases.sign_on.sync("a")
    claimed(store, "a")
    store.leases.sign_off.sync("a")
    assert len(store.leases.claim.sync("b", limit=9, lease_s=60)) == 1


# Beginning


def test_the_token_is_written_before_anything_is_sent_and_never_again(store: Store, database: Database) -> None:
    job = begun(store)
    assert store.jobs.get.sync(job.id, None) == replace(job, call=None, submit_token="t", submitted_at=NOON)
    assert sending(database) == 1
    assert store.leases.begin_submit.sync(job, "u", lease_s=60) is False
    assert store.jobs.get.sync(job.id, None).submit_token == "t"


def test_who_lost_the_job_to_another_begins_nothing(store: Store) -> None:
    reserve(store)
    stale = claimed(store, "a", GONE)
    mine = claimed(store, "b")
    assert store.leases.begin_submit.sync(stale, "t", lease_s=60) is False
    assert store.leases.begin_submit.sync(mine, "u", lease_s=60) is True


def test_a_vendor_gets_so_many_submits_at_once_and_the_rest_wait(store: Store, database: Database) -> None:
    for _ in range(4):
        begun(store)
    reserve(store)
    fifth = claimed(store)
    assert store.leases.begin_submit.sync(fifth, "t", lease_s=60) is False
    assert row(database, fifth) == {"due": True, "owner": None}
    assert store.jobs.get.sync(fifth.id, None).submit_token is None
    store.reservations.cancel_unsent.sync(fifth)
    begun(store, vendor="fal", model="kling")
    reserve(store, vendor="fal")
    assert store.leases.begin_submit.sync(claimed(store), "t", lease_s=60) is True, "every vendor has its own room"
    assert [sending(database, name) for name in ("muvi", "fal", "nobody")] == [4, 2, 0]


def test_a_submit_whose_sender_died_or_whose_clock_was_set_back_leaves_room(store: Store, database: Database) -> None:
    for lease_s in (GONE, 3 * 3600):
        reserve(store)
        job = claimed(store)
        assert store.leases.begin_submit.sync(job, "t", lease_s=lease_s), lease_s
        assert sending(database) == 0, lease_s
        store.outcomes.refuse.sync(job, "t", no("no"))


def test_a_model_that_was_paused_meanwhile_is_not_bought_any_more(store: Store, database: Database) -> None:
    waiting, dear = reserve(store), reserve(store)
    late, early = store.leases.claim.sync("me", limit=9, lease_s=60)
    assert store.leases.begin_submit.sync(early, "t", lease_s=60)
    store.outcomes.bind_done.sync(early, "t", replace(DONE, micros=usd("2")), "abc")
    assert store.leases.begin_submit.sync(late, "u", lease_s=60) is False
    ended = store.jobs.get.sync(waiting.id, None)
    said = f"muvi:sora-2 is paused: it cost $2.00 where $1.00 was quoted ({dear.id})."
    why = f"{said} Only the user can go on with it: `sora-mcp resume muvi:sora-2` in a terminal."
    assert (ended.state, ended.charged, ended.error) == ("failed", "no", JobError("price_unknown", why, "no"))
    assert (ended.submit_token, moves(database, ended)) == (None, {"hold": usd("1"), "release": usd("1")})
    assert row(database, ended) == {"due": False, "owner": None}
    store.paused_models.resume.sync("muvi:sora-2")
    reserve(store)
    assert store.leases.begin_submit.sync(
        next(job for job in store.leases.claim.sync("me", limit=9, lease_s=60) if job.state == "submitting"), "v", lease_s=60
    )


@pytest.mark.parametrize("again", [False, True], ids=["never sent", "put back"])
def test_a_request_that_waited_for_more_than_an_hour_is_not_sent_any_more(
    again: bool, store: Store, database: Database, clock: Clock
) -> None:
    for age_s, goes in ((-86_400, True), (3600, True), (3601, False), (7 * 86_400, False)):
        live = store.jobs.count_live.sync()
        if again:
            store.outcomes.requeue.sync(begun(store), "t", due_s=0)
        else:
            reserve(store)
        clock.at += age_s
        job = claimed(store)
        assert store.leases.begin_submit.sync(job, "u", lease_s=60) is goes, age_s
        if not goes:
            ended = store.jobs.get.sync(job.id, None)
            why = "Not sent within an hour, so it is not sent any more; nothing was charged. Ask for it again."
            assert (ended.state, ended.charged, ended.error) == ("failed", "no", JobError("vendor_unavailable", why, "no")), age_s
            assert (ended.submit_token, moves(database, ended)) == (None, {"hold": usd("1"), "release": usd("1")}), age_s
            assert (row(database, ended), store.jobs.count_live.sync()) == ({"due": False, "owner": None}, live), age_s


# Outcomes of the submit


def sent(job: Job) -> Job:
    """As it looks from outside, with its call on the way."""
    return replace(job, call=None, submit_token="t", submitted_at=NOON)


def test_a_bound_job_is_followed_under_the_vendors_id(store: Store, database: Database) -> None:
    job = begun(store)
    bound = store.outcomes.bind.sync(job, "t", PENDING, due_s=0)
    assert bound == replace(sent(job), state="running", vendor_id="abc", said="processing", progress=0.4, next=ASK, fence=2, version=2)
    assert row(database, bound) == {"due": True, "owner": None}
    assert sending(database) == 0
    assert claimed(store) == replace(bound, fence=3)


def test_an_answer_counts_although_the_lease_went_to_another(store: Store) -> None:
    job = begun(store)
    store.leases.renew.sync("me", [job.id], lease_s=GONE)
    other = claimed(store, "b")
    assert store.outcomes.bind.sync(job, "t", PENDING, due_s=0).vendor_id == "abc"
    assert store.outcomes.step.sync(other, due_s=0) is None


def test_an_answer_counts_although_the_job_was_called_unknown_and_once(store: Store, database: Database) -> None:
    job = begun(store)
    store.outcomes.mark_unclear.sync(job, "t", no("unknown"))
    bound = store.outcomes.bind.sync(job, "t", PENDING, due_s=0)
    assert (bound.state, bound.charged, bound.error, bound.vendor_id) == ("running", "held", None, "abc")
    assert store.outcomes.bind.sync(job, "t", PENDING, due_s=0) == bound
    assert orphans(database) == []


def test_a_second_id_for_the_same_job_is_an_orphan(store: Store, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    job = begun(store)
    bound = store.outcomes.bind.sync(job, "t", PENDING, due_s=0)
    for _ in range(2):
        assert store.outcomes.bind.sync(job, "t", replace(PENDING, id="xyz"), due_s=0) == bound
    assert orphans(database) == [("muvi", "xyz", job.id)]
    assert caplog.messages == [f"muvi took {job.id} a second time, as 'xyz': look at that vendor's own list"]


def test_one_vendors_id_belongs_to_one_job(store: Store, database: Database) -> None:
    for vendor in ("muvi", "fal"):  # two may use the same id
        store.outcomes.bind.sync(begun(store, vendor=vendor), "t", PENDING, due_s=100)
    assert orphans(database) == []
    job = begun(store)
    assert store.outcomes.bind.sync(job, "t", PENDING, due_s=0).vendor_id is None
    assert store.outcomes.bind_done.sync(job, "t", DONE, "abc").media is None
    assert store.outcomes.bind_failed.sync(job, "t", Failed("vendor_rejected", "failed", id="abc"), no("no")).state == "submitting"
    assert orphans(database) == [("muvi", "abc", job.id)]


def test_an_answer_to_another_token_or_after_a_persons_word_is_an_orphan(store: Store, database: Database) -> None:
    job = begun(store)
    assert store.outcomes.bind.sync(job, "another", PENDING, due_s=0).vendor_id is None
    other = begun(store)
    ended = store.outcomes.end.sync(store.outcomes.mark_unclear.sync(other, "t", no("unknown")), "failed", no("no"))
    assert store.outcomes.bind.sync(other, "t", replace(PENDING, id="xyz"), due_s=0) == ended
    assert orphans(database) == [("muvi", "abc", job.id), ("muvi", "xyz", other.id)]


def test_an_answer_that_is_the_end_binds_and_settles_at_once(store: Store, database: Database) -> None:
    job = begun(store)
    done = store.outcomes.bind_done.sync(job, "t", DONE, "abc")
    assert done == replace(sent(job), state="running", vendor_id="abc", said="completed", charged="yes", media=MEDIA, fence=2, version=2)
    assert row(database, done) == {"due": True, "owner": None}
    assert store.outcomes.bind_done.sync(job, "t", DONE, "abc") == done


def test_an_answer_that_is_the_end_may_have_no_id(store: Store, database: Database) -> None:
    done = store.outcomes.bind_done.sync(begun(store), "t", DONE, None)
    assert (done.vendor_id, done.saving, orphans(database)) == (None, True, [])


def test_an_answer_that_is_a_no_binds_and_ends_at_once(store: Store, database: Database) -> None:
    for charged, spent in (("no", 0), ("yes", usd("0.01")), ("unknown", usd("0.01"))):
        job, failed = begun(store), Failed("vendor_rejected", "failed", id=f"abc-{charged}", micros=usd("0.01"))
        gone = store.outcomes.bind_failed.sync(job, "t", failed, no(charged))
        assert (gone.state, gone.vendor_id, gone.said, gone.charged) == ("failed", f"abc-{charged}", "failed", charged)
        assert (gone.error, gone.actual) == (no(charged), usd("0.01"))
        assert moves(database, job).get("settle", 0) == spent, charged
        assert row(database, gone) == {"due": False, "owner": None}
        assert store.outcomes.bind_failed.sync(job, "t", failed, no(charged)) == gone


def test_what_was_provably_not_sent_can_be_sent_again(store: Store) -> None:
    job = begun(store)
    store.outcomes.requeue.sync(job, "another", due_s=0)
    assert store.jobs.get.sync(job.id, None).submit_token == "t", "nobody puts another submit back"
    store.outcomes.requeue.sync(job, "t", due_s=0)
    again = claimed(store)
    assert again == replace(job, fence=2, tries=1)
    assert store.leases.begin_submit.sync(again, "u", lease_s=60) is True


def test_what_was_provably_not_sent_stops_being_unknown(store: Store) -> None:
    job = begun(store)
    store.outcomes.mark_unclear.sync(job, "t", no("unknown"))
    store.outcomes.requeue.sync(job, "t", due_s=0)
    again = claimed(store)
    assert (again.state, again.charged, again.error, again.call) == ("submitting", "held", None, CALL)


def test_a_refused_job_has_failed_unless_the_refusal_leaves_the_money_open(store: Store, database: Database) -> None:
    job = store.outcomes.refuse.sync(begun(store), "t", no("no"))
    assert (job.state, job.charged, job.error, job.finished_at) == ("failed", "no", no("no"), NOON)
    assert row(database, job) == {"due": False, "owner": None}
    job = store.outcomes.refuse.sync(begun(store), "t", no("unknown"))
    assert (job.state, job.charged, job.finished_at) == ("unknown", "unknown", None)


def test_a_refusal_after_the_vendor_took_it_changes_nothing(store: Store) -> None:
    job = begun(store)
    bound = store.outcomes.bind.sync(job, "t", PENDING, due_s=0)
    assert store.outcomes.refuse.sync(job, "t", no("no")) == bound
    assert store.outcomes.mark_unclear.sync(job, "t", no("unknown")) == bound


def test_an_unknown_job_is_left_alone(store: Store, database: Database) -> None:
    job = store.outcomes.mark_unclear.sync(begun(store), "t", no("no"))
    assert (job.state, job.charged, job.error) == ("unknown", "unknown", no("unknown"))
    assert row(database, job) == {"due": False, "owner": None}
    assert store.outcomes.mark_unclear.sync(job, "t", no("unknown", "internal")) == job
    assert store.outcomes.mark_unclear.sync(begun(store, "0"), "t", no("unknown")).charged == "no", "a free one charges nothing"


# Following


def test_a_step_writes_down_what_the_vendor_says(store: Store, clock: Clock, database: Database) -> None:
    job = running(store)
    clock.at += 5
    stepped = store.outcomes.step.sync(job, replace(PENDING, id="other", said="rendering", progress=0.9), due_s=0, tries=0)
    assert stepped == replace(job, said="rendering", progress=0.9, updated_at=NOON + 5, version=3)
    assert row(database, job) == {"due": True, "owner": None}


def test_a_step_that_shows_nothing_new_is_no_news(store: Store, clock: Clock) -> None:
    job, ask = running(store), Call("GET", "/another/way")
    clock.at += 5
    assert store.outcomes.step.sync(job, replace(PENDING, next=ask), due_s=0, tries=2) == replace(job, next=ask, tries=2)
    assert store.outcomes.step.sync(claimed(store), due_s=0, tries=3) == replace(job, next=ask, tries=3, fence=job.fence + 1)


LATE: tuple[Callable[[Store, Job], Job | None], ...] = (
    lambda store, job: store.outcomes.step.sync(job, PENDING, due_s=0),
    lambda store, job: store.outcomes.settle.sync(job, DONE),
    lambda store, job: store.outcomes.renew_link.sync(job, due_s=0, dead_links=1),
    lambda store, job: store.outcomes.complete.sync(job, FILE),
    lambda store, job: store.outcomes.end.sync(job, "failed", no("no")),
)
"""All that a worker may write about a job."""


def test_who_lost_the_job_to_another_changes_nothing(store: Store) -> None:
    stale = running(store)
    store.leases.renew.sync("me", [stale.id], lease_s=GONE)
    now = claimed(store, "b")
    assert [late(store, stale) for late in LATE] == [None] * len(LATE)
    assert store.jobs.get.sync(now.id, None) == replace(now, call=None)


def test_an_ended_job_changes_no_more(store: Store) -> None:
    for end in ("completed", "failed", "cancelled", "expired"):
        job = running(store)
        ended = store.outcomes.complete.sync(job, FILE) if end == "completed" else store.outcomes.end.sync(job, end, no("yes"))
        assert ended is not None and ended.state == end
        assert [late(store, job) for late in LATE] == [None] * len(LATE), end
        assert store.jobs.get.sync(job.id, None) == ended


def test_a_settled_job_has_a_file_to_fetch_and_can_still_be_asked_about(store: Store, database: Database) -> None:
    job = running(store)
    store.outcomes.step.sync(job, due_s=0, tries=5)
    settled = store.outcomes.settle.sync(job, DONE)
    assert settled == replace(job, charged="yes", said="completed", media=MEDIA, version=3, tries=0), "attempts to ask are none to fetch"
    assert row(database, job) == {"due": True, "owner": None}


def test_a_dead_link_is_asked_for_again_and_dead_links_add_up(store: Store) -> None:
    store.outcomes.settle.sync(running(store, "0"), DONE)
    asked = store.outcomes.renew_link.sync(claimed(store), due_s=0, dead_links=1)
    assert asked is not None
    assert (asked.media, asked.next, asked.dead_links) == (None, ASK, 1)
    link = Call("GET", "https://cdn.example.com/new.mp4")
    again = store.outcomes.settle.sync(claimed(store), Done(link, "completed"))
    assert again is not None
    assert (again.media, again.tries, again.dead_links) == (link, 0, 1)


def test_a_finished_job_has_its_file(store: Store, clock: Clock, database: Database) -> None:
    store.outcomes.settle.sync(running(store), DONE)
    job = claimed(store)
    clock.at += 9
    done = store.outcomes.complete.sync(job, FILE)
    assert done == replace(
        job, state="completed", artifact=FILE, progress=1.0, media=None, next=None, finished_at=NOON + 9, updated_at=NOON + 9, version=4
    )
    assert row(database, job) == {"due": False, "owner": None}


def test_an_end_keeps_the_vendors_word_and_one_that_nobody_can_tell_keeps_the_hold(store: Store) -> None:
    ended = store.outcomes.end.sync(running(store), "cancelled", no("no"), said="canceled")
    assert ended is not None
    assert (ended.state, ended.said, ended.next) == ("cancelled", "canceled", None)
    ended = store.outcomes.end.sync(running(store), "unknown", no("held"))
    assert ended is not None
    assert (ended.state, ended.charged, ended.error, ended.next, ended.finished_at) == ("unknown", "unknown", no("unknown"), ASK, None)
