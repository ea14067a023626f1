"""A service that is watched: its traces, metrics and log lines tell of purchases and failures, and none of them what nobody should see."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from mcp import MCPError

from tests.each import each
from tests.observed import Collector, collecting
from tests.played import KEY, Cdn, Muvi, Wire, played
from tests.played.rig import environment
from tests.s3 import S3, needs_s3
from tests.waiting import PATIENCE_S, eventually

from .conftest import Sora
from .test_http import ANNA, AS_ANNA, call, client, write_tokens
from .test_serving import Served, free_port, served, spoken_to, started

pytestmark = [pytest.mark.slow, needs_s3]
PROMPT = "zanzibar-prompt"
NAME = "zanzibar-name"
LINK = "zanzibar-link"
SECRET = "zanzibar-secret-of-all-the-replicas"
SIGNED = "sig=s%2Fg"
"""In every link of the played vendor to a file."""
CLIP: dict[str, Any] = {"model": "muvi:sora-2", "seconds": 4}
ENDED = ("completed", "failed", "unknown")
MOST_S = 90.0
"""Seconds that an end may take beside a collector that never answers: the exporter by itself tries for minutes."""


def scrape(port: int) -> str:
    return httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S, verify=False).text


async def drive(server: Served, wire: Wire, cdn: Wire) -> None:
    """Buy, and be refused and fail in many ways."""
    odd = {"message": f"no {PROMPT} {KEY} {ANNA}", "error": {"message": PROMPT, "code": KEY}}
    for mode in ("legacy", "2026-07-28"):
        async with client(server, AS_ANNA | {"X-Request-Id": f"request-{mode}"}, mode) as who:
            for number, fault in enumerate(
                (
                    None,
                    ("submit", "close", {}),
                    ("submit", "instead", {"status": 400, "json": odd}),
                    ("submit", "instead", {"status": 500, "json": odd}),
                    ("status", "instead", {"status": 401, "json": odd}),
                    ("status", "instead", {"status": 302, "headers": {"Location": f"/x?{SIGNED}"}}),
                )
            ):
                if fault is not None:
                    wire.arm(fault[0], fault[1], **fault[2])
                if number == 0:
                    cdn.arm("media", "instead", status=403, json=odd)
                job = await call(who, "create_video", prompt=f"{PROMPT} {mode} {number}", **CLIP)
                while job["state"] not in ENDED:
                    job = await call(who, "get_video_status", job_id=job["job_id"], wait_seconds=20)
            await call(who, "create_video", prompt=PROMPT, model=NAME)
            await call(who, "create_video", prompt=PROMPT * 400, **CLIP)
            await call(who, "create_video", prompt=PROMPT, image=f"https://127.0.0.1/{LINK}.png?{SIGNED}", **CLIP)
            await call(who, "estimate_cost", prompt=PROMPT, max_usd=PROMPT, model="muvi:sora-2")
            await call(who, "get_video_status", job_id=NAME)
            for ask in (who.call_tool(NAME, {"prompt": PROMPT}), who.read_resource(f"sora://videos/{NAME}"), who.get_prompt(NAME, {})):
                with pytest.raises(MCPError):
                    await ask
    headers = AS_ANNA | {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(headers=headers, verify=False, timeout=PATIENCE_S) as http:
        for body in (f'{{"jsonrpc": "2.0", "id": "{PROMPT}", "method": "{NAME}/{PROMPT}", "params": {{"name": "{PROMPT}"}}}}', PROMPT):
            await http.post(f"{server.url}/mcp?{SIGNED}", content=body)
        await http.get(f"{server.url}/videos/{NAME}.mp4?{SIGNED}")
        await http.get(f"{server.url}/{LINK}?{SIGNED}", headers={"Host": "evil.example"})


async def test_what_is_told_of_a_service_holds_no_prompt_key_token_or_link(tmp_path: Path, s3: S3) -> None:
    vendor = Muvi()
    async with played(vendor) as wire, played(Cdn()) as cdn:
        vendor.cdn = cdn.address
        port = free_port()
        env = environment(
            tmp_path, {"muvi": wire.address}, (wire.host, cdn.host), LOG="debug", LOG_FORMAT="json", SECRET=SECRET, **s3.variables
        )
        env |= {**s3.environ, "SORA_MCP_METRICS_PORT": str(port)}
        with collecting() as collector, served(env | collector.environ, tmp_path, "--token-file", str(write_tokens(tmp_path))) as server:
            await drive(server, wire, cdn)
            metrics = scrape(port)
            assert await eventually(lambda: all(has(collector, name) for name in ("s3 put", "vendor download", "tools/call create_video")))
        lines = (tmp_path / "stderr").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    traces = b"".join(collector.bodies)
    # What is told:
    assert all(body.startswith(b"/v1/traces\n") for body in collector.bodies)
    assert {name for name in (b"vendor submit", b"vendor poll", b"s3 put", b"sora-mcp", b"muvi:sora-2") if name not in traces} == set()
    unknown = [event for event in events if event["event"] == "submit to muvi: unknown"]
    assert len(unknown) >= 4
    assert f'sora_mcp_submits_total{{outcome="unknown",vendor="muvi"}} {len(unknown)}.0' in metrics
    assert 'sora_mcp_submits_total{outcome="refused",vendor="muvi"} 2.0' in metrics
    assert 'sora_mcp_jobs{state="unknown",vendor="muvi"}' in metrics
    assert 'sora_mcp_refusals_total{code="not_found",tool="get_video_status"} 2.0' in metrics
    assert "sora_mcp_store_up 1.0" in metrics
    assert 'sora_mcp_s3_seconds_count{kind="put",outcome="ok"}' in metrics
    about_jobs = [event for event in events if "job" in event]
    assert {"submit to muvi: unknown", "submit to muvi: taken", "ended at muvi: completed"} <= {event["event"] for event in about_jobs}
    assert {event.get("person") for event in events if event["event"].startswith("bought")} == {"anna"}
    assert {"request-legacy", "request-2026-07-28"} <= {event.get("request") for event in events}
    assert any(len(event.get("trace", "")) == 32 for event in about_jobs)
    # And what is not:
    hidden = (PROMPT, NAME, LINK, SECRET, ANNA, KEY, quote(KEY, safe=""), SIGNED, "zanzibar", s3.variables["AWS_SECRET_ACCESS_KEY"])
    told = {"traces": traces.decode("latin-1"), "metrics": metrics, "log": "\n".join(lines)}
    assert {(where, text) for where, content in told.items() for text in hidden if text in content} == set()
    assert "anna" not in told["traces"] + told["metrics"]


def has(collector: Collector, name: str) -> bool:
    """Return whether a span of this name came."""
    return any(name.encode() in body for body in collector.bodies)


def test_metrics_are_on_no_other_port_and_on_the_loopback_only(said: dict[str, str], tmp_path: Path, sora: Sora) -> None:
    port = free_port()
    why = f"Port {port} of 127.0.0.1 cannot be opened (Address already in use)"
    with served(said | {"SORA_MCP_METRICS_PORT": str(port)}, tmp_path) as server:
        assert "sora_mcp_store_up" in scrape(port)
        assert "python_gc" in scrape(port)
        assert httpx2.get(f"{server.url}/metrics", timeout=PATIENCE_S, verify=False).status_code == 404
        taken = sora("serve", "--port", str(free_port()), "--metrics-port", str(port))
        assert (taken.code, taken.err) == (2, f"sora-mcp: {why}: --metrics-port and --metrics-host take another.\n")


@each("words", [("serve",), ()])
def test_a_server_ends_although_its_collector_is_away(words: tuple[str, ...], said: dict[str, str], tmp_path: Path) -> None:
    """A socket that takes connections and never answers is worse than one that is closed."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        env = said | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{mute.getsockname()[1]}"}
        if words:
            with served(env, tmp_path) as server:
                httpx2.post(f"{server.url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, timeout=PATIENCE_S, verify=False)
                began = time.monotonic()
        else:
            with started(env) as process:
                spoken_to(process).hear(1)
                began = time.monotonic()
                process.communicate(timeout=PATIENCE_S)
        print(f"ended after {time.monotonic() - began:.1f} s")
        assert time.monotonic() - began < MOST_S
