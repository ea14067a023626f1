"""What a line of the catalogue has."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One fault: what happens, what has to come of it, and where it is played (`file.py::test`, from `tests/`)."""

    id: str
    fault: str
    outcome: str
    tests: tuple[str, ...]
