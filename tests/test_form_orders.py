"""A server that takes orders as forms only, as vLLM-Omni does, gets a form: once, because the price file says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

from sora_mcp.catalogue.price_file import read_models
from sora_mcp.catalogue.rules import check
from sora_mcp.domain import Call, Image, VideoRequest
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors import compatible

ROW = '["compatible:wan"]\nper_second = "0.01"\nimage = true\n'
FRAME = Image("data:image/png;base64,AAAA", "image/png", 1280, 720, 3)


def order(more: str, image: Image | None = None) -> Call:
    (own,) = read_models(ROW + more, {"compatible"}).values()
    offer = replace(compatible.make_offer("wan", own), vendor="compatible")
    return compatible.submit(check(VideoRequest("a fox", image=image), offer, today=date(2026, 11, 20)))


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A server that takes every order, and what it heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        heard.append(head.partition(b"\r\n")[2] + await reader.readexactly(length))
        body = b'{"id": "video-123", "status": "queued"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def test_a_form_has_each_field_as_a_text(tmp_path: Path) -> None:
    async with listening() as (address, heard), VendorClient(tmp_path, {}) as client:
        reply = await client.submit(replace(compatible.VENDOR, base_url=address), order("form = true\n", FRAME))
    form = BytesParser(policy=HTTP).parsebytes(heard[0])
    parts = {part.get_param("name", header="content-disposition"): part.get_content().strip() for part in form.iter_parts()}
    assert (len(heard), form.get_content_type(), reply.body) == (1, "multipart/form-data", {"id": "video-123", "status": "queued"})
    assert json.loads(parts.pop("image_reference")) == {"image_url": FRAME.uri}
    assert parts == {"model": "wan", "prompt": "a fox", "size": "1280x720", "seconds": "4"}


def test_any_other_server_gets_json() -> None:
    assert order("", FRAME).body == {
        "model": "wan",
        "prompt": "a fox",
        "size": "1280x720",
        "seconds": "4",
        "input_reference": {"image_url": FRAME.uri},
    }
    assert not order("").is_form
