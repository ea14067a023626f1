"""A client, a real service behind it, and one finished clip to look at and to edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.types import CallToolResult, TextResourceContents

from sora_mcp.domain import Artifact
from sora_mcp.jobs.service import VideoService
from sora_mcp.media.mp4_probe import probe_mp4
from sora_mcp.server.app import SoraServer, build
from tests.media.clips import a_clip
from tests.nouns import a_job
from tests.played.rig import opened, settled

from .conftest import Era
from .keyed import NOBODY

CLIP = "v_0123456789"


@dataclass
class Room:
    """A client, the service behind it, and one finished clip: a red second and a blue one."""

    server: SoraServer
    client: Client
    service: VideoService
    file: Path

    async def call(self, name: str, **arguments: Any) -> CallToolResult:
        return await self.client.call_tool(name, arguments)

    async def edited(self, **arguments: Any) -> dict[str, Any]:
        answer = await self.call("edit_video", **{"inputs": [CLIP], **arguments})
        assert answer.structured_content and not answer.is_error, answer.structured_content
        return answer.structured_content

    async def refused(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call; an edit is of the clip, and a purchase is of a sample."""
        known = {"edit_video": {"inputs": [CLIP]}, "create_video": {"prompt": "x", "model": "sample:sample"}}
        answer = await self.call(name, **{**known.get(name, {}), **arguments})
        assert answer.is_error and answer.structured_content, answer
        return answer.structured_content["error"]

    async def bought(self, **arguments: Any) -> dict[str, Any]:
        """A purchase, which is cancelled at once: nobody needs its clip."""
        answer = await self.call("create_video", **{"prompt": "It goes on", "model": "sample:sample", **arguments})
        assert answer.structured_content and not answer.is_error, answer.structured_content
        await self.call("cancel_video", job_id=answer.structured_content["job_id"])
        return answer.structured_content

    async def read_job(self, job_id: str) -> dict[str, Any]:
        content = (await self.client.read_resource(f"sora://videos/{job_id}")).contents[0]
        assert isinstance(content, TextResourceContents)
        return json.loads(content.text)


@asynccontextmanager
async def a_room(folder: Path, era: Era = "auto") -> AsyncGenerator[Room]:
    settings = settled(folder, {"muvi": NOBODY}, ())
    settings.output_dir.mkdir(parents=True)
    path = a_clip(settings.output_dir / "clip.mp4")
    raw, facts = path.read_bytes(), probe_mp4(path)
    file = Artifact(str(path), len(raw), hashlib.sha256(raw).hexdigest(), facts.duration_s, facts.width, facts.height)
    job = replace(a_job(), state="completed", charged="yes", artifact=file, finished_at=a_job().created_at + 84, call=None)
    async with opened(settings) as service:
        await service.store.jobs.add_edit(job, "0" * 64)
        server = build(lambda: nullcontext(service), settings.catalogue)
        async with Client(server, mode=era) as client:
            yield Room(server, client, service, path)
