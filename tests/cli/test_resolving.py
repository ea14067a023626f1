"""A person's word on an unclear job and on a paused model, typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sora_mcp.cli import main as cli
from sora_mcp.config.sources import config_file
from sora_mcp.domain import Call
from sora_mcp.domain.errors import PriceUnknown
from sora_mcp.domain.money import usd
from sora_mcp.store import Store
from tests.each import each

from ..stored import CAPS, DONE, begun, no, purchase, running

Printed = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("without_terminal")


@pytest.fixture
def unclear(store: Store) -> str:
    """A job of which nobody knows whether it was taken."""
    return store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown")).id


def held(store: Store) -> int:
    return sum(row.held for row in store.ledger.sum_by_day.sync())


def test_a_job_that_a_person_found_is_followed_from_there(said: dict[str, str], store: Store, unclear: str, capsys: Printed) -> None:
    assert cli.run(["resolve", unclear, "--adopt", "job_7"], said) == 0
    job = store.jobs.get.sync(unclear, None)
    assert (job.state, job.charged, job.vendor_id, job.next) == ("queued", "held", "job_7", Call("GET", "/v1/jobs/job_7"))
    assert capsys.readouterr().out.endswith(f"{unclear} is now followed by any running server or by: sora-mcp watch\n")


@pytest.mark.parametrize("words", [["--adopt", "job_7"], ["--charged"], ["--not-charged"]], ids=lambda words: words[0])
def test_a_job_whose_process_ended_while_it_sent_is_unclear_too(words: list[str], said: dict[str, str], store: Store) -> None:
    job = begun(store)
    store.leases.sign_off.sync("me")
    assert cli.run(["resolve", job.id, *words], said) == 0
    assert store.jobs.get.sync(job.id, None).state == ("queued" if words[0] == "--adopt" else "failed")


def test_a_job_whose_process_was_killed_while_it_sent_is_unclear_at_once(said: dict[str, str], store: Store) -> None:
    job = begun(store)
    store.leases.sign_on.sync("me")
    store.close()
    assert cli.run(["resolve", job.id, "--adopt", "job_7"], said) == 0


def test_a_job_that_is_just_being_sent_is_left_alone(said: dict[str, str], store: Store, capsys: Printed) -> None:
    job, waiting = begun(store), store.reservations.reserve.sync(purchase(), CAPS)
    for live in (job, waiting):
        assert cli.run(["resolve", live.id, "--not-charged"], said) == 1
        assert f"{live.id} is submitting: its outcome is not in doubt." in capsys.readouterr().err
        assert store.jobs.get.sync(live.id, None).state == "submitting"


@each("vendor_id", ["../x", "a b", ""])
def test_what_does_not_look_like_an_id_is_refused(vendor_id: str, said: dict[str, str], store: Store, unclear: str) -> None:
    assert cli.run(["resolve", unclear, f"--adopt={vendor_id}"], said) == 1
    assert store.jobs.get.sync(unclear, None).state == "unknown"


def test_an_id_that_belongs_to_another_job_is_refused(said: dict[str, str], store: Store, unclear: str, capsys: Printed) -> None:
    other = running(store)
    assert cli.run(["resolve", unclear, "--adopt", str(other.vendor_id)], said) == 1
    assert "already belongs to another job" in capsys.readouterr().err
    assert store.jobs.get.sync(unclear, None).state == "unknown"


def test_what_was_charged_counts_as_spent(said: dict[str, str], store: Store, unclear: str) -> None:
    assert cli.run(["resolve", unclear, "--charged"], said) == 0
    assert (store.jobs.get.sync(unclear, None).state, store.jobs.get.sync(unclear, None).charged, held(store)) == ("failed", "yes", 0)
    assert store.budgets.get.sync(CAPS).day_spent == usd("1")


def test_what_was_not_charged_is_free_again(said: dict[str, str], store: Store, unclear: str) -> None:
    assert cli.run(["resolve", unclear, "--not-charged"], said) == 0
    assert (store.jobs.get.sync(unclear, None).state, store.jobs.get.sync(unclear, None).charged, held(store)) == ("failed", "no", 0)
    assert store.budgets.get.sync(CAPS).day_spent == 0


@pytest.mark.parametrize(("typed", "code", "left"), [("1.00\n", 0, 0), ("y\n", 1, 1_000_000), ("\n", 1, 1_000_000), ("", 1, 1_000_000)])
def test_at_a_terminal_money_is_freed_only_after_its_price_was_typed(
    typed: str, code: int, left: int, said: dict[str, str], store: Store, unclear: str, typed_at_terminal: Callable[[str], None]
) -> None:
    config_file().unlink()
    typed_at_terminal(typed)
    assert cli.run(["resolve", unclear, "--not-charged"], said) == code
    assert held(store) == left


@pytest.mark.parametrize("words", [["--adopt", "job_7"], ["--charged"], ["--not-charged"]], ids=lambda words: words[0])
def test_without_a_terminal_an_unclear_job_stays_unclear(words: list[str], said: dict[str, str], store: Store, unclear: str) -> None:
    config_file().unlink()
    assert cli.run(["resolve", unclear, *words], said) == 2
    assert (store.jobs.get.sync(unclear, None).state, held(store)) == ("unknown", 1_000_000)


def test_a_job_that_is_not_there_is_refused_with_the_store_that_was_looked_in(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["resolve", "v_0123456789", "--charged"], said) == 1
    assert f"Looked in: {said['SORA_MCP_HOME']}" in capsys.readouterr().err


@each("words", [[], ["--charged", "--not-charged"], ["--adopt", "x", "--charged"]])
def test_one_word_and_no_more_is_taken(words: list[str], said: dict[str, str], unclear: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["resolve", unclear, *words], said)
    assert ended.value.code == 2


def test_a_job_that_is_not_unclear_has_nothing_to_resolve(said: dict[str, str], store: Store, capsys: Printed) -> None:
    job = running(store)
    assert cli.run(["resolve", job.id, "--not-charged"], said) == 1
    assert capsys.readouterr().err == f"sora-mcp: {job.id} is running: its outcome is not in doubt.\n"
    assert store.jobs.get.sync(job.id, None) == job


def test_a_late_answer_after_a_persons_word_moves_no_money(said: dict[str, str], store: Store) -> None:
    job = begun(store)
    store.outcomes.mark_unclear.sync(job, "t", no("unknown"))
    assert cli.run(["resolve", job.id, "--not-charged"], said) == 0
    assert store.outcomes.bind_done.sync(job, "t", DONE, "abc").state == "failed"
    assert (held(store), store.budgets.get.sync(CAPS).day_spent) == (0, 0)


def test_what_unclear_jobs_hold_is_in_the_report(said: dict[str, str], unclear: str, capsys: Printed) -> None:
    assert cli.run(["spend"], said) == 0
    assert "$1.00 of it is held by jobs with an unclear outcome" in capsys.readouterr().out


def test_a_paused_model_is_bought_again_after_a_persons_word(said: dict[str, str], store: Store, capsys: Printed) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("1.06")))
    with pytest.raises(PriceUnknown):
        store.reservations.reserve.sync(purchase(), CAPS)
    assert cli.run(["resume", "Muvi:Sora-2"], said) == 0
    assert capsys.readouterr().out.endswith("muvi:sora-2 can be bought again.\n")
    assert store.reservations.reserve.sync(purchase(), CAPS).state == "submitting"
    assert cli.run(["resume", "muvi:sora-2"], said) == 1


def test_a_paused_model_stays_paused_until_what_its_video_cost_is_typed(
    said: dict[str, str], store: Store, typed_at_terminal: Callable[[str], None]
) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("1.06")))
    config_file().unlink()
    for typed, code in (("y\n", 1), ("1.00\n", 1), ("1.06\n", 0)):
        typed_at_terminal(typed)
        assert cli.run(["resume", "muvi:sora-2"], said) == code
    assert store.paused_models.get_all.sync() == ()


def test_without_a_terminal_a_paused_model_stays_paused(said: dict[str, str], store: Store) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("1.06")))
    config_file().unlink()
    assert cli.run(["resume", "muvi:sora-2"], said) == 2
    assert len(store.paused_models.get_all.sync()) == 1
