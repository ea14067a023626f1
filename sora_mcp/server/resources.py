"""What can be read: finished files, jobs, vendors and the ledger, each under its own address."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, Resource, ResourceTemplate

from sora_mcp.catalogue.catalogue import Choice
from sora_mcp.domain import Job, Vendor
from sora_mcp.domain.errors import NotFinished, NotFound, SoraError
from sora_mcp.domain.money import as_number
from sora_mcp.jobs.input_files import bytes_of, file_of
from sora_mcp.media.api import make_poster
from sora_mcp.security.text import sanitize
from sora_mcp.server import messages as sentences
from sora_mcp.server import offers_view as sizes
from sora_mcp.server import results as replies
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.seeing import LOOK_S, viewed

if TYPE_CHECKING:
    from sora_mcp.store.records import SpendRow

JSON = "application/json"
MOST_INLINE = 4 << 20
"""Many clients drop the connection on a longer message."""
MOST_LISTED = 100
GUIDE = Path(__file__).with_name("guide.md")


@dataclass(frozen=True)
class Content:
    """What a place holds: a text, or bytes."""

    body: str | bytes
    media_type: str = JSON


@dataclass(frozen=True)
class Place:
    """One address, or one kind of address with a name in braces."""

    uri: str
    name: str
    says: str
    media_type: str
    read: Callable[..., Awaitable[Content]]
    """With `Opened`, and what stands for the braces."""

    def match(self, uri: str) -> dict[str, str] | None:
        """What stands for the braces; None when this is not the place."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[A-Za-z0-9_-]{1,64})", re.escape(self.uri))
        found = re.fullmatch(pattern, uri)
        return None if found is None else found.groupdict()


def fixed() -> list[Resource]:
    """The places that are always there."""
    return [
        Resource(uri=place.uri, name=place.name, description=place.says, mime_type=place.media_type)
        for place in PLACES
        if "{" not in place.uri
    ]


def templates() -> list[ResourceTemplate]:
    """The kinds of places."""
    return [
        ResourceTemplate(uri_template=place.uri, name=place.name, description=place.says, mime_type=place.media_type)
        for place in PLACES
        if "{" in place.uri
    ]


def finished(jobs: Iterable[Job]) -> list[Resource]:
    """Files, as a list names them."""
    return [
        Resource(
            uri=replies.video_uri(job),
            name=replies.file_name(job),
            title=sanitize(job.prompt, 80),
            mime_type=replies.MEDIA_TYPES[replies.ending(job)],
            size=job.artifact.bytes if job.artifact else None,
        )
        for job in jobs
    ]


async def read(uri: str, opened: ServerContext) -> Iterable[ReadResourceContents]:
    """What stands at the address. -32602 with the address where there is nothing for this caller."""
    try:
        content = await _content(uri, opened)
    except (NotFound, NotFinished) as error:
        raise MCPError(INVALID_PARAMS, error.message, {"uri": uri, "code": error.its_code}) from None
    except SoraError as error:
        raise MCPError(INTERNAL_ERROR, error.message, {"uri": uri, "code": error.its_code}) from None
    return [ReadResourceContents(content=content.body, mime_type=content.media_type)]


async def _content(uri: str, opened: ServerContext) -> Content:
    for place in PLACES:
        if (names := place.match(uri)) is not None:
            return await place.read(opened, **names)
    raise NotFound("There is nothing at this address; resources/list and resources/templates/list say what there is.")


async def _videos(opened: ServerContext) -> Content:
    page = await (await opened.service()).jobs(principal=principal(), state="completed", limit=MOST_LISTED)
    videos = [{**replies.job_fields(job), **replies.kept_fields(job)} for job in page.jobs]
    return Content(replies.dumped({"videos": videos, **({"next_cursor": page.next_cursor} if page.next_cursor else {})}))


async def _job(opened: ServerContext, job_id: str) -> Content:
    service = await opened.service()
    job = await service.job(job_id, principal=principal())
    known = {
        "message": sentences.of_job(job, now=service.clock()),
        **replies.job_fields(job),
        **replies.kept_fields(job),
        "sha256": job.artifact.sha256 if job.artifact else None,
        "options": dict(job.options) or None,
        "parents": list(job.parents) or None,
        "basis": job.basis,
        "source": job.source,
        "checked": job.checked.isoformat(),
        "confidence": job.confidence,
        "vendor_id": job.vendor_id,
        "vendor_status": sanitize(job.said),
    }
    return Content(replies.dumped({name: value for name, value in known.items() if value is not None}))


def _file(ending: str) -> Callable[[ServerContext, str], Awaitable[Content]]:
    """Files whose names end like this."""

    async def read_file(opened: ServerContext, job_id: str) -> Content:
        service = await opened.service()
        job = await service.job(job_id, principal=principal())
        if job.artifact is not None and replies.ending(job) != ending:
            raise NotFound(f"{job.id} is at {replies.video_uri(job)}.", job_id=job.id)
        path = await anyio.to_thread.run_sync(file_of, job)
        size = (await anyio.to_thread.run_sync(path.lstat)).st_size
        if size > MOST_INLINE:
            return Content(f"{job.id} has {size} bytes, too many to send inline. The file is at {path}", "text/plain")
        return Content(await anyio.to_thread.run_sync(bytes_of, path), replies.MEDIA_TYPES[ending])

    return read_file


async def _sheet(opened: ServerContext, job_id: str) -> Content:
    _, view = await viewed(await opened.service(), job_id, None)
    return Content(view.jpeg, "image/jpeg")


async def _poster(opened: ServerContext, job_id: str) -> Content:
    service = await opened.service()
    job = await service.job(job_id, principal=principal())
    path = await anyio.to_thread.run_sync(file_of, job)
    return Content(await service.media_pool.run(lambda deadline: make_poster(path, deadline), seconds=LOOK_S), "image/jpeg")


async def _vendors(opened: ServerContext) -> Content:
    keyed = opened.catalogue.keyed
    every = [
        {
            "vendor": vendor.name,
            "title": vendor.title,
            "key": not vendor.keys or vendor.name in keyed,
            "models": [Choice(vendor, offer).id for offer in vendor.offers],
            "uri": f"sora://vendors/{vendor.name}",
        }
        for vendor in opened.catalogue.vendors
    ]
    return Content(replies.dumped({"vendors": every}))


async def _vendor(opened: ServerContext, vendor: str) -> Content:
    named = next((known for known in opened.catalogue.vendors if known.name == vendor), None)
    if named is None:
        raise NotFound(f"There is no vendor {vendor!r}; sora://vendors names them.")
    return Content(replies.dumped(_vendor_facts(named, opened)))


def _vendor_facts(vendor: Vendor, opened: ServerContext) -> dict[str, Any]:
    today = opened.today()
    offers = [sizes.facts(Choice(vendor, offer), opened.catalogue, today=today) for offer in vendor.offers]
    refunds = {} if vendor.refunds is None else {"refunds": vendor.refunds}
    return {"vendor": vendor.name, "title": vendor.title, "keys": list(vendor.keys), **refunds, "offers": offers}


async def _spend(opened: ServerContext) -> Content:
    service = await opened.service()
    spent = await service.store.ledger.sum_by_day()
    sums = {
        "days": _sums(spent, lambda row: row.day),
        "months": _sums(spent, lambda row: row.day[:7]),
        "vendors": _sums(spent, lambda row: row.vendor),
        "models": _sums(spent, lambda row: row.model),
    }
    return Content(replies.dumped({**sums, "budget": replies.budget_fields(await service.budget())}))


async def _guide(opened: ServerContext) -> Content:
    del opened  # the guide is the same for everybody
    return Content(await anyio.to_thread.run_sync(GUIDE.read_text, "utf-8"), "text/markdown")


def _sums(rows: Iterable[SpendRow], by: Callable[[SpendRow], str]) -> dict[str, dict[str, float]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        videos, held, spent = sums.get(by(row), (0, 0, 0))
        sums[by(row)] = (videos + row.videos, held + row.held, spent + row.spent)
    return {
        name: {"videos": videos, "held_usd": as_number(held), "spent_usd": as_number(spent)} for name, (videos, held, spent) in sums.items()
    }


PLACES: tuple[Place, ...] = (
    Place("sora://videos", "videos", "The finished videos", JSON, _videos),
    Place("sora://vendors", "vendors", "Who sells which models", JSON, _vendors),
    Place("sora://spend", "spend", "What was spent by day, month, vendor and model", JSON, _spend),
    Place("sora://guide/prompting", "prompting guide", "How to write a prompt, by model family", "text/markdown", _guide),
    Place("sora://videos/{job_id}", "video", "One job with its prompt, price and hash", JSON, _job),
    Place("sora://videos/{job_id}.mp4", "video file", "The video, inline up to 4 MiB", "video/mp4", _file(".mp4")),
    Place("sora://videos/{job_id}.png", "frame", "A frame that was taken out of a video", "image/png", _file(".png")),
    Place("sora://videos/{job_id}.gif", "GIF", "A small animation of a video", "image/gif", _file(".gif")),
    Place("sora://videos/{job_id}/poster.jpg", "poster", "The first frame of a video", "image/jpeg", _poster),
    Place("sora://videos/{job_id}/sheet.jpg", "contact sheet", "A video's frames on one picture", "image/jpeg", _sheet),
    Place("sora://vendors/{vendor}", "vendor", "What a vendor sells: rules and prices with source and date", JSON, _vendor),
)
