"""Finished files of a service with a bucket: whichever replica made one, any of them shows, edits, continues and sends it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import BlobResourceContents, ImageContent, TextContent

from tests.cli.test_http import call
from tests.s3 import S3, SECRET, needs_s3
from tests.stored import empty_schema
from tests.waiting import PATIENCE_S

from .replicas import NGINX, Cluster, cluster
from .test_cluster import ENDED, SAMPLE

pytestmark = [
    pytest.mark.cluster,
    needs_s3,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)"),
]
TOKENS = {"anna": "anna-0123456789abcdef", "ben": "ben-0123456789abcdef"}


def headers_of(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


@pytest.fixture
def service(s3: S3, tmp_path: Path, postgres_url: str) -> Iterator[Cluster]:
    """Three replicas that have nothing in common but the database and the bucket."""
    (file := tmp_path / "tokens").write_text("".join(f"{name}:{token}\n" for name, token in TOKENS.items()))
    file.chmod(0o600)
    with empty_schema(postgres_url) as url, cluster(tmp_path, url, s3.environ, "--token-file", str(file)) as opened:
        yield opened


@asynccontextmanager
async def client(service: Cluster, name: str, mode: Any) -> AsyncGenerator[Client]:
    """A client whose every request goes to another replica."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S, limits=limits, headers=headers_of(name)) as http,
        Client(streamable_http_client(f"{service.url}/mcp", http_client=http), mode=mode) as opened,
    ):
        yield opened


async def finish(who: Client, made: dict[str, Any]) -> dict[str, Any]:
    """Return the job at its end, which is a good one."""
    assert "job_id" in made, made["message"]
    while (job := await call(who, "get_video_status", job_id=made["job_id"], wait_seconds=20))["state"] not in ENDED:
        pass
    assert job["state"] == "completed", job["message"]
    return job


async def test_every_replica_shows_edits_continues_and_sends_every_file(s3: S3, service: Cluster, tmp_path: Path) -> None:
    said, done = list[str](), list[dict[str, Any]]()
    for mode in ("legacy", "2026-07-28"):
        async with client(service, "anna", mode) as anna:
            clip = await finish(anna, await call(anna, "create_video", prompt=f"a kite {mode}", **SAMPLE))
            assert clip["path"] == f"{service.url}/videos/{clip['job_id']}.mp4"
            for _ in service.replicas:
                seen = await anna.call_tool("view_video", {"job_id": clip["job_id"]})
                assert (seen.is_error, [type(part) for part in seen.content]) == (False, [TextContent, ImageContent])
                for part in ("/poster.jpg", "/sheet.jpg", ".mp4"):
                    (read,) = (await anna.read_resource(f"sora://videos/{clip['job_id']}{part}")).contents
                    assert isinstance(read, BlobResourceContents), (part, read)
            for action, more in (("gif", {}), ("mute", {}), ("frame", {"start": 0}), ("trim", {"end": 1}), ("speed", {"speed": 2})):
                done.append(await finish(anna, await call(anna, "edit_video", inputs=[clip["job_id"]], action=action, **more)))
            joined = [clip["job_id"], done[-1]["job_id"]]
            done.append(await finish(anna, await call(anna, "edit_video", inputs=joined, action="join")))
            for number in range(3):
                moment = {"image": f"{clip['job_id']}#last", "prompt": f"it goes on {mode} {number}"}
                done.append(await finish(anna, await call(anna, "create_video", **moment, **SAMPLE)))
            done.append(clip)
            said.extend([(await call(anna, "list_videos"))["message"], *(job["message"] for job in done)])
    for job in done:
        await download(service, job)
    assert len({key.split("/")[3] for key in s3.list_keys()}) == len(s3.list_keys()) == len(done)
    assert not [text for text in said if str(tmp_path) in text], "no message names a path of a replica"
    caches = [len(list((replica.folder / "home" / "cache").iterdir())) for replica in service.replicas]
    loose = [path.name for replica in service.replicas for path in (replica.folder / "videos").rglob("*.*")]
    logs = "".join((replica.folder / "stderr").read_text() for replica in service.replicas)
    print(f"{len(done)} files on S3, {caches} in the caches, {loose} left beside them")
    assert (loose, SECRET in logs, s3.url in logs) == ([], False, False)


async def download(service: Cluster, job: dict[str, Any]) -> None:
    """Fetch a file whole and in part from every replica, as its owner, as another person, and as nobody."""
    bodies = set[str]()
    for _ in service.replicas:
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as web:
            whole = await web.get(job["path"], headers=headers_of("anna"))
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as web:
            part = await web.get(job["path"], headers={**headers_of("anna"), "Range": "bytes=10-19"})
        bodies.add(hashlib.sha256(whole.content).hexdigest())
        assert (whole.status_code, len(whole.content)) == (200, job["bytes"])
        assert (part.status_code, part.content) == (206, whole.content[10:20])
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as web:
        codes = [(await web.get(job["path"], headers=headers)).status_code for headers in (headers_of("ben"), {})]
    assert (len(bodies), codes) == (1, [404, 401])


async def test_a_clip_waits_at_its_replica_while_s3_is_away(s3: S3, service: Cluster) -> None:
    async with client(service, "anna", "2026-07-28") as anna:
        s3.go()
        made = [await call(anna, "create_video", prompt=f"a kite {number}", **SAMPLE) for number in range(3)]
        waiting = set[str]()
        while len(waiting) < len(made):
            for job in made:
                status = await call(anna, "get_video_status", job_id=job["job_id"], wait_seconds=1)
                assert status["state"] in ("submitting", "queued", "running"), status
                if "its file is being saved" in status["message"]:
                    waiting.add(job["job_id"])
        await anyio.to_thread.run_sync(s3.come)
        done = [await finish(anna, job) for job in made]
    for job in done:
        await download(service, job)
    assert len(s3.list_keys()) == len(done)


async def test_a_clip_of_a_replica_that_died_with_its_disk_is_fetched_again(s3: S3, service: Cluster) -> None:
    async with client(service, "anna", "2026-07-28") as anna:
        s3.go()
        made = [await call(anna, "create_video", prompt=f"a kite {number}", **SAMPLE) for number in range(4)]
        for job in made:
            while "its file is being saved" not in (await call(anna, "get_video_status", job_id=job["job_id"], wait_seconds=1))["message"]:
                pass
        lost = next(replica for replica in service.replicas if list((replica.folder / "videos").glob("*.mp4")))
        lost.process.kill()
        lost.process.wait(timeout=PATIENCE_S)
        (lost.folder / "videos").rename(lost.folder / "gone")
        await anyio.to_thread.run_sync(s3.come)
        done = [await finish(anna, job) for job in made]
    assert len(s3.list_keys()) == len(done) == 4
