"""Print tables at a terminal, and ask a person there."""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Iterable, Sequence

from sora_mcp.security.text import HIDDEN, sanitize

GAP = "  "
WIDEST = 44
"""A longer cell goes on in the next line."""
MOST = 4000


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under their headings, each column as wide as its widest cell."""
    wrapped = [[_wrapped(cell) for cell in row] for row in ([heading.upper() for heading in headings], *rows)]
    widths = [max(len(line) for row in wrapped for line in row[column]) for column in range(len(headings))]
    lines = (line for row in wrapped for line in itertools.zip_longest(*row, fillvalue=""))
    return "\n".join(GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """`name  value` lines; what is None is left out."""
    said = [(name, _plain(str(value))) for name, value in pairs if value is not None]
    width = max(len(name) for name, _ in said)
    return "\n".join(f"{name.ljust(width)}{GAP}{value}" for name, value in said)


def _wrapped(cell: str) -> list[str]:
    return textwrap.wrap(_plain(cell), WIDEST) or [""]


def _plain(text: str) -> str:
    """Prompts and vendors' words move no cursor and hide nothing."""
    return text if text.isprintable() and not HIDDEN.search(text) else sanitize(text, MOST) or ""


def line(question: str) -> str:
    """What was typed; nothing where the input ended."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip()


def yes(question: str) -> bool:
    """Whether it was a clear yes."""
    return line(f"{question} [y/N] ").casefold() in ("y", "yes")
