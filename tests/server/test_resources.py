"""What can be read, by whom, and what is said where there is nothing."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.types import BlobResourceContents, PromptReference, TextResourceContents

from sora_mcp.domain import Artifact, Job
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import BrokenRules, StorageError
from sora_mcp.domain.money import usd
from sora_mcp.server.resources import MOST_INLINE
from sora_mcp.server.results import MOST_PAGE_BYTES
from sora_mcp.store.records import Page, SpendRow
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.nouns import a_job

from ..snapshot import check_snapshot
from .conftest import Era
from .counter import PlayedService, a_done_job, a_server

JOB, MP4 = "sora://videos/v_0123456789", "sora://videos/v_0123456789.mp4"


async def read(service: PlayedService, uri: str, era: Era = "auto") -> TextResourceContents | BlobResourceContents:
    async with Client(a_server(service), mode=era) as client:
        found = await client.read_resource(uri)
    return found.contents[0]


async def read_json(service: PlayedService, uri: str, era: Era = "auto") -> dict[str, Any]:
    content = await read(service, uri, era)
    assert isinstance(content, TextResourceContents) and content.mime_type == "application/json"
    return json.loads(content.text)


async def refused(service: PlayedService, uri: str, era: Era = "auto") -> tuple[int, Any]:
    async with Client(a_server(service), mode=era) as client:
        with pytest.raises(MCPError) as error:
            await client.read_resource(uri)
    return error.value.code, error.value.data


def service_with(*jobs: Job) -> PlayedService:
    return PlayedService({job.id: job for job in jobs})


def saved(folder: Path, content: bytes) -> Job:
    path = folder / "boat.mp4"
    path.write_bytes(content)
    return replace(a_done_job(), artifact=Artifact(str(path), len(content), "ab" * 32))


async def test_the_finished_videos_are_one_list(era: Era) -> None:
    found = await read_json(service_with(a_done_job(), replace(a_job(), id="v_1")), "sora://videos", era)
    assert [video["job_id"] for video in found["videos"]] == ["v_0123456789"]


async def test_a_long_list_ends_before_it_is_too_long_for_a_client(era: Era) -> None:
    jobs = [replace(a_done_job(), id=f"v_{number:010}", prompt="片" * 5000, created_at=number) for number in range(100)]
    content = await read(service_with(*jobs), "sora://videos", era)
    assert isinstance(content, TextResourceContents)
    found = json.loads(content.text)
    assert len(content.text.encode()) <= MOST_PAGE_BYTES * 1.1
    assert 10 < len(found["videos"]) < 100
    assert {len(video["prompt"]) for video in found["videos"]} == {120}


async def test_what_is_listed_and_what_is_told_of_a_job_is_that_of_the_snapshot(era: Era) -> None:
    known: dict[str, Any] = {"options": {"seed": 7}, "parents": ("v_0",), "chain": ("v_0", "v_0123456789")}
    job = replace(a_done_job(), **known, vendor_id="m-1", said="completed\x1b[31m")
    older = replace(a_done_job(), id="v_1", prompt="Another\u200b boat")
    service = PlayedService(pages={None: Page((a_done_job(),), "c2"), "c2": Page((older,), None)})
    async with Client(a_server(service), mode=era) as client:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
        templates = await client.list_resource_templates()
    found = {
        "job": await read_json(service_with(job), JOB, era),
        "first page": [resource.uri for resource in first.resources],
        "second page": [
            resource.model_dump(mode="json", by_alias=True, include={"uri", "name", "title", "mime_type", "size"})
            for resource in second.resources
        ],
        "templates": [template.uri_template for template in templates.resource_templates],
    }
    assert second.next_cursor is None
    check_snapshot("resources", found)


@each("content", [b"ftyp", b"0" * MOST_INLINE], ids=["small", "of exactly the limit"])
async def test_a_video_up_to_the_limit_comes_inline(content: bytes, era: Era, tmp_path: Path) -> None:
    found = await read(service_with(saved(tmp_path, content)), MP4, era)
    assert isinstance(found, BlobResourceContents)
    assert (found.mime_type, base64.b64decode(found.blob)) == ("video/mp4", content)


async def test_a_large_video_is_answered_with_its_place(era: Era, tmp_path: Path) -> None:
    job = saved(tmp_path, b"0" * (MOST_INLINE + 1))
    content = await read(service_with(job), MP4, era)
    assert isinstance(content, TextResourceContents)
    assert (content.mime_type, content.text) == (
        "text/plain",
        f"v_0123456789 has 4194305 bytes, too many to send inline. The file is at {tmp_path / 'boat.mp4'}",
    )


@each(
    ("name", "kind"),
    [("boat.webm", "video/webm"), ("boat.mkv", "video/x-matroska"), ("boat.ts", "video/mp2t"), ("boat.zip", "application/zip")],
)
async def test_a_file_that_could_not_become_an_mp4_is_called_what_it_is(name: str, kind: str, era: Era, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"bytes")
    job = replace(a_done_job(), artifact=Artifact(str(tmp_path / name), 5, "ab" * 32))
    service = service_with(job)
    service.pages = {None: Page((job,), None)}
    async with Client(a_server(service), mode=era) as client:
        listed = (await client.list_resources()).resources[-1]
        (content,) = (await client.read_resource(listed.uri)).contents
    assert isinstance(content, BlobResourceContents)
    assert (listed.mime_type, content.mime_type, base64.b64decode(content.blob)) == (kind, kind, b"bytes")


async def test_a_resource_has_a_name_that_a_tool_could_have(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found = [*(await client.list_resources()).resources, *(await client.list_resource_templates()).resource_templates]
    assert [resource.name for resource in found if not re.fullmatch("[a-zA-Z0-9_-]{1,64}", resource.name)] == []
    assert all(resource.title for resource in found)


NOTHING = (
    *("sora://videos/v_9999999999", MP4, f"{JOB}/poster.jpg", f"{JOB}/sheet.jpg", "sora://videos/../secrets"),
    *(f"{JOB}%2Fx", "sora://vendors/nobody", "sora://nowhere", "other://x"),
)


@each("uri", NOTHING)
async def test_where_there_is_nothing_the_address_is_repeated(uri: str, era: Era) -> None:
    code, told = await refused(service_with(a_job()), uri, era)
    assert (code, told["uri"]) == (-32602, uri)


AWAY = StorageError("The disk is gone.")


@each(
    ("service", "uri", "code", "why"),
    [
        (PlayedService({"v_0123456789": replace(a_job(), principal="eve")}), JOB, -32602, "not_found"),
        (PlayedService(no_budget=AWAY), "sora://spend", -32603, "storage_error"),
        (PlayedService({"v_0123456789": a_done_job()}), MP4, -32602, "not_finished"),
    ],
    ids=["a job of somebody else", "a store that is away", "a file that somebody took away"],
)
async def test_what_cannot_be_read_says_why(service: PlayedService, uri: str, code: int, why: str, era: Era) -> None:
    assert await refused(service, uri, era) == (code, {"uri": uri, "code": why})


CLIP = Path(__file__).parent.parent / "played" / "clip.mp4"


async def test_a_poster_is_the_first_frame(era: Era, tmp_path: Path) -> None:
    pytest.importorskip("av")
    content = await read(service_with(saved(tmp_path, CLIP.read_bytes())), f"{JOB}/poster.jpg", era)
    assert isinstance(content, BlobResourceContents)
    assert (content.mime_type, base64.b64decode(content.blob)[:3]) == ("image/jpeg", b"\xff\xd8\xff")


async def test_vendors_say_who_has_a_key() -> None:
    service = PlayedService()
    service.catalogue = replace(service.catalogue, keyed=frozenset({"muvi"}))
    found = await read_json(service, "sora://vendors")
    assert {vendor["vendor"]: vendor["key"] for vendor in found["vendors"]} == {
        vendor.name: vendor.name in ("sample", "muvi") for vendor in EVERY
    }


async def test_a_vendor_is_told_with_its_offers_sources_and_dates() -> None:
    found = await read_json(PlayedService(), "sora://vendors/muvi")
    assert (found["vendor"], found["keys"], found["refunds"]) == ("muvi", ["MUVI_API_KEY", "PIXELBYTE_API_KEY"], True)
    assert all(offer["source"].startswith("https://") and offer["checked"] for offer in found["offers"])


async def test_the_ledger_is_summed_by_day_month_vendor_and_model(era: Era) -> None:
    service = PlayedService()
    service.store.ledger.rows = (
        SpendRow("2026-11-20", "muvi", "muvi:sora-2", 2, usd("0"), usd("0.80")),
        SpendRow("2026-11-21", "muvi", "muvi:wan-2.6", 1, usd("0.50"), usd("0")),
    )
    found = await read_json(service, "sora://spend", era)
    both = {"videos": 3, "held_usd": 0.5, "spent_usd": 0.8}
    first, second = {"videos": 2, "held_usd": 0.0, "spent_usd": 0.8}, {"videos": 1, "held_usd": 0.5, "spent_usd": 0.0}
    assert (found["days"], found["months"]) == ({"2026-11-20": first, "2026-11-21": second}, {"2026-11": both})
    assert (found["vendors"], found["models"]) == ({"muvi": both}, {"muvi:sora-2": first, "muvi:wan-2.6": second})


class RefusingService(PlayedService):
    """Lists nothing."""

    error: Exception

    async def jobs(self, **wanted: Any) -> Page:
        raise self.error


@each(
    ("error", "code"),
    [
        (BrokenRules((BrokenRule("cursor", "@@", "the next_cursor of a page", "invalid_argument"),)), -32602),
        (AWAY, -32603),
    ],
)
async def test_a_list_that_cannot_be_made_is_refused(error: Exception, code: int, era: Era) -> None:
    service = RefusingService()
    service.error = error
    async with Client(a_server(service), mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.list_resources(cursor="@@")
    assert refused.value.code == code


class Broken(PlayedService):
    """A service with a fault of ours in it."""

    async def job(self, job_id: str, *, principal: str) -> Job:
        raise AttributeError("'VideoStream' object has no attribute 'width'")

    async def jobs(self, **_: Any) -> Page:
        raise KeyError("SELECT secret FROM jobs")


async def test_an_unforeseen_error_is_told_in_our_words_and_stands_in_the_log(era: Era, caplog: pytest.LogCaptureFixture) -> None:
    async with Client(a_server(Broken()), mode=era) as client:
        asked = (
            lambda: client.read_resource("sora://videos/v_0123456789"),
            lambda: client.read_resource("sora://videos"),
            client.list_resources,
            lambda: client.complete(PromptReference(name="review"), {"name": "job_id", "value": "v"}),
        )
        for ask in asked:
            with pytest.raises(MCPError) as error:
                await ask()
            assert error.value.code == -32603
            assert error.value.message == "Something unforeseen went wrong in the server; its log says what."
            assert error.value.data == {"code": "internal"}
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "sora://videos/v_0123456789 failed",
        "sora://videos failed",
        "resources/list failed",
        "completion/complete failed",
    ]
    assert "SELECT secret" in caplog.text
