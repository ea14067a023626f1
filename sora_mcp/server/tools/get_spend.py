"""get_spend: what was spent, held and unclear over some days, on what, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.domain import name_state
from sora_mcp.domain.money import Micros, Unsettled, format_dollars
from sora_mcp.domain.prompt_words import shorten_prompts
from sora_mcp.server.address import is_remote
from sora_mcp.server.budget_text import describe_all_left, describe_counted
from sora_mcp.server.charges import list_choices
from sora_mcp.server.context import ToolContext, get_service, principal
from sora_mcp.server.date_words import read_day
from sora_mcp.server.raising_limits import describe_how_to_raise_left
from sora_mcp.server.results import budget_fields, build_result, to_dollars, without_empty
from sora_mcp.server.tools.definition import ToolDefinition
from sora_mcp.server.vendor_words import VENDORS

if TYPE_CHECKING:
    from sora_mcp.store.records import Budget, Costs

MOST_ROWS = 40
MOST_PROMPT = 60
MOST_DOUBTFUL = 2
"""Clips that were perhaps charged and are named."""
PREPOSITIONS = {"day": "on", "model": "on", "vendor": "at"}


@dataclass(frozen=True)
class Arguments:
    """The days, and by what to split their costs."""

    since: str = ""
    until: str = ""
    by: Literal["day", "model", "vendor", "job"] = "model"


@dataclass(frozen=True)
class Period:
    """The days that are asked about, both included; without `until`, up to today."""

    since: date
    until: date | None

    @property
    def words(self) -> str:
        """The days in words."""
        if self.until == self.since:
            return f"On {self.since}"
        return f"Since {self.since}" if self.until is None else f"From {self.since} to {self.until}"


async def get_spend(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return what the caller's clips of these days cost; a day is the one on which a clip was ordered."""
    service = await get_service(ctx)
    today = service.today
    period = Period(read_day("since", arguments.since, today) or today.replace(day=1), read_day("until", arguments.until, today))
    since, until = period.since, period.until
    rows = await service.costs(arguments.by, since=since, until=until, principal=principal(), limit=MOST_ROWS)
    sums = await service.costs("vendor", since=since, until=until, principal=principal())
    doubtful: Sequence[Costs] = ()
    if any(row.perhaps_charged for row in sums):
        doubtful = await service.costs("job", since=since, until=until, principal=principal(), is_unclear=True, limit=MOST_DOUBTFUL)
    budget = await service.budget(principal())
    how = describe_how_to_raise_left(budget, service.settings)
    return format_result(period, arguments.by, rows, sums=sums, budget=budget, how_to_raise=how, doubtful=doubtful)


def format_result(
    period: Period,
    by: str,
    rows: Sequence[Costs],
    *,
    sums: Sequence[Costs],
    budget: Budget,
    how_to_raise: str = "",
    doubtful: Sequence[Costs] = (),
) -> CallToolResult:
    """Return the result: the sums, a row for each day, model, vendor or job, what is left, and how doubtful charges are settled.

    `how_to_raise` is how the limit is raised that leaves least; `doubtful` are some of the clips that were perhaps charged.
    """
    names = ("spent", "held", "unclear", "unstated")
    spent, held, unclear, unstated = (Micros(sum(getattr(row, name) for row in sums)) for name in names)
    videos = sum(row.videos for row in sums)
    counted = describe_counted(_describe_spent(spent, unstated), spent, Unsettled(held, unclear))
    what = f"{counted}: {_count_videos(sums, videos=videos)}" if videos else "no paid clips (free ones are not counted), $0.00 spent"
    head = f"{period.words}: {what}{_describe_only(by, rows, videos=videos)}."
    left = f"{describe_all_left(budget)}."
    unclear_clips = sum(row.perhaps_charged for row in sums)
    lines = [
        *(head, *_describe_rows(by, rows, videos=videos), left, _describe_raising(how_to_raise)),
        *_describe_doubtful(doubtful, clips=unclear_clips),
    ]
    structured = without_empty(
        message="\n".join(filter(None, lines)),
        since=period.since.isoformat(),
        until=None if period.until is None else period.until.isoformat(),
        by=by,
        videos=videos,
        spent_usd=to_dollars(spent),
        held_usd=to_dollars(held),
        unclear_usd=to_dollars(unclear),
        rows=[_row_fields(by, row) for row in rows],
        budget=budget_fields(budget),
    )
    return build_result(structured)


def _describe_raising(how: str) -> str:
    return f"Only the user can raise the limit. {how}" if how else ""


def _describe_spent(spent: Micros, unstated: Micros) -> str:
    """Say what was spent, with `{}` for the amount: about that, and why, where vendors did not state all of it."""
    if not unstated:
        return "{} spent"
    part = "" if unstated == spent else f" for {format_dollars(unstated)} of it"
    return f"about {{}} spent (vendors do not state what they charged{part})"


def _count_videos(sums: Sequence[Costs], *, videos: int) -> str:
    """Say how many videos the sums are of, and what became of them."""
    finished, under_way, unclear = (sum(getattr(row, name) for row in sums) for name in ("finished", "under_way", "perhaps_charged"))
    kinds = {
        "finished and paid": finished,
        "under way": under_way,
        "charged without a video": videos - finished - under_way - unclear,
        "perhaps charged": unclear,
    }
    said = [f"{count} {kind}" for kind, count in kinds.items() if count]
    first, _, rest = said[0].partition(" ")
    return ", ".join([f"{first} clip{'' if first == '1' else 's'} {rest}", *said[1:]])


def _is_only(by: str, rows: Sequence[Costs], *, videos: int) -> bool:
    """Return whether one row is all there is, so that the sums say its amounts."""
    return by != "job" and [row.videos for row in rows] == [videos]


def _describe_only(by: str, rows: Sequence[Costs], *, videos: int) -> str:
    """Say on which day, with which model or at which vendor everything was made, where that is one."""
    if not _is_only(by, rows, videos=videos):
        return ""
    return f", {'' if videos == 1 else 'all '}{PREPOSITIONS[by]} {rows[0].of}"


def _describe_rows(by: str, rows: Sequence[Costs], *, videos: int) -> Iterator[str]:
    if _is_only(by, rows, videos=videos):
        return
    titles = shorten_prompts([row.prompt for row in rows], MOST_PROMPT)
    for row, title in zip(rows, titles, strict=True):
        what = row.of if by != "job" else f'{row.day} {_name_clip(row)} {row.model} "{title}"'
        count = "" if by == "job" else f", {row.videos} clip{'' if row.videos == 1 else 's'}"
        yield f"{what}: {_describe_amounts(row)}{count}"
    if rest := videos - sum(row.videos for row in rows):
        yield f"and {rest} more clip{'' if rest == 1 else 's'}"


def _name_clip(row: Costs) -> str:
    return f"{row.of} ({row.which_take})" if row.which_take else row.of


def _describe_doubtful(doubtful: Sequence[Costs], *, clips: int) -> Iterator[str]:
    """Yield which clips were perhaps charged, why that is not known, and how it is settled."""
    if not doubtful:
        return
    vendors = {row.model.partition(":")[0] for row in doubtful}
    seller = VENDORS.get(next(iter(vendors))) if len(vendors) == 1 else None
    who = "whoever runs this server has" if is_remote() else "the user has"
    command = " or ".join(list_choices(doubtful[0].of if clips == 1 else "ID"))
    where = f"the account at {seller.title if seller else 'the vendor'}"
    yield f"Perhaps charged, and counted as spent until {who} looked in {where} and run {command} in a terminal:"
    for row, title in zip(doubtful, shorten_prompts([row.prompt for row in doubtful], MOST_PROMPT), strict=True):
        at = f" at {row.model}" if seller is None else ""
        yield f'{_name_clip(row)} of {row.day}, "{title}"{at}, {format_dollars(row.unclear)}: {_describe_doubt(row)}'
    if rest := clips - len(doubtful):
        yield f"and {rest} more"


def _describe_doubt(row: Costs) -> str:
    """Say why it is not known whether a clip was charged."""
    vendor = row.model.partition(":")[0]
    title = VENDORS[vendor].title if vendor in VENDORS else vendor
    if row.state in (None, "unknown"):
        return f"whether {title} accepted it is not known"
    return f"it {name_state(row.state)}, and {title} did not say whether that costs anything"


def _describe_amounts(row: Costs) -> str:
    spent = f"{'about ' if row.unstated else ''}{format_dollars(row.spent)}"
    amounts = {
        spent: row.spent,
        f"{format_dollars(row.held)} reserved": row.held,
        f"{format_dollars(row.unclear)} perhaps charged": row.unclear,
    }
    said = [words for words, micros in amounts.items() if micros]
    return " + ".join(said) or format_dollars(0)


def _row_fields(by: str, row: Costs) -> dict[str, Any]:
    return without_empty(
        **({"job_id": row.of, "model": row.model} if by == "job" else {by: row.of, "videos": row.videos}),
        spent_usd=to_dollars(row.spent),
        held_usd=to_dollars(row.held) if row.held else None,
        unclear_usd=to_dollars(row.unclear) if row.unclear else None,
    )


TOOL = ToolDefinition(
    "get_spend",
    "Spending",
    "What clips cost, on what; budget left.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    Arguments,
    get_spend,
    {"spent_usd": "number"},
)
