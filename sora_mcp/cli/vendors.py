"""Print what there is to buy."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import date

from rich.console import Console

from sora_mcp.catalogue import matrix
from sora_mcp.cli.terminal import Column, open_console, print_table, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.terminal_command import command_line

COLUMNS = (
    Column("MODEL", least=20),
    Column("SIZES", least=14, rank=2, parts="[,;] "),
    Column("SECONDS", least=9, most=9, rank=1, parts=", "),
    Column("PRICE", least=16, parts=r"; |(?= \()"),
    Column("FIRST FRAME", rank=4),
    Column("OPTIONS", least=14, rank=5, parts=", "),
    Column("CHECKED", rank=3),
)


def vendors(settings: Settings, arguments: Namespace) -> int:
    """Print the matrix of features and prices, with the user's own prices in it."""
    today = date.today()
    rows = matrix.rows(settings.catalogue.on_day(today), today=today)
    if arguments.markdown:
        print(matrix.markdown(rows))
    else:
        print_vendors(open_console(), rows)
    return 0


def print_vendors(console: Console, rows: Sequence[matrix.Row]) -> None:
    """Print a row for each model. A terminal is told where the rest of a row that is cut stands."""
    cells = matrix.cells(rows)
    if console.is_terminal:
        # The column that says so is the first to be left out.
        cells = [(f"{row.model} (ended)" if row.ended else row.model, *line[1:]) for row, line in zip(rows, cells, strict=True)]
    print_table(console, COLUMNS, cells)
    if console.is_terminal:
        print_text(console, f"Everything, uncut: {command_line('vendors')} | less -S", "dim")
