"""What there is to buy."""

from __future__ import annotations

from argparse import Namespace
from datetime import date

from sora_mcp.catalogue import matrix
from sora_mcp.cli.terminal import table
from sora_mcp.config.settings import Settings


def vendors(settings: Settings, arguments: Namespace) -> int:
    """The matrix, with the user's own prices in it."""
    rows = matrix.rows(settings.catalogue, today=date.today())
    print(matrix.markdown(rows) if arguments.markdown else table(matrix.HEADINGS, matrix.cells(rows)))
    return 0
