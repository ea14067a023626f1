"""Several takes of one request: one price, one yes, one transaction, and the same jobs for the same call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.domain import Job
from sora_mcp.domain.errors import BrokenRules, NeedsConfirmation, OverBudget, RequestIdConflict, TooManyAtOnce
from sora_mcp.domain.money import usd
from sora_mcp.jobs.service import VideoRequest
from sora_mcp.server.tools.create_video import Arguments, format_result
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from tests.played import Muvi
from tests.played.rig import PROMPT, rig

from .stored import CAPS, Clock, moves, reserve, spent


def ids(job: Job) -> list[str]:
    return [take.id for take in job.takes]


def all_ids(store: Store) -> set[str]:
    return {job.id for job in store.jobs.search.sync(None, limit=100).jobs}


def end(store: Store, job: Job) -> None:
    """The job ends free of charge."""
    assert store.reservations.cancel_unsent.sync(job) is not None


def test_each_take_is_a_job_with_its_own_money(store: Store, database: Database) -> None:
    job = reserve(store, "1.00", clips=3)
    assert [take.id for take in store.jobs.get_takes.sync(store.jobs.get.sync(ids(job)[2], None))] == ids(job)
    assert [(take.take, take.take_count, take.which_take) for take in job.takes] == [(n, 3, f"take {n} of 3") for n in (1, 2, 3)]
    alone = reserve(store, "0.01", fingerprint="alone")
    assert (alone.take, alone.take_count, alone.which_take) == (None, None, "")
    end(store, alone)
    assert (len(set(ids(job))), job.id, job.day_left) == (3, ids(job)[0], usd("7"))
    assert [moves(database, take) for take in job.takes] == [{"hold": usd("1")}] * 3
    assert spent(store) == (usd("3"), usd("3"))


def test_the_caps_hold_for_all_takes_or_none(store: Store) -> None:
    for price, clips, said in (
        ("2.00", 6, r"6 clips on muvi:sora-2 cost \$12\.00 together\. "),
        ("6.00", 1, r"One video may cost \$5"),
        ("6.00", 2, r"One video may cost \$5"),
    ):
        with pytest.raises(OverBudget, match=said):
            reserve(store, price, clips=clips)
        assert all_ids(store) == set(), (price, clips)
    assert len(ids(reserve(store, "2.00", clips=5))) == len(all_ids(store)) == 5


def test_one_yes_is_for_all_takes_and_for_nothing_else(store: Store, clock: Clock) -> None:
    keys: dict[str, Any] = {"fingerprint": "three", "confirm": True}
    with pytest.raises(NeedsConfirmation, match=r"3 clips on muvi:sora-2 cost \$3\.00 together, so the user must approve them") as asked:
        reserve(store, clips=3, **keys)
    quote = store.approvals.approve.sync(asked.value.quote_id)
    assert (quote.micros, quote.clips, asked.value.price and asked.value.price.micros) == (usd("3"), 3, usd("3"))
    with pytest.raises(NeedsConfirmation):  # other terms
        reserve(store, clips=1, fingerprint="one", confirm=True, quote_id=quote.id)
    assert len(ids(reserve(store, clips=3, **keys, quote_id=quote.id))) == 3
    # What was bought with a yes does not count as bought without one.
    assert store.budgets.check.sync(usd("1"), replace(CAPS, unasked=usd("1.50"))).passes_unasked is False
    clock.at += 601
    for job_id in all_ids(store):
        end(store, store.jobs.get.sync(job_id, None))
    with pytest.raises(NeedsConfirmation):  # it was used
        reserve(store, clips=3, **keys, quote_id=quote.id)


def test_the_same_call_is_the_same_jobs(store: Store) -> None:
    for key in ("request_id", "fingerprint", "words_hash"):
        keys = {key: key} | ({"fingerprint": "id"} if key == "request_id" else {})
        first = reserve(store, "0.30", clips=3, **keys)
        end(store, first.takes[1])  # one of them ended free of charge: the others were bought all the same
        again = reserve(store, "0.30", clips=3, **keys)
        assert (ids(again), again.deduplicated, {take.deduplicated for take in again.takes}) == (ids(first), True, {True}), key
        if key == "request_id":
            with pytest.raises(RequestIdConflict):
                reserve(store, clips=2, request_id=key, fingerprint="two")
        else:
            for take in (first.takes[0], first.takes[2]):
                end(store, take)
            assert not set(ids(reserve(store, "0.30", clips=3, **keys))) & set(ids(first)), key


def test_free_takes_are_as_many_as_one_may_have_at_once(store: Store) -> None:
    reserve(store, "0", clips=4, most_live=6)
    with pytest.raises(TooManyAtOnce):
        reserve(store, "0", clips=3, most_live=6)
    assert len(all_ids(store)) == 4


async def test_takes_are_sent_once_each_at_one_price_within_max_usd(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        wish: dict[str, Any] = {"seconds": 4, "variations": 3}
        with pytest.raises(OverBudget, match=r"3 clips on .* cost \$[0-9.]+ together, above max_usd \$2\.00"):
            await at.create(**wish, max_usd=usd("2"))
        job = await at.create(**wish, max_usd=usd("4.50"))
        again, one = await at.create(**wish), await at.create(seconds=4)
        for take in (*job.takes, one):
            await at.until(take.id, "completed", "failed")
        other = await at.create(**wish, options={"variation": 2})
        assert (ids(again), again.deduplicated, one.id in ids(job), set(ids(other)) & set(ids(job))) == (ids(job), True, False, set())
        assert {(await at.job(take.id)).state for take in job.takes} == {"completed"}
        for take in other.takes:
            await at.until(take.id, "completed", "failed")
        assert len(at.posts) == 7
        words = {"message": str((format_result(job, now=0).structured_content or {})["message"])}
        assert all(take.id in words["message"] for take in job.takes) and "$3.60" in words["message"], words


async def test_a_yes_is_asked_for_the_sum_and_one_seed_for_all_is_refused(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path, CONFIRM_ABOVE_USD="2") as at:
        assert not (await at.create(seconds=4)).takes
        with pytest.raises(NeedsConfirmation) as asked:
            await at.create(seconds=4, variations=2)
        assert asked.value.price is not None and asked.value.price.micros == 2 * usd("1.20")
        assert len((await at.bought(seconds=4, variations=2)).takes) == 2
        with pytest.raises(BrokenRules, match=r"options\.seed"):
            await at.create("muvi:veo-3.1-fast", variations=2, options={"seed": 7})


def test_variations_are_an_argument() -> None:
    assert Arguments(PROMPT, variations=4).request.variations == 4
    assert (Arguments(PROMPT).request.variations, VideoRequest(PROMPT).variations) == (1, 1)


async def test_a_sum_above_max_usd_is_answered_with_fewer_takes_and_with_the_price_of_all(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        request = VideoRequest(PROMPT, "muvi:sora-2-pro", seconds=8, variations=3, max_usd=usd("5"))
        with pytest.raises(OverBudget) as refused:
            await at.service.create(request, principal="local")
        fixes = {fix.argument: (fix.value, fix.micros) for fix in await at.service.advise(refused.value, request, principal="local")}
        assert "ask whether $7.20 is fine" in refused.value.message
        assert (fixes["variations"], fixes["seconds"], "max_usd" in fixes) == ((2, usd("4.80")), (4, usd("3.60")), False)
