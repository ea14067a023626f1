"""A person's yes, typed."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sora_mcp.cli import main as cli
from sora_mcp.domain.errors import NeedsConfirmation
from sora_mcp.store import Store

from ..stored import CAPS, purchase

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


def test_without_a_terminal_the_command_is_the_yes(said: dict[str, str], store: Store, quote: str, capsys: Printed) -> None:
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
        "There is no terminal to ask at, so running the command counts as the yes.",
        f"Approved for one video. Tell the chat to continue: create_video with the same arguments and quote={quote!r}.",
    ]
    approved = replace(purchase("4.00", fingerprint="f", confirm=True), quote_id=quote)
    assert store.reservations.reserve.sync(approved, CAPS).state == "submitting"


@pytest.mark.parametrize(
    ("typed", "code", "approved"), [("y\n", 0, True), ("Yes\n", 0, True), ("\n", 1, False), ("no\n", 1, False), ("", 1, False)]
)
def test_at_a_terminal_it_asks_once_more(
    typed: str, code: int, approved: bool, said: dict[str, str], store: Store, quote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert cli.run(["approve", quote], said) == code
    assert (store.approvals.get.sync(quote).approved_at is not None) is approved


def test_a_prompt_is_shown_short_and_plain(said: dict[str, str], store: Store, capsys: Printed) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        store.reservations.reserve.sync(purchase("4.00", prompt="A boat\x1b[2J\nprice    $0.00\u202e" + "x" * 500, confirm=True), CAPS)
    cli.run(["approve", asked.value.quote_id], said)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:8]] == ["quote", "price", "model", "ended", "size", "seconds", "prompt", "until"]
    assert lines[6] == "prompt   A boat price $0.00" + "x" * 281 + "…"


def test_a_quote_that_is_over_is_refused_without_a_question(
    said: dict[str, str], store: Store, quote: str, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    store.approvals.decline.sync(quote, "local")
    assert cli.run(["approve", quote], said) == 1
    printed = capsys.readouterr()
    assert ("[y/N]" in printed.out, printed.err.splitlines()[-1].endswith("ask for the video again to get a new one.")) == (False, True)


def test_a_quote_that_is_not_there_is_a_refusal(said: dict[str, str], capsys: Printed) -> None:
    assert cli.run(["approve", "q_none"], said) == 1
    assert capsys.readouterr().err.startswith("sora-mcp: ")
