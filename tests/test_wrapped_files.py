"""A paid file that arrives inside of a text comes home as the file; a text without one is refused, and its link is named."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

from sora_mcp.cli.jobs import describe_job
from sora_mcp.domain import Job

from .each import each
from .media.test_mp4 import Mp4, hdlr
from .played import CLIP, KEY, Cdn, Heard, Muvi
from .played.nouns import Answer
from .played.rig import Rig, rig

ENDS = ("completed", "failed", "expired")
PLAIN = base64.b64encode(CLIP)
SOUND = base64.b64encode(Mp4(hdlr=hdlr(b"soun")).raw())
BASE64, JSON, LINK = "inside of base64 text", "inside of JSON,", "inside of JSON that names its address"
BYTES = "inside of other bytes"
LOOP = b'{"url": "HOST/loop"}'


@dataclass
class Texts(Cdn):
    """A host whose links answer texts, with the clip beside them."""

    vendor: Muvi = field(default_factory=Muvi)
    texts: list[bytes] = field(default_factory=list[bytes])

    def answer(self, heard: Heard, address: str) -> Answer:
        if heard.path == "/real.mp4":
            return Answer(200, CLIP, ())
        if heard.path == "/loop":
            text = LOOP
        else:
            made = self.vendor.made[int(heard.path.split("/")[2])]
            text = self.texts[int(made.body["input"]["prompt"])]
        return Answer(200, text.replace(b"HOST", address.encode()), (("Content-Type", "video/mp4"),))


async def deliver(folder: Path, *texts: bytes) -> tuple[list[Job], Rig]:
    """Buy a clip for each text that its link answers."""
    vendor = Muvi(walk=("completed",))
    async with rig(vendor, folder) as at:
        at.cdn.app = Texts(vendor=vendor, texts=[*texts])
        begun = [await at.bought(seconds=4, prompt=str(number)) for number in range(len(texts))]
        return [await at.until(job.id, *ENDS) for job in begun], at


async def test_a_file_inside_of_a_text_is_taken_out_and_said(tmp_path: Path) -> None:
    rows = [
        (PLAIN, BASE64),
        (base64.encodebytes(CLIP), BASE64),
        (base64.urlsafe_b64encode(CLIP).rstrip(b"="), BASE64),
        (b"data:video/mp4;base64," + PLAIN, BASE64),
        (b' "data:video/mp4;codecs=avc1;base64,' + PLAIN + b'"\n', BASE64),
        (json.dumps({"status": "ok", "data": [{"b64_json": PLAIN.decode()}]}).encode(), JSON),
        (json.dumps({"video": f"data:video/mp4;base64,{PLAIN.decode()}"}).replace("/", "\\/").encode(), JSON),
        (b'{"id": "v", "url": "HOST/real.mp4"}', LINK),
        (b"\xef\xbb\xbf" + CLIP, BYTES),
        (b"\r\n" + CLIP, BYTES),
        (b'{"poster": "HOST/poster.jpg", "docs": "https://docs.example.com/", "file": {"url": "HOST/real.mp4"}}', LINK),
    ]
    done, at = await deliver(tmp_path, *(text for text, _ in rows))
    for job, (text, note) in zip(done, rows, strict=True):
        assert (job.state, job.charged) == ("completed", "yes"), (text[:80], job.error)
        assert job.artifact is not None
        assert (Path(job.artifact.path).read_bytes(), Path(job.artifact.path).suffix) == (CLIP, ".mp4"), text[:80]
        assert note in job.all_warnings[0], text[:80]
    left = sorted(path.suffix for path in at.settings.output_dir.iterdir())
    assert left == [".json"] * len(rows) + [".mp4"] * len(rows), "nothing temporary is left"
    assert all(KEY not in str(heard.headers) for heard in at.cdn.heard)


async def test_a_file_in_one_part_of_a_body_is_kept_with_what_is_behind_it(tmp_path: Path) -> None:
    (job,), _ = await deliver(tmp_path, b"--b\r\nContent-Type: video/mp4\r\n\r\n" + CLIP + b"\r\n--b--\r\n")
    assert job.artifact is not None
    assert (Path(job.artifact.path).read_bytes(), job.artifact.width) == (CLIP + b"\r\n--b--\r\n", 64)


@each("placeholder", [b"", b'{"status": "processing"}', b"<html>Not ready</html>"])
async def test_a_host_that_has_the_file_only_later_is_asked_for_it_again(placeholder: bytes, tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.arm("media", "instead", times=4, hex=placeholder.hex())
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
    assert (job.state, job.artifact and Path(job.artifact.path).read_bytes(), len(at.cdn.heard)) == ("completed", CLIP, 5)


async def test_sound_inside_of_a_text_is_kept_as_sound(tmp_path: Path) -> None:
    (job,), _ = await deliver(tmp_path, SOUND)
    assert job.artifact is not None
    assert Path(job.artifact.path).read_bytes() == base64.b64decode(SOUND)
    assert Path(job.artifact.path).suffix == ".m4a"
    assert [sentence for sentence in job.all_warnings if "M4A sound file" in sentence]


async def test_a_text_without_a_file_is_refused_and_the_link_is_named(tmp_path: Path) -> None:
    rows = [
        (b"<!doctype html><html><title>Gone</title></html>", "It is a web page, no video."),
        (b"Access denied", "It is text, no video."),
        (base64.b64encode(b"Access denied, come back later. "), "It is text, no video."),
        (PLAIN[:-40] + b"!!!!" + PLAIN[-36:], "It is damaged base64, no video."),
        (PLAIN[: len(PLAIN) // 8 * 4], "It is cut off"),
        (b'{"error": "expired"}', "It is JSON, no video."),
        (b'{"a": "https://a.example.com/1", "b": "https://b.example.com/2"}', "It is JSON, no video."),
        (b'{"url": "http://10.0.0.1/v.mp4"}', "It is JSON whose files are not followed"),
        (b'{"url": "http://169.254.169.254/latest"}', "It is JSON whose files are not followed"),
        (b'{"url": "file:///etc/passwd"}', "It is JSON, no video."),
        (LOOP, "It is JSON, no video."),
        (b'{"a":' + b"[" * 100_000, "It is JSON, no video."),
    ]
    ended, at = await deliver(tmp_path, *(text for text, _ in rows))
    for job, (text, words) in zip(ended, rows, strict=True):
        assert (job.state, job.charged, job.artifact) == ("failed", "yes", None), text[:80]
        assert job.error is not None
        assert words in job.error.message, text[:80]
        assert str(dict(describe_job(job, at.settings.zone))["last link"]).startswith(at.cdn.address), text[:80]
    assert not list(at.settings.output_dir.iterdir())


async def test_json_of_another_host_does_not_bring_the_key_to_the_vendors_own_address(tmp_path: Path) -> None:
    vendor = Muvi(walk=("completed",))
    async with rig(vendor, tmp_path) as at:
        at.cdn.app = Texts(vendor=vendor, texts=[b'{"url": "' + f"{at.wire.address}/v1/jobs".encode() + b'"}'])
        job = await at.until((await at.bought(seconds=4, prompt="0")).id, *ENDS)
        asked = [heard for heard in at.wire.heard if heard.path == "/v1/jobs" and heard.method == "GET"]
    assert (job.state, job.error and job.error.code, asked) == ("failed", "result_invalid", [])
