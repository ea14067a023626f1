"""List jobs, show one, and report what was spent. Nothing here changes anything."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import anyio
from rich.console import Console

from sora_mcp.cli.doubtful import describe_choices, find_doubtful, print_doubtful
from sora_mcp.cli.program_path import naming_store
from sora_mcp.cli.terminal import Column, open_console, print_facts, print_table, print_text
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, LOCAL, Job, can_fetch, describe_deletion
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.runtime import open_service
from sora_mcp.jobs.service import VideoService
from sora_mcp.server.vendor_words import name_vendor
from sora_mcp.store.loss_detection import Loss
from sora_mcp.store.records import Approval, Budget, Costs, Person, SpendRow, Way

T = TypeVar("T")
JOB_COLUMNS = (
    Column("JOB"),
    Column("STATE"),
    Column("MODEL", least=10, most=20, rank=3),
    Column("SIZE", rank=6),
    Column("SECONDS", right=True, rank=5),
    Column("PRICE", right=True, rank=1),
    Column("CHARGED", rank=4),
    Column("MADE", rank=2),
    Column("PROMPT", least=24),
)
SPEND_COLUMNS = (
    Column("DAY"),
    Column("VENDOR", only_piped=True),
    Column("MODEL", least=10),
    Column("VIDEOS", right=True, rank=2),
    Column("HELD", right=True, rank=1),
    Column("SPENT", right=True),
)
WAYS: dict[Way, str] = {
    "form": "in a form of the client",
    "page": "on the page",
    "url": "on the page to which the client led",
    "terminal": "at a terminal",
}
COST_COLUMNS = (
    Column("VIDEOS", right=True, rank=3),
    Column("HELD", right=True, rank=1),
    Column("UNCLEAR", right=True, rank=2),
    Column("SPENT", right=True),
)
MOST_ACCOUNTS = 10_000


def jobs(settings: Settings, arguments: Namespace) -> int:
    """Print a table of jobs, newest first."""
    page = _read(settings, lambda service: service.store.jobs.search(None, limit=arguments.limit))
    console = open_console()
    if page.jobs:
        print_jobs(console, page.jobs, zone=settings.zone, today=datetime.now(settings.zone).date())
    else:
        print_text(console, f"No videos yet. Make one: {command_line('demo')}")
    return 0


def show(settings: Settings, arguments: Namespace) -> int:
    """Print everything that the store knows about one job."""

    async def ask(service: VideoService) -> tuple[Job, Approval | None, Person | None]:
        with naming_store(settings):
            job = await service.store.jobs.get(arguments.job, None)
        approval = await service.store.approvals.find_of_job(job)
        by = None if approval is None else approval.approved_by
        return job, approval, None if by is None else await service.store.people.find(by)

    job, approval, person = _read(settings, ask)
    yes = None if approval is None else _describe_yes(approval, person, settings.zone)
    print_facts(open_console(), describe_job(job, settings.zone, yes))
    return 0


def spend(settings: Settings, arguments: Namespace) -> int:
    """Print the ledger by day and model, its sum, and what is left of the budget."""

    async def ask(service: VideoService) -> tuple[tuple[SpendRow, ...], Budget, tuple[Costs, ...], Loss | None]:
        rows, doubtful = await service.store.ledger.sum_by_day(arguments.month), await find_doubtful(service, arguments.month)
        return rows, await service.budget(), doubtful, await service.store.purchase_mark.find_loss(settings.zone)

    if arguments.by != "day":
        return _print_spend_by(settings, arguments.by, arguments.month)
    rows, budget, doubtful, loss = _read(settings, ask)
    console = open_console()
    print_spend(console, rows, budget)
    print_doubtful(console, doubtful)
    if loss is not None:
        print_text(console, loss.describe())
    return 0


def _print_spend_by(settings: Settings, by: Literal["person", "team"], month: str | None) -> int:
    days = ("", "") if month is None else (f"{month}-01", f"{month}-31")

    async def ask(service: VideoService) -> tuple[Costs, ...]:
        return await service.store.ledger.sum_costs(by, since=days[0], until=days[1], limit=MOST_ACCOUNTS)

    columns = (Column(by.upper(), least=18), *COST_COLUMNS)
    lines = [
        (row.of or "-", str(row.videos), format_dollars(row.held), format_dollars(row.unclear), format_dollars(row.spent))
        for row in _read(settings, ask)
    ]
    if lines:
        print_table(open_console(), columns, lines)
    else:
        print_text(open_console(), "Nothing was spent.")
    return 0


def print_jobs(console: Console, rows: Sequence[Job], *, zone: tzinfo, today: date) -> None:
    """Print jobs as a table; a terminal gets short dates, a pipe whole ones."""

    def format_date(job: Job) -> str:
        return _format_short(_local(job.created_at, zone), today) if console.is_terminal else _format_moment(job.created_at, zone)

    print_table(
        console,
        JOB_COLUMNS,
        [
            (
                *(job.id, job.state, job.model, job.size, str(job.seconds)),
                *(format_dollars(job.price), job.charged, format_date(job), job.prompt),
            )
            for job in rows
        ],
    )


def print_spend(console: Console, rows: Sequence[SpendRow], budget: Budget) -> None:
    """Print what was spent, a line with the sum, and what is left of the budget."""
    if rows:
        lines = [(row.day, row.vendor, row.model, str(row.videos), format_dollars(row.held), format_dollars(row.spent)) for row in rows]
        sums = (sum(row.videos for row in rows), sum(row.held for row in rows), sum(row.spent for row in rows))
        print_table(console, SPEND_COLUMNS, [*lines, ("total", "", "", str(sums[0]), format_dollars(sums[1]), format_dollars(sums[2]))])
    else:
        print_text(console, "Nothing was spent.")
    print_text(
        console,
        f"Today {_format_share(budget.day_spent, budget.day_limit)}, this month {_format_share(budget.month_spent, budget.month_limit)}.",
    )


def describe_job(job: Job, zone: tzinfo, approved: str | None = None) -> Iterator[tuple[str, object]]:
    """Yield the name and value of everything that is known about a job; unknown values are None. `approved` says who agreed to it."""
    yield "job", job.id
    yield "state", job.state
    yield "model", job.model
    yield "prompt", job.prompt
    yield "take", f"{job.take} of {job.take_count}" if job.take else None
    yield "size", job.size
    yield "seconds", job.seconds
    yield "options", ", ".join(f"{name}={value}" for name, value in job.extras.items()) or None
    yield "first frame", job.first_frame or ("yes" if job.with_image else None)
    is_free = job.price_is == "free"
    yield "price", "free" if is_free else f"{format_dollars(job.price)} ({job.price_is}; {job.basis})"
    yield "price from", None if is_free else _describe_source(job)
    yield "approved", approved
    yield "charged", job.charged
    yield "made", _format_moment(job.created_at, zone)
    yield "changed", _format_moment(job.updated_at, zone)
    yield "vendor's id", job.vendor_id
    yield "vendor's state", job.said
    if job.error is not None:
        yield "error", f"{job.error.code}: {job.error.message}"
        yield "vendor's message", job.error.vendor_message
    if can_fetch(job):
        yield "last link", job.media.path if job.media else None
        yield "next", command_line("fetch", job.id)
    if job.is_doubtful:
        choices = describe_choices(job.id, can_adopt=job.state == "unknown")
        yield "next", f"look in your account at {name_vendor(job)}, then run: {choices}"
    for warning in job.all_warnings:
        yield "warning", warning
    yield "file", describe_deletion(job) or _describe_arrival(job)
    if job.artifact is not None:
        yield "path", job.artifact.path if os.path.isabs(job.artifact.path) else None
        yield "on S3", job.artifact.key
        yield "bytes", job.artifact.bytes
        yield "duration", f"{job.artifact.duration_s} s" if job.artifact.duration_s is not None else None
        yield "picture", f"{job.artifact.width}x{job.artifact.height}" if job.artifact.width else None
        yield "sha256", job.artifact.sha256


def _describe_source(job: Job) -> str:
    if job.confidence == "configured":
        return f"{job.source}, as it was on {job.checked}"
    return f"{job.source}, checked {job.checked}, {job.confidence}"


def _describe_arrival(job: Job) -> str | None:
    """Say that a live job's file is made, and whether it has come; None where its vendor has not made it."""
    if job.state not in LIVE or not (job.saving or job.dead_links):
        return None
    failed = job.tries if job.saving else job.dead_links
    if not failed:
        return f"made at {name_vendor(job)}, and saved by a running server or by: {command_line('watch')}"
    host = urlsplit(job.media.path).netloc if job.media else ""
    came = f"has not come{f' from {host}' if host else ''} in {failed} attempt{'' if failed == 1 else 's'}"
    return (
        f"made at {name_vendor(job)}, but it {came}; a running server tries again. To try now and see why: {command_line('fetch', job.id)}"
    )


def _describe_yes(approval: Approval, person: Person | None, zone: tzinfo) -> str | None:
    """Say who approved the price, how and when; None where it was not approved."""
    if approval.approved_at is None:
        return None
    at = _format_moment(approval.approved_at, zone)
    if approval.approved_by is None or approval.approved_way is None:
        return at  # an older version wrote down no more
    name = None if person is None else person.email or person.name
    who = "the user of this computer" if approval.approved_by == LOCAL else f"{name or approval.approved_by}"
    return f"{at}, by {who}, {WAYS[approval.approved_way]}"


def _read(settings: Settings, ask: Callable[[VideoService], Awaitable[T]]) -> T:
    async def answer() -> T:
        async with open_service(settings, work=False) as service:
            return await ask(service)

    return anyio.run(answer)


def _local(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def _format_moment(at: float, zone: tzinfo) -> str:
    return _local(at, zone).strftime("%Y-%m-%d %H:%M")


def _format_short(moment: datetime, today: date) -> str:
    """Return the time of a moment today, the day of one this year, and the month of an older one."""
    if moment.date() == today:
        return moment.strftime("%H:%M")
    return moment.strftime("%b %d" if moment.year == today.year else "%b %Y")


def _format_share(spent: int, limit: int | None) -> str:
    return format_dollars(spent) if limit is None else f"{format_dollars(spent)} of {format_dollars(limit)}"
