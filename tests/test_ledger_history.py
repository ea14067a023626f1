"""Whatever happens to jobs, in whatever order: the sums are the ledger's, and nothing is held for what has ended."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from sora_mcp.domain import Job, JobError
from sora_mcp.domain.errors import NeedsConfirmation, OverBudget, Refused
from sora_mcp.domain.money import Micros, show
from sora_mcp.store import Store
from sora_mcp.store.database import connect
from sora_mcp.store.records import Limits, Person

from .stored import CAPS, DAY_S, DONE, FILE, PENDING, Clock, empty_schema, no, place_empty_store, purchase

pytestmark = pytest.mark.slow

ENDED = ("completed", "failed", "cancelled", "expired")
PRICES = st.sampled_from([0, 1, 300_000, 1_000_000, 4_999_999, 5_000_000])
SUMS = st.none() | st.sampled_from([0, 1, 300_000, 1_000_000, 7_000_000])
CHARGED = st.sampled_from(["no", "yes", "unknown", "held"])


class History(RuleBasedStateMachine):
    """Jobs of one store, each call as it may come: late, twice, or from who lost the job."""

    jobs: Bundle[Job] = Bundle("jobs")
    quotes: Bundle[str] = Bundle("quotes")

    def __init__(self, address: Callable[[ExitStack], str]) -> None:
        super().__init__()
        self.over: dict[str, str] = {}
        """How jobs ended, when that was first seen."""
        self.yes, self.bought = set[str](), set[str]()
        """Quotes that a person agreed to, and jobs that needed one."""
        self.open = ExitStack()
        self.clock, home = Clock(), Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        url = address(self.open)
        self.store = Store(url, home, clock=self.clock)
        self.open.callback(self.store.close)
        self.rows = connect(url, home)
        self.open.callback(self.rows.close)

    def teardown(self) -> None:
        self.open.close()

    @rule(target=jobs, micros=PRICES, who=st.sampled_from(["local", "anna", "ben"]))
    def reserve(self, micros: int, who: str) -> Any:
        self.store.paused_models.resume.sync("muvi:sora-2")
        before = self.store.budgets.get.sync(CAPS, who)
        try:
            job = self.store.reservations.reserve.sync(purchase(show(micros)[1:], principal=who), CAPS)
        except OverBudget:
            assert micros > min(before.per_video, before.day_left, before.month_left)
            return self.store.reservations.reserve.sync(purchase("0"), CAPS)
        assert micros == 0 or micros <= min(before.per_video, before.day_left, before.month_left)
        return job

    @rule(day=st.sampled_from([None, 0, 1_000_000, 7_000_000]), account=st.sampled_from(["person:*", "person:anna", "team:film"]))
    def limit(self, day: int | None, account: str) -> None:
        self.store.budgets.set.sync({account: Limits(day=None if day is None else Micros(day))})

    @rule(who=st.sampled_from(["anna", "ben"]), team=st.sampled_from(["film", None]))
    def join(self, who: str, team: str | None) -> None:
        self.store.people.meet.sync(Person(who, "file", who))
        self.store.people.set_team.sync(who, team)

    @rule(target=quotes, asked_for=st.sampled_from("abc"), micros=st.sampled_from([1, 300_000]))
    def ask_for_what_needs_a_yes(self, asked_for: str, micros: int) -> Any:
        self.store.paused_models.resume.sync("muvi:sora-2")
        asked = purchase(show(micros)[1:], fingerprint=asked_for, confirm=True)
        try:
            job = self.store.reservations.reserve.sync(asked, CAPS)
        except NeedsConfirmation as error:
            return error.quote_id
        except OverBudget:
            return multiple()
        self.bought |= set() if job.deduplicated else {job.id}
        return multiple()

    @rule(quote=quotes)
    def agree(self, quote: str) -> None:
        with suppress(Refused):
            self.yes.add(self.store.approvals.approve.sync(quote).id)

    @invariant()
    def a_yes_buys_one_video_at_most(self) -> None:
        assert len(self.bought) <= len(self.yes)

    @rule(hours=st.sampled_from([-1000, -25, -2, 1, 13, 24, 300]))
    def time_goes_by_or_steps_back(self, hours: int) -> None:
        before = self.store.budgets.get.sync(CAPS)
        self.clock.at += hours * DAY_S / 24
        after = self.store.budgets.get.sync(CAPS)
        assert hours > 0 or before.day_spent == 0 or after.day_left <= before.day_left or after.resets_at != before.resets_at

    @rule(target=jobs, job=jobs)
    def claim(self, job: Job) -> Any:
        self.store.leases.make_due.sync(job)
        return multiple(*self.store.leases.claim.sync("me", limit=5, lease_s=-1.0))

    @rule(job=jobs)
    def begin(self, job: Job) -> None:
        self.store.leases.begin_submit.sync(job, "t", lease_s=-1.0)

    @rule(target=jobs, job=jobs, named=SUMS)
    def bind(self, job: Job, named: int | None) -> Job:
        micros = None if named is None else Micros(named)
        return self.store.outcomes.bind.sync(job, "t", replace(PENDING, id=f"at-{job.id}", micros=micros), due_s=0)

    @rule(target=jobs, job=jobs, named=SUMS)
    def bind_done(self, job: Job, named: int | None) -> Job:
        return self.store.outcomes.bind_done.sync(job, "t", replace(DONE, micros=None if named is None else Micros(named)), f"at-{job.id}")

    @rule(job=jobs)
    def put_back(self, job: Job) -> None:
        self.store.outcomes.requeue.sync(job, "t", due_s=0)

    @rule(job=jobs, charged=CHARGED)
    def refuse(self, job: Job, charged: Any) -> None:
        self.store.outcomes.refuse.sync(job, "t", no(charged))

    @rule(target=jobs, job=jobs)
    def unclear(self, job: Job) -> Job:
        return self.store.outcomes.mark_unclear.sync(job, "t", no("unknown"))

    @rule(job=jobs)
    def cancel(self, job: Job) -> None:
        self.store.reservations.cancel_unsent.sync(job)

    @rule(target=jobs, job=jobs, named=SUMS)
    def settle(self, job: Job, named: int | None) -> Job:
        return self.store.outcomes.settle.sync(job, replace(DONE, micros=None if named is None else Micros(named))) or job

    @rule(job=jobs)
    def renew_link(self, job: Job) -> None:
        self.store.outcomes.renew_link.sync(job, due_s=0, dead_links=1)

    @rule(job=jobs)
    def finish(self, job: Job) -> None:
        self.store.outcomes.complete.sync(job, FILE)

    @rule(job=jobs, state=st.sampled_from([*ENDED[1:], "unknown"]), charged=CHARGED, named=SUMS)
    def end(self, job: Job, state: Any, charged: Any, named: int | None) -> None:
        error = JobError("vendor_rejected", "No.", charged)
        self.store.outcomes.end.sync(job, state, error, micros=None if named is None else Micros(named))

    @invariant()
    def the_books_are_right(self) -> None:
        jobs = self.store.jobs.search.sync(None, limit=1000).jobs
        with self.rows.reading() as conn:
            moves = list(conn.execute(sa.text("SELECT * FROM ledger")))
            totals = {(row.account, row.window): row.micros for row in conn.execute(sa.text("SELECT * FROM totals")) if row.micros}
            payers = {row.id: row for row in conn.execute(sa.text("SELECT id, principal, team FROM jobs"))}
        self.an_end_stays_an_end(jobs)
        the_sums_are_the_ledgers(totals, moves, payers)
        every_account_tells_what_its_job_says(jobs, moves)
        a_hold_has_one_end(moves)

    def an_end_stays_an_end(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.state in ENDED:
                assert self.over.setdefault(job.id, job.state) == job.state
            assert job.id not in self.over or job.state in ENDED


def the_sums_are_the_ledgers(totals: dict[tuple[str, str], int], moves: Sequence[Any], payers: dict[str, Any]) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for move in moves:
        sign = (move.from_account == "budget") - (move.to_account == "budget")
        job = payers[move.job_id]
        for account in (f"person:{job.principal}", *([] if job.team is None else [f"team:{job.team}"])):
            for window in (move.day, move.month):
                sums[account, window] += sign * move.micros
    assert totals == {key: micros for key, micros in sums.items() if micros}
    assert all(micros > 0 for micros in totals.values())


def every_account_tells_what_its_job_says(jobs: Sequence[Job], moves: Sequence[Any]) -> None:
    held, spent = Counter[str](), Counter[str]()
    for move in moves:
        for account, sign in ((move.from_account, -1), (move.to_account, 1)):
            if account == f"held:{move.job_id}":
                held[move.job_id] += sign * move.micros
            elif account == f"spent:{move.vendor}":
                spent[move.job_id] += sign * move.micros
    for job in jobs:
        may_be = {  # what may be held, and whether something may be spent
            "no": [(0, False)],
            "yes": [(0, True)],
            "held": [(job.micros, False)],
            "unknown": [(job.micros, False), (0, True)],
        }
        assert (held[job.id], spent[job.id] > 0) in may_be[job.charged]
        assert held[job.id] == 0 or job.state not in ENDED


def a_hold_has_one_end(moves: Sequence[Any]) -> None:
    moved: dict[str, dict[str, int]] = {}
    for move in moves:
        moved.setdefault(move.job_id, {})[move.kind] = move.micros
    assert all(kinds.get("settle", 0) + kinds.get("release", 0) in (0, kinds.get("hold", 0)) for kinds in moved.values())


def play(address: Callable[[ExitStack], str], examples: int) -> None:
    """Play so many histories, each in a store of its own."""
    limits = settings(max_examples=examples, stateful_step_count=30, deadline=None, database=None, derandomize=True)
    run_state_machine_as_test(lambda: History(address), settings=settings(limits, suppress_health_check=[HealthCheck.too_slow]))


@pytest.mark.fault("C06")
def test_no_history_loses_money_on_sqlite() -> None:
    play(lambda stack: place_empty_store(Path(stack.enter_context(tempfile.TemporaryDirectory()))), examples=40)


def test_no_history_loses_money_on_postgresql(postgres_url: str) -> None:
    play(lambda stack: stack.enter_context(empty_schema(postgres_url)), examples=10)
