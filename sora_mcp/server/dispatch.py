"""Answers to requests. Imported with the first that needs it: neither `initialize` nor `tools/list` waits for what is imported here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mcp import MCPError
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
)

from sora_mcp.domain import Charged
from sora_mcp.domain.errors import UNFORESEEN, BrokenRules, NoSuchJob, NotFound, SoraError, StorageError, before_money
from sora_mcp.server import completions, prompts, resources, subscriptions
from sora_mcp.server.context import ServerContext, ToolContext, name_request, principal
from sora_mcp.server.results import build_refusal
from sora_mcp.server.sdk import Ctx
from sora_mcp.server.suggestions import Suggestion, suggest
from sora_mcp.server.task_states import JobTasks
from sora_mcp.server.tools import TOOLS
from sora_mcp.telemetry import about, note_refusal

__all__ = ["TASKS", "TOOLS", "call_tool", "complete", "list_resources", "prompts", "refuse", "resources", "subscriptions"]

log = logging.getLogger(__name__)
PAGE = 100
TASKS = JobTasks()
OF_A_JOB = ("get_video_status", "cancel_video")
"""Tools about a job that may be paid for: while the store cannot be read, nobody knows what happened to its money."""


async def call_tool(name: str, given: Mapping[str, Any], ctx: ToolContext) -> CallToolResult | InputRequiredResult:
    """Return the tool's answer; to a refusal, what would work. The SDK would check the arguments with models that are slow to build."""
    with about(person=principal(), request=name_request(ctx)):
        return await _answer(name, given, ctx)


async def _answer(name: str, given: Mapping[str, Any], ctx: ToolContext) -> CallToolResult | InputRequiredResult:
    tool = TOOLS[name]
    try:
        with before_money():
            given = tool.coerce(given)
            arguments = tool.parse(given)
        return await tool.run(arguments, ctx)
    except NoSuchJob as missing:
        note_refusal(name, missing.its_code)
        return build_refusal(NotFound(f"{missing.message} list_videos shows which there are."), could_send=_can_send(name))
    except SoraError as refusal:
        note_refusal(name, refusal.its_code)
        suggestion = await _suggest(refusal, name, given, ctx)
        return build_refusal(suggestion.refusal, fixes=suggestion.fixes, charged=_know_charged(refusal, name), could_send=_can_send(name))


def refuse(error: Exception, name: str) -> CallToolResult:
    """Return a refusal as a result; the details of anything unforeseen stay in the log."""
    note_refusal(name, error.its_code if isinstance(error, SoraError) else SoraError.code)
    if isinstance(error, SoraError):
        return build_refusal(error, charged=_know_charged(error, name), could_send=_can_send(name))
    log.error("%s failed", name, exc_info=error)
    unclear = _can_send(name) or name in OF_A_JOB
    return build_refusal(SoraError(UNFORESEEN), charged="unknown" if unclear else "no", could_send=_can_send(name))


async def list_resources(ctx: Ctx, params: PaginatedRequestParams, fixed: list[Resource]) -> ListResourcesResult:
    """Return a page: first the `fixed` resources, then finished files, newest first."""
    context: ServerContext = ctx.lifespan_context
    try:
        found = await (await context.service()).jobs(principal=principal(), states=("completed",), limit=PAGE, cursor=params.cursor)
    except SoraError as error:
        raise MCPError(INVALID_PARAMS if isinstance(error, BrokenRules) else INTERNAL_ERROR, error.message) from None
    except Exception as error:
        raise resources.hide_unforeseen(error, "resources/list") from None
    first = [] if params.cursor else fixed
    return ListResourcesResult(resources=[*first, *resources.list_files(found.jobs)], next_cursor=found.next_cursor)


async def complete(ctx: Ctx, params: CompleteRequestParams) -> CompleteResult:
    """Return values for an argument that is being typed."""
    filled = (params.context.arguments if params.context else None) or {}
    try:
        found = await completions.complete(params.argument.name, params.argument.value, filled, ctx.lifespan_context)
    except Exception as error:
        raise resources.hide_unforeseen(error, "completion/complete") from None
    return CompleteResult(completion=found)


async def _suggest(refusal: SoraError, name: str, given: Mapping[str, Any], ctx: ToolContext) -> Suggestion:
    """Return what would work. A failure in here must not change the refusal."""
    try:
        return await suggest(refusal, name, given, ctx)
    except Exception:
        log.exception("no advice could be found for a refusal of %s", name)
        return Suggestion(refusal)


def _can_send(name: str) -> bool:
    """Return whether the tool may send something that costs; the tools of extensions may."""
    tool = TOOLS.get(name)
    return tool is None or tool.hints.destructive_hint is True


def _know_charged(error: SoraError, name: str) -> Charged:
    """Return what happened to the money. Without the store nobody knows it of a job."""
    return "unknown" if isinstance(error, StorageError) and name in OF_A_JOB else error.charged
