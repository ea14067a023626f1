"""What requests are answered with. Imported with the first of them: `initialize` needs none of it, and a client waits for that one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    InputRequiredResult,
    ListResourcesResult,
    PaginatedRequestParams,
    Resource,
    Tool,
)

from sora_mcp.domain import Charged
from sora_mcp.domain.errors import UNFORESEEN, BrokenRules, SoraError, StorageError, before_money
from sora_mcp.server import completions, resources, results
from sora_mcp.server import subscriptions as changes
from sora_mcp.server.apps import META, SHOWN_BY
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.schema import check_arguments
from sora_mcp.server.suggestions import Suggestion, suggest
from sora_mcp.server.tools import TOOLS
from sora_mcp.server.tools.definitions import FACES
from sora_mcp.server.transports.sdk import Ctx

__all__ = ["TOOLS", "call_tool", "changes", "complete", "page", "refuse", "resources", "tools"]

log = logging.getLogger(__name__)
PAGE = 100
OF_A_JOB = ("get_video_status", "cancel_video")
"""Without the store nobody can say what became of the job's money, whatever this call did not do."""


def tools() -> list[Tool]:
    """Ours, as the tables have them."""
    return [_faced(name) for name in TOOLS]


async def call_tool(
    name: str, arguments: Mapping[str, Any], context: Context[ServerContext, Any] | None
) -> CallToolResult | InputRequiredResult:
    """Call one of our tools with what its table lets through, and return its answer. A refusal is answered with what would work.

    The SDK would check the arguments again by models that take long to make.
    """
    try:
        with before_money():
            given = check_arguments(name, FACES[name].arguments, arguments)
        return await TOOLS[name](ctx=context, **given)
    except SoraError as refusal:
        suggestion = await _suggest(refusal, name, arguments, context)
        return results.refused(suggestion.refusal, fixes=suggestion.fixes, charged=_know_charged(refusal, name))


def refuse(error: Exception, name: str) -> CallToolResult:
    """Return the tool's refusal; the details of anything unforeseen stay in the log."""
    if isinstance(error, SoraError):
        return results.refused(error, fixes=error.fixes, charged=_know_charged(error, name))
    log.error("%s failed", name, exc_info=error)
    moves_money = name not in FACES or FACES[name].destroys or name in OF_A_JOB
    return results.refused(SoraError(UNFORESEEN), charged="unknown" if moves_money else "no")


async def page(ctx: Ctx, params: PaginatedRequestParams, always: list[Resource]) -> ListResourcesResult:
    """First those that are there `always`, then finished files, newest first."""
    opened: ServerContext = ctx.lifespan_context
    try:
        found = await (await opened.service()).jobs(principal=principal(), state="completed", limit=PAGE, cursor=params.cursor)
    except SoraError as error:
        raise MCPError(INVALID_PARAMS if isinstance(error, BrokenRules) else INTERNAL_ERROR, error.message) from None
    first = [] if params.cursor else always
    return ListResourcesResult(resources=[*first, *resources.finished(found.jobs)], next_cursor=found.next_cursor)


async def complete(ctx: Ctx, params: CompleteRequestParams) -> CompleteResult:
    """Values for an argument that is being typed."""
    before = (params.context.arguments if params.context else None) or {}
    found = await completions.complete(params.argument.name, params.argument.value, before, ctx.lifespan_context)
    return CompleteResult(completion=found)


def _faced(name: str) -> Tool:
    face = FACES[name]
    return Tool(
        name=name,
        title=face.title,
        description=face.says,
        input_schema=face.input_schema,
        output_schema=face.output_schema,
        annotations=face.hints,
        _meta=META if name in SHOWN_BY else None,
    )


async def _suggest(refusal: SoraError, name: str, arguments: Mapping[str, Any], context: Context[ServerContext, Any] | None) -> Suggestion:
    """Return what would work; nothing that goes wrong here may change what is said of the refusal."""
    try:
        return await suggest(refusal, name, arguments, context)
    except Exception:
        log.exception("no advice could be found for a refusal of %s", name)
        return Suggestion(refusal)


def _know_charged(error: SoraError, name: str) -> Charged:
    """Return what became of the money: without the store nobody can say it of a job."""
    return "unknown" if isinstance(error, StorageError) and name in OF_A_JOB else error.charged
