"""Completions for an argument that a person is typing: models, sizes, lengths, vendors, months and job ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from mcp.types import Completion

from sora_mcp.catalogue.rules import sizes_of
from sora_mcp.domain import Offer
from sora_mcp.domain.errors import SoraError
from sora_mcp.server.context import ServerContext, principal

MOST = 100
"""Values that the protocol allows in one answer."""


async def complete(name: str, typed: str, filled: Mapping[str, str], context: ServerContext) -> Completion:
    """Return values that begin with, or else contain, the typed text. `filled` are the arguments that are filled in already."""
    values, more = await _jobs(context) if name == "job_id" else (_values(name, filled, context), False)
    sought = typed.strip().casefold()
    begin = [value for value in values if value.casefold().startswith(sought)]
    inside = [value for value in values if sought in value.casefold() and value not in begin]
    found = [*begin, *inside]
    return Completion(values=found[:MOST], total=None if more else len(found), has_more=more or len(found) > MOST)


def _values(name: str, filled: Mapping[str, str], context: ServerContext) -> list[str]:
    match name:
        case "model":
            return [offer.id for offer in context.catalogue.offers]
        case "size":
            return _unique(size.text for offer in _offers_of(filled, context) for size in sizes_of(offer))
        case "seconds":
            return _unique(str(n) for n in sorted({n for offer in _offers_of(filled, context) for n in offer.seconds}))
        case "vendor":
            return [vendor.name for vendor in context.catalogue.vendors]
        case "month":
            return _months(context.today())
        case _:
            return []


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _offers_of(filled: Mapping[str, str], context: ServerContext) -> tuple[Offer, ...]:
    """Return the offers of the named model, else all."""
    wanted = filled.get("model", "").strip().casefold()
    every = context.catalogue.offers
    return tuple(offer for offer in every if wanted in (offer.id, offer.model)) or every


def _months(today: date) -> list[str]:
    """Return this month and the eleven earlier ones."""
    counts = (today.year * 12 + today.month - 1 - back for back in range(12))
    return [f"{count // 12}-{count % 12 + 1:02d}" for count in counts]


async def _jobs(context: ServerContext) -> tuple[list[str], bool]:
    """Return the newest job ids, and whether there are more."""
    try:
        page = await (await context.service()).jobs(principal=principal(), limit=MOST)
    except SoraError:
        return [], False
    return [job.id for job in page.jobs], page.next_cursor is not None
