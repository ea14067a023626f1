"""list_videos: a page of jobs, and the budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Literal

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import Job, State
from sora_mcp.domain.money import show
from sora_mcp.security.text import sanitize
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.messages import describe_unclear, format_price
from sora_mcp.server.results import MOST_PAGE_BYTES, budget_fields, build_result, count_bytes, list_fields
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import ToolDefinition

if TYPE_CHECKING:
    from sora_mcp.store.records import Budget, Page

MOST_PROMPT = 60


@dataclass(frozen=True)
class Arguments:
    """The jobs to list."""

    state: Literal[State, "all"] | None = None
    query: Annotated[str, Spec(most_words=10)] = ""
    limit: Annotated[int, Spec(minimum=1, maximum=100)] = 20
    cursor: str = ""


async def list_videos(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return a page of the caller's jobs, newest first."""
    service = await get_service(ctx)
    state = None if arguments.state == "all" else arguments.state
    find = partial(service.jobs, principal=principal(), state=state, query=arguments.query or None, cursor=arguments.cursor or None)
    page, budget = await find(limit=arguments.limit), await service.budget()
    if (fitting := count_fitting(page)) < len(page.jobs):
        page = await find(limit=fitting)
    return format_result(page, budget)


def count_fitting(page: Page) -> int:
    """Return how many jobs of a page a client can take in one result: at least one."""
    sizes = accumulate(count_bytes(list_fields(job)) + len(_describe_line(job).encode()) for job in page.jobs)
    return max(1, sum(size <= MOST_PAGE_BYTES for size in sizes))


def format_result(page: Page, budget: Budget) -> CallToolResult:
    """Return the result for a page of jobs."""
    videos = [list_fields(job) for job in page.jobs]
    more = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return build_result({"message": _describe(page, budget), "videos": videos, **more, "budget": budget_fields(budget)})


def _describe(page: Page, budget: Budget) -> str:
    """Say how many there are and what was spent; then one line for each job."""
    plural, more = "" if len(page.jobs) == 1 else "s", ", and more on the next page" if page.next_cursor is not None else ""
    today = f"Spent today {show(budget.day_spent)} of {show(budget.day_limit)}"
    month = f"this month {show(budget.month_spent)} of {show(budget.month_limit)}{describe_unclear(budget)}"
    return "\n".join([f"{len(page.jobs)} video{plural}{more}. {today}, {month}.", *(_describe_line(job) for job in page.jobs)])


def _describe_line(job: Job) -> str:
    prompt = sanitize(job.prompt, MOST_PROMPT) or ""
    path = f" {job.artifact.path}" if job.artifact else ""
    return f'{job.id} {job.state}, {job.model}, {job.seconds} s, {job.size}, {format_price(job.price)}: "{prompt}"{path}'


TOOL = ToolDefinition(
    "list_videos",
    "List videos",
    "List clips of all chats and the budget. Use this to find one again.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    list_videos,
    {"videos": "objects", "next_cursor": "string", "budget": "object", "error": "object"},
)
