"""Row R09: a store that is damaged is never bought on, never overwritten, and said to be unreadable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sora_mcp.domain.errors import StorageError
from tests.each import each
from tests.faults.servers import WISH, settings
from tests.played import Muvi, played
from tests.played.rig import rig
from tests.played.stdio import chat

pytestmark = pytest.mark.slow


def flipped(file: Path) -> None:
    """Bits turned over on every page after the first."""
    content = bytearray(file.read_bytes())
    for place in range(4096, len(content), 64):
        content[place] ^= 0xFF
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


def other(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE meta (name TEXT, value TEXT); CREATE TABLE jobs (id TEXT);")


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES: tuple[Callable[[Path], None], ...] = (flipped, cut, other, newer, folder)


@pytest.mark.fault("R09")
@each("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
async def test_r09_a_damaged_store_is_left_as_it_is_and_nothing_is_bought(damage: Callable[[Path], None], tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        await at.until((await at.bought(seconds=4)).id, "completed")
    damage(file := Path(at.settings.database_url.removeprefix("sqlite:///")))
    before = file.read_bytes() if file.is_file() else None
    async with played(Muvi()) as wire:
        env = settings(tmp_path, wire)
        async with chat(env) as spoken:
            answer = (await spoken.ask("tools/call", name="create_video", arguments={"prompt": "a kite", **WISH}))["result"]
            assert (answer["isError"], answer["structuredContent"]["error"]["code"]) == (True, StorageError.code)
            assert answer["structuredContent"]["message"].startswith("Not sent, nothing charged.")
            assert (await spoken.ask("ping"))["result"] == {}
            assert await spoken.leave() == 0
        assert (wire.accepted, file.read_bytes() if file.is_file() else None) == (0, before)


@pytest.mark.fault("R09")
async def test_r09_an_empty_file_is_a_first_start(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sora.db").touch()
    async with rig(Muvi(), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "completed")
        assert (job.state, len(at.wire.made)) == ("completed", 1)
