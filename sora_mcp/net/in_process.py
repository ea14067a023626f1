"""A vendor that answers in this process, behind the same door as all others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx2

from sora_mcp.domain import Handler
from sora_mcp.domain.errors import NotSent


class Served(httpx2.AsyncBaseTransport):
    """The transport that asks the vendor's own function."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request, answered by the vendor's own function. NotSent where this computer does not let it."""
        target = request.url.raw_path.decode("ascii")
        try:
            status, headers, body = await self._handler(request.method, target, await request.aread())
        except OSError as error:
            raise NotSent(f"Sample clips cannot be kept here ({error}), so nothing was sent.") from error
        return httpx2.Response(status, headers=headers, content=_file(body) if isinstance(body, Path) else _bytes(body))


async def _bytes(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _file(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(1 << 18):
            yield chunk
