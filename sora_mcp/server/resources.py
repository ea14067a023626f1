"""Resources: finished files, jobs, vendors and the ledger, each at its own URI."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, Resource, ResourceTemplate

from sora_mcp.artifacts.local import read_file
from sora_mcp.domain import LOCAL, Job, Vendor
from sora_mcp.domain.errors import UNFORESEEN, NotFinished, NotFound, SoraError
from sora_mcp.domain.money import as_number
from sora_mcp.server import offers_view
from sora_mcp.server.address import CALL
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.job_names import with_titles
from sora_mcp.server.messages import describe_job
from sora_mcp.server.results import (
    MOST_PAGE_BYTES,
    budget_fields,
    dump_json,
    file_name,
    file_suffix,
    list_fields,
    media_type,
    video_uri,
    whole_fields,
)
from sora_mcp.server.tools.view_video import make_contact_sheet

if TYPE_CHECKING:
    from sora_mcp.store.records import SpendRow

log = logging.getLogger(__name__)
JSON = "application/json"
MOST_INLINE = 4 << 20
"""Bytes of a file that is sent inline. Many clients drop the connection on a longer message."""
MOST_IN_EVENT = 700_000
"""Bytes of a file that is sent as an event of a stream: mcp 2.3 in the 2025 era takes 1 MiB, and a third is lost to base64."""
MOST_LISTED = 100
MOST_TITLE = 80
GUIDE = Path(__file__).with_name("guide.md")


@dataclass(frozen=True)
class Content:
    """The content of a resource: a text, or bytes."""

    body: str | bytes
    media_type: str = JSON


@dataclass(frozen=True)
class Entry:
    """One resource, or one template with a name in braces."""

    uri: str
    title: str
    description: str
    media_type: str
    read: Callable[..., Awaitable[Content]]
    """Takes the ServerContext, and a text for each name in braces."""

    @property
    def name(self) -> str:
        """The title as an identifier: some frameworks make tools of resources, and name them so."""
        return self.title.casefold().replace(" ", "_")

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the texts for the names in braces; None for another URI."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[A-Za-z0-9_-]{1,64})", re.escape(self.uri))
        found = re.fullmatch(pattern, uri)
        return None if found is None else found.groupdict()


def list_fixed() -> list[Resource]:
    """Return the resources that are always there."""
    return [
        Resource(uri=entry.uri, name=entry.name, title=entry.title, description=entry.description, mime_type=entry.media_type)
        for entry in ENTRIES
        if "{" not in entry.uri
    ]


def list_templates() -> list[ResourceTemplate]:
    """Return the templates."""
    return [
        ResourceTemplate(
            uri_template=entry.uri, name=entry.name, title=entry.title, description=entry.description, mime_type=entry.media_type
        )
        for entry in ENTRIES
        if "{" in entry.uri
    ]


def list_files(jobs: Iterable[Job]) -> list[Resource]:
    """Return the finished files of jobs."""
    kept = [job for job in jobs if job.deleted_at is None]
    return [
        Resource(
            uri=video_uri(job),
            name=file_name(job),
            title=", ".join(filter(None, (job.title, job.which_take))) or None,
            mime_type=media_type(job),
            size=job.artifact.bytes if job.artifact else None,
        )
        for job in with_titles(kept, MOST_TITLE)
    ]


async def read_resource(uri: str, context: ServerContext) -> Iterable[ReadResourceContents]:
    """Return the content. Raise MCPError (-32602, with the URI) where there is nothing for this caller."""
    try:
        content = await _read(uri, context)
    except (NotFound, NotFinished) as error:
        raise MCPError(INVALID_PARAMS, error.message, {"uri": uri, "code": error.its_code}) from None
    except SoraError as error:
        raise MCPError(INTERNAL_ERROR, error.message, {"uri": uri, "code": error.its_code}) from None
    except Exception as error:
        raise hide_unforeseen(error, uri) from None
    return [ReadResourceContents(content=content.body, mime_type=content.media_type)]


def hide_unforeseen(error: Exception, what: str) -> MCPError:
    """Log an unforeseen error and return what a client is told instead: its text could name paths or statements."""
    log.error("%s failed", what, exc_info=error)
    return MCPError(INTERNAL_ERROR, UNFORESEEN, {"code": SoraError.code})


async def _read(uri: str, context: ServerContext) -> Content:
    for entry in ENTRIES:
        if (names := entry.match(uri)) is not None:
            return await entry.read(context, **names)
    raise NotFound("There is nothing at this address; resources/list and resources/templates/list say what there is.")


async def _read_videos(context: ServerContext) -> Content:
    find = partial((await context.service()).jobs, principal=principal(), states=("completed",))
    page = await find(limit=MOST_LISTED)
    fitting = sum(size <= MOST_PAGE_BYTES for size in accumulate(len(dump_json(list_fields(job)).encode()) for job in page.jobs))
    if fitting < len(page.jobs):
        page = await find(limit=max(1, fitting))
    more = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return Content(dump_json({"videos": [list_fields(job) for job in page.jobs], **more}))


async def _read_job(context: ServerContext, job_id: str) -> Content:
    service = await context.service()
    job = await service.job(job_id, principal=principal())
    approval = await service.store.approvals.find_of_job(job)
    return Content(dump_json({"message": describe_job(job, now=service.clock()), **whole_fields(job, approval)}))


def _file_reader(suffix: str) -> Callable[[ServerContext, str], Awaitable[Content]]:
    """Return a reader of finished files with this suffix."""

    async def read_video(context: ServerContext, job_id: str) -> Content:
        service = await context.service()
        job = await service.job(job_id, principal=principal())
        if job.artifact is not None and file_suffix(job) != suffix:
            raise NotFound(f"{job.id} is at {video_uri(job)}.", job_id=job.id)
        path = await service.find_file(job)
        size = (await anyio.to_thread.run_sync(path.lstat)).st_size
        call = CALL.get()
        if size > (MOST_INLINE if call is None or call.takes_long_messages else MOST_IN_EVENT):
            place = path if call is None else f"{call.name_file(job)} (GET{', with the same token' if call.has_token else ''})"
            return Content(f"{job.id} has {size} bytes, too many to send inline. The file is at {place}", "text/plain")
        return Content(await anyio.to_thread.run_sync(read_file, path), media_type(job))

    return read_video


async def _read_sheet(context: ServerContext, job_id: str) -> Content:
    _, view = await make_contact_sheet(await context.service(), job_id, None)
    return Content(view.jpeg, "image/jpeg")


async def _read_poster(context: ServerContext, job_id: str) -> Content:
    service = await context.service()
    job = await service.job(job_id, principal=principal())
    path = await service.find_file(job)
    return Content(await service.media_pool.make_poster(path), "image/jpeg")


async def _read_vendors(context: ServerContext) -> Content:
    keyed = context.catalogue.keyed
    every = [
        {
            "vendor": vendor.name,
            "title": vendor.title,
            "key": not vendor.keys or vendor.name in keyed,
            "models": [offer.id for offer in vendor.offers],
            "uri": f"sora://vendors/{vendor.name}",
        }
        for vendor in context.catalogue.vendors
    ]
    return Content(dump_json({"vendors": every}))


async def _read_vendor(context: ServerContext, vendor: str) -> Content:
    named = next((known for known in context.catalogue.vendors if known.name == vendor), None)
    if named is None:
        raise NotFound(f"There is no vendor {vendor!r}; sora://vendors names them.")
    return Content(dump_json(_vendor_fields(named, context)))


def _vendor_fields(vendor: Vendor, context: ServerContext) -> dict[str, Any]:
    today = context.today()
    offers = [offers_view.offer_fields(offer, context.catalogue, today=today) for offer in vendor.offers]
    refunds = {} if vendor.refunds is None else {"refunds": vendor.refunds}
    return {"vendor": vendor.name, "title": vendor.title, "keys": list(vendor.keys), **refunds, "offers": offers}


async def _read_spend(context: ServerContext) -> Content:
    service = await context.service()
    owner = principal()
    spent = await service.store.ledger.sum_by_day(principal=None if owner == LOCAL else owner)
    sums = {
        "days": _sums(spent, lambda row: row.day),
        "months": _sums(spent, lambda row: row.day[:7]),
        "vendors": _sums(spent, lambda row: row.vendor),
        "models": _sums(spent, lambda row: row.model),
    }
    return Content(dump_json({**sums, "budget": budget_fields(await service.budget(owner))}))


async def _read_guide(context: ServerContext) -> Content:
    del context  # the guide is the same for everybody
    return Content(await anyio.to_thread.run_sync(GUIDE.read_text, "utf-8"), "text/markdown")


def _sums(rows: Iterable[SpendRow], by: Callable[[SpendRow], str]) -> dict[str, dict[str, float]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        videos, held, spent = sums.get(by(row), (0, 0, 0))
        sums[by(row)] = (videos + row.videos, held + row.held, spent + row.spent)
    return {
        name: {"videos": videos, "held_usd": as_number(held), "spent_usd": as_number(spent)} for name, (videos, held, spent) in sums.items()
    }


ENTRIES: tuple[Entry, ...] = (
    Entry("sora://videos", "videos", "The newest finished videos", JSON, _read_videos),
    Entry("sora://vendors", "vendors", "Who sells which models", JSON, _read_vendors),
    Entry("sora://spend", "spend", "What was spent by day, month, vendor and model", JSON, _read_spend),
    Entry("sora://guide/prompting", "prompting guide", "How to write a prompt, by model family", "text/markdown", _read_guide),
    Entry("sora://videos/{job_id}", "video", "One job with its prompt, price and hash", JSON, _read_job),
    Entry("sora://videos/{job_id}.mp4", "video file", "The video, inline up to 4 MiB", "video/mp4", _file_reader(".mp4")),
    Entry("sora://videos/{job_id}.png", "frame", "A frame that was taken out of a video", "image/png", _file_reader(".png")),
    Entry("sora://videos/{job_id}.gif", "GIF", "A small animation of a video", "image/gif", _file_reader(".gif")),
    Entry("sora://videos/{job_id}/poster.jpg", "poster", "The first frame of a video", "image/jpeg", _read_poster),
    Entry("sora://videos/{job_id}/sheet.jpg", "contact sheet", "A video's frames on one picture", "image/jpeg", _read_sheet),
    Entry("sora://vendors/{vendor}", "vendor", "What a vendor sells: rules and prices with source and date", JSON, _read_vendor),
)
