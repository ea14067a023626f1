"""Name the command that starts this program at a terminal, for sentences that tell a person to run it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

NAME = "sora-mcp"


@dataclass(frozen=True)
class Program:
    """The words that start this program, and the flags that lead a command to the same store."""

    start: tuple[str, ...] = (NAME,)
    flags: tuple[str, ...] = ()


BY_NAME = Program()
_current: ContextVar[Program] = ContextVar("program", default=BY_NAME)


@contextmanager
def started_as(program: Program) -> Generator[None]:
    """Let `command_line` name this program while the context is open."""
    token = _current.set(program)
    try:
        yield
    finally:
        _current.reset(token)


def command_line(*words: str) -> str:
    """Return a command of this program as it can be pasted into a terminal of this machine."""
    program = _current.get()
    return quote_command((*program.start, *words, *program.flags))


def describe_command(*words: str) -> str:
    """Return a command as a sentence names it that tells a person to run it: with the place where commands are run."""
    return f"`{command_line(*words)}` in a terminal"


def quote_command(words: Sequence[str], platform: str = sys.platform) -> str:
    """Return words as one line for the platform's shell."""
    return subprocess.list2cmdline(words) if platform == "win32" else shlex.join(words)
