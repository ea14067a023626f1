"""Probes over HTTP: alive while the process runs, ready while the store can be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anyio
import httpx2
import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain.errors import StorageError
from sora_mcp.server.context import ServerContext
from sora_mcp.server.transports.probes import AnswerProbes

from .test_http import BEN, served
from .test_serving import PATIENCE_S, up


@pytest.mark.slow
async def test_a_probe_needs_no_token_and_no_name_and_learns_nothing(said: dict[str, str], tmp_path: Path) -> None:
    (tokens := tmp_path / "tokens").write_text(f"ben:{BEN}\n", "utf-8")
    with served(said, "--token-file", str(tokens)) as port:
        await up(port)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, headers={"Host": "10.0.0.7"}) as web:
            for path in ("/livez", "/readyz"):
                for answer in (await web.get(path), await web.head(path)):
                    assert (answer.status_code, answer.content) == (200, b""), path
            assert (await web.post("/livez")).status_code == 421
            assert (await web.get("/livez/x")).status_code == 421


async def test_a_server_whose_store_is_away_is_alive_and_not_ready() -> None:
    def open_service():
        raise StorageError("The disk is gone.")

    context = ServerContext(open_service, Catalogue(), today=date.today, background=lambda service: anyio.lowlevel.checkpoint())
    probes = AnswerProbes(httpx2.ASGITransport, lambda: context)  # pyright: ignore[reportArgumentType] - never reached
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(context.keep)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=probes), base_url="http://a") as web:  # pyright: ignore[reportArgumentType]
            assert (await web.get("/livez")).status_code == 200
            assert (await web.get("/readyz")).status_code == 503
        context.close()
