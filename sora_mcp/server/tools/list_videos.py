"""list_videos: a page of jobs with what they cost, or one job whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.catalogue.sizes import describe_size
from sora_mcp.domain import EDITS, LIVE, Job, NextClip, State, describe_deletion
from sora_mcp.domain.text import sanitize
from sora_mcp.server.address import name_place
from sora_mcp.server.budget_text import describe_spent
from sora_mcp.server.cancellations import name_cancellation
from sora_mcp.server.charges import describe_about, describe_basis, describe_charge
from sora_mcp.server.context import ToolContext, get_service, name_chat, principal
from sora_mcp.server.date_words import read_day
from sora_mcp.server.job_names import name_id, with_titles
from sora_mcp.server.messages import describe_job, describe_sound, name_way
from sora_mcp.server.news_text import describe_news
from sora_mcp.server.next_clip import describe_change, describe_ways_on
from sora_mcp.server.results import MOST_PAGE_BYTES, append_line, budget_fields, build_result, count_bytes, list_fields, whole_fields
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import ToolDefinition
from sora_mcp.server.vendor_words import name_reason

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval, Budget, Page

Row = tuple[dict[str, Any], str]
"""One job in the structured part, and its line in the message."""
MOST_PROMPT = 100
MOST_WHOLE_PROMPT = 8_000
"""Bytes of the prompt of one whole job, which stands in the text and in the structured part."""
QUERY_HINT = "A query finds words of prompts only: without it each clip says its model, size and sound."
MOST_REASON = 200
MOST_FILTER = 60
MOST_QUOTED = 120
"""Characters of a vendor's words in a line of the list."""
MOST_OPTION = 200
MOST_FRAME = 2_000
"""Characters of the first frame's address, which a repeat needs whole."""


@dataclass(frozen=True)
class Arguments:
    """The jobs to list."""

    state: Literal[State, "active", "all"] | None = None
    query: Annotated[str, Spec(most_words=10)] = ""
    since: Annotated[str, Spec("2026-11-20, 7d, today")] = ""
    job_id: Annotated[str, Spec("Show whole", is_job=True)] = ""
    limit: Annotated[int, Spec(minimum=1, maximum=100)] = 20
    cursor: str = ""

    @property
    def filters(self) -> str:
        """Return what the jobs were looked for by, as the end of a clause; empty where all are meant."""
        named = {"state": "" if self.state == "all" else self.state, "query": self.query, "since": self.since}
        given = [f"{name}={json.dumps(value[:MOST_FILTER], ensure_ascii=False)}" for name, value in named.items() if value]
        return f" with {' and '.join(given)}" if given else ""

    @property
    def states(self) -> tuple[State, ...]:
        """The states to look for; none for all."""
        return () if self.state in (None, "all") else LIVE if self.state == "active" else (self.state,)


async def list_videos(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return a page of the caller's jobs, newest first; or one job with all that is known of it."""
    service = await get_service(ctx)
    zone = service.settings.zone
    if arguments.job_id:
        job = await service.job(arguments.job_id, principal=principal())
        approval = await service.store.approvals.find_of_job(job)
        ways = {"change": service.find_change(job), "cheaper": service.find_cheaper(job)}
        return format_whole(job, await service.budget(principal()), zone, now=service.clock(), approval=approval, **ways)
    page, rows, budget = await _find(arguments, service, zone)
    news = await ctx.request_context.lifespan_context.visits.find_news(service, name_chat(ctx), shown=[job.id for job in page.jobs])
    return append_line(_format(page, rows, budget, filters=arguments.filters), describe_news(news))


async def _find(arguments: Arguments, service: VideoService, zone: tzinfo) -> tuple[Page, list[Row], Budget]:
    """Return a page of as many jobs as a client can take, its rows, and the caller's budget."""
    since = read_day("since", arguments.since, service.today)
    find = partial(
        service.jobs_and_budget,
        principal=principal(),
        states=arguments.states,
        query=arguments.query or None,
        since=None if since is None else datetime.combine(since, time(), zone).timestamp(),
        cursor=arguments.cursor or None,
    )
    page, budget = await find(limit=arguments.limit)
    rows = make_rows(page, zone, service.clock())
    if (fitting := count_fitting(rows)) < len(rows):
        page, budget = await find(limit=fitting)
        rows = make_rows(page, zone, service.clock())
    return page, rows, budget


def make_rows(page: Page, zone: tzinfo, now: float) -> list[Row]:
    """Return the fields and the line of each job of a page."""
    return [(list_fields(job), _describe_line(job, zone, now)) for job in with_titles(page.jobs, MOST_PROMPT)]


def count_fitting(rows: Sequence[Row]) -> int:
    """Return how many jobs of a page a client can take in one result: at least one."""
    sizes = accumulate(count_bytes(fields) + len(line.encode()) for fields, line in rows)
    return max(1, sum(size <= MOST_PAGE_BYTES for size in sizes))


def format_result(page: Page, budget: Budget, zone: tzinfo, *, now: float) -> CallToolResult:
    """Return the result for a page of jobs."""
    return _format(page, make_rows(page, zone, now), budget)


def _format(page: Page, rows: Sequence[Row], budget: Budget, *, filters: str = "") -> CallToolResult:
    message = _describe(page, [line for _, line in rows], budget, filters=filters)
    more = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return build_result({"message": message, "videos": [fields for fields, _ in rows], **more, "budget": budget_fields(budget)})


def format_whole(
    job: Job,
    budget: Budget,
    zone: tzinfo,
    *,
    now: float,
    approval: Approval | None = None,
    change: NextClip | None = None,
    cheaper: NextClip | None = None,
) -> CallToolResult:
    """Return the result for one job with all that is known of it: `approval` is the yes that bought it, `change` what `edits` makes of it,
    `cheaper` what goes on from it for much less."""
    fields = whole_fields(job, approval) | {"prompt": _shorten_prompt(job.prompt)}
    lines = [describe_job(job, now=now), *describe_ways_on(job, cheaper), *describe_change(job, change)]
    message = "\n".join([*_describe_whole(job, zone), *lines])
    return build_result({"message": message, "videos": [fields], "budget": budget_fields(budget)})


def _describe(page: Page, lines: Sequence[str], budget: Budget, *, filters: str) -> str:
    """Say how many there are, by what they were looked for, and what was spent; then one line for each job."""
    plural = "" if len(page.jobs) == 1 else "s"
    more = f', and more with cursor="{page.next_cursor}"' if page.next_cursor is not None else ""
    hint = "" if page.jobs or "query=" not in filters else f" {QUERY_HINT}"
    about = [f"{said}."] if (said := describe_about(page.jobs)) else []
    return "\n".join([f"{len(page.jobs)} video{plural}{filters}{more}.{hint} {describe_spent(budget)}", *lines, *about])


def _describe_line(job: Job, zone: tzinfo, now: float) -> str:
    way = name_way(job, now) if job.state in ("queued", "running") and not job.saving else ""
    why = name_reason(job, most_quoted=MOST_QUOTED) or "; ".join(filter(None, (way, name_cancellation(job))))
    is_wish = job.state == "cancelled" and job.cancel_asked_at is not None
    reason = ", as the user asked" if is_wish else f" ({why})" if why else ""
    deleted = f" (its file {said})" if (said := describe_deletion(job)) else ""
    path = f" {name_place(job, job.artifact.path)}" if job.artifact else deleted
    return f'{_describe_facts(job, zone, reason=reason)}: "{job.title}"{path}'


def _describe_facts(job: Job, zone: tzinfo, *, reason: str = "") -> str:
    """Return date, id, state, model, length, size, sound and price."""
    made = datetime.fromtimestamp(job.created_at, zone)
    length, size = _describe_measures(job)
    has_ended_without = job.state not in LIVE and job.artifact is None
    sound = "" if has_ended_without else describe_sound(job.options, job.artifact, model=job.model)
    what = [length, size, sound] if job.seconds else [size]
    return f"{made:%Y-%m-%d %H:%M} {name_id(job)} {job.state}{reason}, {', '.join([job.model, *filter(None, what), describe_charge(job)])}"


def _describe_measures(job: Job) -> tuple[str, str]:
    """Return length and size as ordered, and before that what came where it differs."""
    length, size, file = f"{job.seconds} s", describe_size(job.size, is_edit=EDITS in job.options), job.artifact
    if file is not None and file.duration_s and not job.has_length(file.duration_s):
        length = f"{file.duration_s:.3g} s ({length} ordered)"
    if file is not None and file.width:
        came = f"{file.width}x{file.height}"
        size = came if job.has_size(came) else f"{came} ({size} ordered)"
    return length, size


def _describe_whole(job: Job, zone: tzinfo) -> Iterator[str]:
    """Yield what a repeat of the job would need, and where it came from."""
    basis = f" ({words})" if (words := describe_basis(job)) else ""
    yield f"{_describe_facts(job, zone)}{basis}."
    yield f"Prompt: {sanitize(_shorten_prompt(job.prompt), MOST_WHOLE_PROMPT)}"
    if job.extras:
        yield "Options: " + ", ".join(f"{name}={_show_value(value)}" for name, value in job.extras.items())
    if job.with_image:
        origin = f"from {job.parents[0]}" if job.parents else "a picture of the user's"
        yield f"First frame: {f'image={_show_value(job.first_frame, MOST_FRAME)}' if job.first_frame else origin}"
    elif job.parents:
        yield f"Made of: {', '.join(job.parents)}"
    if said := sanitize(job.said, MOST_REASON):
        yield f'The vendor calls it {job.vendor_id} and last said "{said}".' if job.vendor_id else f'The vendor last said "{said}".'


def _show_value(value: object, most: int = MOST_OPTION) -> str:
    return sanitize(json.dumps(value, ensure_ascii=False), most) or ""


def _shorten_prompt(prompt: str) -> str:
    """Return the prompt; of one that is too long for a result, its beginning and how much is left out."""
    kept = prompt.encode("utf-8", "replace")[:MOST_WHOLE_PROMPT].decode(errors="ignore")
    return prompt if len(kept) >= len(prompt) else f"{kept}… (and {len(prompt) - len(kept):,} characters more)"


TOOL = ToolDefinition(
    "list_videos",
    "List videos",
    "Clips of all chats: date, cost, prompt; budget left.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    list_videos,
    {"videos": "objects"},
)
