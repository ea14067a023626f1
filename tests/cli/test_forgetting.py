"""A person's word about a store that is gone, at the terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from scripts.house import ROOT
from sora_mcp.cli.doctor import check_all
from sora_mcp.config.settings import load
from sora_mcp.store import Store

from ..stored import CAPS, empty_schema, purchase
from .conftest import Sora

OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.fixture
def lost(said: dict[str, str]) -> dict[str, str]:
    """The settings of a store that was deleted after $3.00 were set aside in it."""
    settings = load(said, today=date(2026, 11, 21))
    store = Store(settings.database_url, settings.home, marks=settings.marks)
    store.reservations.reserve.sync(purchase("3.00"), CAPS)
    store.close()
    (settings.home / "sora.db").unlink()
    return said


def losses(said: dict[str, str]) -> list[str]:
    findings = check_all(load(said, today=date(2026, 11, 21)))
    return [finding.text for finding in findings if finding.verdict == "fix" and finding.text.startswith("store: ")]


def test_spend_and_doctor_tell_of_a_store_that_is_gone(lost: dict[str, str], sora: Sora) -> None:
    code, out, _ = sora("spend")
    assert code == 0 and "Nothing was spent.\n" in out
    assert "is not the one in which $3.00 was set aside for videos in " in out
    assert f" forget --home {lost['SORA_MCP_HOME']}` in a terminal" in out
    assert [text.count("is not the one in which $3.00 was set aside") for text in losses(lost)] == [1]
    assert "store: opens" not in sora("doctor", "--offline").out


def test_without_a_terminal_nothing_is_forgotten(lost: dict[str, str], sora: Sora) -> None:
    code, _, err = sora("forget")
    assert "Nothing was changed, and nothing is bought. A person has to run this command at a terminal" in err
    assert (code, len(losses(lost))) == (2, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_at_a_terminal_the_lost_sum_is_typed(lost: dict[str, str], typed_at_terminal: Callable[[str], None], sora: Sora) -> None:
    typed_at_terminal("yes\n")
    assert (sora("forget").code, len(losses(lost))) == (1, 1)
    typed_at_terminal("3.00\n")
    code, out, _ = sora("forget")
    assert (code, out.splitlines()[-1], losses(lost)) == (0, "Videos can be bought again with this store.", [])


def test_where_nothing_is_missing_there_is_nothing_to_forget(sora: Sora, tmp_path: Path) -> None:
    assert sora("forget") == (0, "Nothing is missing from the store, so there is nothing to forget.\n", "")
    assert not list((tmp_path / "config").rglob("*.json"))


@pytest.mark.slow
def test_a_copy_without_its_counter_is_mended_by_one_statement(said: dict[str, str], postgres_url: str, sora: Sora) -> None:
    """Logical replication copies rows and no sequences."""
    with empty_schema(postgres_url) as url:
        said["SORA_MCP_DATABASE_URL"] = url
        settings = load(said, today=date(2026, 11, 21))
        store = Store(settings.database_url, settings.home, marks=settings.marks)
        for _ in range(3):
            store.reservations.reserve.sync(purchase("1.00"), CAPS)
        store.close()
        engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as conn:
            conn.execute(sa.text("SELECT setval('job_versions', 1, false)"))
        (finding,) = [finding for finding in check_all(settings) if finding.text.startswith("store: ") and finding.verdict == "fix"]
        assert "was copied without its counter job_versions. Nothing is bought" in finding.text
        code, _, err = sora("forget")
        assert code != 0 and f"Nothing is bought before you {finding.todo}." in err, "to forget it would not help"
        statement = str(finding.todo).removeprefix("run in that database: ")
        assert f"\n{statement};\n" in OPERATIONS
        with engine.begin() as conn:
            conn.execute(sa.text(statement))
        engine.dispose()
        assert losses(said) == []
