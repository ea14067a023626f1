"""The server as a process of its own: started, spoken to, left, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client

from scripts.house import ROOT
from sora_mcp.cli import main as cli
from sora_mcp.store import Store
from tests.waiting import PATIENCE_S, wait_until

from .conftest import own_line

pytestmark = pytest.mark.slow

SORA = (sys.executable, "-m", "sora_mcp")
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
HELLO: tuple[dict[str, Any], ...] = ({"id": 1, "method": "initialize", "params": CLIENT}, {"method": "notifications/initialized"})


class Speaker:
    """A client that writes lines and reads lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def say(self, *messages: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, number: int) -> dict[str, Any]:
        """The answer of this number; news in between are skipped."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            if (answer := json.loads(line)).get("id") == number:
                return answer["result"]
        raise AssertionError("the server said no more")

    def call(self, number: int, tool: str, **arguments: Any) -> dict[str, Any]:
        self.say({"id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        return self.hear(number)["structuredContent"]


@contextmanager
def started(said: dict[str, str], *argv: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, **said, "PYTHONPATH": str(ROOT)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with subprocess.Popen([*SORA, *argv], env=environ, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True)
class Served:
    """A server on a port of its own."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """What it has written to stderr."""
        return (self.folder / "stderr").read_text().splitlines()


@contextmanager
def served(said: dict[str, str], folder: Path, *argv: str, port: int | None = None, **options: Any) -> Iterator[Served]:
    """Start the server over HTTP, and end it as a signal does."""
    server = Served(port or free_port(), folder)
    words = ("serve", "--port", str(server.port), *argv)
    with (folder / "stderr").open("wb") as file, started(said, *words, stderr=file, **options) as process:
        assert wait_until(lambda: process.poll() is not None or any("serves" in line for line in server.lines))
        yield server
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


def ended(store: Store, job_id: str) -> str:
    """The job's state, once nobody has to do anything for it any more."""
    assert wait_until(lambda: not store.jobs.count_live.sync())
    return store.jobs.get.sync(job_id, None).state


def spoken_to(process: subprocess.Popen[bytes]) -> Speaker:
    """Return a client that has introduced itself."""
    speaker = Speaker(process)
    speaker.say(*HELLO)
    return speaker


ORDER = {"prompt": "slow:1 a kite", "size": "640x360"}


def test_it_starts_with_no_key_no_settings_and_leaves_when_the_client_does(said: dict[str, str]) -> None:
    with started(said) as process:
        assert spoken_to(process).hear(1)["serverInfo"]["name"] == "sora-mcp"
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_clients_unfinished_job_is_finished_after_it_left(said: dict[str, str], store: Store) -> None:
    with started(said, "--per-video-usd", "1") as process:
        job = spoken_to(process).call(2, "create_video", **ORDER)["job_id"]
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert ended(store, job) == "completed"


def test_the_last_one_to_leave_has_the_jobs_finished(said: dict[str, str], store: Store) -> None:
    workers = Path(said["SORA_MCP_HOME"]) / "owners"
    with started(said) as second:
        spoken_to(second).call(2, "list_videos")
        with started(said) as first:
            job = spoken_to(first).call(2, "create_video", **ORDER | {"prompt": "slow:2 a kite"})["job_id"]
            first.communicate(timeout=PATIENCE_S)
        assert len(list(workers.iterdir())) == 1
        second.communicate(timeout=PATIENCE_S)
    assert ended(store, job) == "completed"


def test_without_lingering_it_waits_for_the_next_start(said: dict[str, str], store: Store) -> None:
    with started(said, "--linger", "0") as process:
        job = spoken_to(process).call(2, "create_video", **ORDER)["job_id"]
        process.communicate(timeout=PATIENCE_S)
    assert store.jobs.count_live.sync() == 1
    assert cli.run(["watch", "--until-idle"], said) == 0
    assert store.jobs.get.sync(job, None).state == "completed"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that could be caught")
def test_a_signal_ends_it_as_the_clients_leaving_does(said: dict[str, str], store: Store) -> None:
    with started(said) as process:
        job = spoken_to(process).call(2, "create_video", **ORDER)["job_id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0
    assert ended(store, job) == "completed"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_at_a_terminal_it_says_what_it_is(said: dict[str, str]) -> None:
    person, terminal = os.openpty()
    with started(said, stdin=terminal) as process:
        os.close(terminal)
        assert process.stderr is not None
        lines = [process.stderr.readline().decode() for _ in range(2)]
        os.write(person, b"\x04")  # Ctrl-D
        assert process.wait(timeout=PATIENCE_S) == 0
    os.close(person)
    assert (lines[0].startswith("sora-mcp is an MCP server"), own_line(said, "demo") in lines[1]) == (True, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that could be caught")
def test_watching_stops_when_it_is_asked_to(said: dict[str, str], store: Store) -> None:
    del store
    with started(said, "watch") as process:
        assert wait_until(lambda: any(Path(said["SORA_MCP_HOME"]).glob("owners/*")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0


# Over HTTP


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


async def test_both_eras_are_served_over_http_as_soon_as_it_says_so(said: dict[str, str]) -> None:
    port = free_port()
    with started(said, "serve", "--port", str(port)) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"sora-mcp serves http://127.0.0.1:{port}/mcp\n".encode()
        for mode in ("legacy", "auto"):
            async with Client(f"http://127.0.0.1:{port}/mcp", mode=mode) as client:
                listed = await client.list_tools()
                answer = await client.call_tool("estimate_cost", {"model": "sample:sample"})
            assert "create_video" in [tool.name for tool in listed.tools], mode
            assert (answer.structured_content or {})["usd"] == 0, mode
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


async def up(port: int) -> None:
    """Until somebody listens there."""
    async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(retries=10), timeout=PATIENCE_S) as client:
        await client.get(f"http://127.0.0.1:{port}/")
