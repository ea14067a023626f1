"""What was paid for comes home: in any container, compared with the order, and fetched again after a refusal."""

from __future__ import annotations

import io
import zipfile
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from PIL import Image

from sora_mcp.cli import fetch as fetch_command
from sora_mcp.cli.jobs import describe_job
from sora_mcp.domain import Job, can_fetch
from sora_mcp.domain.errors import BadMedia, NotFinished, Refused
from sora_mcp.domain.terminal_command import Program, started_as
from sora_mcp.jobs.download import compare_delivery
from sora_mcp.media.containers import MP4
from sora_mcp.media.probe import MediaInfo
from sora_mcp.server.messages import describe_job as say

from .each import each
from .media.clips import box
from .media.test_mp4 import Mp4, clock, hdlr, tkhd
from .media.test_to_mp4 import SIZE, a_download
from .nouns import a_job
from .played import CLIP
from .played.muvi import Muvi
from .played.rig import Rig, rig
from .waiting import eventually

ZSTD = b"\x28\xb5\x2f\xfd" + bytes(3000)
ENDS = ("completed", "failed", "expired", "cancelled", "unknown")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("v.mp4", CLIP)
    return buffer.getvalue()


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 180), "red").save(buffer, "PNG")
    return buffer.getvalue()


async def made(at: Rig) -> Job:
    return await at.until((await at.bought(seconds=4)).id, *ENDS)


@each(
    ("content", "ending", "words"),
    [
        (zipped(), "zip", "a ZIP archive, not an MP4: it has to be unpacked first."),
        (picture(), "png", "a PNG image, not an MP4: a browser or an image viewer shows it."),
        (Mp4(hdlr=hdlr(b"soun")).raw(), "m4a", "an M4A sound file, not an MP4: it has no pictures; a music player or VLC plays it."),
        (b"ID3\4" + bytes(3000), "mp3", "an MP3 sound file, not an MP4: it has no pictures; a music player or VLC plays it."),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(3000), "wav", "a WAV sound file, not an MP4: it has no pictures"),
        (Mp4(ftyp=box(b"styp", b"msdh")).raw(), "mp4", "Not every player shows it: It has no ftyp header"),
        (b"%PDF-1.7\n" + bytes(200), "pdf", "a PDF, not an MP4: a browser or a PDF reader shows it."),
        (Mp4(tkhd=tkhd(0, 0)).raw(), "mp4", "Not every player shows it: Its picture is 0x0 pixels."),
        (Mp4(mvhd=clock(b"mvhd", 1, 0), mdhd=clock(b"mdhd", 1, 0)).raw(), "mp4", "Not every player shows it: Its video is 0 seconds long."),
        (ZSTD, "zst", "a zstd archive, not an MP4: it has to be unpacked first."),
        (bytes([7, 255, 3]) * 4000, "bin", "a file of an unknown kind, not an MP4: its kind is not known here."),
    ],
)
async def test_a_file_that_is_no_video_is_kept_under_its_own_ending_and_said(
    content: bytes, ending: str, words: str, tmp_path: Path
) -> None:
    async with rig(Muvi(clip=content), tmp_path) as at:
        job = await made(at)
    downloads = 1 if ending in ("zip", "png") else 2  # what no vendor means to send is asked for once more
    assert (job.state, job.charged, len(at.cdn.heard)) == ("completed", "yes", downloads)
    assert job.artifact is not None
    assert job.artifact.path.endswith(f".{ending}")
    assert Path(job.artifact.path).read_bytes() == content
    assert words in job.all_warnings[0]
    assert words in say(job, now=0.0)


@each(
    ("coding", "pack", "ending"),
    [("br", lambda _: bytes([7, 255, 3]) * 4000, "bin"), ("zstd", lambda _: ZSTD, "zst"), ("br", bytes, "mp4")],
)
async def test_a_file_in_a_coding_that_is_not_unpacked_is_kept_and_the_coding_named(
    coding: str, pack: Callable[[bytes], bytes], ending: str, tmp_path: Path
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "zipped", times=-1, coding=coding, pack=pack)
        job = await made(at)
    assert (job.state, job.charged, job.artifact and Path(job.artifact.path).suffix) == ("completed", "yes", f".{ending}")
    named = f"Its host says that it is packed as {coding}, which was not asked for."
    assert (named in job.all_warnings) == (ending != "mp4")


@pytest.mark.slow
@each(
    ("ending", "form", "codec", "sound"),
    [("webm", "webm", "libvpx-vp9", "libopus"), ("mkv", "matroska", "libx264", "aac"), ("ts", "mpegts", "libx264", "aac")],
)
async def test_a_video_of_another_kind_becomes_an_mp4_with_the_original_beside_it(
    ending: str, form: str, codec: str, sound: str, tmp_path: Path
) -> None:
    source = a_download(tmp_path / "source", form, codec, sound).read_bytes()
    async with rig(Muvi(clip=source), tmp_path) as at:
        job = await made(at)
    assert job.state == "completed"
    assert job.artifact is not None
    path = Path(job.artifact.path)
    assert (path.suffix, job.artifact.width, job.artifact.height) == (".mp4", *SIZE)
    (original,) = path.parent.glob(f"*.{ending}")
    assert original.read_bytes() == source
    assert original.name in job.all_warnings[0]


class OddLinks(Muvi):
    """A vendor that writes its link to the file in another way."""

    form = "{0}"
    name = "muvi"

    def link(self, job_id: str, address: str) -> str:
        return self.form.format(self.cdn.removeprefix("http:"))


@each("form", ["HTTP:{0}/v.mp4", " http:{0}/v.mp4\n", "http:{0}/my clip.mp4?a=b c", "http:{0}/視頻.mp4#t=0.1"])
async def test_a_link_is_read_as_browsers_read_it(form: str, tmp_path: Path) -> None:
    vendor = OddLinks()
    vendor.form = form
    async with rig(vendor, tmp_path) as at:
        job = await made(at)
    assert (job.state, job.charged, len(at.cdn.heard)) == ("completed", "yes", 1), job.error


@each("form", ["https://a b.example.com/v.mp4", "http:{0}/v\\x.mp4", "//10.0.0.1/v.mp4", "HTTP://169.254.169.254/x"])
async def test_a_link_that_no_browser_follows_so_is_refused(form: str, tmp_path: Path) -> None:
    vendor = OddLinks()
    vendor.form = form
    async with rig(vendor, tmp_path) as at:
        job = await made(at)
    assert (job.state, job.charged, len(at.cdn.heard)) == ("failed", "yes", 0)
    assert job.error is not None and job.error.code in ("untrusted_url", "result_invalid")


async def test_damaged_bytes_are_fetched_twice_and_again_after_the_cause_is_mended(tmp_path: Path) -> None:
    async with rig(Muvi(clip=CLIP[: len(CLIP) // 2]), tmp_path) as at:
        lost = await made(at)
        assert (lost.state, lost.error and lost.error.code, len(at.cdn.heard)) == ("failed", "result_invalid", 2)
        assert can_fetch(lost)
        assert f"`sora-mcp fetch {lost.id}`" in say(lost, now=0.0)
        with started_as(Program(("/opt/sora-mcp",), ("--home", "/h"))):
            command = f"/opt/sora-mcp fetch {lost.id} --home /h"
            assert f"`{command}`" in say(lost, now=0.0)
            shown = dict(describe_job(lost, at.settings.zone))
        assert str(shown["last link"]).startswith(at.cdn.address)
        assert shown["next"] == command
        spent = (await at.service.budget()).day_spent
        at.cdn.app.__dict__["clip"] = CLIP
        assert await at.service.store.outcomes.reopen(lost) is not None
        at.service.wake()
        job = await at.until(lost.id, *ENDS)
        assert (job.state, job.error, job.charged, len(at.wire.made)) == ("completed", None, "yes", 1)
        assert (await at.service.budget()).day_spent == spent
        assert await at.service.store.outcomes.reopen(job) is None


async def test_a_job_that_was_refused_by_its_vendor_has_nothing_to_fetch(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("failed",)), tmp_path) as at:
        job = await made(at)
        assert (job.state, can_fetch(job)) == ("failed", False)
        assert await at.service.store.outcomes.reopen(job) is None
        settings = at.settings
        await at.close()
        with pytest.RaisesGroup(pytest.RaisesExc(Refused, match="failed, so there is no file to fetch")):
            await anyio.to_thread.run_sync(fetch_command.fetch, settings, Namespace(job=job.id))


async def test_the_command_prints_the_path_or_the_link_that_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with rig(Muvi(clip=CLIP[: len(CLIP) // 2]), tmp_path) as at:
        job = await made(at)
        await at.close()
        with pytest.raises(BadMedia, match=rf"{job.id} failed\. .* The last link was {at.cdn.address}"):
            await anyio.to_thread.run_sync(fetch_command.fetch, at.settings, Namespace(job=job.id))
        at.cdn.app.__dict__["clip"] = CLIP
        assert await anyio.to_thread.run_sync(fetch_command.fetch, at.settings, Namespace(job=job.id)) == 0
        out = capsys.readouterr().out
        assert f"The last link failed: {at.cdn.address}" in out
        assert str(tmp_path / "videos") in out


async def test_a_file_that_the_vendor_has_not_made_yet_is_not_waited_for(tmp_path: Path) -> None:
    async with rig(Muvi(walk=("processing",)), tmp_path) as at:
        job = await at.until((await at.bought(seconds=4)).id, "running")
        await at.close()
        told = rf"Muvi has not finished {job.id} yet \(running\)\. To wait for its file, run: .*watch --until-idle"
        with pytest.RaisesGroup(pytest.RaisesExc(NotFinished, match=told)):
            await anyio.to_thread.run_sync(fetch_command.fetch, at.settings, Namespace(job=job.id))


async def test_a_file_whose_host_is_away_is_told_and_not_waited_for(tmp_path: Path) -> None:
    vendor = OddLinks()
    vendor.form = "http://127.0.0.1:9/v.mp4"
    async with rig(vendor, tmp_path, TRUSTED_HOSTS="127.0.0.1:9") as at:
        job = await at.bought(seconds=4)
        assert await eventually(lambda: has_failed_twice(at, job.id))
        settings, tried = at.settings, await at.service.store.jobs.get(job.id, None)
        await at.close()
        told = rf"(?s){job.id} is running\. .*127\.0\.0\.1.* This is tried again by a running server, or by: .*watch"
        with pytest.RaisesGroup(pytest.RaisesExc(NotFinished, match=told)):
            await anyio.to_thread.run_sync(fetch_command.fetch, settings, Namespace(job=job.id))
    file = str(dict(describe_job(tried, settings.zone))["file"])
    assert file.startswith(f"made at Muvi, but it has not come from 127.0.0.1:9 in {tried.tries} attempts; a running server tries again.")
    assert file.endswith(f"To try now and see why: sora-mcp fetch {job.id}")


async def has_failed_twice(at: Rig, job_id: str) -> bool:
    """Return whether a job's file did not come twice or more."""
    job = await at.service.store.jobs.get(job_id, None)
    return job.saving and job.tries >= 2


@each(
    ("info", "ordered", "sentences"),
    [
        (MediaInfo(MP4, 8.02, 1280, 720, True), {}, ()),
        (MediaInfo(MP4, 7.6, 1280, 720, True), {}, ()),
        (MediaInfo(MP4, 2.0, 1280, 720, True), {}, ("The clip is 2 s long (you asked for 8 s).",)),
        (MediaInfo(MP4, 10.0, 1280, 720, True), {"seconds": 4}, ("The clip is 10 s long (you asked for 4 s).",)),
        (MediaInfo(MP4, 8.0, 640, 360, True), {}, ("The clip is 640x360 (you asked for 1280x720).",)),
        (MediaInfo(MP4, 8.0, 1280, 720, False), {"options": {"audio": True}}, ("The clip has no sound (you asked for sound).",)),
        (MediaInfo(MP4, 8.0, 1280, 720, False), {"options": {"audio": False}}, ()),
        (MediaInfo(MP4, 8.0, 1280, 720, True), {"options": {"audio": False}}, ("The clip has sound (you asked for none).",)),
        (MediaInfo(MP4), {}, ()),
        (MediaInfo(MP4, 8.0, 720, 1280, True), {"size": "9:16 720p"}, ()),
        (MediaInfo(MP4, 8.0, 1280, 720, True), {"size": "9:16 720p"}, ("The clip is 1280x720 (you asked for 9:16 720p).",)),
        (MediaInfo(MP4, 8.0, 1112, 834, True), {"size": "4:3"}, ()),
        (MediaInfo(MP4, 8.0, 864, 496, True), {"size": "16:9 480p"}, ()),
        (MediaInfo(MP4, 8.0, 1568, 672, True), {"size": "21:9 480p"}, ()),
        (MediaInfo(MP4, 8.0, 1470, 630, True), {"size": "21:9 720p"}, ()),
        (MediaInfo(MP4, 8.0, 1280, 720, True), {"size": "16:9 1080p"}, ("The clip is 1280x720 (you asked for 16:9 1080p).",)),
        (MediaInfo(MP4, 8.0, 640, 360, True), {"size": "768P"}, ("The clip is 640x360 (you asked for 768P).",)),
        (MediaInfo(MP4, 8.0, 854, 480, True), {"size": "480p"}, ()),
        (MediaInfo(MP4, 8.0, 640, 360, True), {"size": "auto"}, ()),
    ],
)
def test_what_was_delivered_is_compared_with_the_order(info: MediaInfo, ordered: dict[str, object], sentences: tuple[str, ...]) -> None:
    job = replace(a_job(), **{"size": "1280x720", "seconds": 8, "options": {}, **ordered})  # type: ignore[arg-type]
    assert compare_delivery(job, info) == sentences


@each(
    ("makes_sound", "options", "sentences"),
    [
        (True, {}, ("The clip has no sound (this model makes clips with sound).",)),
        (True, {"audio": False}, ()),
        (False, {}, ()),
        (None, {}, ()),
    ],
)
def test_a_silent_clip_of_a_model_that_always_makes_sound_is_told(
    makes_sound: bool | None, options: dict[str, object], sentences: tuple[str, ...]
) -> None:
    job = replace(a_job(), size="1280x720", seconds=8, options=options)
    assert compare_delivery(job, MediaInfo(MP4, 8.0, 1280, 720, False), makes_sound=makes_sound) == sentences
