"""The token file: read again when it changes, and closed to others."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from sora_mcp.config.settings import BadSetting
from sora_mcp.server.transports.tokens import Tokens, read_tokens

ANNA, BEN = "anna-s-token-0123456789", "ben-s-token-0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (file := tmp_path / "tokens").write_text(f"anna:{ANNA}\nben:{BEN}\n", "utf-8")
    file.chmod(0o600)
    return file


async def who(tokens: Tokens) -> list[str | None]:
    """The names that the two tokens stand for."""
    found = [await tokens.verify_token(token) for token in (ANNA, BEN)]
    return [known.subject if known else None for known in found]


async def test_a_token_that_was_taken_out_stops_working_and_a_new_one_works(file: Path) -> None:
    tokens = read_tokens(str(file))
    assert await who(tokens) == ["anna", "ben"]
    file.write_text(f"ben:{BEN}\n", "utf-8")
    assert await who(tokens) == [None, "ben"]
    other = file.with_name("new")
    other.write_text(f"anna:{ANNA}\n", "utf-8")
    other.replace(file)
    assert await who(tokens) == ["anna", None]


async def test_a_wrong_line_of_a_changed_file_lets_nobody_in_and_the_others_count(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = read_tokens(str(file))
    file.write_text(f"anna {ANNA}\nben:{BEN}\nlocal:{ANNA}\n", "utf-8")
    assert await who(tokens) == [None, "ben"]
    assert ["line 1, must be" in caplog.text, "line 3: the name local" in caplog.text, ANNA in caplog.text] == [True, True, False]


async def test_a_file_that_is_gone_lets_in_nobody_until_it_is_back(file: Path) -> None:
    tokens = read_tokens(str(file))
    file.rename(file.with_name("away"))
    assert await who(tokens) == [None, None]
    file.with_name("away").rename(file)
    assert await who(tokens) == ["anna", "ben"]


@pytest.mark.parametrize("name", ["local", "LOCAL"])
def test_the_name_of_this_machines_own_user_is_refused(name: str, file: Path) -> None:
    file.write_text(f"{name}:{ANNA}\n", "utf-8")
    with pytest.raises(BadSetting, match="line 1: the name local"):
        read_tokens(str(file))


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of files")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o602, True), (0o666, True)])
def test_a_file_that_others_may_read_or_write_is_warned_about(
    mode: int, warned: bool, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        read_tokens(str(file))
    assert ("may read or change the token file: chmod 600" in caplog.text) is warned
