"""The server answers others while media work runs: pings are counted, so that a slow machine changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.each import each
from tests.media.clips import a_clip

from .room import CLIP, Room, a_room

pytestmark = pytest.mark.slow

FEWEST = 40
"""A server that did the work on its loop would answer a dozen, before and after it."""
WORK: dict[str, dict[str, Any]] = {
    "view_video": {"job_id": CLIP, "frames": 16},
    "edit_video": {"inputs": ["long.mp4", CLIP], "action": "join"},
}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Room]:
    async with a_room(tmp_path, "legacy") as opened:
        a_clip(opened.file, colours=("red", "blue") * 4, size=(640, 360))
        a_clip(opened.file.with_name("long.mp4"), colours=("red", "blue") * 3, size=(480, 270))
        yield opened


@each("tool", WORK)
async def test_pings_are_answered_while_media_work_runs(tool: str, room: Room) -> None:
    answered = 0

    async def ping() -> None:
        nonlocal answered
        while True:
            await room.client.session.send_ping()
            answered += 1
            await anyio.sleep(0.001)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ping)
        answer = await room.call(tool, **WORK[tool])
        tasks.cancel_scope.cancel()
    assert (answer.is_error, answered >= FEWEST) == (False, True), answer.content
