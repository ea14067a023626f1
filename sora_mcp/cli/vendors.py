"""Print what there is to buy."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import date

from rich.console import Console

from sora_mcp.catalogue import matrix
from sora_mcp.cli.terminal import Column, open_console, print_facts, print_table, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.errors import UnknownModel
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
    """Print the matrix of features and prices, with the user's own prices in it; of one model that is named, everything."""
    today = date.today()
    rows = matrix.rows(settings.catalogue.on_day(today), today=today)
    if arguments.model is not None:
        rows = find_rows(rows, arguments.model)
    if arguments.model is not None and len(rows) == 1 and not arguments.markdown:
        print_facts(open_console(), describe_row(rows[0]))
    elif arguments.markdown:
        print(matrix.markdown(rows))
    else:
        print_vendors(open_console(), rows)
    return 0


def find_rows(rows: Sequence[matrix.Row], name: str) -> tuple[matrix.Row, ...]:
    """Return the row of a model, or those whose names have these words in them. Raise UnknownModel where there is none."""
    wanted = name.strip().casefold()
    exact = tuple(row for row in rows if row.model.casefold() == wanted)
    found = exact or tuple(row for row in rows if wanted in row.model.casefold())
    if not found:
        raise UnknownModel(f"There is no model {name!r}. All models: {command_line('vendors')}")
    return found


def describe_row(row: matrix.Row) -> Iterator[tuple[str, object]]:
    """Yield the name and value of everything that the matrix has of one model."""
    [line] = matrix.cells([row])
    yield from zip((heading.casefold() for heading in matrix.HEADINGS), line, strict=True)
    yield "source", row.source


def print_vendors(console: Console, rows: Sequence[matrix.Row]) -> None:
    """Print a row for each model. A terminal is told where the rest of a row that is cut stands."""
    cells = matrix.cells(rows)
    if console.is_terminal:
        # The column that says so is the first to be left out.
        cells = [(f"{row.model} (ended)" if row.ended else row.model, *line[1:]) for row, line in zip(rows, cells, strict=True)]
    print_table(console, COLUMNS, cells)
    if console.is_terminal:
        print_text(console, f"One model whole: {command_line('vendors', 'MODEL')}. All, uncut: {command_line('vendors')} | less -S", "dim")
