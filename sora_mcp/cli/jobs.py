"""What was made and what it cost: nothing here changes anything."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

import anyio

from sora_mcp.cli.terminal import facts, table
from sora_mcp.config.settings import Settings
from sora_mcp.domain import Job
from sora_mcp.domain.money import show as dollars
from sora_mcp.jobs.service import VideoService
from sora_mcp.jobs.worker import open_service
from sora_mcp.store import Budget, SpendRow

T = TypeVar("T")
PROMPT_CHARACTERS = 40


def jobs(settings: Settings, arguments: Namespace) -> int:
    """A table, newest first."""
    page = _read(
        settings, lambda service: service.store.run(service.store.page, None, state=None, query=None, limit=arguments.limit, cursor=None)
    )
    headings = ("job", "state", "model", "size", "seconds", "price", "charged", "made", "prompt")
    print(table(headings, (_line(job, settings.zone) for job in page.jobs)) if page.jobs else "No videos yet. Make one: sora-mcp demo")
    return 0


def show(settings: Settings, arguments: Namespace) -> int:
    """Everything that the store knows of one job."""
    job = _read(settings, lambda service: service.store.run(service.store.get, arguments.job, None))
    print(facts(_everything(job, settings.zone)))
    return 0


def spend(settings: Settings, arguments: Namespace) -> int:
    """The ledger by day and model, its sum, and what is left."""

    async def ask(service: VideoService) -> tuple[tuple[SpendRow, ...], Budget]:
        return await service.store.run(service.store.spend, arguments.month), await service.budget()

    rows, budget = _read(settings, ask)
    headings = ("day", "vendor", "model", "videos", "held", "spent")
    lines = [(row.day, row.vendor, row.model, str(row.videos), dollars(row.held), dollars(row.spent)) for row in rows]
    total = ("total", "", "", str(sum(r.videos for r in rows)), dollars(sum(r.held for r in rows)), dollars(sum(r.spent for r in rows)))
    print(table(headings, [*lines, total]) if rows else "Nothing was spent.")
    print(f"Today {_left(budget.day_spent, budget.day_limit)}, this month {_left(budget.month_spent, budget.month_limit)}.")
    if budget.unknown:
        print(f"{dollars(budget.unknown)} of it is held by jobs with an unclear outcome: `sora-mcp resolve JOB` once you know.")
    return 0


def _read(settings: Settings, ask: Callable[[VideoService], Awaitable[T]]) -> T:
    async def answer() -> T:
        async with open_service(settings, work=False) as service:
            return await ask(service)

    return anyio.run(answer)


def _line(job: Job, zone: tzinfo) -> tuple[str, ...]:
    prompt = job.prompt if len(job.prompt) <= PROMPT_CHARACTERS else f"{job.prompt[: PROMPT_CHARACTERS - 1]}…"
    return (
        job.id,
        job.state,
        job.model,
        job.size,
        str(job.seconds),
        dollars(job.price),
        job.charged,
        _moment(job.created_at, zone),
        prompt,
    )


def _everything(job: Job, zone: tzinfo) -> Iterator[tuple[str, object]]:
    yield "job", job.id
    yield "state", job.state
    yield "model", job.model
    yield "prompt", job.prompt
    yield "size", job.size
    yield "seconds", job.seconds
    yield "options", ", ".join(f"{name}={value}" for name, value in job.options.items()) or None
    yield "first frame", "yes" if job.with_image else None
    yield "price", f"{dollars(job.price)} ({job.price_is}; {job.basis})"
    yield "price from", f"{job.source}, checked {job.checked}, {job.confidence}"
    yield "charged", job.charged
    yield "made", _moment(job.created_at, zone)
    yield "changed", _moment(job.updated_at, zone)
    yield "vendor's id", job.vendor_id
    yield "vendor's word", job.said
    if job.error is not None:
        yield "error", f"{job.error.code}: {job.error.message}"
        yield "vendor's message", job.error.vendor_message
    for warning in job.warnings:
        yield "warning", warning
    if job.artifact is not None:
        yield "path", job.artifact.path
        yield "bytes", job.artifact.bytes
        yield "duration", f"{job.artifact.duration_s} s" if job.artifact.duration_s is not None else None
        yield "picture", f"{job.artifact.width}x{job.artifact.height}" if job.artifact.width else None
        yield "sha256", job.artifact.sha256


def _moment(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _left(spent: int, limit: int) -> str:
    return f"{dollars(spent)} of {dollars(limit)}"
