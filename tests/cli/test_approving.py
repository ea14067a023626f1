"""A person's yes, typed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.program_path import describe_program, not_in_store, own_command
from sora_mcp.config.settings import load
from sora_mcp.domain.errors import NotFound
from sora_mcp.domain.terminal_command import command_line, quote_command, started_as
from sora_mcp.store import Store

from ..each import each
from ..stored import CAPS, purchase
from ..waiting import PATIENCE_S
from .conftest import Sora, await_yes, is_approved


@pytest.fixture
def quote(store: Store) -> str:
    """A price that waits for a yes."""
    return await_yes(store, fingerprint="f")


def test_without_a_terminal_nothing_is_approved(sora: Sora, store: Store, quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("4.00\n$4.00\ny\n"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    code, _, err = sora("approve", quote, SORA_MCP_APPROVE_WITHOUT_TERMINAL="1")
    assert (code, err.splitlines()[-1]) == (
        2,
        "sora-mcp: There is no terminal to ask at. Not approved. Nothing was sent or charged. "
        "A person has to run this command at a terminal and type the price.",
    )
    assert not is_approved(store, quote)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sessions without a console")
def test_a_program_that_fills_standard_input_is_no_person(said: dict[str, str], store: Store, quote: str) -> None:
    line = [sys.executable, "-m", "sora_mcp", "approve", quote]
    ended = subprocess.run(
        line, input=b"4.00\n", env={**os.environ, **said}, start_new_session=True, capture_output=True, timeout=PATIENCE_S
    )
    assert (ended.returncode, is_approved(store, quote)) == (2, False)


@pytest.mark.usefixtures("without_terminal")
def test_a_persons_own_config_file_lets_scripts_approve(sora: Sora, store: Store, quote: str) -> None:
    ended = sora("approve", quote)
    assert (ended.code, ended.out.splitlines()) == (
        0,
        [
            f"quote    {quote}",
            "price    $4.00",
            "model    muvi:sora-2",
            "ended    Sora 2, by OpenAI, on 2026-09-24",
            "size     1280x720",
            "seconds  4",
            "prompt   A paper boat drifts down a rainy street",
            "expires  in 15 min",
            f"Approved for one video. Tell the chat to continue: create_video with the same arguments and quote={quote!r}.",
        ],
    )
    approved = replace(purchase("4.00", fingerprint="f", confirm=True), quote_id=quote)
    assert store.reservations.reserve.sync(approved, CAPS).state == "submitting"


def test_where_only_a_page_counts_the_terminal_does_not(sora: Sora, store: Store, typed_at_terminal: Callable[[str], None]) -> None:
    quote = await_yes(store)
    typed_at_terminal("4.00\n")
    code, _, err = sora("approve", quote, SORA_MCP_YES="page")
    assert (code, "counts on a page only (SORA_MCP_YES=page)" in err, is_approved(store, quote)) == (2, True, False)


def test_it_is_said_for_whom_a_quote_of_another_person_is(sora: Sora, store: Store) -> None:
    assert "for      anna" in sora("approve", await_yes(store, principal="anna")).out.splitlines()


YES, NO = ("4.00\n", "$4.00\n", " 4.00 \n"), ("y\n", "yes\n", "4\n", "4.0\n", "5.00\n", "\n", "")


@each(("typed", "code"), [*((typed, 0) for typed in YES), *((typed, 1) for typed in NO)])
def test_at_a_terminal_the_price_is_typed_and_anything_else_is_a_no(
    typed: str, code: int, sora: Sora, store: Store, typed_at_terminal: Callable[[str], None]
) -> None:
    quote = await_yes(store)
    typed_at_terminal(typed)
    assert sora("approve", quote).code == code
    assert is_approved(store, quote) is (code == 0)


def test_a_prompt_is_shown_short_and_plain(sora: Sora, store: Store) -> None:
    lines = sora("approve", await_yes(store, prompt="A boat\x1b[2J\nprice    $0.00\u202e" + "x" * 2500)).out.splitlines()
    assert [line.split()[0] for line in lines[:8]] == ["quote", "price", "model", "ended", "size", "seconds", "prompt", "expires"]
    assert lines[6].startswith("prompt   A boat price $0.00xxx")
    assert "more characters" in lines[6]


def test_a_quote_that_is_over_is_refused_without_a_question(sora: Sora, store: Store, quote: str) -> None:
    store.approvals.decline.sync(quote, "local")
    code, _, err = sora("approve", quote)
    assert (code, err.endswith("ask for the video again to get a new one.\n")) == (1, True)


def test_a_quote_that_is_not_there_is_a_refusal(sora: Sora, said: dict[str, str]) -> None:
    looked_in = Path(said["SORA_MCP_HOME"], "sora.db")
    advice = "Where the chat's server has another store, add --home and its folder."
    assert sora("approve", "q_none") == (1, "", f"sora-mcp: There is no quote 'q_none'. Looked in: {looked_in}. {advice}\n")


def test_the_command_that_the_chat_names_leads_to_the_same_store(said: dict[str, str], tmp_path: Path) -> None:
    program = describe_program(load(said, today=date(2026, 11, 29), config=tmp_path / "none.toml"))
    with started_as(program):
        line = command_line("approve", "q_1")
    assert line == quote_command([*own_command(), "approve", "q_1", "--home", said["SORA_MCP_HOME"]])
    assert describe_program(load({}, today=date(2026, 11, 29), config=tmp_path / "none.toml")).flags == ()


def test_a_home_in_the_config_file_needs_no_flag_and_a_password_is_never_named(tmp_path: Path) -> None:
    (config := tmp_path / "config.toml").write_text(f"home = {str(tmp_path)!r}", "utf-8")
    for address, flags in (
        ("postgresql://u:secret@h/sora", ()),
        (f"sqlite:///{tmp_path}/x.db", ("--database-url", f"sqlite:///{tmp_path}/x.db")),
    ):
        settings = load({"SORA_MCP_DATABASE_URL": address}, today=date(2026, 11, 29), config=config)
        assert describe_program(settings).flags == flags
        assert "secret" not in not_in_store(NotFound("There is none."), settings).message
