"""The catalogue of faults: a line each, with what has to come of it and the tests that play it."""

from __future__ import annotations

from typing import NamedTuple


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

# D: results that are fetched
RESULTS: tuple[Fault, ...] = ()

# Q: what a vendor answers
ANSWERS: tuple[Fault, ...] = ()

# I: what a caller puts in
INPUTS: tuple[Fault, ...] = ()

# R: the host, the machine, the restart
HOSTS: tuple[Fault, ...] = ()

CATALOGUE = (*SUBMITS, *BUDGETS, *RESULTS, *ANSWERS, *INPUTS, *HOSTS)
