"""Money is counted in whole micros."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_mcp.domain.money import as_number, ceil, format_dollars, parse_amount, show, split_dollars, usd
from tests.each import each


@each(
    ("text", "micros"),
    [("0", 0), ("1", 1_000_000), ("0.30", 300_000), ("0.000001", 1), ("0.1456", 145_600), ("-0.10", -100_000), ("1e-6", 1)],
)
def test_dollars_become_exactly_that_many_micros(text: str, micros: int) -> None:
    assert usd(text) == micros


@pytest.mark.fault("C05")
def test_parts_of_a_micro_are_no_price() -> None:
    with pytest.raises(ValueError, match="no whole number of micros"):
        usd("0.0000001")


@pytest.mark.fault("C05")
@each(("micros", "whole"), [("1", 1), ("1.0000001", 2), ("0", 0), ("0.5", 1), ("501000", 501_000)])
def test_a_hold_is_rounded_up(micros: str, whole: int) -> None:
    assert ceil(Decimal(micros)) == whole


@each(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (1_200_000, "$1.20"),
        (2_004_000, "$2.004"),
        (2_500, "$0.0025"),
        (1, "$0.000001"),
        (-100_000, "-$0.10"),
        (12_345_678_900_000, "$12345678.90"),
    ],
)
def test_money_is_shown_to_the_last_micro(micros: int, text: str) -> None:
    assert show(micros) == text


@each(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (5_809_999, "$5.81"),
        (37_324_800, "$37.32"),
        (350_000, "$0.35"),
        (99_999, "$0.10"),
        (62_500, "$0.06"),
        (9_900, "$0.0099"),
        (2_500, "$0.0025"),
        (1, "$0.000001"),
        (-1_234_500_000, "-$1,234.50"),
        (100_000_000_000, "$100,000.00"),
    ],
)
def test_a_message_says_money_as_people_read_it(micros: int, text: str) -> None:
    assert format_dollars(micros) == text


def test_a_number_for_showing_has_no_dust() -> None:
    assert as_number(2_004_000) == 2.004


@pytest.mark.fault("C21")
@each(
    ("amount", "per_usd", "micros"),
    [
        (1_200_000, 1_000_000, 1_200_000),
        (0, 1_000_000, 0),
        (120_000, 2_000_000, 60_000),
        (120_001, 2_000_000, 60_001),
        (0.06, 1, 60_000),
        (0.1, 1, 100_000),
        (1.56, 1, 1_560_000),
        ("0.001240000", 1, 1_240),
        ("0.0000001", 1, 1),
    ],
)
def test_what_a_vendor_states_is_taken_exactly_in_its_own_unit(amount: object, per_usd: int, micros: int) -> None:
    assert parse_amount(amount, per_usd=per_usd) == micros


@each("amount", [None, True, "", "much", "1,5", -1, "-0.01", float("nan"), float("inf"), "1e999999999", 10**12, [], {}, "1e6"])
def test_what_is_no_sane_sum_is_not_counted(amount: object) -> None:
    assert parse_amount(amount, per_usd=1) is None


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_what_is_shown_can_be_read_back(micros: int) -> None:
    assert usd(show(micros).replace("$", "")) == micros


@given(st.decimals(min_value=0, max_value=10**9, places=9))
def test_rounding_up_adds_less_than_a_micro(micros: Decimal) -> None:
    assert 0 <= ceil(micros) - micros < 1


@each(
    ("parts", "shown"),
    [
        (("1.565", "0.1368", "0.1368"), ["$1.56", "$0.14", "$0.14"]),  # $1.84 together
        (("1.5", "0.25", "0.25"), ["$1.50", "$0.25", "$0.25"]),
        (("0.105", "0.105"), ["$0.11", "$0.10"]),
        (("1.57", "0.0025", "0"), ["$1.57", "$0.0025", "$0.00"]),
        (("0", "0.005", "0.005"), ["$0.00", "$0.005", "$0.005"]),
    ],
)
def test_parts_add_up_as_they_are_shown(parts: tuple[str, ...], shown: list[str]) -> None:
    assert split_dollars([usd(part) for part in parts]) == shown


def test_parts_of_a_cent_or_more_always_add_up() -> None:
    for first in range(10_000, 40_000, 777):
        for second in range(10_000, 30_000, 613):
            shown = split_dollars((first, second, 12_345))
            total = sum(usd(amount.removeprefix("$")) for amount in shown)
            assert format_dollars(total) == format_dollars(first + second + 12_345), (first, second)
