"""Pictures of this computer at a vendor that takes addresses only: uploaded before the paid call, without the key, and never bought."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from sora_mcp.catalogue.catalogue import set_addresses
from sora_mcp.domain import Call, Job, VideoRequest
from sora_mcp.domain.errors import NotSent, VendorError
from sora_mcp.jobs.upload_pictures import Uploader, change_texts
from sora_mcp.vendors import EVERY
from tests.each import each
from tests.faults.checks import ENDS, nothing_follows, sound
from tests.nouns import a_job
from tests.played import VENDORS, Cdn, Played, played
from tests.played.modern import Google, Runway
from tests.played.muvi import Muvi
from tests.played.rig import Rig, leaks, picture, rig
from tests.waiting import patience

SORA = "muvi:sora-2-pro"
FRAME = picture(1280, 720)
LAST = picture(640, 360)
FRAMED: dict[str, Any] = {"image": FRAME, "seconds": 4, "size": "1280x720"}
RAW = base64.b64decode(FRAME.partition(",")[2])
NO: dict[str, Any] = {"success": False, "error": {"code": "X", "message": "Nope", "details": {}}, "requestId": "req_0"}
A_JOB = replace(a_job(), vendor="muvi")
PRIVATE = "https://192.168.0.1/x?s=1"


def slot(put: str, url: str) -> dict[str, Any]:
    return {"json": {"success": True, "data": {"uploadUrl": put, "fileUrl": url}}}


def see_no_key(at: Rig) -> None:
    """The host of uploads sees neither the key nor a cookie."""
    assert [name for heard in at.cdn.heard for name in heard.headers if name in ("authorization", "cookie")] == []


async def test_a_picture_of_this_computer_is_uploaded_first_and_its_address_is_sent(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        job = await at.create(SORA, **FRAMED)
        done = await at.until(job.id, *ENDS)
        [asked], [put] = at.wire.requests("presign"), at.cdn.requests("upload")
        assert (done.state, asked.body) == ("completed", {"filename": "input.png", "contentType": "image/png"})
        assert (put.method, put.size, put.headers["content-type"]) == ("PUT", len(RAW), "image/png")
        assert dict(put.query)["X-Amz-Expires"] == "900"
        assert at.posts[0]["input"]["image_url"] == f"{at.cdn.address}{put.path}"
        see_no_key(at)


async def test_a_vendor_that_wants_the_size_is_told_how_many_bytes_come(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        uploader, vendor = Uploader(at.service.http_client, at.clock), at.service.vendor_of(A_JOB)
        assert vendor.upload is not None
        sized = replace(vendor, upload=replace(vendor.upload, size="size"))
        with pytest.raises(VendorError):  # of this vendor, which has no such field
            await uploader.place_pictures(sized, Call("POST", "/x", {"input": {"image_url": FRAME}}))
        [asked] = at.wire.requests("presign")
        assert asked.body == {"filename": "input.png", "contentType": "image/png", "size": len(RAW)}


async def test_the_last_frame_of_a_clip_that_is_continued_is_uploaded(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        first = await at.create("muvi:seedance-2.0", size="16:9 720p", seconds=4)
        await at.until(first.id, *ENDS)
        second = await at.service.create(VideoRequest("It goes on", continues=first.id), principal="local")
        done = await at.until(second.id, *ENDS)
        assert (done.model, done.state, done.parents) == ("muvi:seedance-2.0", "completed", (first.id,))
        assert at.posts[1]["input"]["image_url"].startswith(f"{at.cdn.address}/temp/")


async def test_addresses_and_texts_that_look_like_pictures_stay_as_they_are(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        uploader, vendor = Uploader(at.service.http_client, at.clock), at.service.vendor_of(A_JOB)
        fields = {"image_url": "https://a.example/b.png", "prompt": FRAME, "end_frame_url": FRAME}
        call = await uploader.place_pictures(vendor, Call("POST", "/x", {"input": fields}))
        last = f"{at.cdn.address}{at.cdn.requests('upload')[0].path}"
        assert call.body == {"input": {**fields, "end_frame_url": last}}


async def test_takes_of_one_picture_share_its_upload(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        job = await at.create(SORA, **FRAMED, variations=3)
        for take in job.takes:
            await at.until(take.id, *ENDS)
        assert (len(at.wire.requests("presign")), len(at.wire.made)) == (1, 3)


async def test_files_at_google_are_posted_and_named_by_the_answer(tmp_path: Path) -> None:
    async with rig(Google(), tmp_path) as at:
        frames = {"image": FRAME, "options": {"last_image": LAST}}
        job = await at.bought("google:gemini-omni-1.1-flash", size="16:9 720p", seconds=3, **frames)
        assert (await at.until(job.id, *ENDS)).state == "completed"
        puts, [sent] = at.cdn.requests("upload"), at.posts
        assert [(put.method, put.headers["x-goog-upload-command"]) for put in puts] == [("POST", "upload, finalize")] * 2
        asked = at.wire.requests("presign")[0].headers
        assert (asked["x-goog-upload-header-content-length"], puts[0].size) == (str(len(RAW)), len(RAW))
        pictures = sent["input"][0]["content"][1:]
        assert [part["uri"] for part in pictures] == [f"{at.cdn.address}/v1beta/files/{put.number}" for put in puts]
        see_no_key(at)


async def test_files_at_runway_are_posted_in_the_form_that_it_names(tmp_path: Path) -> None:
    async with rig(Runway(), tmp_path) as at:
        job = await at.bought("runway:gen4.5", image=FRAME, seconds=3)
        assert (await at.until(job.id, *ENDS)).state == "completed"
        [put], [asked], [sent] = at.cdn.requests("upload"), at.wire.requests("presign"), at.posts
        assert (put.method, put.headers["content-type"].partition(";")[0]) == ("POST", "multipart/form-data")
        assert put.size > len(RAW) + len("policy")
        assert sent["promptImage"] == f"runway://a/{asked.number}"
        see_no_key(at)


async def test_files_at_replicate_are_sent_in_a_form_with_the_key_and_named_by_the_answer(tmp_path: Path) -> None:
    async with rig(VENDORS["replicate"](), tmp_path) as at:
        job = await at.bought("replicate:veo-3.1-fast", size="16:9 720p", seconds=4, image=FRAME, options={"last_image": LAST})
        assert (await at.until(job.id, *ENDS)).state == "completed"
        puts, [sent] = at.wire.requests("presign"), at.posts
        assert [put.headers["content-type"].partition(";")[0] for put in puts] == ["multipart/form-data"] * 2
        assert [put.body for put in puts] == [{"content": base64.b64decode(uri.partition(",")[2])} for uri in (FRAME, LAST)]
        assert [sent["input"][name] for name in ("image", "last_frame")] == [f"{at.cdn.address}/temp/{put.number}" for put in puts]
        assert at.cdn.requests("upload") == []


NAMELESS: tuple[tuple[Callable[[], Played], str, str, dict[str, Any]], ...] = (
    (Google, "google:gemini-omni-1.1-flash", "upload", {"json": {"file": {"uri": "https://a.example/b", "state": "PROCESSING"}}}),
    (Google, "google:gemini-omni-1.1-flash", "upload", {"json": {"file": {"uri": "http://192.168.0.1/b"}}}),
    (Google, "google:gemini-omni-1.1-flash", "upload", {"text": "taken"}),
    (Google, "google:gemini-omni-1.1-flash", "presign", {"json": {}}),
    (Runway, "runway:gen4.5", "presign", {"json": {"uploadUrl": "CDN", "fields": {"a": "b"}, "runwayUri": "https://a.example/b"}}),
    *(
        (VENDORS["replicate"], "replicate:wan-2.7-i2v", "presign", {"json": {"urls": urls}})
        for urls in ({}, {"get": ""}, {"get": 1}, {"get": "http://192.168.0.1/b"})
    ),
)


@each("row", NAMELESS, at_once=3)
async def test_a_file_without_a_usable_address_is_put_there_again_and_then_nothing_is_ordered(
    row: tuple[Callable[[], Played], str, str, dict[str, Any]], tmp_path: Path
) -> None:
    kind, model, on, args = row
    async with rig(kind(), tmp_path) as at:
        args = json.loads(json.dumps(args).replace("CDN", f"{at.cdn.address}/temp"))
        (at.wire if on == "presign" else at.cdn).arm(on, "instead", times=-1, **args)
        job = await at.until((await at.bought(model, image=FRAME, seconds=3)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code, at.posts) == ("failed", "no", "vendor_unavailable", [])
        assert len(at.wire.requests("presign")) == 3


FAULTS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("presign", "instead", {"status": 401, "json": NO}, "vendor_auth"),
    ("presign", "instead", {"status": 402, "json": NO}, "vendor_balance"),
    ("presign", "instead", {"status": 400, "json": NO}, "vendor_rejected"),
    ("presign", "instead", {"status": 429, "json": NO}, "vendor_rate_limited"),
    ("presign", "instead", {"status": 500, "json": NO}, "vendor_unavailable"),
    ("presign", "instead", {"text": "<html>", "headers": {}}, "vendor_unavailable"),
    ("presign", "instead", slot("", "https://a.example/b.png"), "vendor_unavailable"),
    ("presign", "instead", slot(PRIVATE, "https://a.example/b.png"), "vendor_unavailable"),
    ("presign", "instead", slot("https://a.example/b", PRIVATE), "vendor_unavailable"),
    ("presign", "instead", slot("https://a.example/b", "http://a.example/b.png"), "vendor_unavailable"),
    ("presign", "instead", {"json": {"success": True, "data": {"uploadUrl": "https://a.example/b", "fileUrl": 1}}}, "vendor_unavailable"),
    ("presign", "hang", {}, "vendor_unavailable"),
    ("presign", "close", {}, "vendor_unavailable"),
    ("upload", "instead", {"status": 403, "text": "<Error>AccessDenied</Error>"}, "vendor_unavailable"),
    ("upload", "instead", {"status": 500}, "vendor_unavailable"),
    ("upload", "hop", {"status": 307, "to": "TRIPWIRE"}, "vendor_unavailable"),
    ("upload", "hang", {}, "vendor_unavailable"),
    ("upload", "reset", {}, "vendor_unavailable"),
)


async def test_an_upload_that_fails_says_why_and_leads_nowhere_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    call, found = Call("POST", "/x", {"input": {"image_url": FRAME}}), list[str]()
    async with played(Cdn()) as tripwire, rig(Muvi(), tmp_path, submit_s=2.0) as at:
        for on, fault, args, _ in FAULTS:
            (at.wire if on == "presign" else at.cdn).arm(on, fault, **(args | {"to": f"{tripwire.address}/x"} if "to" in args else args))
            with pytest.raises((NotSent, VendorError)) as failed:
                await Uploader(at.service.http_client, at.clock).place_pictures(at.service.vendor_of(A_JOB), call)
            found.append(failed.value.its_code)
        assert (found, tripwire.heard, at.wire.armed[0].times) == ([code for *_, code in FAULTS], [], 0)
        assert leaks(tmp_path, caplog.text, repr(found)) == []
        see_no_key(at)


@each(("on", "status", "code", "attempts"), [("presign", 401, "vendor_auth", 1), ("upload", 403, "vendor_unavailable", 3)], at_once=2)
async def test_a_job_whose_upload_fails_orders_nothing_and_is_not_charged(
    on: str, status: int, code: str, attempts: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        (at.wire if on == "presign" else at.cdn).arm(on, "instead", times=-1, status=status, json=NO)
        job = await at.until((await at.create(SORA, **FRAMED)).id, *ENDS)
        assert (job.state, job.charged, job.error and job.error.code, at.posts) == ("failed", "no", code, [])
        assert job.error is not None and "nothing was ordered" in job.error.message
        assert len(at.wire.requests("presign")) == attempts
        await sound(at, tmp_path, job, caplog)
        await nothing_follows(at, job)


@each(
    ("on", "args"),
    [("presign", {"status": 429, "json": NO, "headers": {"Retry-After": "1"}}), ("presign", {"status": 503}), ("upload", {"status": 403})],
    at_once=3,
)
async def test_an_upload_that_fails_once_is_tried_again_and_the_clip_is_bought_once(on: str, args: dict[str, Any], tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        (at.wire if on == "presign" else at.cdn).arm(on, "instead", **args)
        job = await at.until((await at.create(SORA, **FRAMED)).id, *ENDS)
        assert (job.state, len(at.posts), len(at.wire.requests("presign"))) == ("completed", 1, 2)


@asynccontextmanager
async def uploading(folder: Path, fault: str, **args: Any) -> AsyncGenerator[tuple[Rig, Job]]:
    """A job whose picture is on its way to the host of uploads."""
    async with rig(Muvi(), folder) as at:
        begun = anyio.Event()
        at.cdn.watch = lambda moment: begun.set() if moment == "upload:body" else None
        at.cdn.arm("upload", fault, **args)
        job = await at.create(SORA, **FRAMED)
        with patience("the upload"):
            await begun.wait()
        yield at, job


async def test_a_server_that_ends_during_an_upload_has_sent_nothing_and_the_next_one_buys_once(tmp_path: Path) -> None:
    async with uploading(tmp_path, "hang") as (at, job):
        before = await at.job(job.id)
        await at.restart()
        done = await at.until(job.id, *ENDS)
        assert (before.state, before.submit_token, done.state) == ("submitting", None, "completed")
        assert (len(at.posts), len(at.wire.made), len(at.cdn.requests("upload"))) == (1, 1, 2)


async def test_a_job_that_is_cancelled_during_its_upload_is_not_sent(tmp_path: Path) -> None:
    async with uploading(tmp_path, "slow", seconds=2.0) as (at, job):
        gone = await at.service.cancel(job.id, principal="local")
        await anyio.sleep(2.5)
        assert (gone.state, gone.charged, (await at.job(job.id)).state, at.posts, at.held()) == ("cancelled", "no", "cancelled", [], 0)


async def test_an_upload_is_used_again_for_half_of_its_time(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        now = [1000.0]
        uploader, vendor = Uploader(at.service.http_client, lambda: now[0]), at.service.vendor_of(A_JOB)
        urls: list[str] = []
        for moment in (1000.0, 2799.0, 2801.0, 2000.0):  # the last one: the clock was set back
            now[0] = moment
            call = await uploader.place_pictures(vendor, Call("POST", "/x", {"input": {"image_url": FRAME}}))
            urls.append(change_texts(call.body, ["input", "image_url"], str)["input"]["image_url"])
        assert [urls.index(url) for url in urls] == [0, 0, 2, 3]


async def test_a_vendors_price_is_asked_without_the_pictures_bytes(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        await at.service.estimate(VideoRequest("a boat", SORA, image=FRAME, size="1280x720"), clips=1, principal="local")
        [asked] = at.wire.requests("estimate")
        assert (asked.body["input"]["image_url"], at.wire.requests("presign")) == ("https://example.com/frame.png", [])


def test_texts_at_a_path_are_changed_in_lists_too() -> None:
    body = {"a": [{"b": "x"}, {"b": 1}, {"c": "x"}], "b": "x", "d": ["x", "y"]}
    assert change_texts(body, ["a", "b"], str.upper) == {**body, "a": [{"b": "X"}, {"b": 1}, {"c": "x"}]}
    assert change_texts(body, ["d"], str.upper) == {**body, "d": ["X", "Y"]}


def test_the_other_address_for_uploads_moves_with_its_vendor() -> None:
    there = {vendor.name: vendor.upload.base_url for vendor in EVERY if vendor.upload and vendor.upload.base_url}
    moved = {vendor.name: vendor.upload and vendor.upload.base_url for vendor in set_addresses(EVERY, {"fal": "https://gateway.example"})}
    assert (there, moved["fal"]) == ({"fal": "https://rest.fal.ai"}, None)
