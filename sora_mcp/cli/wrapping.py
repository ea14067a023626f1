"""Wrap a sentence at its words for a terminal. Rich, which does more, takes too long to load for a server that is started."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TextIO

from sora_mcp.domain.terminal_command import NAME

USUAL_WIDTH = 80


def wrap_text(text: str, stream: TextIO) -> str:
    """Return a text in lines that fit the terminal, unchanged for anything else. A word that is longer, such as a path, is left in one
    piece, so that it can be copied, and the blank at the end of a question is kept."""
    if not stream.isatty():
        return text
    width, end = _get_width(stream), text[len(text.rstrip(" ")) :]
    lines = text.split("\n")
    return "\n".join(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in lines) + end


def print_wrapped(text: str) -> None:
    """Print sentences on stdout."""
    print(wrap_text(text, sys.stdout))


def print_error(text: str) -> None:
    """Print on stderr why a command does not do what was asked."""
    print(wrap_text(f"{NAME}: {text}", sys.stderr), file=sys.stderr)


def _get_width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH
