"""What a person at a terminal is asked."""

from __future__ import annotations

import sys


def line(question: str) -> str:
    """What was typed; nothing where the input ended."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip()


def yes(question: str) -> bool:
    """Whether it was a clear yes."""
    return line(f"{question} [y/N] ").casefold() in ("y", "yes")
