"""Connections over HTTP, on real sockets."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.responses import Response
from uvicorn.server import ServerState

from sora_mcp.server.transports.connections import LimitedProtocol
from tests.waiting import eventually


async def test_an_answers_body_is_sent_before_its_head_is_acknowledged() -> None:
    config, state = uvicorn.Config(Response(), http=LimitedProtocol, ws="none", lifespan="off", log_config=None), ServerState()
    config.load()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: LimitedProtocol(config, server_state=state, app_state={}), sock=listening)
        with socket.create_connection(listening.getsockname()):
            await eventually(lambda: bool(state.connections))
            accepted = [connection.transport.get_extra_info("socket") for connection in state.connections]
            assert [connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0 for connection in accepted] == [True]
        server.close()
