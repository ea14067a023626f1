"""The catalogue of faults: a line each, with what has to come of it and the tests that play it."""

from __future__ import annotations

from typing import NamedTuple

from tests.faults import later_catalogue


class Fault(NamedTuple):
    """One fault: what happens, what has to come of it, and where it is played (`file.py::test`, from `tests/`)."""

    id: str
    fault: str
    outcome: str
    tests: tuple[str, ...]


# S: the paid call, and the yes before it
SUBMITS: tuple[Fault, ...] = ()

# C: budgets, prices, clocks
BUDGETS: tuple[Fault, ...] = ()

# D: results that are fetched. Q: what a vendor answers. I: what a caller puts in. R: the host, the machine, the restart
REST = tuple(Fault(*row) for row in (*later_catalogue.RESULTS, *later_catalogue.ANSWERS, *later_catalogue.INPUTS, *later_catalogue.HOSTS))

CATALOGUE = (*SUBMITS, *BUDGETS, *REST)
