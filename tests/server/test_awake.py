"""The server answers others while media work runs: pings are counted, so that a slow machine changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.each import each
from tests.media.clips import a_clip

from .test_seeing import a_room

pytestmark = pytest.mark.slow

CLIP = "v_0123456789"
FEWEST = 40
"""A server that did the work on its loop would answer a dozen, before and after it."""
WORK: dict[str, tuple[str, dict[str, Any]]] = {
    "contact sheet": ("view_video", {"job_id": CLIP, "frames": 16}),
    "join": ("edit_video", {"inputs": ["long.mp4", CLIP], "action": "join"}),
    "reframe": ("edit_video", {"inputs": ["long.mp4"], "action": "reframe", "ratio": "9:16"}),
    "gif": ("edit_video", {"inputs": ["long.mp4"], "action": "gif"}),
}


@each("name", WORK)
async def test_pings_are_answered_while_media_work_runs(name: str, tmp_path: Path) -> None:
    tool, arguments = WORK[name]
    async with a_room(tmp_path, "legacy") as room:
        a_clip(room.service.settings.output_dir / "clip.mp4", colours=("red", "blue") * 4, size=(640, 360))
        a_clip(room.service.settings.output_dir / "long.mp4", colours=("red", "blue") * 3, size=(480, 270))
        answered = 0

        async def ping() -> None:
            nonlocal answered
            while True:
                await room.client.session.send_ping()
                answered += 1
                await anyio.sleep(0.001)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ping)
            answer = await room.call(tool, **arguments)
            tasks.cancel_scope.cancel()
    assert (answer.is_error, answered >= FEWEST) == (False, True), answer.content
