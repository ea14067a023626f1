"""No fault of the catalogue without a test that is marked with it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.faults.catalogue import CATALOGUE

TESTS = Path(__file__).parents[1]
HOW_MANY = {"S": 51, "C": 24, "D": 21, "Q": 23, "I": 12, "R": 14}


def read_marks() -> set[str]:
    """Return the ids of the faults that tests are marked with."""
    files = [path for path in TESTS.rglob("test_*.py") if "mark.fault(" in path.read_text(encoding="utf-8")]
    modules = [import_module(".".join(("tests", *path.relative_to(TESTS).with_suffix("").parts))) for path in files]
    tests = [value for module in modules for name, value in vars(module).items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", ()) if mark.name == "fault"]
    return {id_ for mark in marks for id_ in mark.args}


def test_every_fault_has_its_line_in_order() -> None:
    assert [row.id for row in CATALOGUE] == [f"{letter}{number:02}" for letter, last in HOW_MANY.items() for number in range(1, last + 1)]
    assert [row for row in CATALOGUE if not (row.fault and row.outcome)] == []


def test_every_fault_has_a_test_and_every_mark_a_fault() -> None:
    known = {row.id for row in CATALOGUE}
    marked = read_marks()
    assert (sorted(known - marked), sorted(marked - known)) == ([], [])
