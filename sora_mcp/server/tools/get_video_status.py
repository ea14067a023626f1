"""get_video_status: report jobs once they have ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import LIVE, Job
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules
from sora_mcp.server.approval_answers import is_quote, report_answer
from sora_mcp.server.context import ToolContext, get_service, name_chat, principal
from sora_mcp.server.job_names import name_job, with_titles
from sora_mcp.server.messages import describe_job, describe_jobs, describe_progress
from sora_mcp.server.news_text import describe_news
from sora_mcp.server.results import append_line, build_job_result, build_jobs_result
from sora_mcp.server.schema import Spec
from sora_mcp.server.tools.definition import JOB_RESULT, ToolDefinition
from sora_mcp.telemetry import count_waiting

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

RECHECK_S = 10.0
"""Seconds until a call looks into the store by itself, for what nobody told it: the watcher wakes it for every change of a job."""
PROGRESS_S = 2.0
"""Seconds between two progress notifications."""
MOST_OLDER = 3
MOST_JOBS = 20
"""Jobs that one call may ask for."""


@dataclass(frozen=True)
class Arguments:
    """The jobs, and how long to wait for their end."""

    job_id: Annotated[str, Spec(is_job=True)] = ""
    job_ids: Annotated[tuple[str, ...], Spec(is_job=True, most_items=MOST_JOBS)] = ()
    wait_seconds: Annotated[float, Spec("Default 25", minimum=0, maximum=50)] = 25


async def get_video_status(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Report the jobs once all of them have ended, or when the time is over."""
    service, visits, chat = await get_service(ctx), ctx.request_context.lifespan_context.visits, name_chat(ctx)
    named = list(dict.fromkeys((*filter(None, (arguments.job_id,)), *arguments.job_ids)))
    ids, older = (named, list[Job]()) if named else await _find_current(service, ctx)
    if len(ids) == 1 and is_quote(ids[0]):
        answer = await report_answer(service, ids[0], arguments.wait_seconds, ctx=ctx)
        if not isinstance(answer, str):
            return answer
        bought = await service.job(answer, principal=principal())
        ids = [take.id for take in await service.store.jobs.get_takes(bought)]
    jobs = [await service.job(job_id, principal=principal()) for job_id in ids]
    if not named:
        jobs.sort(key=lambda job: (job.created_at, job.id))  # as create_video named them
    jobs = [titled if not named or visits.is_earlier(chat, titled) else job for job, titled in zip(jobs, with_titles(jobs), strict=True)]
    with count_waiting():
        jobs = await wait_for_end(jobs, arguments.wait_seconds, service, ctx=ctx)
    is_list = bool(arguments.job_ids) or len(jobs) > 1
    result = format_results(jobs, now=service.clock()) if is_list else format_result(jobs[0], now=service.clock())
    await visits.note_shown(service, chat, jobs)
    if named:
        return result
    news = describe_news(await visits.find_news(service, chat, shown=ids))
    return append_line(result, "\n".join(filter(None, (_describe_older(older), news))))


async def _find_current(service: VideoService, ctx: ToolContext) -> tuple[list[str], list[Job]]:
    """Return the clips of this chat that are under way or ended since it was last shown how one did, and the older ones that are under
    way; where there are none, the newest one. BrokenRules where there is none at all."""
    visits, chat = ctx.request_context.lifespan_context.visits, name_chat(ctx)
    live = (await service.jobs(principal=principal(), states=LIVE, limit=MOST_JOBS)).jobs
    ended = await visits.find_unshown(service, chat)
    if live:
        known = [*live, *[await service.job(job_id, principal=principal()) for job_id in ended]]
        begin = visits.find_begin(chat, max(job.created_at for job in known))
        own = [job.id for job in live if job.created_at >= begin]
        return list(dict.fromkeys((*own, *ended)))[:MOST_JOBS], [job for job in live if job.created_at < begin]
    if ended:
        return ended[:MOST_JOBS], []
    if jobs := (await service.jobs(principal=principal(), limit=1)).jobs:
        return [jobs[0].id], []
    allowed = "the id of a clip, and there is none yet: create_video starts one"
    raise BrokenRules((BrokenRule("job_id", None, allowed, "invalid_argument"),))


def _describe_older(jobs: Sequence[Job]) -> str:
    """Say which older clips are under way too, beside those that are waited for; empty where none is."""
    if not jobs:
        return ""
    named = "; ".join(f"{name_job(job)}, {job.state}" for job in with_titles(jobs[:MOST_OLDER]))
    more = f"; and {len(jobs) - MOST_OLDER} more" if len(jobs) > MOST_OLDER else ""
    return f"Also under way, from earlier: {named}{more}."


def format_result(job: Job, *, now: float) -> CallToolResult:
    """Return the result for a job."""
    return build_job_result(job, describe_job(job, now=now))


def format_results(jobs: Sequence[Job], *, now: float) -> CallToolResult:
    """Return the result for several jobs."""
    return build_jobs_result(jobs, describe_jobs(jobs, now=now))


async def wait_for_end(jobs: list[Job], wait_s: float, service: VideoService, *, ctx: ToolContext) -> list[Job]:
    """Return the jobs once all have ended or wait for a person, or after `wait_s`; send progress meanwhile, as far as there is any."""
    changes, start, said, reported = ctx.request_context.lifespan_context.changes, time.monotonic(), "", -PROGRESS_S
    looked, waiting = float("-inf"), dict[str, anyio.Event]()
    while (live := [job for job in jobs if _is_under_way(job)]) and (waited := time.monotonic() - start) < wait_s:
        if changes.is_closing:
            break
        is_due = time.monotonic() - looked >= RECHECK_S
        if news := [job for job in live if is_due or job.id not in waiting or waiting[job.id].is_set()]:
            looked = time.monotonic() if is_due else looked
            waiting |= {job.id: changes.expect(job.id) for job in news}
            fresh = {job.id: await service.job(job.id, principal=principal()) for job in news}
            jobs = [replace(fresh.get(job.id, job), title=job.title) for job in jobs]
            continue
        words = _describe_way(jobs, live, now=service.clock())
        if words != said and waited - reported >= PROGRESS_S:
            said, reported = words, waited
            await ctx.report_progress(round(waited, 1), wait_s, words)
        with anyio.move_on_after(min(PROGRESS_S, wait_s - waited)):
            await _wait_for_any([waiting[job.id] for job in live])
    return jobs


def _is_under_way(job: Job) -> bool:
    """Return whether waiting helps: the job is alive, and no person has to do something first."""
    return job.state in LIVE and job.unwritten is None and job.todo is None


async def _wait_for_any(events: Sequence[anyio.Event]) -> None:
    """Return when one of the events is set."""
    if len(events) == 1:
        return await events[0].wait()
    async with anyio.create_task_group() as tasks:

        async def wait(event: anyio.Event) -> None:
            await event.wait()
            tasks.cancel_scope.cancel()

        for event in events:
            tasks.start_soon(wait, event)


def _describe_way(jobs: Sequence[Job], live: Sequence[Job], *, now: float) -> str:
    """Say how far the work is: of several jobs, how many have ended, and how the first of the others is doing."""
    ended = f"{len(jobs) - len(live)} of {len(jobs)} have ended. " if len(jobs) > 1 else ""
    return ended + describe_progress(live[0], now=now)


TOOL = ToolDefinition(
    "get_video_status",
    "Video status",
    "Wait for clips to end; path is then the file. Use this after create_video.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    Arguments,
    get_video_status,
    {**JOB_RESULT, "jobs": "objects"},
    has_page=True,
)
