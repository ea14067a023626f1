"""What there is to buy."""

from __future__ import annotations

from argparse import Namespace
from datetime import date

from .. import matrix
from ..settings import Settings
from .tables import table


def vendors(settings: Settings, arguments: Namespace) -> int:
    """The matrix, with the user's own prices in it."""
    rows = matrix.rows(settings.catalogue, today=date.today())
    print(matrix.markdown(rows) if arguments.markdown else table(matrix.HEADINGS, matrix.cells(rows)))
    return 0
