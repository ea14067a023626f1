"""Finished files over HTTP: at an address behind the caller's token, whole or in ranges, and named in the answers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.types import TextResourceContents

from .test_http import ANNA, BEN, client, served, told
from .test_serving import PATIENCE_S, up

pytestmark = pytest.mark.slow


async def finish(who: Client, **arguments: Any) -> dict[str, Any]:
    job = await told(who, "create_video", **arguments)
    while (done := await told(who, "get_video_status", job_id=job["job_id"], wait_seconds=20))["state"] != "completed":
        pass
    return done


async def test_a_finished_file_is_fetched_with_the_token_of_its_owner(said: dict[str, str], tmp_path: Path) -> None:
    (tokens := tmp_path / "tokens").write_text(f"anna:{ANNA}\nben:{BEN}\n", "utf-8")
    with served(said, "--token-file", str(tokens)) as port:
        await up(port)
        async with client(port, ANNA, "legacy") as anna, httpx2.AsyncClient(timeout=PATIENCE_S) as web:
            done = await finish(anna, prompt="a kite")
            url = f"http://127.0.0.1:{port}/videos/{done['job_id']}.mp4"
            assert f"File: {url}\n" in done["message"] and "token" in done["message"]
            film = Path(done["path"]).read_bytes()
            mine, bens = {"Authorization": f"Bearer {ANNA}"}, {"Authorization": f"Bearer {BEN}"}
            whole = await web.get(url, headers=mine)
            assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, film, "video/mp4")
            part = await web.get(url, headers={**mine, "Range": "bytes=10-19"})
            assert (part.status_code, part.content) == (206, film[10:20])
            assert part.headers["content-range"] == f"bytes 10-19/{len(film)}"
            head = await web.head(url, headers=mine)
            assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(film)), b"")
            refused = {
                "no token": (await web.get(url)).status_code,
                "another's": (await web.get(url, headers=bens)).status_code,
                "no job": (await web.get(url.replace(done["job_id"], "v_0000000000"), headers=mine)).status_code,
                "another kind": (await web.get(url.replace(".mp4", ".gif"), headers=mine)).status_code,
                "a way out": (await web.get(f"http://127.0.0.1:{port}/videos/..%2f..%2fsora.db", headers=mine)).status_code,
                "an evil host": (await web.get(url, headers={**mine, "Host": "evil.example"})).status_code,
                "an evil page": (await web.get(url, headers={**mine, "Origin": "https://evil.example"})).status_code,
                "a post": (await web.post(url, headers=mine)).status_code,
            }
            assert refused == {
                "no token": 401,
                "another's": 404,
                "no job": 404,
                "another kind": 404,
                "a way out": 404,
                "an evil host": 421,
                "an evil page": 403,
                "a post": 405,
            }
            anothers = await web.get(url, headers=bens)
            assert (
                anothers.text.replace(done["job_id"], "v_0000000000")
                == (await web.get(url.replace(done["job_id"], "v_0000000000"), headers=bens)).text
            )
            await check_inline_limits(port, anna, done, url)


async def check_inline_limits(port: int, anna: Client, done: dict[str, Any], url: str) -> None:
    """A file above 700 kB is named in the 2025 era, because some clients drop longer events; in the 2026 era it comes inline."""
    os.truncate(done["path"], 800_000)
    (named,) = (await anna.read_resource(done["uri"])).contents
    assert isinstance(named, TextResourceContents)
    assert re.search(
        rf"has 800000 bytes, too many to send inline\. The file is at {re.escape(url)} \(GET, with the same token\)", named.text
    )
    async with client(port, ANNA, "auto") as modern:
        (inline,) = (await modern.read_resource(done["uri"])).contents
        assert not isinstance(inline, TextResourceContents)


async def test_without_tokens_the_path_is_told_because_the_caller_is_on_this_machine(said: dict[str, str]) -> None:
    with served(said) as port:
        await up(port)
        async with client(port, "none-is-asked-for", "auto") as local, httpx2.AsyncClient(timeout=PATIENCE_S) as web:
            done = await finish(local, prompt="a kite")
            assert f"File: {done['path']}\n" in done["message"]
            got = await web.get(f"http://127.0.0.1:{port}/videos/{done['job_id']}.mp4")
            assert (got.status_code, got.content) == (200, Path(done["path"]).read_bytes())
