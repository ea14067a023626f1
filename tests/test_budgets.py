"""Budgets that stack: a person's, the team's and everybody's must all have room, and the tightest is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from sora_mcp.domain.errors import NeedsConfirmation, NotFound, OverBudget, Refused
from sora_mcp.domain.money import NO_LIMIT, SETTLED, Micros, usd
from sora_mcp.store import Store
from sora_mcp.store.database import Database
from sora_mcp.store.records import Limits, Person

from .stored import CAPS, DONE, PENDING, Clock, begun, no, purchase, reserve, running

WIDE = replace(CAPS, daily=usd("1000"), monthly=usd("1000"))
RUNS = "Only the people who run this server can raise it."


def refused(store: Store, price: str, who: str) -> str:
    """Return the sentence with which a purchase of this person is refused; the estimate says the same."""
    with pytest.raises(OverBudget) as error:
        store.reservations.reserve.sync(purchase(price, principal=who), WIDE)
    said = store.budgets.check.sync(usd(price), WIDE, principal=who).passed_cap
    assert said is not None
    assert said in error.value.message
    return error.value.message


def join(store: Store, team: str, *people: str) -> None:
    for person in people:
        store.people.meet.sync(Person(person, "file", person))
        store.people.set_team.sync(person, team)


def test_every_budget_that_applies_must_have_room_and_the_tightest_is_told(store: Store) -> None:
    store.budgets.set.sync({"team:film": Limits(month=usd("5")), "person:*": Limits(day=usd("4"))})
    join(store, "film", "anna", "ben")
    reserve(store, "3.80", principal="anna", caps=WIDE)
    assert refused(store, "0.50", "anna") == (
        f"muvi:sora-2 costs $0.50. Only $0.20 of your day is left. {RUNS} The day ends 2026-11-22 at 00:00 UTC."
    )
    assert refused(store, "1.30", "ben") == (
        f"muvi:sora-2 costs $1.30. Only $1.20 of team film's month is left. {RUNS} The month ends 2026-12-01 at 00:00 UTC."
    )
    assert reserve(store, "1.20", principal="ben", caps=WIDE).charged == "held"
    assert refused(store, "4.01", "carl").endswith(f"The limit of your day is $4.00. {RUNS}")


def test_what_everybody_may_spend_is_told_without_what_everybody_spent(store: Store) -> None:
    reserve(store, "9.50", principal="anna", caps=replace(CAPS, per_video=usd("10")))
    with pytest.raises(OverBudget) as error:
        reserve(store, "1", principal="ben")
    assert error.value.message == (
        f"muvi:sora-2 costs $1.00. Only $0.50 of this server's day is left. {RUNS} The day ends 2026-11-22 at 00:00 UTC."
    )
    budget = store.budgets.get.sync(CAPS, "ben")
    assert (budget.day_limit, budget.day_spent, budget.day_left, budget.limited_by) == (None, 0, usd("0.50"), "this server, day")
    assert (budget.month_limit, budget.month_spent, budget.month_unsettled) == (None, 0, SETTLED)


def test_what_a_row_leaves_open_comes_from_its_default(store: Store) -> None:
    store.budgets.set.sync({"person:*": Limits(usd("3"), usd("4"), None, usd("1")), "person:anna": Limits(day=usd("40"))})
    budget = store.budgets.get.sync(WIDE, "anna")
    assert (budget.per_video, budget.day_limit, budget.confirm_above, budget.limited_by) == (usd("3"), usd("40"), usd("1"), "you, day")
    assert store.budgets.get.sync(WIDE, "ben").day_limit == usd("4")
    store.budgets.set.sync({"person:anna": Limits(per_video=NO_LIMIT, confirm_above=NO_LIMIT)})
    budget = store.budgets.get.sync(WIDE, "anna")
    assert (budget.per_video, budget.day_limit, budget.confirm_above) == (usd("5"), usd("40"), None)
    store.budgets.set.sync({"all": Limits(month=usd("7"))})
    everybody = store.budgets.get.sync(CAPS, "anna")
    assert (everybody.day_left, everybody.month_left, everybody.limited_by) == (usd("10"), usd("7"), "this server, month")


def test_one_video_may_cost_what_the_tightest_level_allows(store: Store) -> None:
    store.budgets.set.sync({"team:film": Limits(per_video=usd("2"))})
    join(store, "film", "anna")
    assert refused(store, "2.50", "anna") == f"muvi:sora-2 costs $2.50. One video may cost $2.00 at most in team film. {RUNS}"
    assert refused(store, "5.50", "ben") == f"muvi:sora-2 costs $5.50. One video may cost $5.00 at most here. {RUNS}"


def test_the_owner_is_told_how_to_raise_a_budget_that_was_set(store: Store) -> None:
    store.budgets.set.sync({"all": Limits(day=usd("1"))})
    with pytest.raises(OverBudget) as error:
        reserve(store, "1.50")
    assert (
        error.value.message
        == "muvi:sora-2 costs $1.50. The limit of a day is $1.00. Only the user can raise it: `sora-mcp budget all` in a terminal."
    )


def test_nothing_limits_who_has_no_limits(store: Store) -> None:
    store.budgets.set.sync({"all": Limits(NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT)})
    job = reserve(store, "5000", principal="anna")
    assert (job.charged, job.day_left) == ("held", None)
    budget = store.budgets.get.sync(CAPS, "anna")
    assert (budget.day_limit, budget.day_left, budget.day_spent, budget.limited_by) == (None, NO_LIMIT, usd("5000"), None)


def test_the_smallest_price_that_needs_a_yes_counts(store: Store) -> None:
    caps = replace(WIDE, confirm_above=usd("2"))
    store.budgets.set.sync({"person:anna": Limits(confirm_above=usd("0.50"))})
    with pytest.raises(NeedsConfirmation):
        reserve(store, "0.60", principal="anna", caps=caps)
    assert reserve(store, "0.60", principal="ben", caps=caps).charged == "held"
    with pytest.raises(NeedsConfirmation):
        reserve(store, "2.10", principal="ben", caps=caps)


def test_what_an_hour_bought_without_a_yes_counts_at_every_level(store: Store, clock: Clock) -> None:
    store.budgets.set.sync({"team:film": Limits(confirm_above=usd("1")), "person:carl": Limits(confirm_above=usd("1"))})
    join(store, "film", "anna", "ben")
    reserve(store, "1", principal="anna", caps=WIDE)
    reserve(store, "1", principal="ben", caps=WIDE)
    with pytest.raises(NeedsConfirmation, match=r"\$2\.00 was spent by team film within an hour without a person's approval"):
        reserve(store, "0.10", principal="ben", caps=WIDE)
    reserve(store, "1", principal="carl", caps=WIDE)
    reserve(store, "1", principal="carl", caps=WIDE)
    assert store.budgets.check.sync(usd("0.10"), WIDE, principal="carl").passes_unasked
    assert not store.budgets.check.sync(usd("0.10"), WIDE, principal="dora").passes_unasked
    everybody = replace(WIDE, unasked=usd("4"))
    with pytest.raises(NeedsConfirmation, match="More than this server allows was spent"):
        reserve(store, "0.10", principal="dora", caps=everybody)
    clock.at += 3601
    assert reserve(store, "0.10", principal="ben", caps=WIDE).charged == "held"


def test_a_job_pays_from_the_team_it_was_bought_in(store: Store, database: Database) -> None:
    store.budgets.set.sync({"team:film": Limits(month=usd("5")), "team:news": Limits(month=usd("5"))})
    join(store, "film", "anna")
    job = running(store, "2", principal="anna")
    join(store, "news", "anna")
    store.outcomes.settle.sync(job, replace(DONE, micros=usd("3")))
    assert totals(database) == {
        ("person:anna", "2026-11-21"): usd("3"),
        ("person:anna", "2026-11"): usd("3"),
        ("team:film", "2026-11-21"): usd("3"),
        ("team:film", "2026-11"): usd("3"),
    }


def test_what_a_vendor_names_above_a_hold_counts_at_every_level(store: Store) -> None:
    store.budgets.set.sync({"team:film": Limits(month=usd("100"))})
    join(store, "film", "anna", "ben")
    job = begun(store, "1", principal="anna")
    store.outcomes.bind.sync(job, "t", replace(PENDING, micros=usd("4")), due_s=0)
    assert store.budgets.get.sync(WIDE, "anna").day_spent == usd("4")
    assert store.budgets.get.sync(WIDE, "ben").month_spent == usd("4"), "the team's"
    assert store.budgets.get.sync(WIDE).day_spent == usd("4")
    own = store.budgets.get.sync(WIDE, "ben").own
    assert own is not None
    assert (own.day_spent, own.team, own.team_month_spent) == (0, "film", usd("4"))


def test_the_first_group_with_a_budget_is_the_team(store: Store) -> None:
    store.budgets.set.sync({"team:film": Limits(month=usd("5")), "team:news": Limits(month=usd("6"))})
    store.people.meet.sync(Person("p_1", "https://id.example.com", "1", member_of=("everybody", "news", "film")))
    assert store.budgets.get.sync(WIDE, "p_1").limited_by == "team news, month"
    store.people.set_team.sync("p_1", "film")
    assert store.budgets.get.sync(WIDE, "p_1").limited_by == "team news, month"
    store.people.meet.sync(Person("p_1", "https://id.example.com", "1", member_of=("everybody",)))
    assert store.budgets.get.sync(WIDE, "p_1").limited_by == "team film, month"


def test_people_are_found_by_id_address_and_name(store: Store) -> None:
    store.people.meet.sync(Person("p_1", "https://id.example.com", "s1", "Anna", "anna@example.com"))
    store.people.meet.sync(Person("p_2", "https://id.example.com", "s2", "Anna", "anna@example.org"))
    assert store.people.find.sync("nobody") is None
    found = store.people.find.sync("ANNA@example.org")
    assert found is not None
    assert found.id == "p_2"
    with pytest.raises(Refused, match="p_1, p_2"):
        store.people.find.sync("Anna")
    with pytest.raises(NotFound):
        store.people.set_team.sync("p_3", "film")


def test_all_accounts_are_listed_with_what_they_spent(store: Store) -> None:
    store.budgets.set.sync({"team:film": Limits(month=usd("5")), "person:*": Limits(day=usd("4"))})
    store.people.meet.sync(Person("p_1", "https://id.example.com", "s1", "Anna", "anna@example.com"))
    store.people.set_team.sync("p_1", "film")
    reserve(store, "1", principal="p_1")
    reserve(store, "2")
    listed = store.budgets.list_accounts.sync(CAPS)
    assert [(one.account, one.name, one.limits.day, one.day_spent) for one in listed] == [
        ("all", "all", usd("10"), usd("3")),
        ("person:*", "person:*", usd("4"), 0),
        ("team:film", "film", None, usd("1")),
        ("person:local", "local", usd("4"), usd("2")),
        ("person:p_1", "anna@example.com", usd("4"), usd("1")),
    ]


def test_somebody_elses_unclear_money_is_not_told(store: Store) -> None:
    store.outcomes.mark_unclear.sync(begun(store, "1", principal="anna"), "t", no("unknown"))
    unclear = [store.budgets.get.sync(CAPS, who).month_unsettled.unclear for who in ("anna", "ben", "local")]
    assert unclear == [usd("1"), 0, usd("1")]


def totals(database: Database) -> dict[tuple[str, str], Micros]:
    with database.reading() as conn:
        return {(row.account, row.window): row.micros for row in conn.execute(sa.text("SELECT * FROM totals"))}
