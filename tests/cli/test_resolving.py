"""A person's word on an unclear job and on a paused model, typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sora_mcp.config.sources import config_file
from sora_mcp.domain import Call, State
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from tests.each import each

from ..stored import CAPS, DONE, begun, no, purchase, running
from .conftest import Sora, own_line

pytestmark = pytest.mark.usefixtures("without_terminal")
WORDS = (["--adopt", "job_7"], ["--charged"], ["--not-charged"])


@pytest.fixture
def unclear(store: Store) -> str:
    """A job of which nobody knows whether it was taken."""
    return store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown")).id


def held(store: Store) -> int:
    return sum(row.held for row in store.ledger.sum_by_day.sync())


def state_of(store: Store, job_id: str) -> str:
    return store.jobs.get.sync(job_id, None).state


def test_a_job_that_a_person_found_is_followed_from_there(sora: Sora, store: Store, unclear: str, said: dict[str, str]) -> None:
    code, out, _ = sora("resolve", unclear, "--adopt", "job_7")
    job = store.jobs.get.sync(unclear, None)
    assert (job.state, job.charged, job.vendor_id, job.next) == ("queued", "held", "job_7", Call("GET", "/v1/jobs/job_7"))
    assert (code, out.splitlines()[-1]) == (0, f"{unclear} is now followed by any running server or by: {own_line(said, 'watch')}")


@each("words", WORDS)
def test_a_job_whose_process_ended_while_it_sent_is_unclear_too(words: list[str], sora: Sora, store: Store) -> None:
    job = begun(store)
    store.leases.sign_off.sync("me")
    assert sora("resolve", job.id, *words).code == 0
    assert state_of(store, job.id) == ("queued" if words[0] == "--adopt" else "failed")


def test_a_job_whose_process_was_killed_while_it_sent_is_unclear_at_once(sora: Sora, store: Store) -> None:
    job = begun(store)
    store.leases.sign_on.sync("me")
    store.close()
    assert sora("resolve", job.id, "--adopt", "job_7").code == 0


def test_a_job_that_is_not_in_doubt_is_left_alone(sora: Sora, store: Store) -> None:
    for job in (running(store), begun(store), store.reservations.reserve.sync(purchase(), CAPS)):
        before = store.jobs.get.sync(job.id, None)
        assert sora("resolve", job.id, "--not-charged") == (1, "", f"sora-mcp: {job.id} is {before.state}: its outcome is not in doubt.\n")
        assert store.jobs.get.sync(job.id, None) == before


@each("vendor_id", ["../x", "a b", ""])
def test_what_does_not_look_like_an_id_is_refused(vendor_id: str, sora: Sora, store: Store, unclear: str) -> None:
    assert sora("resolve", unclear, f"--adopt={vendor_id}").code == 1
    assert state_of(store, unclear) == "unknown"


def test_an_id_that_belongs_to_another_job_is_refused(sora: Sora, store: Store, unclear: str) -> None:
    code, _, err = sora("resolve", unclear, "--adopt", str(running(store).vendor_id))
    assert (code, "already belongs to another job" in err, state_of(store, unclear)) == (1, True, "unknown")


@each(("word", "charged", "spent"), [("--not-charged", "no", 0), ("--charged", "yes", usd("1"))])
def test_what_was_charged_counts_as_spent_and_what_was_not_is_free_again(
    word: str, charged: str, spent: int, sora: Sora, store: Store
) -> None:
    job_id = store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown")).id
    assert sora("resolve", job_id, word).code == 0
    job = store.jobs.get.sync(job_id, None)
    assert (job.state, job.charged, held(store), store.budgets.get.sync(CAPS).day_spent) == ("failed", charged, 0, spent)


@each("state", ["failed", "cancelled", "expired"])
@each(("word", "charged", "spent"), [("--not-charged", "no", 0), ("--charged", "yes", usd("1"))])
def test_a_doubtful_charge_of_a_job_that_has_ended_is_settled(
    word: str, charged: str, spent: int, state: State, sora: Sora, store: Store
) -> None:
    before = store.budgets.get.sync(CAPS).day_spent
    job = store.outcomes.end.sync(running(store), state, no("unknown", "content_refused"))
    assert job and (job.charged, store.budgets.get.sync(CAPS).day_spent) == ("unknown", before + usd("1"))
    code, out, _ = sora("resolve", job.id, word)
    now = store.jobs.get.sync(job.id, None)
    assert (code, now.state, now.charged, store.budgets.get.sync(CAPS).day_spent) == (0, state, charged, before + spent)
    assert now.error == replace(no("unknown", "content_refused"), charged=charged), "the reason that it failed stays"
    assert out.splitlines()[-1].endswith("$1.00 is available again." if charged == "no" else "$1.00 counts as spent.")
    assert sora("resolve", job.id, word).code == 1, "it is not in doubt any more"


def test_a_job_that_has_ended_is_not_followed_under_another_id(sora: Sora, store: Store) -> None:
    job = store.outcomes.end.sync(running(store), "failed", no("unknown"))
    assert job
    code, _, err = sora("resolve", job.id, "--adopt", "job_7")
    assert (code, "failed: only its charge is in doubt (--charged or --not-charged)." in err) == (1, True)


@each(("typed", "code", "left"), [("y\n", 1, 1_000_000), ("\n", 1, 1_000_000), ("", 1, 1_000_000), ("1.00\n", 0, 0)])
def test_at_a_terminal_money_is_freed_only_after_its_price_was_typed(
    typed: str, code: int, left: int, sora: Sora, store: Store, unclear: str, typed_at_terminal: Callable[[str], None]
) -> None:
    config_file().unlink(missing_ok=True)
    typed_at_terminal(typed)
    assert (sora("resolve", unclear, "--not-charged").code, held(store)) == (code, left)


@each("words", WORDS)
def test_without_a_terminal_an_unclear_job_stays_unclear(words: list[str], sora: Sora, store: Store, unclear: str) -> None:
    config_file().unlink(missing_ok=True)
    assert sora("resolve", unclear, *words).code == 2
    assert (state_of(store, unclear), held(store)) == ("unknown", 1_000_000)


def test_a_job_that_is_not_there_is_refused_with_the_store_that_was_looked_in(sora: Sora, said: dict[str, str]) -> None:
    code, _, err = sora("resolve", "v_0123456789", "--charged")
    assert (code, f"Looked in: {said['SORA_MCP_HOME']}" in err) == (1, True)


@each("words", [[], ["--charged", "--not-charged"], ["--adopt", "x", "--charged"]])
def test_one_word_and_no_more_is_taken(words: list[str], sora: Sora, unclear: str) -> None:
    assert sora("resolve", unclear, *words).code == 2


def test_a_late_answer_after_a_persons_word_moves_no_money(sora: Sora, store: Store) -> None:
    job = begun(store)
    store.outcomes.mark_unclear.sync(job, "t", no("unknown"))
    assert sora("resolve", job.id, "--not-charged").code == 0
    assert store.outcomes.bind_done.sync(job, "t", DONE, "abc").state == "failed"
    assert (held(store), store.budgets.get.sync(CAPS).day_spent) == (0, 0)


def test_the_report_names_every_job_that_was_perhaps_charged_and_how_it_is_settled(sora: Sora, store: Store, unclear: str) -> None:
    one = sora("spend").out
    assert "$1.00 was perhaps charged, for 1 job, and counts as spent. Look in your account at the vendor, then settle each one:" in one
    assert f"resolve {unclear} --charged" in one and "(or --not-charged; or --adopt VENDOR_ID, where the vendor lists the clip)" in one
    failed = store.outcomes.end.sync(running(store), "failed", no("unknown"))
    assert failed is not None
    two = sora("spend").out
    assert "$2.00 was perhaps charged, for 2 jobs" in two and "resolve JOB --charged" in two
    assert {line.split()[0] for line in two.splitlines() if line.startswith("v_")} == {unclear, failed.id}
    assert "store: $2.00 was perhaps charged, for 2 jobs, and counts as spent" in sora("doctor", "--offline").out
    for job_id in (unclear, failed.id):
        [line] = [line for line in sora("show", job_id).out.splitlines() if line.startswith("next")]
        assert "look in your account at Muvi, then run: " in line and f"resolve {job_id} --charged" in line


@pytest.fixture
def paused(store: Store) -> None:
    """A model that cost more than was quoted."""
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("1.06")))


@pytest.mark.usefixtures("paused")
def test_a_paused_model_is_bought_again_after_a_persons_word(sora: Sora, store: Store) -> None:
    with pytest.raises(PriceUnknown):
        store.reservations.reserve.sync(purchase(), CAPS)
    code, out, _ = sora("resume", "Muvi:Sora-2")
    assert (code, out.splitlines()[-1]) == (0, "muvi:sora-2 can be bought again.")
    assert store.reservations.reserve.sync(purchase(), CAPS).state == "submitting"
    assert sora("resume", "muvi:sora-2").code == 1


@pytest.mark.usefixtures("paused")
def test_a_paused_model_stays_paused_until_what_its_video_cost_is_typed(
    sora: Sora, store: Store, typed_at_terminal: Callable[[str], None]
) -> None:
    config_file().unlink()
    for typed, code in (("y\n", 1), ("1.00\n", 1), ("1.06\n", 0)):
        typed_at_terminal(typed)
        assert sora("resume", "muvi:sora-2").code == code
    assert store.paused_models.get_all.sync() == ()


def test_a_model_that_is_not_paused_or_not_there_is_refused(sora: Sora) -> None:
    assert sora("resume", "muvi:sora-2").err == "sora-mcp: muvi:sora-2 is not paused.\n"
    assert sora("resume", "nonsense").err.startswith("sora-mcp: There is no model 'nonsense'. All models: ")


@pytest.mark.usefixtures("paused")
def test_without_a_terminal_a_paused_model_stays_paused(sora: Sora, store: Store) -> None:
    config_file().unlink()
    assert (sora("resume", "muvi:sora-2").code, len(store.paused_models.get_all.sync())) == (2, 1)
