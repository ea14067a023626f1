"""Say which jobs may have been charged or not, and how a person settles each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sora_mcp.cli.terminal import Column, print_table, print_text
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.terminal_command import command_line
from sora_mcp.jobs.service import VideoService
from sora_mcp.store.records import Costs

COLUMNS = (
    Column("JOB"),
    Column("MODEL", least=10, most=30, rank=2),
    Column("DAY", rank=3),
    Column("PERHAPS CHARGED", right=True),
    Column("PROMPT", least=12, rank=1),
)


async def find_doubtful(service: VideoService, month: str | None = None) -> tuple[Costs, ...]:
    """Return the jobs of a month, or of all, that may have been charged or not: those that get_spend calls perhaps charged."""
    days = ("", "") if month is None else (f"{month}-01", f"{month}-31")
    return await service.store.ledger.sum_costs("job", since=days[0], until=days[1], is_unclear=True)


def describe_doubt(rows: Sequence[Costs]) -> str:
    """Say how much jobs hold that may not have been charged."""
    count = f"{len(rows)} job{'' if len(rows) == 1 else 's'}"
    return f"{format_dollars(sum(row.unclear for row in rows))} was perhaps charged, for {count}, and counts as spent"


def describe_choices(job_id: str, *, can_adopt: bool) -> str:
    """Return the command that settles a doubtful job, with its choices; `can_adopt`: the vendor may have it under an id."""
    adopt = "; or --adopt VENDOR_ID, where the vendor lists the clip" if can_adopt else ""
    return f"{command_line('resolve', job_id, '--charged')} (or --not-charged{adopt})"


def print_doubtful(console: Console, rows: Sequence[Costs]) -> None:
    """Print which jobs may have been charged or not, and how each is settled; nothing where there are none."""
    if not rows:
        return
    print_text(console, f"{describe_doubt(rows)}. Look in your account at the vendor, then settle each one:")
    can_adopt = any(row.state == "unknown" for row in rows)
    print_text(console, describe_choices(rows[0].of if len(rows) == 1 else "JOB", can_adopt=can_adopt))
    print_table(console, COLUMNS, [(row.of, row.model, row.day, format_dollars(row.unclear), row.prompt) for row in rows])
