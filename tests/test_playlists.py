"""A playlist that was paid for comes home as the video that it names, and a hostile one leads nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sora_mcp.domain import Job
from sora_mcp.domain.errors import BadMedia
from sora_mcp.jobs.playlist import MOST_SEGMENTS, Playlist, read_playlist

from .each import each
from .media.test_to_mp4 import SIZE, a_download
from .played import CLIP, KEY, Cdn, Heard, Muvi
from .played.nouns import Answer
from .played.rig import Rig, rig

URL = "https://cdn.example.com/a/b/list.m3u8?sig=1"
ENDS = ("completed", "failed", "expired")
PACKET = 188


@dataclass
class Files(Cdn):
    """A host that has these files; the clip is the playlist."""

    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    def answer(self, heard: Heard, address: str) -> Answer:
        name = heard.path.rsplit("/", 1)[-1]
        content = self.clip if name == "video.mp4" else self.files.get(name)
        return Answer(404) if content is None else Answer(200, content, (("Content-Type", "application/octet-stream"),))


def a_list(*uris: str, tags: str = "") -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:3", tags, *(f"#EXTINF:1.0,\n{uri}" for uri in uris), "#EXT-X-ENDLIST", ""])


def a_master(*named: tuple[str, int]) -> str:
    return "\n".join(["#EXTM3U", *(f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={most}\n{uri}" for uri, most in named), ""])


async def deliver(folder: Path, playlist: str, **files: bytes) -> tuple[Job, Rig]:
    """Return a job whose vendor links to this playlist, at its end, and where it was played."""
    async with rig(Muvi(), folder) as at:
        at.cdn.app = Files(
            playlist.replace("CDN", at.cdn.address).encode(), files={name.replace("_", "."): body for name, body in files.items()}
        )
        return await at.until((await at.bought(seconds=4)).id, *ENDS), at


def test_a_playlist_names_its_segments_in_order_after_their_common_header() -> None:
    text = a_list("1.m4s", "/2.m4s", "https://other.example.com/3.m4s", tags='#EXT-X-MAP:URI="init.mp4"')
    base = "https://cdn.example.com"
    named = (f"{base}/a/b/init.mp4", f"{base}/a/b/1.m4s", f"{base}/2.m4s", "https://other.example.com/3.m4s")
    assert read_playlist(text, URL) == Playlist((), named)


def test_of_several_playlists_the_one_of_the_highest_bandwidth_is_the_first() -> None:
    found = read_playlist(a_master(("low.m3u8", 100), ("high.m3u8", 900), ("middle.m3u8", 500)), URL)
    assert found is not None
    assert [uri.rsplit("/", 1)[-1] for uri in found.variants] == ["high.m3u8", "middle.m3u8", "low.m3u8"]


@each(
    "tag",
    [
        '#EXT-X-KEY:METHOD=AES-128,URI="k"',
        "#EXT-X-BYTERANGE:100@0",
        '#EXT-X-MAP:URI="i.mp4",BYTERANGE="100@0"',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="a.m3u8"',
        '#EXT-X-MAP:URI="a.mp4"\n#EXT-X-MAP:URI="b.mp4"',
    ],
)
def test_segments_that_do_not_become_a_video_when_they_are_joined_are_left(tag: str) -> None:
    assert read_playlist(a_list("1.ts", tags=tag), URL) is None
    assert read_playlist(a_list("1.ts", tags="#EXT-X-KEY:METHOD=NONE"), URL) is not None


@each("text", ["#EXTM3U\n", a_list(*map(str, range(MOST_SEGMENTS + 1))), a_list("http://[::1"), "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"])
def test_a_playlist_of_nothing_or_of_too_much_is_no_file(text: str) -> None:
    with pytest.raises(BadMedia):
        read_playlist(text, URL)


@pytest.mark.slow
@each("depth", [0, 1])
async def test_a_playlist_becomes_the_video_that_it_names(depth: int, tmp_path: Path) -> None:
    source = a_download(tmp_path / "source", "mpegts", "libx264", "aac").read_bytes()
    third = len(source) // 3 // PACKET * PACKET
    parts = {"1_ts": source[:third], "2_ts": source[third : 2 * third], "3_ts": source[2 * third :]}
    media = a_list("1.ts", "CDN/elsewhere/2.ts", "3.ts?sig=9")
    inner = {"high_m3u8": a_list("1.ts", "2.ts", "3.ts").encode()} if depth else {}
    job, at = await deliver(tmp_path, a_master(("low.m3u8", 1), ("high.m3u8", 2)) if depth else media, **parts, **inner)
    assert (job.state, job.charged, len(at.wire.made)) == ("completed", "yes", 1)
    assert job.artifact is not None
    path = Path(job.artifact.path)
    assert (path.suffix, job.artifact.width, job.artifact.height) == (".mp4", *SIZE)
    (original,) = path.parent.glob("*.ts")
    assert original.read_bytes() == source
    assert original.name in job.all_warnings[0]
    assert [heard.path.rsplit("/", 1)[-1] for heard in at.cdn.heard][-3:] == ["1.ts", "2.ts", "3.ts"]
    assert all(KEY not in str(heard.headers) for heard in at.cdn.heard)
    assert not list(path.parent.glob(".*")), "nothing temporary is left"


ENCRYPTED = a_list("1.ts", "/2.ts?a=SECRET", "https://other.example.com/3.ts", tags='#EXT-X-KEY:METHOD=AES-128,URI="k?token=SECRET",IV=0x1')
PLAYABLE = a_list(
    "HOST/files/0/1.ts",
    "HOST/2.ts?a=***",
    "https://other.example.com/3.ts",
    tags='#EXT-X-KEY:METHOD=AES-128,URI="HOST/files/0/k?token=***",IV=0x1',
)
MPD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{0}<Period><SegmentTemplate media="$Number$.m4s"/></Period></MPD>'


@each(
    ("given", "kept", "ending"),
    [
        (ENCRYPTED, PLAYABLE, "m3u8"),
        (MPD.format(""), MPD.format("<BaseURL>HOST/files/0/</BaseURL>"), "mpd"),
        (MPD.format("<BaseURL>../a&amp;b/</BaseURL>"), MPD.format("<BaseURL>HOST/files/a&amp;b/</BaseURL>"), "mpd"),
    ],
)
async def test_a_playlist_that_is_kept_can_be_opened_from_a_folder_and_has_no_key_of_ours(
    given: str, kept: str, ending: str, tmp_path: Path
) -> None:
    job, at = await deliver(tmp_path, given.replace("SECRET", KEY))
    assert (job.state, job.charged) == ("completed", "yes")
    assert job.artifact is not None
    path = Path(job.artifact.path)
    assert path.suffix == f".{ending}"
    assert path.read_text() == kept.replace("HOST", at.cdn.address)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == job.artifact.sha256
    assert "VLC plays it" in job.all_warnings[0]


HOSTILE = {
    "a private address": a_list("https://10.0.0.1/1.ts"),
    "this machine": a_list("1.ts", "http://127.0.0.1:9/1.ts"),
    "metadata": a_list("http://169.254.169.254/latest"),
    "a file of this machine": a_list("file:///etc/passwd"),
    "a playlist of playlists of playlists": a_master(("deep.m3u8", 1)),
    "a playlist as a file": a_list("self.m3u8"),
    "a page": a_list("page.html"),
    "a hundred thousand files": a_list(*(f"{number}.ts" for number in range(100_000))),
    "a malformed address": a_list("http://[::1/1.ts"),
}


async def test_a_hostile_playlist_leads_nowhere(tmp_path: Path) -> None:
    files = {"deep.m3u8": a_master(("deep.m3u8", 1)).encode(), "self.m3u8": a_list("self.m3u8").encode(), "page.html": b"<html></html>"}
    async with rig(Muvi(), tmp_path) as at:
        for name, text in HOSTILE.items():
            at.cdn.app, before = Files(text.encode(), files={**files, "1.ts": CLIP}), len(at.cdn.heard)
            job = await at.until((await at.bought(seconds=4, prompt=name)).id, *ENDS)
            assert (job.state, job.error and job.error.code) == ("failed", "result_invalid"), name
            assert job.error is not None and "playlist" in job.error.message, name
            assert len(at.cdn.heard) - before <= 4, name
            assert not list(at.settings.output_dir.iterdir()), name


async def test_a_playlist_of_another_host_does_not_bring_the_key_to_the_vendors_own_address(tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.cdn.app = Files(a_list(f"{at.wire.address}/v1/jobs").encode(), files={})
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        asked = [heard for heard in at.wire.heard if heard.path == "/v1/jobs" and heard.method == "GET"]
    assert (job.state, job.error and job.error.code, asked) == ("failed", "result_invalid", [])
