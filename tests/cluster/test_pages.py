"""A person signs in at one replica, reads the question at another, and says yes at a third."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.cli.test_http import call
from tests.cli.test_oauth import PAID, PUBLIC, RESOURCE
from tests.played.issuer import PlayedIssuer
from tests.played.person import Person
from tests.stored import empty_schema
from tests.waiting import PATIENCE_S

from .replicas import NGINX, Cluster, cluster

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")]
CLIP: dict[str, Any] = {"prompt": "a kite", "model": "muvi:sora-2", "seconds": 4}


@pytest.fixture
def issuer() -> Iterator[PlayedIssuer]:
    with PlayedIssuer() as played:
        yield played


@pytest.fixture
def service(issuer: PlayedIssuer, tmp_path: Path, postgres_url: str) -> Iterator[Cluster]:
    own = {"SORA_MCP_PUBLIC_URL": PUBLIC, "SORA_MCP_ISSUER": issuer.issuer, "SORA_MCP_CLIENT_ID": "pages"}
    with empty_schema(postgres_url) as url, cluster(tmp_path, url, PAID | own) as opened:
        yield opened


@asynccontextmanager
async def client(service: Cluster, issuer: PlayedIssuer, mode: Any) -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {issuer.issue('anna', RESOURCE)}"}
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S, limits=limits, headers=headers) as http,
        Client(streamable_http_client(f"{service.url}/mcp", http_client=http), mode=mode) as opened,
    ):
        yield opened


async def test_a_yes_may_be_begun_at_one_replica_and_given_at_another(service: Cluster, issuer: PlayedIssuer) -> None:
    places = [f"http://127.0.0.1:{replica.port}" for replica in service.replicas]
    for number, mode in enumerate(("legacy", "2026-07-28")):
        async with client(service, issuer, mode) as anna:
            wanted = CLIP | {"prompt": f"a kite {mode}"}
            refused = await call(anna, "create_video", **wanted)
            quote = refused["error"]["quote"]
            assert f"{PUBLIC}/approve/{quote}" in refused["message"]
            browser = Person(PUBLIC, places[number])
            page = await browser.open(f"/approve/{quote}")
            browser.at = places[number + 1]
            page = await browser.open(page.address)
            assert page.title == "Buy one video clip?"
            assert len([place for place in browser.went if place.startswith(issuer.issuer)]) == 1, "one sign-in is enough"
            browser.at = places[number - 1]
            said = await browser.answer(page, "yes")
            assert (said.status, said.title) == (200, "Approved: $0.40")
            browser.at = places[number]
            assert (await browser.answer(page, "no")).status == 409
            assert (await call(anna, "get_video_status", job_id=quote))["needs_confirmation"] is False
            assert (await call(anna, "create_video", **wanted, quote=quote))["job_id"]
            through = Person(PUBLIC, service.url)
            assert (await through.open(f"/approve/{quote}")).title == "Bought already", "every request reaches another replica"
