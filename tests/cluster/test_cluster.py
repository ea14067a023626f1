"""A service of three replicas behind nginx: any of them answers any request, and a rolling restart is not noticed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.cli.test_http import call
from tests.cli.test_replicas import CLIP, PAID, say_yes
from tests.stored import empty_schema
from tests.waiting import PATIENCE_S, eventually

from .replicas import NGINX, Cluster, cluster

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")]
CALLERS = 10
ENDED = ("completed", "failed", "cancelled", "expired", "unknown")
SAMPLE: dict[str, Any] = {"model": "sample:sample", "size": "640x360"}


@pytest.fixture
def service(tmp_path: Path, postgres_url: str) -> Iterator[Cluster]:
    """A service in which a paid clip needs a person's yes."""
    with empty_schema(postgres_url) as url, cluster(tmp_path, url, PAID | {"SORA_MCP_DRAIN_SECONDS": "3"}) as opened:
        yield opened


@asynccontextmanager
async def client(service: Cluster, mode: Any, *, is_kept: bool = False) -> AsyncGenerator[Client]:
    """A client whose every request opens a connection of its own, so that nginx takes another replica; with `is_kept` as clients do."""
    limits = httpx2.Limits() if is_kept else httpx2.Limits(max_keepalive_connections=0)
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S, limits=limits) as http,
        Client(streamable_http_client(f"{service.url}/mcp", http_client=http), mode=mode, elicitation_callback=say_yes) as opened,
    ):
        yield opened


async def test_every_request_may_reach_another_replica(service: Cluster) -> None:
    for mode in ("legacy", "2026-07-28"):
        async with client(service, mode) as who:
            assert {len((await who.list_tools()).tools) for _ in range(3)} == {9}
            made = [(await call(who, "create_video", prompt=f"a kite {mode} {number}", **SAMPLE))["job_id"] for number in range(3)]
            for job_id in made:
                while (job := await call(who, "get_video_status", job_id=job_id, wait_seconds=20))["state"] != "completed":
                    assert job["state"] in ("submitting", "queued", "running"), job
            listed = await call(who, "list_videos")
            assert set(made) <= {job["job_id"] for job in listed["videos"]}
            assert {(await call(who, tool))["message"] is not None for tool in ("get_spend", "list_sizes", "estimate_cost")} == {True}
            slow = (await call(who, "create_video", prompt=f"slow:60 {mode}", **SAMPLE))["job_id"]
            await call(who, "get_video_status", job_id=slow, wait_seconds=2)
            cancelled = await call(who, "cancel_video", job_id=slow)
            assert "v_" in cancelled["message"]  # a free clip that another machine makes may go on
    async with client(service, "2026-07-28") as who:
        bought = [await call(who, "create_video", **CLIP | {"prompt": f"a boat {number}"}) for number in range(6)]
        assert len({each["job_id"] for each in bought}) == 6, bought


async def test_the_balancer_names_each_request_and_logs_no_query_and_no_secret_path(service: Cluster) -> None:
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as http:
        for path in ("/livez?sig=zanzibar", "/webhooks/muvi/zanzibar", "/approve/zanzibar"):
            await http.get(f"{service.url}{path}")
    file = service.replicas[0].folder.parent / "nginx" / "access.log"
    events = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [event["path"] for event in events if event["path"] != "/readyz"] == ["/livez", "/webhooks/", "/approve/"]
    assert "zanzibar" not in file.read_text("utf-8")
    assert len({event["request"] for event in events}) == len(events)


async def test_a_rolling_restart_under_load_shows_no_caller_an_error(service: Cluster) -> None:
    is_over, calls, errors, codes = anyio.Event(), [0], list[str](), list[int]()

    async def keep_calling(number: int) -> None:
        async with client(service, "2026-07-28", is_kept=True) as who:
            while not is_over.is_set():
                prompt = f"a kite {number} {calls[0]}"
                try:
                    job = await call(who, "create_video", prompt=prompt, request_id=prompt, **SAMPLE)
                    while "error" not in job and job["state"] not in ENDED:
                        job = await call(who, "get_video_status", job_id=job["job_id"], wait_seconds=10)
                        calls[0] += 1
                    if job["state"] != "completed":
                        errors.append(job["message"])
                except Exception as error:
                    errors.append(f"{type(error).__name__}: {error}")
                calls[0] += 1

    async with anyio.create_task_group() as tasks:
        for number in range(CALLERS):
            tasks.start_soon(keep_calling, number)
        for replica in service.replicas:
            before = calls[0]
            await eventually(lambda before=before: calls[0] >= before + 2 * CALLERS)
            codes.append(await anyio.to_thread.run_sync(replica.end))
            await anyio.to_thread.run_sync(replica.start)
        is_over.set()
    print(f"{calls[0]} calls of {CALLERS} callers, {len(errors)} errors; exit codes {codes}")
    assert (errors, codes) == ([], [0, 0, 0])
