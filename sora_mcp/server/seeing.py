"""The tools that look at finished clips and change them, on this computer and free."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, ImageContent, TextContent

from ..domain import Job
from ..errors import NotFinished
from ..media import works
from ..media.edits import Action, Asked
from ..paths import file_of
from . import replies, sentences
from .opened import Opened, principal

if TYPE_CHECKING:
    from ..desk import Desk

LOOK_S = 20.0
"""A look may take no longer."""


async def view_video(job_id: str, ctx: Context[Opened, Any], frames: int | None = None) -> CallToolResult:
    """A text and a picture; no structured part, because some clients show a model only that."""
    desk = await ctx.request_context.lifespan_context.desk()
    job, view = await viewed(desk, job_id, frames)
    text = TextContent(type="text", text=sentences.of_view(job, view))
    picture = ImageContent(type="image", data=base64.b64encode(view.jpeg).decode(), mime_type="image/jpeg")
    return CallToolResult(content=[text, picture])


async def viewed(desk: Desk, job_id: str, frames: int | None) -> tuple[Job, works.View]:
    """The clip's contact sheet. NotFinished where there is no clip."""
    job = await desk.job(job_id, principal=principal())
    path = await anyio.to_thread.run_sync(file_of, job)
    if path.suffix != ".mp4":
        raise NotFinished(f"{job.id} is a picture and not a clip: show the user {path}.", job_id=job.id)
    return job, await desk.studio.run(lambda allowance: works.view(path, frames, allowance), seconds=LOOK_S)


async def edit_video(
    inputs: list[str],
    action: Action,
    ctx: Context[Opened, Any],
    start: float | None = None,
    end: float | None = None,
    ratio: str = "",
    fill: str = "",
    text: str = "",
) -> CallToolResult:
    """The finished job of the edit."""
    desk = await ctx.request_context.lifespan_context.desk()
    given = {"start": start, "end": end, "ratio": ratio or None, "fill": fill or None, "text": text or None}
    said = {name: value for name, value in given.items() if value is not None}
    job = await desk.edit(Asked(tuple(inputs), action, said), principal=principal())
    return replies.edited(job, now=desk.clock())
