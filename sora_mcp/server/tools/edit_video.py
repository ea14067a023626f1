"""edit_video: join or change finished clips on this computer, for free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import Job
from sora_mcp.media.edit.edits import Action, EditRequest
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.messages import describe_job
from sora_mcp.server.results import build_job_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition


@dataclass(frozen=True)
class Arguments:
    """The clips, and what to make of them."""

    inputs: Annotated[tuple[str, ...], Spec("Job ids, paths", is_job=True)]
    action: Action
    start: float | None = None
    end: float | None = None
    ratio: str = ""
    fill: str = ""
    text: str = ""

    @property
    def edit(self) -> EditRequest:
        """The edit, without what was left out."""
        known = {"start": self.start, "end": self.end, "ratio": self.ratio or None, "fill": self.fill or None, "text": self.text or None}
        return EditRequest(self.inputs, self.action, {name: value for name, value in known.items() if value is not None})


async def edit_video(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Make the edit and return its finished job."""
    service = await get_service(ctx)
    return format_result(await service.edit(arguments.edit, principal=principal()), now=service.clock())


def format_result(job: Job, *, now: float) -> CallToolResult:
    """Return the result for an edit that was just made, or that was made before."""
    return build_job_result(job, _describe(job, now=now))


def _describe(job: Job, *, now: float) -> str:
    what = f"{job.options.get('action', 'edit')!s} of {', '.join(job.parents) or 'a file'}"
    again = "Made before, the same file again: " if job.deduplicated else ""
    notes = f"{' '.join(job.warnings)} " if job.warnings else ""
    return f"{again}{what}. {notes}{describe_job(job, now=now)}"


TOOL = ToolDefinition(
    "edit_video",
    "Edit video",
    "Use this to join or change finished clips; free.",
    ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    edit_video,
    JOB_RESULT,
)
