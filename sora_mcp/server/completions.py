"""What a client may offer while a person types: models, sizes, lengths, vendors and job ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from mcp.types import Completion

from sora_mcp.catalogue.catalogue import Choice
from sora_mcp.catalogue.rules import sizes_of
from sora_mcp.domain.errors import SoraError
from sora_mcp.server.context import ServerContext, principal

MOST = 100
"""What the protocol allows in one answer."""


async def complete(name: str, typed: str, before: Mapping[str, str], opened: ServerContext) -> Completion:
    """Values of the argument of this name that begin with, or else contain, what was typed. `before` is what is filled in already."""
    values, more = await _jobs(opened) if name == "job_id" else (_values(name, before, opened), False)
    sought = typed.strip().casefold()
    begin = [value for value in values if value.casefold().startswith(sought)]
    inside = [value for value in values if sought in value.casefold() and value not in begin]
    found = [*begin, *inside]
    return Completion(values=found[:MOST], total=None if more else len(found), has_more=more or len(found) > MOST)


def _values(name: str, before: Mapping[str, str], opened: ServerContext) -> list[str]:
    match name:
        case "model":
            return [choice.id for choice in opened.catalogue.choices()]
        case "size":
            return _once(size.text for choice in _meant(before, opened) for size in sizes_of(choice.offer))
        case "seconds":
            return _once(str(n) for n in sorted({n for choice in _meant(before, opened) for n in choice.offer.seconds}))
        case "vendor":
            return [vendor.name for vendor in opened.catalogue.vendors]
        case "month":
            return _months(opened.today())
        case _:
            return []


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _meant(before: Mapping[str, str], opened: ServerContext) -> tuple[Choice, ...]:
    """The offers of the model that was named, else all."""
    wanted = before.get("model", "").strip().casefold()
    every = tuple(opened.catalogue.choices())
    return tuple(choice for choice in every if wanted in (choice.id, choice.offer.model)) or every


def _months(today: date) -> list[str]:
    """This one and the eleven before."""
    counts = (today.year * 12 + today.month - 1 - back for back in range(12))
    return [f"{count // 12}-{count % 12 + 1:02d}" for count in counts]


async def _jobs(opened: ServerContext) -> tuple[list[str], bool]:
    """The newest ones, and whether there are more."""
    try:
        page = await (await opened.service()).jobs(principal=principal(), limit=MOST)
    except SoraError:
        return [], False
    return [job.id for job in page.jobs], page.next_cursor is not None
