"""What the caps forbid is not suggested, and how the user raises one is said where this machine has it set."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.config.settings import load
from sora_mcp.config.sources import find_config_file
from sora_mcp.domain.money import usd
from sora_mcp.server.raising_limits import describe_how_to_raise
from tests.each import each

DAY = "The limit of a day is $10.00. Only the user can raise SORA_MCP_DAILY_USD."
MONTH = "Only the user can raise SORA_MCP_DAILY_USD and SORA_MCP_MONTHLY_USD."


@each(
    ("refusal", "env", "how"),
    [
        (DAY, {}, 'How: the line "daily_usd = AMOUNT" in {file}, then a new start of this client.'),
        (MONTH, {}, 'How: the line "daily_usd = AMOUNT" and "monthly_usd = AMOUNT" in {file}, then a new start of this client.'),
        (
            DAY,
            {"SORA_MCP_DAILY_USD": "10"},
            "How: SORA_MCP_DAILY_USD in the client's own configuration of this server, then a new start of the client.",
        ),
        ("Only the people who run this server can raise it.", {}, ""),
        ("Only the user can raise it: `sora-mcp budget team:film` in a terminal.", {}, ""),
    ],
)
def test_a_limit_is_raised_where_it_is_set(tmp_path: Path, refusal: str, env: dict[str, str], how: str) -> None:
    settings = load({"SORA_MCP_HOME": str(tmp_path), "SORA_MCP_TIMEZONE": "UTC", **env}, today=date(2026, 11, 30), config=tmp_path / "none")
    assert describe_how_to_raise(refusal, settings) == how.format(file=find_config_file())


@pytest.mark.parametrize(
    ("each_usd", "clips", "fitting", "says"),
    [
        ("1", 5, 5, ""),
        ("2.50", 4, 4, ""),
        ("2.50", 5, 4, ", only 4 of 5 fit the $10.00 left"),
        ("3.01", 1, 0, ", above your limit of $3.00 per clip"),
        ("3", 9, 3, ", only 3 of 9 fit the $10.00 left"),
        ("0", 9, 9, ""),
    ],
)
def test_as_many_clips_are_suggested_as_fit(each_usd: str, clips: int, fitting: int, says: str) -> None:
    room = Room(usd("3"), usd("10"))
    assert (room.count(usd(each_usd), clips), room.describe(usd(each_usd), clips)) == (fitting, says)
