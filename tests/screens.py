"""Terminals of a fixed size, and pipes, that tests print to."""

from __future__ import annotations

import io

from rich.console import Console


def open_screen(width: int | None = None) -> Console:
    """Return a terminal of this width without colours, or a pipe without one."""
    return Console(
        file=io.StringIO(), width=width, force_terminal=width is not None, color_system=None, markup=False, emoji=False, highlight=False
    )


def text_of(console: Console) -> str:
    """Return what was printed."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
