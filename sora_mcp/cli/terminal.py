"""Print tables and facts for a person at a terminal, or plain rows for a pipe, and ask questions.

A terminal gets columns that fit its width, cut with an ellipsis, and colours unless NO_COLOR is set. A pipe gets every column whole,
one row a line. Texts of others are sanitized either way and never read as markup.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.status import Status
from rich.text import Text

from sora_mcp.cli.wrapping import wrap_text
from sora_mcp.domain.text import HIDDEN, sanitize

GAP = 2
MOST = 4000
ELLIPSIS = "…"
STYLES = {
    "completed": "green",
    "ok": "green",
    "running": "cyan",
    "queued": "cyan",
    "submitting": "cyan",
    "note": "yellow",
    "unknown": "yellow",
    "failed": "red",
    "expired": "red",
    "fix": "red",
    "cancelled": "dim",
}
"""Colours of states and verdicts, wherever a cell is exactly that word."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    least: int = 0
    """Cells below which a terminal does not cut it; 0 for never."""
    most: int = 0
    """Cells that it has at most at a terminal while other columns are cut; 0 for as many as fit."""
    rank: int = 0
    """Columns of a higher rank are left out first where the terminal is too narrow; 0 is always shown."""
    right: bool = False
    """Whether it holds numbers."""
    only_piped: bool = False
    """Whether only a pipe has it, because another column says the same."""
    parts: str = ""
    """A pattern for the places after which its cells are cut, such as "; " for a list; else anywhere."""


def open_console() -> Console:
    """Return the terminal or pipe that standard output is now."""
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


def print_table(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their headings."""
    cells = [[_plain(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        for line in _align(columns, [[column.heading for column in columns], *cells]):
            print(line, file=console.file)
        return
    fitted = fit_columns(columns, cells, console.width)
    heading = _line([(column, column.heading) for column, _, _ in fitted], [width for _, _, width in fitted], "bold")
    console.print(heading, no_wrap=True, overflow="ellipsis", crop=True)
    for row in cells:
        line = _line([(column, row[at]) for column, at, _ in fitted], [width for _, _, width in fitted])
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def fit_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[tuple[Column, int, int]]:
    """Return the columns that fit a terminal, each with its position and width in cells."""
    natural = [max(cell_len(cell) for cell in (column.heading, *(row[at] for row in rows))) for at, column in enumerate(columns)]
    wanted = [min(full, column.most or full) for full, column in zip(natural, columns, strict=True)]
    least = [min(full, column.least or full) for full, column in zip(natural, columns, strict=True)]
    shown = [at for at, column in enumerate(columns) if not column.only_piped]
    while any(columns[at].rank for at in shown):
        last = max(shown, key=lambda at: columns[at].rank)
        # A column that may be cut has all that it wants before one is shown that matters less.
        needed = {at: wanted[at] if columns[at].most and columns[at].rank < columns[last].rank else least[at] for at in shown}
        if sum(needed[at] + GAP for at in shown) - GAP <= width:
            break
        shown.remove(last)
    widths = {at: least[at] for at in shown}
    room = width - sum(widths.values()) - GAP * (len(shown) - 1)
    if room < 0:  # even the last columns are too wide for it
        widest = max((at for at in shown if columns[at].least), key=lambda at: widths[at], default=shown[-1])
        widths[widest], room = max(1, widths[widest] + room), 0
    for goal in (wanted, natural):
        for at in shown:
            more = max(0, min(room, goal[at] - widths[at]))
            widths[at], room = widths[at] + more, room - more
    return [(columns[at], at, widths[at]) for at in shown]


def print_facts(console: Console, pairs: Iterable[tuple[str, object]], *, indent: int = 0) -> None:
    """Print `name  value` lines; a value of None is left out.

    At a terminal a long text is wrapped beside its name. A word that is longer than the terminal, such as a path, is left in one piece,
    so that it can be copied.
    """
    facts = [(name, _plain(str(value))) for name, value in pairs if value is not None]
    indent = indent or max(len(name) for name, _ in facts) + GAP
    for name, value in facts:
        room = console.width - indent
        if not console.is_terminal:
            print(f"{name.ljust(indent)}{value}", file=console.file)
        elif room < 20 or any(word.isascii() and len(word) > room for word in value.split()):
            console.print(Text.assemble((name.ljust(indent), STYLES.get(name, "bold")), _style(value)), soft_wrap=True)
        else:
            for number, line in enumerate(Text(value).wrap(console, room) or [Text()]):
                line.rstrip()
                label = (name if number == 0 else "").ljust(indent)
                console.print(Text.assemble((label, STYLES.get(name, "bold")), _style(line.plain)), no_wrap=True, crop=False)


def print_text(console: Console, text: str, style: str = "") -> None:
    """Print a sentence; a terminal wraps it between words, and a pipe gets one line."""
    console.print(Text(_plain(text), style), soft_wrap=not console.is_terminal)


@contextmanager
def show_status(text: str) -> Generator[Status]:
    """Show a spinner with a text on stderr while the caller waits; nothing where stderr is no terminal."""
    with Console(stderr=True, markup=False, emoji=False, highlight=False).status(Text(text)) as status:
        yield status


def ask_line(question: str) -> str:
    """Ask for a line; return "" where the input has ended."""
    print(wrap_text(question, sys.stdout), end="", flush=True)
    return sys.stdin.readline().strip()


def confirm(question: str) -> bool:
    """Ask a question; return whether the answer was a clear yes."""
    return ask_line(f"{question} [y/N] ").casefold() in ("y", "yes")


def shorten(text: str, width: int, parts: str = "") -> str:
    """Return the text in at most `width` cells, cut with an ellipsis: after a whole part where it has any."""
    if cell_len(text) <= width:
        return text
    if parts:
        ends = [found.end() for found in re.finditer(parts, text) if cell_len(text[: found.end()]) < width]
        if ends:
            return text[: ends[-1]] + ELLIPSIS
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width > 0 else ""


def _line(cells: Sequence[tuple[Column, str]], widths: Sequence[int], style: str = "") -> Text:
    line = Text(style=style, end="")
    for (column, cell), width in zip(cells, widths, strict=True):
        text = shorten(cell, width, column.parts)
        gap = " " * (width - cell_len(text))
        line.append(gap if column.right else "").append_text(_style(text)).append("" if column.right else gap).append(" " * GAP)
    line.rstrip()
    line.end = "\n"
    return line


def _align(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield each row with every column as wide as its widest cell."""
    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(columns))]
    for row in rows:
        cells = zip(columns, row, widths, strict=True)
        padded = [
            " " * (width - cell_len(cell)) + cell if column.right else cell + " " * (width - cell_len(cell))
            for column, cell, width in cells
        ]
        yield (" " * GAP).join(padded).rstrip()


def _style(text: str) -> Text:
    return Text(text, STYLES.get(text, ""))


def _plain(text: str) -> str:
    """Return prompts and vendors' words so that they move no cursor and hide nothing."""
    return text if text.isprintable() and not HIDDEN.search(text) else sanitize(text, MOST) or ""
