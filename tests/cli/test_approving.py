"""A person's yes, typed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sora_mcp.cli import main as cli
from sora_mcp.cli.own_command import describe_program, not_in_store, own_command
from sora_mcp.config.settings import load
from sora_mcp.domain.errors import NeedsConfirmation, NotFound
from sora_mcp.domain.terminal_command import command_line, quote_command, started_as
from sora_mcp.store import Store

from ..stored import CAPS, purchase
from ..waiting import PATIENCE_S

Printed = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """What somebody typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def quote(store: Store) -> str:
    """A price that waits for a yes."""
    with pytest.raises(NeedsConfirmation) as asked:
        store.reservations.reserve.sync(purchase("4.00", fingerprint="f", confirm=True), CAPS)
    return asked.value.quote_id


def test_without_a_terminal_nothing_is_approved(
    said: dict[str, str], store: Store, quote: str, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("4.00\n$4.00\ny\n"))
    assert cli.run(["approve", quote], {**said, "SORA_MCP_APPROVE_WITHOUT_TERMINAL": "1"}) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "sora-mcp: There is no terminal to ask at. Not approved. Nothing was sent or charged. "
        "A person has to run this command at a terminal and type the price."
    )
    assert store.approvals.get.sync(quote).approved_at is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sessions without a console")
def test_a_program_that_fills_standard_input_is_no_person(said: dict[str, str], store: Store, quote: str) -> None:
    line = [sys.executable, "-m", "sora_mcp", "approve", quote]
    ended = subprocess.run(
        line, input=b"4.00\n", env={**os.environ, **said}, start_new_session=True, capture_output=True, timeout=PATIENCE_S
    )
    assert (ended.returncode, store.approvals.get.sync(quote).approved_at) == (2, None)


@pytest.mark.usefixtures("without_terminal")
def test_a_persons_own_config_file_lets_scripts_approve(said: dict[str, str], store: Store, quote: str, capsys: Printed) -> None:
    assert cli.run(["approve", quote], said) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"quote    {quote}",
        "price    $4.00",
        "model    muvi:sora-2",
        "ended    Sora 2, by OpenAI, on 2026-09-24",
        "size     1280x720",
        "seconds  4",
        "prompt   A paper boat drifts down a rainy street",
        f"until    {datetime.fromtimestamp(store.approvals.get.sync(quote).expires_at, UTC):%Y-%m-%d %H:%M} UTC",
        f"Approved for one video. Tell the chat to continue: create_video with the same arguments and quote={quote!r}.",
    ]
    approved = replace(purchase("4.00", fingerprint="f", confirm=True), quote_id=quote)
    assert store.reservations.reserve.sync(approved, CAPS).state == "submitting"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *((typed, 0) for typed in ("4.00\n", "$4.00\n", " 4.00 \n")),
        *((typed, 1) for typed in ("y\n", "yes\n", "4\n", "4.0\n", "5.00\n", "\n", "")),
    ],
)
def test_at_a_terminal_the_price_is_typed_and_anything_else_is_a_no(
    typed: str, code: int, said: dict[str, str], store: Store, quote: str, typed_at_terminal: Callable[[str], None]
) -> None:
    typed_at_terminal(typed)
    assert cli.run(["approve", quote], said) == code
    assert (store.approvals.get.sync(quote).approved_at is not None) is (code == 0)


def test_a_prompt_is_shown_short_and_plain(said: dict[str, str], store: Store, capsys: Printed) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        store.reservations.reserve.sync(purchase("4.00", prompt="A boat\x1b[2J\nprice    $0.00\u202e" + "x" * 2500, confirm=True), CAPS)
    cli.run(["approve", asked.value.quote_id], said)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:8]] == ["quote", "price", "model", "ended", "size", "seconds", "prompt", "until"]
    assert lines[6].startswith("prompt   A boat price $0.00xxx")
    assert "more characters" in lines[6]


def test_a_quote_that_is_over_is_refused_without_a_question(said: dict[str, str], store: Store, quote: str, capsys: Printed) -> None:
    store.approvals.decline.sync(quote, "local")
    assert cli.run(["approve", quote], said) == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1].endswith("ask for the video again to get a new one.")


def test_a_quote_that_is_not_there_is_a_refusal(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["approve", "q_none"], said) == 1
    [line] = capsys.readouterr().err.splitlines()
    looked_in = Path(said["SORA_MCP_HOME"], "sora.db")
    advice = "Where the chat's server has another store, add --home and its folder."
    assert line == f"sora-mcp: There is no quote 'q_none'. Looked in: {looked_in}. {advice}"


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
