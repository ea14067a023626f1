"""Money: the caps hold to the micro, every move is written once, and a day's money stays in its day."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from sora_mcp.domain import Job
from sora_mcp.domain.errors import OverBudget
from sora_mcp.domain.money import Micros, Unsettled, usd
from sora_mcp.store import Store
from sora_mcp.store.budget_days import find_midnight
from sora_mcp.store.budgets import Outlook
from sora_mcp.store.database import Database
from sora_mcp.store.ledger import release_hold, settle_hold
from sora_mcp.store.records import Account, Budget, Caps, Costs, SpendRow
from tests.each import each

from .stored import CAPS, DAY_S, DONE, FILE, NOON, PENDING, Clock, begun, claimed, moves, no, purchase, reserve, running, spent

ONE = usd("1.00")
DECEMBER = NOON + 10 * DAY_S


def refused(store: Store, price: str, caps: Caps = CAPS) -> str:
    """The sentence with which the store refuses."""
    with pytest.raises(OverBudget) as error:
        store.reservations.reserve.sync(purchase(price), caps)
    said = store.budgets.check.sync(usd(price), caps).passed_cap
    assert said is not None
    assert said in error.value.message
    return error.value.message


# Caps


def test_the_budget_shows_what_is_left_of_every_cap(store: Store) -> None:
    store.reservations.reserve.sync(purchase("1.20"), CAPS)
    assert store.budgets.get.sync(CAPS) == Budget(
        per_video=usd("5"),
        day_limit=usd("10"),
        day_spent=usd("1.20"),
        day_left=usd("8.80"),
        month_limit=usd("100"),
        month_spent=usd("1.20"),
        month_left=usd("98.80"),
        resets_at=datetime(2026, 11, 22, tzinfo=UTC),
        day_unsettled=Unsettled(held=usd("1.20")),
        month_unsettled=Unsettled(held=usd("1.20")),
    )


@pytest.mark.fault("C09")
def test_one_video_may_not_cost_more_than_its_cap(store: Store) -> None:
    assert refused(store, "5.000001") == (
        "muvi:sora-2 costs $5.000001. One video may cost $5.00 at most. Only the user can raise SORA_MCP_PER_VIDEO_USD."
    )
    assert store.reservations.reserve.sync(purchase("5"), CAPS).charged == "held"


@pytest.mark.fault("C03")
def test_a_day_takes_exactly_its_cap(store: Store) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    store.reservations.reserve.sync(purchase("4"), CAPS)
    assert refused(store, "1.000001") == (
        "muvi:sora-2 costs $1.000001. Only $1.00 of the day's $10.00 is left."
        " Only the user can raise SORA_MCP_DAILY_USD. The day ends 2026-11-22 at 00:00 UTC."
    )
    assert store.budgets.check.sync(ONE, CAPS).passed_cap is None
    store.reservations.reserve.sync(purchase("1"), CAPS)
    assert store.budgets.get.sync(CAPS).day_left == 0


@pytest.mark.fault("C03")
def test_a_month_takes_exactly_its_cap(store: Store) -> None:
    caps = replace(CAPS, monthly=usd("2"))
    store.reservations.reserve.sync(purchase("1.50"), caps)
    assert refused(store, "0.51", caps) == (
        "muvi:sora-2 costs $0.51. Only $0.50 of the month's $2.00 is left."
        " Only the user can raise SORA_MCP_MONTHLY_USD. The month ends 2026-12-01 at 00:00 UTC."
    )
    assert store.reservations.reserve.sync(purchase("0.50"), caps).charged == "held"


@pytest.mark.fault("C04")
def test_cents_add_up_to_exactly_the_cap(store: Store, clock: Clock) -> None:
    for times, price, cap in ((10, "0.10", "1"), (100, "0.35", "35")):
        caps = replace(CAPS, daily=usd(cap))
        for _ in range(times):
            store.reservations.reserve.sync(purchase(price), caps)
        assert refused(store, "0.000001", caps).startswith(f"muvi:sora-2 costs $0.000001. Only $0.00 of the day's ${cap}.00 is left")
        clock.at += DAY_S


@pytest.mark.fault("C13")
def test_a_free_video_passes_an_empty_budget(store: Store) -> None:
    nothing = Caps(Micros(0), Micros(0), Micros(0), UTC)
    assert store.reservations.reserve.sync(purchase("0"), nothing).charged == "no"


@pytest.mark.fault("C22")
def test_a_cap_lowered_below_what_is_held_lets_nothing_more_in(store: Store) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    assert store.budgets.get.sync(replace(CAPS, daily=usd("2"))).day_left == 0
    refused(store, "0.01", replace(CAPS, daily=usd("2")))


@pytest.mark.fault("C24")
def test_no_cap_is_high_enough_for_a_sum_that_could_overflow(store: Store) -> None:
    boundless = Caps(Micros(2**80), Micros(2**80), Micros(2**80), UTC)
    for price in ("1000000.000001", "9223372036854.775807", "99999999999999999999"):
        assert "One video may cost $1,000,000.00 at most" in refused(store, price, boundless), price


# Ends of a hold

Step = Callable[[Store, Job], Job | None]


def named(sum_: str) -> Step:
    """The vendor names a sum while it works."""
    return lambda store, job: store.outcomes.step.sync(job, replace(PENDING, id=job.vendor_id or "", micros=usd(sum_)), due_s=0)


def settled(sum_: str | None = None) -> Step:
    """The video is made, at this sum where the vendor names one."""
    return lambda store, job: store.outcomes.settle.sync(job, replace(DONE, micros=None if sum_ is None else usd(sum_)))


def over(charged: Any, sum_: str | None = None, *, state: Any = "failed") -> Step:
    """The job ends without a video."""
    return lambda store, job: store.outcomes.end.sync(job, state, no(charged), micros=None if sum_ is None else usd(sum_))


def saved(store: Store, job: Job) -> Job | None:
    """The file is here."""
    return store.outcomes.complete.sync(job, FILE)


ENDS: dict[str, tuple[str, tuple[Step, ...], str, str | None, dict[str, str]]] = {
    "spent as held": ("1", (settled(),), "yes", None, {"settle": "1"}),
    "what the vendor did not take goes back": ("1", (settled("0.70"),), "yes", "0.70", {"settle": "0.70", "release": "0.30"}),
    "a sum named while working counts": ("1", (named("0.80"), settled()), "yes", "0.80", {"settle": "0.80", "release": "0.20"}),
    "a second settle moves no money": ("1", (settled("0.70"), settled("0.10")), "yes", "0.70", {"settle": "0.70", "release": "0.30"}),
    "charged although free": ("0", (settled("0.05"),), "yes", "0.05", {"overrun": "0.05"}),
    "a file without a settle": ("1", (saved,), "yes", None, {"settle": "1"}),
    "a file after a settle": ("1", (settled("0.70"), saved), "yes", "0.70", {"settle": "0.70", "release": "0.30"}),
    "a free no": ("1", (over("no"),), "no", None, {"release": "1"}),
    "a free no after a larger sum": ("1", (named("9"), over("no")), "no", None, {"release": "1"}),
    "a costly no": ("1", (over("yes", "0.25"),), "yes", "0.25", {"settle": "0.25", "release": "0.75"}),
    "a no without a word on money": ("1", (over("unknown"),), "unknown", None, {"settle": "1"}),
    "a no, less named": ("1", (named("0.30"), over("yes")), "yes", "0.30", {"settle": "0.30", "release": "0.70"}),
    "an open no, less named": ("1", (named("0.30"), over("unknown")), "unknown", "0.30", {"settle": "0.30", "release": "0.70"}),
    "a no, more named": ("1", (named("1.40"), over("yes")), "yes", "1.40", {"settle": "1", "overrun": "0.40"}),
    "an open no, more named": ("1", (named("1.40"), over("unknown")), "unknown", "1.40", {"settle": "1", "overrun": "0.40"}),
    "given back": ("1", (settled("1.10"), over("no")), "no", "1.10", {"settle": "1", "overrun": "0.10", "refund": "1.10"}),
    "a dead link": ("1", (settled(), over("yes", state="expired")), "yes", None, {"settle": "1"}),
    "known to be spent": ("1", (settled(), over("unknown")), "yes", None, {"settle": "1"}),
    "unknown, said to be free": ("1", (over("no", state="unknown"),), "unknown", None, {}),
    "unknown, said to be charged": ("1", (over("yes", state="unknown"),), "unknown", None, {}),
}
"""The price, what happens, and what the job and the ledger say at the end, beside the hold."""


@pytest.mark.fault("C05", "C20")
def test_every_end_of_a_hold_moves_its_money_once(store: Store, database: Database, clock: Clock) -> None:
    for number, (name, (price, steps, charged, actual, moved)) in enumerate(ENDS.items()):
        clock.at, month = DECEMBER + number * DAY_S, spent(store)[1]
        job: Job | None = running(store, price, model=f"model-{number}")  # some pause their model
        for step in steps:
            assert job is not None, name
            job = step(store, job)
        assert job is not None, name
        assert (job.charged, job.error is None or job.error.charged == charged) == (charged, True), name
        assert name in ("a free no after a larger sum",) or job.actual == (None if actual is None else usd(actual)), name
        sums = {kind: usd(sum_) for kind, sum_ in {"hold": price, **moved}.items() if usd(sum_)}
        assert moves(database, job) == sums, name
        counted = sum(micros * {"hold": 1, "overrun": 1, "settle": 0}.get(kind, -1) for kind, micros in sums.items())
        assert spent(store) == (counted, month + counted), name


def test_what_was_given_back_is_not_spent_afterwards(store: Store, database: Database) -> None:
    job = running(store)
    account = Account(job.id, job.vendor, job.model, "2026-11-21", "local", None)
    with database.writing() as conn:
        release_hold(conn, account, now=NOON)
        assert settle_hold(conn, account, ONE, now=NOON) == 0
    assert moves(database, job) == {"hold": ONE, "release": ONE}


@pytest.mark.fault("C19")
def test_what_the_vendor_took_above_the_hold_counts_even_above_the_cap(store: Store, database: Database) -> None:
    job = store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("100")))
    assert job is not None
    assert moves(database, job) == {"hold": ONE, "settle": ONE, "overrun": usd("99")}
    assert store.budgets.get.sync(CAPS).day_left == 0
    refused(store, "0.01")


def test_what_a_vendor_names_above_the_hold_counts_before_it_is_spent(store: Store, clock: Clock) -> None:
    for number, (lost, held) in enumerate(itertools.product((False, True), ("1.00", "0"))):
        clock.at = day = NOON + number * 70 * DAY_S
        store.outcomes.step.sync(running(store, "2.00"), replace(PENDING, micros=usd("1.50")), due_s=900)
        job = store.outcomes.step.sync(running(store, held), replace(PENDING, micros=usd("7.50")), due_s=0)
        assert job is not None
        job = claimed(store)
        if lost:
            assert store.outcomes.end.sync(job, "unknown", no("unknown")) is not None
        assert spent(store) == (usd("9.50"), usd("9.50")), (lost, held)
        assert refused(store, "0.60").startswith("muvi:sora-2 costs $0.60. Only $0.50 of the day's $10.00 is left.")
        outlook = store.budgets.check.sync(usd("0.60"), CAPS)
        assert (outlook.passed_cap is not None, outlook.budget.day_left) == (True, usd("0.50"))
        clock.at += DAY_S
        assert spent(store) == (0, usd("9.50")), (lost, held)
        clock.at += 30 * DAY_S
        assert spent(store) == (0, 0), (lost, held)
        clock.at = day
        assert store.outcomes.end.sync(job, "failed", no("yes")) is not None
        assert spent(store) == (usd("9.50"), usd("9.50")), (lost, held)
        assert store.paused_models.resume.sync("muvi:sora-2")


def test_once_money_is_spent_a_later_sum_changes_neither_job_nor_ledger(store: Store, clock: Clock) -> None:
    how: dict[str, Callable[[str], Step]] = {"running again": named, "made again": settled, "failed": lambda sum_: over("yes", sum_)}
    cases = itertools.product(how, (("0.10", False), ("5.00", True)), (("0.80", "0.80"), (None, "1.00")))
    for number, (again, (then, paused), (first, price)) in enumerate(cases):
        clock.at, model = DECEMBER + number * DAY_S, f"model-{number}"
        before = settled(first)(store, running(store, model=model))
        assert before is not None
        later = how[again](then)(store, claimed(store))
        assert later is not None
        assert (later.actual, later.charged, later.price) == (before.actual, "yes", usd(price)), (again, then, first)
        assert spent(store)[0] == usd(price), (again, then, first)
        assert (f"muvi:{model}" in {pause.model for pause in store.paused_models.get_all.sync()}) is paused, (again, then, first)


@pytest.mark.fault("C24")
def test_a_senseless_sum_is_booked_within_reason(store: Store) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=Micros(-5)))
    assert spent(store)[0] == ONE
    store.outcomes.settle.sync(running(store), replace(DONE, micros=Micros(10**30)))
    assert spent(store)[0] == ONE + usd("1000000")


def test_an_unknown_job_keeps_its_hold_until_a_person_ends_it(store: Store, database: Database) -> None:
    for charged, left in (("no", {"release": ONE}), ("yes", {"settle": ONE})):
        before = spent(store)[0]
        job = store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
        assert (job.charged, moves(database, job)) == ("unknown", {"hold": ONE})
        budget = store.budgets.get.sync(CAPS)
        assert (budget.month_unsettled.unclear, budget.day_spent) == (ONE, before + ONE)
        ended = store.outcomes.end.sync(job, "failed", no(charged))
        assert ended is not None
        unclear = store.budgets.get.sync(CAPS).month_unsettled.unclear
        assert (ended.charged, moves(database, job), unclear) == (charged, {"hold": ONE} | left, 0)


# Windows


def test_a_new_day_has_a_new_budget_and_the_month_goes_on(store: Store, clock: Clock) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    clock.at += DAY_S
    assert spent(store) == (0, usd("5"))


@pytest.mark.fault("C14")
def test_money_stays_in_the_day_of_its_hold(store: Store, clock: Clock) -> None:
    clock.at = NOON + DAY_S / 2 - 0.1
    job = running(store)
    clock.at += 0.2
    store.outcomes.settle.sync(job, replace(DONE, micros=usd("3")))
    assert spent(store) == (0, usd("3"))
    clock.at -= 1
    assert spent(store) == (usd("3"), usd("3"))


@pytest.mark.fault("C16")
def test_a_month_ends_with_its_last_day(store: Store, clock: Clock) -> None:
    for last in (date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29)):
        end = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC).timestamp()
        clock.at = max(NOON, end - 20 * DAY_S)
        store.reservations.reserve.sync(purchase("5"), CAPS)
        clock.at = end
        assert spent(store) == (0, usd("5")), last
        clock.at += 1
        assert spent(store) == (0, 0), last


@pytest.mark.fault("C17")
def test_a_clock_that_steps_back_refills_nothing(store: Store, clock: Clock) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    for at in (NOON - 2 * 3600, NOON - DAY_S, NOON - 40 * DAY_S):
        clock.at = at
        assert spent(store) == (usd("5"), usd("5"))


@pytest.mark.fault("C17")
def test_a_clock_that_runs_ahead_and_comes_back_stays_in_the_day_ahead(store: Store, clock: Clock) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    clock.at = NOON + 40 * DAY_S
    store.reservations.reserve.sync(purchase("5"), CAPS)
    clock.at = NOON
    store.reservations.reserve.sync(purchase("5"), CAPS)
    refused(store, "0.01")


@pytest.mark.fault("C18")
def test_another_zone_refills_nothing_before_the_promised_moment(store: Store, clock: Clock) -> None:
    store.reservations.reserve.sync(purchase("5"), CAPS)
    clock.at = NOON + DAY_S / 2 - 1
    for zone in ("Pacific/Auckland", "Pacific/Honolulu", "Asia/Kolkata"):
        moved = replace(CAPS, zone=ZoneInfo(zone))
        assert spent(store, moved) == (usd("5"), usd("5")), zone
        assert store.budgets.get.sync(moved).resets_at == datetime(2026, 11, 22, tzinfo=UTC), zone


@pytest.mark.fault("C18")
def test_a_zone_that_is_behind_reuses_no_earlier_day(store: Store, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 21, 20, tzinfo=UTC).timestamp()
    ahead, behind = (replace(CAPS, zone=ZoneInfo(name)) for name in ("Pacific/Kiritimati", "Pacific/Niue"))
    store.reservations.reserve.sync(purchase("5"), ahead)  # on the 22nd there
    clock.at = datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()  # its end; in Niue, an hour before the 22nd
    assert spent(store, behind)[0] == usd("5")
    store.reservations.reserve.sync(purchase("5"), behind)
    assert store.budgets.get.sync(behind).resets_at == datetime(2026, 11, 23, 11, tzinfo=UTC)


ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia")


@pytest.mark.fault("C15")
@each("zone", ZONES)
def test_every_day_of_a_year_ends_when_the_next_one_begins(zone: str) -> None:
    where = ZoneInfo(zone)
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        end = find_midnight(day, where)
        around = [datetime.fromtimestamp(end + shift, where).date() for shift in (-1, 0)]
        assert around == [day - timedelta(days=1), day]


# Reports


def test_spend_is_told_by_day_vendor_and_model(store: Store, clock: Clock) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("0.70")))
    begun(store, "0.50")
    store.outcomes.end.sync(running(store), "failed", no("no"))
    store.outcomes.complete.sync(running(store, "0"), FILE)
    clock.at += 10 * DAY_S
    begun(store, "0.25", vendor="fal", model="kling")
    november = SpendRow("2026-11-21", "muvi", "muvi:sora-2", videos=2, held=usd("0.50"), spent=usd("0.70"))
    december = SpendRow("2026-12-01", "fal", "fal:kling", videos=1, held=usd("0.25"), spent=Micros(0))
    assert store.ledger.sum_by_day.sync() == (november, december)
    assert store.ledger.sum_by_day.sync("2026-12") == (december,)
    assert store.ledger.sum_by_day.sync("2025-01") == ()


def test_costs_are_told_by_day_model_vendor_and_job(store: Store, clock: Clock) -> None:
    paid = store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("0.70")))
    begun(store, "0.50")
    clock.at += 10 * DAY_S
    begun(store, "0.25", vendor="fal", model="kling", principal="ben")
    ask, nothing = store.ledger.sum_costs.sync, Micros(0)
    muvi = Costs("muvi:sora-2", 2, spent=usd("0.70"), held=usd("0.50"), unclear=nothing, unstated=nothing, under_way=2)
    fal = Costs("fal:kling", 1, spent=nothing, held=usd("0.25"), unclear=nothing, unstated=nothing, under_way=1)
    assert ask("model") == (muvi, fal)
    assert ask("vendor", principal="ben") == (replace(fal, of="fal"),)
    assert ask("day", since="2026-11-22") == ask("day", since="2026-12-01", until="2026-12-01") == (replace(fal, of="2026-12-01"),)
    assert [(row.of, row.model, row.spent) for row in ask("job", until="2026-11-21", limit=1)] == [(paid.id, "muvi:sora-2", usd("0.70"))]


def test_what_an_unclear_job_holds_is_unclear(store: Store) -> None:
    store.outcomes.end.sync(begun(store, "0.50"), "unknown", no("unknown"))
    assert [(row.held, row.unclear) for row in store.ledger.sum_costs.sync("vendor")] == [(0, usd("0.50"))]


def test_what_a_failed_job_may_have_cost_is_unclear(store: Store) -> None:
    store.outcomes.end.sync(running(store), "failed", no("unknown"))
    rows = store.ledger.sum_costs.sync("vendor")
    assert [(row.spent, row.held, row.unclear, row.perhaps_charged) for row in rows] == [(0, 0, usd("1"), 1)]


def test_only_what_is_unclear_is_told_where_that_is_asked_for(store: Store) -> None:
    failed = store.outcomes.end.sync(running(store), "failed", no("unknown"))
    store.outcomes.settle.sync(running(store, "0.50"), DONE)
    (row,) = store.ledger.sum_costs.sync("job", is_unclear=True)
    assert failed and (row.of, row.unclear, row.day, row.state) == (failed.id, usd("1"), "2026-11-21", "failed")


def test_the_budget_tells_what_is_reserved_and_perhaps_charged_of_what_counts(store: Store, clock: Clock) -> None:
    store.outcomes.settle.sync(running(store), replace(DONE, micros=usd("0.70")))
    store.outcomes.end.sync(running(store), "failed", no("unknown"))
    store.outcomes.mark_unclear.sync(begun(store, "0.25"), "t", no("unknown"))
    clock.at += DAY_S
    begun(store, "0.50")
    budget = store.budgets.get.sync(CAPS)
    assert (budget.day_spent, budget.day_unsettled) == (usd("0.50"), Unsettled(held=usd("0.50")))
    assert (budget.month_spent, budget.month_unsettled) == (usd("2.45"), Unsettled(usd("0.50"), usd("1.25")))
    assert store.budgets.check.sync(ONE, CAPS).budget == budget


def test_a_finished_clip_is_counted_as_such(store: Store) -> None:
    paid = store.outcomes.settle.sync(running(store), DONE)
    assert paid is not None and store.outcomes.complete.sync(paid, FILE) is not None
    assert [(row.finished, row.under_way) for row in store.ledger.sum_costs.sync("vendor")] == [(1, 0)]


def test_spend_of_one_principal_has_nothing_of_others(store: Store) -> None:
    begun(store, "0.50")
    begun(store, "0.25", principal="ben")
    assert [row.held for row in store.ledger.sum_by_day.sync(principal="ben")] == [usd("0.25")]
    assert [row.held for row in store.ledger.sum_by_day.sync()] == [usd("0.75")]


def test_a_job_knows_nothing_of_money_that_the_ledger_does_not(store: Store, database: Database) -> None:
    jobs: list[Job] = [begun(store), running(store), store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))]
    assert [moves(database, job) for job in jobs] == [{"hold": job.micros} for job in jobs]


def test_the_outlook_says_what_would_be_refused_and_what_is_left(store: Store) -> None:
    caps = replace(CAPS, per_video=usd("5"), daily=usd("8"))

    assert store.budgets.check.sync(usd("4"), caps, clips=2) == Outlook(store.budgets.get.sync(caps), None, passes_unasked=False, loss=None)
    assert (
        store.budgets.check.sync(usd("6"), caps, clips=1).passed_cap
        == "One video may cost $5.00 at most. Only the user can raise SORA_MCP_PER_VIDEO_USD."
    )
    assert (
        store.budgets.check.sync(usd("3"), caps, clips=3).passed_cap
        == "The limit of a day is $8.00. Only the user can raise SORA_MCP_DAILY_USD."
    )


def test_the_statements_of_a_purchase_are_compiled_once(store: Store) -> None:
    reserve(store)
    compiled, engine = list[str](), store._database.write  # pyright: ignore[reportPrivateUsage]

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT:
            compiled.append(statement)

    event.listen(engine, "after_cursor_execute", note)
    reserve(store)
    event.remove(engine, "after_cursor_execute", note)
    assert compiled == []


def test_what_no_vendor_stated_is_told_as_a_part_of_what_was_spent(store: Store) -> None:
    store.outcomes.settle.sync(running(store, "0.30"), replace(DONE, micros=None))
    store.outcomes.settle.sync(running(store, "0.50", prompt="another"), replace(DONE, micros=usd("0.45")))
    (muvi,) = store.ledger.sum_costs.sync("vendor")
    assert (muvi.spent, muvi.unstated) == (usd("0.75"), usd("0.30"))
