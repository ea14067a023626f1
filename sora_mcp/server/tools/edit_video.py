"""edit_video: join or change finished clips on this computer, for free."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import Job
from sora_mcp.media.edit.edits import FILLS, RATIOS, SAME_RATIO, TRANSITIONS, Action, EditRequest
from sora_mcp.server.context import ToolContext, get_service, name_chat, principal
from sora_mcp.server.messages import describe_job
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tasks import has_declared
from sora_mcp.server.tools.definition import ToolDefinition
from sora_mcp.server.tools.get_video_status import wait_for_end

WAIT_S = 20.0
"""Seconds that a call waits for the edit; after that it goes on in the background. A client with tasks does not wait."""


@dataclass(frozen=True)
class Arguments:
    """The clips, and what to make of them."""

    inputs: Annotated[tuple[str, ...], Spec(is_job=True)]
    action: Action
    start: float | None = None
    end: float | None = None
    ratio: Annotated[str, Spec(values=(*RATIOS, SAME_RATIO))] = ""
    fill: Annotated[str, Spec(values=FILLS)] = ""
    text: Annotated[str, Spec("Words shown; join: title")] = ""
    speed: Annotated[float | None, Spec("0.5: half")] = None
    sound: Annotated[str, Spec("mp3/m4a/wav: mixed; mute: alone")] = ""
    transition: Annotated[str, Spec(values=TRANSITIONS)] = ""

    @property
    def edit(self) -> EditRequest:
        """The edit, without what was left out."""
        known = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in ("inputs", "action")}
        return EditRequest(self.inputs, self.action, {name: value for name, value in known.items() if value not in (None, "")})


async def edit_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Begin the edit, and return its job when it has ended or after WAIT_S. Raise the refusal of one that cannot be made."""
    service = await get_service(ctx)
    job = await service.edit(arguments.edit, principal=principal())
    is_known, refusal = job.deduplicated, None
    try:
        (job,) = await wait_for_end([job], 0 if has_declared(ctx) else WAIT_S, service, ctx=ctx)
    finally:
        refusal = service.in_memory_facts.edit_refusals.pop(job.id, None)
    if refusal is not None:
        raise refusal
    await ctx.request_context.lifespan_context.visits.note_shown(service, name_chat(ctx), [job])
    return format_result(replace(job, deduplicated=is_known), now=service.clock())


def format_result(job: Job, *, now: float) -> CallToolResult:
    """Return the result for an edit that was just made, that goes on, or that was made before."""
    again = "Made before, the same file again: " if job.deduplicated and job.state == "completed" else ""
    return build_job_result(job, f"{again}{describe_job(job, now=now)}")


TOOL = ToolDefinition(
    "edit_video",
    "Edit video",
    "Edit finished clips (job ids, paths); free.",
    ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    edit_video,
)
