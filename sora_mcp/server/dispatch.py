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

from sora_mcp.domain.errors import UNFORESEEN, BrokenRules, SoraError, StorageError, before_money
from sora_mcp.server import completions, resources
from sora_mcp.server import results as replies
from sora_mcp.server import subscriptions as changes
from sora_mcp.server import suggestions as remedies
from sora_mcp.server.apps import META, SHOWN_BY
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.schema import checked
from sora_mcp.server.tools import TOOLS
from sora_mcp.server.tools.definitions import FACES
from sora_mcp.server.transports.sdk import Ctx

__all__ = ["TOOLS", "called", "changes", "complete", "page", "refused", "resources", "tools"]

log = logging.getLogger(__name__)
PAGE = 100
OF_A_JOB = ("get_video_status", "cancel_video")
"""Without the store nobody can say what became of the job's money, whatever this call did not do."""


def tools() -> list[Tool]:
    """Ours, as the tables have them."""
    return [_faced(name) for name in TOOLS]


async def called(
    name: str, arguments: Mapping[str, Any], context: Context[ServerContext, Any] | None
) -> CallToolResult | InputRequiredResult:
    """What our tool says, called with what its table lets through: the SDK would check it again by models that take long to make."""
    with before_money():
        given = await _taken(name, arguments, context)
    return await TOOLS[name](ctx=context, **given)


def refused(error: Exception, name: str) -> CallToolResult:
    """What the tool meant to say; anything unforeseen stays in the log."""
    return replies.refused(_reason(error, name))


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


async def _taken(name: str, arguments: Mapping[str, Any], context: Context[ServerContext, Any] | None) -> dict[str, Any]:
    """What the tool is called with; or all that is wrong."""
    try:
        return checked(name, FACES[name].arguments, arguments)
    except BrokenRules as error:
        raise await remedies.whole(error, name, arguments, context) from None


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


def _reason(error: Exception, name: str) -> SoraError:
    if isinstance(error, SoraError):
        if isinstance(error, StorageError) and name in OF_A_JOB:
            error.charged = "unknown"
        return error
    log.error("%s failed", name, exc_info=error)
    unforeseen = SoraError(UNFORESEEN)
    if name not in FACES or FACES[name].destroys or name in OF_A_JOB:
        unforeseen.charged = "unknown"
    return unforeseen
