"""Budgets at the terminal: shown to everybody who may run the program, changed by a person only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.budget import print_budgets
from sora_mcp.config.settings import load
from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store
from sora_mcp.store.records import AccountBudget, Limits, Person

from ..screens import open_screen, text_of
from ..stored import CAPS, reserve
from .conftest import Sora

AT_A_TERMINAL = pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
FILE = """\
[all]
month_usd = 5000
day_usd = "none"

["person:*"]
per_video_usd = 5
day_usd = 10
confirm_above_usd = 2.50

["team:film"]
month_usd = 2000

["person:anna@example.com"]
day_usd = 40
"""


@pytest.fixture
def known(said: dict[str, str]) -> dict[str, str]:
    """The settings of a store in which Anna and Ben spent something."""
    settings = load(said, today=date(2026, 11, 21))
    store = Store(settings.database_url, settings.home, marks=settings.marks)
    store.people.meet.sync(Person("p_1", "https://id.example.com", "s1", "Anna", "anna@example.com", ("film",)))
    store.people.meet.sync(Person("ben", "file", "ben"))
    reserve(store, "1.25", principal="p_1", caps=CAPS)
    reserve(store, "2", principal="ben", caps=CAPS)
    store.close()
    return said


def opened(said: dict[str, str]) -> Store:
    settings = load(said, today=date(2026, 11, 21))
    return Store(settings.database_url, settings.home)


def test_all_budgets_are_shown(known: dict[str, str], sora: Sora) -> None:
    code, out, _ = sora("budget")
    rows = [line.split() for line in out.splitlines()]
    assert (code, rows[1]) == (0, ["all", "all", "$3.25", "$6.75", "$3.25", "$96.75", "$5.00", "$2.00"])
    assert [row[:2] for row in rows[2:]] == [["person:ben", "person:ben"], ["person:anna@example.com", "person:p_1"]]


def test_without_a_terminal_no_budget_changes(known: dict[str, str], sora: Sora) -> None:
    code, out, err = sora("budget", "person:anna@example.com", "--day", "20")
    assert (code, out) == (2, "person:p_1: a day $20.00\n")
    assert err.endswith("No budget was changed. A person has to run this command at a terminal and type the name.\n")
    assert opened(known).budgets.list_accounts.sync(CAPS)[-1].limits.day is None


@AT_A_TERMINAL
def test_at_a_terminal_the_account_is_typed(known: dict[str, str], typed_at_terminal: Callable[[str], None], sora: Sora) -> None:
    words = ("budget", "person:anna@example.com", "--day", "20", "--month", "200", "--per-video", "5", "--confirm-above", "none")
    typed_at_terminal("yes\n")
    assert sora(*words).code == 1
    typed_at_terminal("person:anna@example.com\n")
    code, out, _ = sora(*words)
    assert (code, out.splitlines()[0]) == (0, "person:p_1: a video $5.00, a day $20.00, a month $200.00, a yes above none")
    limits = opened(known).budgets.list_accounts.sync(CAPS)[-1].limits
    assert limits == Limits(usd("5"), usd("20"), usd("200"), NO_LIMIT)


@AT_A_TERMINAL
def test_a_file_changes_what_it_names(known: dict[str, str], typed_at_terminal: Callable[[str], None], sora: Sora, tmp_path: Path) -> None:
    opened(known).budgets.set.sync({"team:film": Limits(day=usd("7")), "person:ben": Limits(day=usd("3"))})
    (file := tmp_path / "budgets.toml").write_text(FILE, "utf-8")
    typed_at_terminal("budgets.toml\n")
    assert sora("budget", "--load", str(file)).code == 0
    found = {row.account: row.limits for row in opened(known).budgets.list_accounts.sync(CAPS)}
    assert found["all"] == Limits(usd("5"), NO_LIMIT, usd("5000"), None)
    assert found["team:film"] == Limits(None, usd("7"), usd("2000"), None)
    assert found["person:p_1"] == Limits(usd("5"), usd("40"), None, usd("2.50"))
    assert found["person:ben"] == Limits(usd("5"), usd("3"), None, usd("2.50"))


FAULTS = {
    "budgets.toml, line 3: day_usd must be an amount of dollars from 0 to 1,000,000, none, or default.": FILE.replace('"none"', '"much"'),
    "budgets.toml, line 2: 'month' is none of per_video_usd, day_usd, month_usd, confirm_above_usd.": FILE.replace(
        "month_usd = 5", "month=5"
    ),
    "budgets.toml, line 10: 'squad:film' is no account: write all, team:NAME, team:*, person:ID or person:*.": FILE.replace(
        "team:", "squad:"
    ),
    "budgets.toml, is not TOML: Expected '=' after a key in a key/value pair (at line 2, column 7).": "[all]\nmonth 5",
    "person:p_1 is named twice.": f'{FILE}["person:p_1"]\nday_usd = 1\n',
    'budgets.toml, line 1: write ["all"] on a line of its own, and its limits below it.': "all = 5",
    "budgets.toml, names no account.": "",
}


def test_a_file_with_a_fault_changes_nothing(known: dict[str, str], sora: Sora, tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    before = opened(known).budgets.list_accounts.sync(CAPS)
    for fault, text in FAULTS.items():
        file.write_text(text, "utf-8")
        code, _, err = sora("budget", "--load", str(file))
        assert (code, fault in err) == (2, True), (fault, err)
    assert opened(known).budgets.list_accounts.sync(CAPS) == before


def test_a_limit_needs_an_account_and_an_amount(sora: Sora) -> None:
    assert "Whose limit is it?" in sora("budget", "--day", "5").err
    assert "--day must be an amount of dollars from 0 to 1,000,000, none, or default." in sora("budget", "all", "--day", "lots").err
    assert "'anna' is no account" in sora("budget", "anna").err
    assert "--load takes no account" in sora("budget", "all", "--load", "x.toml").err


def test_a_person_who_never_called_is_told(sora: Sora) -> None:
    out = sora("budget", "person:dora", "--day", "5").out
    assert out.startswith("Nobody called dora has used this server yet: person:dora counts for a person of exactly this id.\n")


@AT_A_TERMINAL
def test_people_are_listed_and_put_into_teams(known: dict[str, str], typed_at_terminal: Callable[[str], None], sora: Sora) -> None:
    out = sora("people").out
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [["p_1", "anna@example.com", "-"], ["ben", "ben", "-"]]
    typed_at_terminal("ben\n")
    assert sora("people", "ben", "--team", "film").code == 0
    assert sora("people", "BEN").out.splitlines()[1].split()[:3] == ["ben", "ben", "film"]
    assert sora("people", "dora", "--team", "film") == (1, "", "sora-mcp: Nobody called dora has used this server yet.\n")


def test_spending_is_told_by_person_and_team(known: dict[str, str], sora: Sora) -> None:
    store = opened(known)
    store.people.set_team.sync("ben", "film")
    reserve(store, "1", principal="ben", caps=CAPS)
    store.close()
    rows = [line.split() for line in sora("spend", "--by", "person").out.splitlines()]
    assert rows[1:] == [["ben", "2", "$3.00", "$0.00", "$0.00"], ["anna@example.com", "(p_1)", "1", "$1.25", "$0.00", "$0.00"]]
    rows = [line.split() for line in sora("spend", "--by", "team").out.splitlines()]
    assert rows[1:] == [["-", "2", "$3.25", "$0.00", "$0.00"], ["film", "1", "$1.00", "$0.00", "$0.00"]]


def test_budgets_read_well_at_eighty_columns() -> None:
    rows = [
        AccountBudget("all", "all", Limits(usd("5"), NO_LIMIT, usd("5000"), usd("2")), usd("91.20"), usd("3120.40"), True),
        AccountBudget("person:*", "person:*", Limits(usd("5"), usd("10"), None, usd("2")), usd("0"), usd("0"), True),
        AccountBudget("person:p_1", "anna.lindqvist@film.example.com", Limits(day=usd("40")), usd("12"), usd("80"), True),
    ]
    screen = open_screen(80)
    print_budgets(screen, rows)
    lines = text_of(screen).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0].split() == ["ACCOUNT", "DAY", "SPENT", "DAY", "LEFT", "MONTH", "SPENT", "MONTH", "LEFT", "VIDEO", "YES", "ABOVE"]
    assert lines[3].split()[-6:] == ["$12.00", "$28.00", "$80.00", "-", "-", "-"]


@AT_A_TERMINAL
def test_a_limit_is_left_to_its_default_again(known: dict[str, str], typed_at_terminal: Callable[[str], None], sora: Sora) -> None:
    store = opened(known)
    store.budgets.set.sync({"all": Limits(per_video=usd("3"), day=usd("7")), "team:film": Limits(month=usd("9"))})
    typed_at_terminal("all\n")
    code, out, _ = sora("budget", "all", "--day", "default")
    assert (code, out.splitlines()[0]) == (0, "all: a day default")
    everybody = store.budgets.list_accounts.sync(CAPS)[0]
    assert (everybody.has_row, everybody.limits.per_video, everybody.limits.day) == (True, usd("3"), CAPS.daily)
    typed_at_terminal("team:film\n")
    assert sora("budget", "team:film", "--month", "default").code == 0
    assert "team:film" not in {row.account for row in store.budgets.list_accounts.sync(CAPS) if row.has_row}
    store.close()
