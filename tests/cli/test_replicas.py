"""Several HTTP servers over one store: whoever of them gets a client's next request goes on with it, and none is missed when it ends."""

from __future__ import annotations

import itertools
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult, TextResourceContents

from tests.waiting import PATIENCE_S, eventually, wait_until

from .conftest import name_folders
from .test_http import HEADERS, LIST, META, call, finish
from .test_serving import Served, free_port, served, started

pytestmark = pytest.mark.slow
PAID = {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9", "SORA_MCP_CONFIRM_ABOVE_USD": "0.01"}
"""A vendor that nobody reaches, and a price that needs a yes: what is bought there fails, uncharged."""
CLIP: dict[str, Any] = {"prompt": "a kite", "model": "muvi:sora-2", "seconds": 4}


class InTurn(httpx2.AsyncBaseTransport):
    """A balancer that gives every request to another server."""

    def __init__(self, servers: list[Served]) -> None:
        self._ports = itertools.cycle(server.port for server in servers)
        self._transport = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        request.headers["Host"] = f"127.0.0.1:{request.url.port}"
        return await self._transport.handle_async_request(request)


async def say_yes(context: Any, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="accept", content={"buy": True})


@asynccontextmanager
async def client_of(servers: list[Served], mode: Any) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(transport=InTurn(servers), timeout=PATIENCE_S) as http,
        Client(streamable_http_client("http://127.0.0.1:1/mcp", http_client=http), mode=mode, elicitation_callback=say_yes) as opened,
    ):
        yield opened


@contextmanager
def replicas(folder: Path, count: int, **env: str) -> Iterator[list[Served]]:
    """Yield servers over one store, each of which may get any request."""
    environ = {**name_folders(folder), **PAID, **env}
    (place := folder / str(count)).mkdir()
    with served(environ, place, "--sessions", "stateless") as server:
        if count == 1:
            yield [server]
        else:
            with replicas(folder, count - 1, **env) as others:
                yield [server, *others]


async def test_clients_of_both_eras_are_served_by_replicas_in_turn(tmp_path: Path) -> None:
    with replicas(tmp_path, 3) as servers:
        for mode in ("legacy", "2026-07-28"):
            async with client_of(servers, mode) as who:
                assert len((await who.list_tools()).tools) == 9
                made = await call(who, "create_video", prompt=f"a kite, {mode}", model="sample:sample", size="640x360")
                await finish(who, made["job_id"])
                (read,) = (await who.read_resource(f"sora://videos/{made['job_id']}")).contents
                assert isinstance(read, TextResourceContents)
                assert made["job_id"] in read.text
                for tool in ("list_videos", "get_spend", "list_sizes", "estimate_cost"):
                    assert (await call(who, tool))["message"], tool


async def test_a_form_that_one_replica_showed_is_answered_at_another(tmp_path: Path) -> None:
    with replicas(tmp_path, 3) as servers:
        async with client_of(servers, "2026-07-28") as who:
            bought = [await call(who, "create_video", **CLIP | {"prompt": f"a kite, {number}"}) for number in range(3)]
        assert len({each["job_id"] for each in bought}) == 3


async def test_a_form_outlives_the_server_that_showed_it(tmp_path: Path) -> None:
    """The secret is the store's: the next process reads what this one sealed."""
    environ, params = {**name_folders(tmp_path), **PAID}, {"name": "create_video", "arguments": CLIP, "_meta": META | FORMS}
    answers = {"inputResponses": {}, "requestState": ""}
    for number in range(2):
        (folder := tmp_path / str(number)).mkdir()
        with served(environ, folder) as server:
            if not number:
                asked = (await ask(server, params))["result"]
                (name,) = asked["inputRequests"]
                answers = {"inputResponses": {name: {"action": "accept", "content": {"buy": True}}}, "requestState": asked["requestState"]}
            else:
                assert (await ask(server, params | answers))["result"]["structuredContent"]["job_id"]


FORMS = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}


async def ask(server: Served, params: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one call of the 2026 era, once the store is open."""
    async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
        await eventually(lambda: is_ready(web))
        headers = {**HEADERS, "Accept": "application/json", "MCP-Protocol-Version": "2026-07-28"}
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": "create_video"}
        return (await web.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, headers=headers)).json()


async def is_ready(web: httpx2.AsyncClient) -> bool:
    return (await web.get("/readyz")).status_code == 200


async def test_a_server_that_is_told_to_end_answers_who_waits_and_who_still_comes_and_exits_with_zero(tmp_path: Path) -> None:
    environ, port = {**name_folders(tmp_path), "SORA_MCP_DRAIN_SECONDS": "600"}, free_port()
    with started(environ, "serve", "--port", str(port), "--sessions", "stateless") as process:
        server = Served(port, tmp_path)
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S, verify=False) as web:
            await eventually(lambda: answers_at(web))
            async with client_of([server], "2026-07-28") as who:
                made = await call(who, "create_video", prompt="slow:30 a kite", model="sample:sample", size="640x360")
                waited = dict[str, Any]()

                async def wait() -> None:
                    waited.update(await call(who, "get_video_status", job_id=made["job_id"], wait_seconds=50))

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(wait)
                    await anyio.sleep(0.5)
                    process.send_signal(signal.SIGTERM)
                assert waited["state"] in ("queued", "running", "submitting")  # told early, not after 50 s
            assert (await web.get("/readyz")).status_code == 503
            listed = await web.post("/mcp", json=LIST, headers={**HEADERS, "Accept": "application/json"})
            assert (listed.status_code, listed.headers["connection"], len(listed.json()["result"]["tools"])) == (200, "close", 9)
        process.send_signal(signal.SIGTERM)  # it need not wait any longer
        assert wait_until(lambda: process.poll() is not None)
    assert process.returncode == 0


async def answers_at(web: httpx2.AsyncClient) -> bool:
    try:
        return await is_ready(web)
    except httpx2.TransportError:
        return False


def test_a_secret_that_is_too_short_stops_the_start_in_one_line(tmp_path: Path) -> None:
    for secret in ("short", "a" * 32 + "," + "a" * 32, "a" * 32 + ","):
        with started({**name_folders(tmp_path), "SORA_MCP_SECRET": secret}, "serve", "--port", str(free_port())) as process:
            _, err = process.communicate(timeout=PATIENCE_S)
        wrong = "SORA_MCP_SECRET must be one or more different secrets of at least 32 characters, separated by commas."
        assert (process.returncode, wrong in err.decode(), secret in err.decode()) == (2, True, False)
