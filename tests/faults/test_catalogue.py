"""No fault of the catalogue without a test that plays it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.catalogue import CATALOGUE, Fault

TESTS = Path(__file__).parents[1]
HOW_MANY = {"S": 51, "C": 24, "D": 21, "Q": 23, "I": 12, "R": 14}


@cache
def tests_of(file: str) -> frozenset[str]:
    nodes = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    return frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_fault_has_its_line_in_order() -> None:
    assert [row.id for row in CATALOGUE] == [f"{letter}{number:02}" for letter, last in HOW_MANY.items() for number in range(1, last + 1)]


@pytest.mark.parametrize("row", CATALOGUE, ids=[row.id for row in CATALOGUE])
def test_a_fault_is_played_by_tests_that_exist(row: Fault) -> None:
    assert row.fault and row.outcome and row.tests
    for where in row.tests:
        file, _, name = where.partition("::")
        assert name in tests_of(file), where
