"""Ask a person at the terminal itself to type a price, a name or yes. Standard input, which a program can fill, never counts."""

from __future__ import annotations

import select
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TextIO

from sora_mcp.cli.wrapping import print_error, print_wrapped, wrap_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain.money import format_dollars

AGREED, DECLINED, NO_TERMINAL, INTERRUPTED = 0, 1, 2, 130
DEVICES = ("CONIN$", "CONOUT$") if sys.platform == "win32" else ("/dev/tty", "/dev/tty")
"""The terminal of this process for reading and for writing, wherever its standard streams lead."""
MOST_TYPED = 200
NOTICED_S = 0.2
"""After so long Ctrl-C is noticed, whenever it comes."""


def ask_price(settings: Settings, micros: int, question: str, *, otherwise: str) -> int:
    """Return AGREED where a person types the price at the terminal; else say what did not happen, and return an exit code."""
    price = format_dollars(micros)
    spellings = (price, price.removeprefix("$"), price.replace(",", ""), price.removeprefix("$").replace(",", ""))
    return _ask_to_type(settings, "the price", spellings, question, otherwise=otherwise)


def ask_word(settings: Settings, word: str, question: str, *, otherwise: str) -> int:
    """Return AGREED where a person types the word at the terminal; else say what did not happen, and return an exit code."""
    return _ask_to_type(settings, "the name", (word,), question, otherwise=otherwise)


def ask_yes(settings: Settings, question: str, *, otherwise: str) -> int:
    """Return AGREED where a person types `yes` at the terminal; else say what did not happen, and return an exit code."""
    return _ask_to_type(settings, "the word", ("yes",), question, otherwise=otherwise)


def _ask_to_type(settings: Settings, what: str, spellings: Sequence[str], question: str, *, otherwise: str) -> int:
    if settings.approve_without_terminal:
        return AGREED
    with _open_terminal() as terminal:
        if terminal is None:
            why = f"There is no terminal to ask at. {otherwise} A person has to run this command at a terminal and type {what}."
            print_error(why)
            return NO_TERMINAL
        with _interrupted_at_once():
            try:
                typed = _ask(*terminal, f"{question} Type {what} ({spellings[0]}): ")
            except KeyboardInterrupt:
                print_wrapped(f"\n{otherwise}")
                return INTERRUPTED
    if typed in spellings:
        return AGREED
    print_wrapped(otherwise)
    return DECLINED


@contextmanager
def _interrupted_at_once() -> Generator[None]:
    """Let Ctrl-C end a read: asyncio's own handler would only note it until the read returns."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _open_terminal() -> Generator[tuple[TextIO, TextIO] | None]:
    """Open the terminal of this process; None where it has none."""
    read, write = DEVICES
    try:
        source = open(read, encoding="utf-8", errors="replace")  # noqa: SIM115 - closed below
    except OSError:
        yield None
        return
    with source, open(write, "w", encoding="utf-8", errors="replace") as target:
        yield (source, target) if source.isatty() else None


def _ask(source: TextIO, target: TextIO, question: str) -> str:
    target.write(wrap_text(question, target))
    target.flush()
    # A signal that comes just before a read would be noticed only after it.
    while sys.platform != "win32" and not select.select([source], [], [], NOTICED_S)[0]:
        pass
    return source.readline(MOST_TYPED).strip()
