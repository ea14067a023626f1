"""An HTTP transport for a vendor that answers within this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx2

from sora_mcp.domain import Handler
from sora_mcp.domain.errors import NotSent


class InProcessTransport(httpx2.AsyncBaseTransport):
    """A transport that hands each request to the vendor's handler instead of a socket."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the handler's response. Raises NotSent when the handler cannot write to this machine's disk."""
        target = request.url.raw_path.decode("ascii")
        try:
            status, headers, body = await self._handler(request.method, target, await request.aread())
        except OSError as error:
            raise NotSent(f"Sample clips cannot be kept here ({error}), so nothing was sent.") from error
        return httpx2.Response(status, headers=headers, content=_yield_file(body) if isinstance(body, Path) else _yield_bytes(body))


async def _yield_bytes(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _yield_file(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(1 << 18):
            yield chunk
