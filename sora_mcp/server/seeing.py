"""The tools that look at finished clips and change them, on this computer and free."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, ImageContent, TextContent

from sora_mcp.domain import Job
from sora_mcp.domain.errors import NotFinished
from sora_mcp.jobs.input_files import file_of
from sora_mcp.media.api import view_clip
from sora_mcp.media.edit.actions import Action, EditRequest
from sora_mcp.media.view.measurements import View
from sora_mcp.server import messages as sentences
from sora_mcp.server import results as replies
from sora_mcp.server.context import ServerContext, principal

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

LOOK_S = 20.0
"""A look may take no longer."""


async def view_video(job_id: str, ctx: Context[ServerContext, Any], frames: int | None = None) -> CallToolResult:
    """A text and a picture; no structured part, because some clients show a model only that."""
    service = await ctx.request_context.lifespan_context.service()
    job, view = await viewed(service, job_id, frames)
    text = TextContent(type="text", text=sentences.of_view(job, view))
    picture = ImageContent(type="image", data=base64.b64encode(view.jpeg).decode(), mime_type="image/jpeg")
    return CallToolResult(content=[text, picture])


async def viewed(service: VideoService, job_id: str, frames: int | None) -> tuple[Job, View]:
    """The clip's contact sheet. NotFinished where there is no clip."""
    job = await service.job(job_id, principal=principal())
    path = await anyio.to_thread.run_sync(file_of, job)
    if path.suffix != ".mp4":
        raise NotFinished(f"{job.id} is a picture and not a clip: show the user {path}.", job_id=job.id)
    return job, await service.media_pool.run(lambda deadline: view_clip(path, frames, deadline), seconds=LOOK_S)


async def edit_video(
    inputs: list[str],
    action: Action,
    ctx: Context[ServerContext, Any],
    start: float | None = None,
    end: float | None = None,
    ratio: str = "",
    fill: str = "",
    text: str = "",
) -> CallToolResult:
    """The finished job of the edit."""
    service = await ctx.request_context.lifespan_context.service()
    given = {"start": start, "end": end, "ratio": ratio or None, "fill": fill or None, "text": text or None}
    said = {name: value for name, value in given.items() if value is not None}
    job = await service.edit(EditRequest(tuple(inputs), action, said), principal=principal())
    return replies.edited(job, now=service.clock())
