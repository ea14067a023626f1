"""view_video: show the frames of a finished clip on one picture."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from mcp.types import CallToolResult, ImageContent, TextContent, ToolAnnotations

from sora_mcp.domain import EDIT_MODEL, Job
from sora_mcp.domain.errors import NotFinished
from sora_mcp.domain.file_names import is_file_name
from sora_mcp.server.address import name_place
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.next_clip import name_change
from sora_mcp.server.origins import quote_text
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.media.view.measurements import View

LOST_S = 0.1
"""What a cut between two parts may take: a repeated frame is dropped."""


@dataclass(frozen=True)
class Arguments:
    """The clip, and how many of its frames to show."""

    job_id: Annotated[str, Spec(is_job=True)]
    frames: Annotated[int | None, Spec(minimum=1, maximum=16)] = None


async def view_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return a text and a contact sheet; no structured part, because some clients show a model nothing else then."""
    service, name, parts = await get_service(ctx), arguments.job_id, list[str]()
    if is_file_name(name):
        path = await service.editing.find_clip(name, principal=principal())
        name, view = path.name, await service.media_pool.view_clip(path, arguments.frames)
    else:
        job, view = await make_contact_sheet(service, name, arguments.frames)
        name, parts = job.id, [await _describe_job(service, job), name_change(service.find_change(job))]
    text = TextContent(type="text", text=" ".join(filter(None, (_describe(name, view), *parts))))
    picture = ImageContent(type="image", data=base64.b64encode(view.jpeg).decode(), mime_type="image/jpeg")
    return CallToolResult(content=[text, picture])


async def make_contact_sheet(service: VideoService, job_id: str, frames: int | None) -> tuple[Job, View]:
    """Return the clip's contact sheet. Raise NotFinished where there is no clip."""
    job = await service.job(job_id, principal=principal())
    path = await service.find_file(job)
    if path.suffix != ".mp4":
        made_of = f' view_video("{job.parents[0]}") shows the clip that it was made of.' if job.parents else ""
        raise NotFinished(f"{job.id} is a picture and not a clip: show the user {name_place(job, str(path))}.{made_of}", job_id=job.id)
    return job, await service.media_pool.view_clip(path, frames)


def _describe(name: str, view: View) -> str:
    """Describe the sheet. The check code shows whether the picture reached the model: some clients keep pictures back."""
    count = f"{view.frames} frame{'' if view.frames == 1 else 's'}"
    return (
        f"{name}: {count} of {view.seconds:g} s in one picture. Say only what you see; "
        f"if no picture with check code {view.code} came, say so. "
        f"Measured: {view.words}."
    )


async def _describe_job(service: VideoService, job: Job) -> str:
    """Return the prompt that the picture is held against; of a join when its parts meet, where that is known, else nothing of an edit."""
    if job.model != EDIT_MODEL:
        return f"Asked for: {quote_text(job.prompt)}." if job.prompt else ""
    if job.options.get("action") != "join" or job.artifact is None or not job.parents:
        return ""
    lengths = [parent.artifact.duration_s if parent.artifact else None for parent in await _find_parents(service, job)]
    joins = find_joins(lengths, job.artifact.duration_s)
    return f"Joined at {' and '.join(f'{join:.1f} s' for join in joins)}." if joins else ""


async def _find_parents(service: VideoService, job: Job) -> list[Job]:
    """Return the clips that an edit was made of."""
    return [await service.job(parent, principal=principal()) for parent in job.parents]


def find_joins(lengths: Sequence[float | None], total: float | None) -> list[float]:
    """Return when the parts of a joined clip meet; empty where a length is unknown, or where they do not add up: with fades, or other
    files."""
    known = [length for length in lengths if length is not None]
    if len(known) < max(2, len(lengths)) or total is None or abs(sum(known) - total) > LOST_S * (len(known) - 1):
        return []
    return list(itertools.accumulate(known[:-1]))


TOOL = ToolDefinition(
    "view_video",
    "View video",
    "Use this to see a finished clip before judging it.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    view_video,
)
