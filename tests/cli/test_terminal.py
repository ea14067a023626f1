"""The commands at a terminal of 80 columns, with a person who types."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from scripts.house import ROOT
from sora_mcp.store import Store

from ..each import each
from ..stored import begun, no
from .conftest import await_yes

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo terminals of POSIX", allow_module_level=True)

from ..pseudo_terminal import COLUMNS, CTRL_C, Terminal, open_terminal

AtTerminal = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def at_terminal(said: dict[str, str]) -> AtTerminal:
    """Return a function that runs a command line at a terminal."""

    def run(*words: str, **environ: str) -> AbstractContextManager[Terminal]:
        everything = {**os.environ, **said, "PYTHONPATH": str(ROOT), **environ}
        return open_terminal([sys.executable, "-m", "sora_mcp", *words], everything)

    return run


def prepare_question(command: str, store: Store) -> tuple[list[str], str, str]:
    """Return a command line that asks, what it asks for, and what is said where nothing comes of it."""
    match command:
        case "approve":
            return ["approve", await_yes(store)], "Type the price ($4.00): ", "Not approved. Nothing was sent or charged."
        case "resolve":
            job = store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
            return ["resolve", job.id, "--charged"], "Type the price ($1.00): ", "Nothing was changed."
        case _:
            return ["budget", "all", "--day", "7"], "Type the name (all): ", "No budget was changed."


@each("command", ["approve", "resolve", "budget"])
def test_one_ctrl_c_ends_a_question_about_money(command: str, at_terminal: AtTerminal, store: Store) -> None:
    words, question, otherwise = prepare_question(command, store)
    with at_terminal(*words) as terminal:
        terminal.wait_for(question)
        terminal.type(CTRL_C)
        assert (terminal.wait_for_end(), terminal.lines[-2:]) == (130, [otherwise, ""])


@each(
    "words",
    [
        ["jobs", "--daily-usd", "x"],
        ["resume", "muvi:sora-2-that-is-no-model-at-all"],
        ["show", "v_0123456789"],
        ["approve", "q_none"],
        ["resolve", "v_1"],
        ["fetch", "v_0123456789"],
    ],
)
def test_an_error_is_wrapped_between_words(words: list[str], at_terminal: AtTerminal) -> None:
    with at_terminal(*words) as terminal:
        assert terminal.wait_for_end() in (1, 2)
    shown = terminal.shown.replace("\r\n", "\n")
    long = [line for line in shown.split("\n") if len(line) > COLUMNS and " " in line.strip()]
    assert "sora-mcp: " in shown and long == []


def test_a_question_is_wrapped_between_words(at_terminal: AtTerminal) -> None:
    with at_terminal("setup", "muvi", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring") as terminal:
        terminal.wait_for("none): ")
        assert [line for line in terminal.lines if len(line) > COLUMNS] == []
