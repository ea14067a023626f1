"""`python -m tests.played.driver COUNT NAME`: a process with a service and a worker that makes COUNT wishes at once, and follows them."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import anyio

from sora_mcp.config.settings import load
from sora_mcp.domain.errors import SoraError, StorageError
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoRequest, VideoService
from tests.played.rig import picture
from tests.waiting import eventually

MODEL = "muvi:sora-2"
MOST_TRIES = 20
WITH_FRAME = "with a frame"
"""In the name: every request has a first frame of this computer."""


async def _buy(service: VideoService, prompt: str, ends: Counter[str]) -> None:
    frame = picture(1280, 720) if WITH_FRAME in prompt else None
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            await service.create(VideoRequest(prompt, MODEL, seconds=4, image=frame), principal="local")
            ends["made"] += 1
            return
        except StorageError as error:  # others kept the store locked for longer than anybody waits: nothing was bought
            if not tries_left:
                ends[error.its_code] += 1
        except SoraError as error:
            ends[error.its_code] += 1
            return


async def _drive(count: int, name: str) -> None:
    """Opens, says `ready`, waits for a line, wishes, says what came of it, and ends when nothing is alive."""
    settings = load(os.environ, today=date.today(), config=Path(os.environ["SORA_MCP_HOME"]) / "none.toml")
    ends: Counter[str] = Counter()
    async with open_service(settings) as service:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(_buy, service, f"A boat, {name}, {number}", ends)
        print(json.dumps(ends), flush=True)
        await eventually(lambda: service.store.jobs.count_live.sync() == 0)


if __name__ == "__main__":
    anyio.run(_drive, int(sys.argv[1]), sys.argv[2])
