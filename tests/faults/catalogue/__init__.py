"""The catalogue of faults: a line each, with what has to come of it and the tests that play it."""

from __future__ import annotations

from .fault import Fault
from .money import BUDGETS, SUBMITS
from .world import ANSWERS, HOSTS, INPUTS, RESULTS

__all__ = ["CATALOGUE", "Fault"]

CATALOGUE = (*SUBMITS, *BUDGETS, *RESULTS, *ANSWERS, *INPUTS, *HOSTS)
