"""Who said yes, when and by which way: kept with the quote in one change of its row, and found with the video that it bought."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import Any, get_args

import pytest

from sora_mcp.domain import LOCAL
from sora_mcp.domain.errors import NeedsConfirmation, NotFound, Refused
from sora_mcp.store import Store
from sora_mcp.store.approval_questions import MOST_KEPT
from sora_mcp.store.records import PAGES, Purchase, Way

from .stored import CAPS, NOON, Clock, purchase, reserve

ANNA, BEN = "p_anna", "p_ben"


def await_yes(store: Store, **more: Any) -> tuple[Purchase, str]:
    """Return Anna's purchase that needs a yes, and the quote that waits for it."""
    wanted = purchase("1.00", **{"principal": ANNA, "confirm": True, **more})
    with pytest.raises(NeedsConfirmation) as asked:
        store.reservations.reserve.sync(wanted, CAPS)
    return wanted, asked.value.quote_id


def test_the_first_yes_is_kept_and_a_second_one_changes_nothing(store: Store, clock: Clock) -> None:
    wanted, quote_id = await_yes(store)
    first = store.approvals.approve.sync(quote_id, by=ANNA, way="page", principal=ANNA)
    clock.at += 60
    assert store.approvals.approve.sync(quote_id) == first
    assert (first.principal, first.approved_by, first.approved_way, first.approved_at) == (ANNA, ANNA, "page", NOON)
    job = store.reservations.reserve.sync(wanted, CAPS)
    assert store.approvals.find_of_job.sync(job) == replace(first, used_by=job.id)


def test_a_yes_in_a_form_is_written_down_with_the_purchase(store: Store) -> None:
    wanted, quote_id = await_yes(store)
    job = store.reservations.reserve.sync(replace(wanted, agreed=quote_id), CAPS)
    found = store.approvals.find_of_job.sync(job)
    assert found is not None and (found.approved_by, found.approved_way, found.id) == (ANNA, "form", quote_id)


def test_every_take_knows_the_yes_that_bought_all(store: Store) -> None:
    wanted, quote_id = await_yes(store, clips=3)
    store.approvals.approve.sync(quote_id)
    job = store.reservations.reserve.sync(wanted, CAPS)
    found = [store.approvals.find_of_job.sync(take) for take in job.takes]
    assert [(each.id, each.approved_by, each.approved_way) for each in found if each] == [(quote_id, LOCAL, "terminal")] * 3
    assert store.approvals.find_of_job.sync(reserve(store)) is None


def test_a_quote_of_anothers_is_not_there(store: Store, clock: Clock) -> None:
    _, quote_id = await_yes(store)
    for name, principal in ((quote_id, BEN), (quote_id, LOCAL), ("q_0123456789", ANNA)):
        with pytest.raises(NotFound, match=f"There is no quote '{name}'"):
            store.approvals.approve.sync(name, by=principal, way="page", principal=principal)
    assert store.approvals.get.sync(quote_id).approved_at is None
    clock.at += 901
    with pytest.raises(Refused, match="has expired"):
        store.approvals.approve.sync(quote_id, by=ANNA, way="page", principal=ANNA)
    assert store.approvals.get.sync(quote_id).approved_at is None


def test_where_only_a_page_counts_no_other_yes_does(store: Store) -> None:
    wanted, quote_id = await_yes(store, only_on_page=True)
    with pytest.raises(NeedsConfirmation):
        store.reservations.reserve.sync(replace(wanted, agreed=quote_id), CAPS)
    typed, typed_id = await_yes(store, only_on_page=True)
    store.approvals.approve.sync(typed_id)
    with pytest.raises(NeedsConfirmation):
        store.reservations.reserve.sync(typed, CAPS)
    assert set(PAGES) < set(get_args(Way))
    for way in PAGES:
        wanted, quote_id = await_yes(store, only_on_page=True)
        store.approvals.approve.sync(quote_id, by=ANNA, way=way, principal=ANNA)
        assert store.reservations.reserve.sync(wanted, CAPS).state == "submitting"


def test_of_many_who_say_yes_at_once_one_is_written_down(store: Store) -> None:
    _, quote_id = await_yes(store)
    start, said = Barrier(8), list[str | None]()

    def say(number: int) -> None:
        start.wait()
        said.append(store.approvals.approve.sync(quote_id, by=f"p_{number}", way="page").approved_by)

    threads = [Thread(target=say, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 8 and set(said) == {store.approvals.get.sync(quote_id).approved_by}


def test_a_question_is_kept_until_its_quote_ends(store: Store, clock: Clock) -> None:
    store.questions.keep.sync("q_1", {"n": 1}, ends_at=clock.at + 900)
    store.questions.keep.sync("q_1", {"n": 2}, ends_at=clock.at + 900)
    assert [store.questions.get.sync(name) for name in ("q_1", "q_2")] == [{"n": 2}, None]
    clock.at += 900
    store.questions.keep.sync("q_2", {"n": 3}, ends_at=clock.at + 900)
    assert [store.questions.get.sync(name) for name in ("q_1", "q_2")] == [None, {"n": 3}]


def test_a_principal_who_asks_on_and_on_keeps_the_newest_questions_only(store: Store, clock: Clock) -> None:
    _, others = await_yes(store, principal=BEN)
    store.questions.keep.sync(others, {"n": -1}, ends_at=clock.at + 1)
    asked = [await_yes(store)[1] for _ in range(MOST_KEPT + 5)]
    for number, quote_id in enumerate(asked):
        store.questions.keep.sync(quote_id, {"n": number}, ends_at=clock.at + 900 + number)
    kept = [number for number, quote_id in enumerate(asked) if store.questions.get.sync(quote_id) is not None]
    assert (kept, store.questions.get.sync(others)) == (list(range(5, MOST_KEPT + 5)), {"n": -1})
