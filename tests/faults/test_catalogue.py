"""No fault of the catalogue without a test that plays it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.each import each
from tests.faults.catalogue import CATALOGUE, Fault
from tests.faults.catalogue.money import PAID
from tests.faults.catalogue.world import DOWNLOAD, NO_END, NOWHERE, QUESTION
from tests.faults.result_rows import DOWNLOAD as DOWNLOADS
from tests.faults.result_rows import LINKS, NO_LINKS, STATUS
from tests.faults.submit_rows import SUBMIT

TESTS = Path(__file__).parents[1]
TABLES = {
    PAID: [row.id for row in SUBMIT],
    QUESTION: [row.id for row in STATUS],
    DOWNLOAD: [row.id for row in DOWNLOADS],
    NOWHERE: [name for name, _ in LINKS],
    NO_END: [name for name, _ in NO_LINKS],
}
PLAYED = [(row.id, table) for row in CATALOGUE for table in TABLES if table in row.tests]
HOW_MANY = {"S": 51, "C": 24, "D": 21, "Q": 23, "I": 12, "R": 14}


@cache
def played_in(file: str) -> frozenset[str]:
    nodes = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    return frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_fault_has_its_line_in_order() -> None:
    assert [row.id for row in CATALOGUE] == [f"{letter}{number:02}" for letter, last in HOW_MANY.items() for number in range(1, last + 1)]


@each("row", CATALOGUE, ids=[row.id for row in CATALOGUE])
def test_a_fault_is_played_by_tests_that_exist(row: Fault) -> None:
    assert row.fault and row.outcome and row.tests
    for where in row.tests:
        file, _, name = where.partition("::")
        assert name in played_in(file), where


@each(("id_", "table"), PLAYED)
def test_a_table_that_is_named_has_the_fault(id_: str, table: str) -> None:
    assert [name for name in TABLES[table] if name.startswith(id_)]


def test_no_row_of_a_table_is_missing_in_the_catalogue() -> None:
    assert [name for table, names in TABLES.items() for name in names if (name[:3], table) not in PLAYED] == []
