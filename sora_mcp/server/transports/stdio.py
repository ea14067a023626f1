"""The server on standard input and output."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

import anyio
from mcp.server import MCPServer
from mcp.server.runner import serve_dual_era_loop
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCRequest
from pydantic import ValidationError

from sora_mcp.server.sdk import low_level
from sora_mcp.server.transports import stdin, stdout
from sora_mcp.server.transports.signals import wait_for_stop

MOST_BATCH = 100
"""Messages of a batch that are answered."""
LAST_S = 1.0
"""Seconds that the last answers wait for a client that left without reading them."""


async def run_stdio(server: MCPServer[Any]) -> None:
    """Serve one client on standard input and output, until it leaves or SIGINT or SIGTERM comes."""
    # A print that waits in a buffer would reach the wire at the end.
    cast(io.TextIOWrapper, sys.stdout).reconfigure(line_buffering=True)
    low = low_level(server)
    with stdin.claim() as descriptor, stdout.claim() as output:
        lines = stdin.Lines(descriptor)
        if output is not None:
            output.on_closed = lines.end
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_end_on_signal, lines.end)
            async with stdio_server(stdin=cast(Any, lines), stdout=cast(Any, output)) as (read, write):
                lines.refuse = partial(_refuse_too_long, write)
                async with low.lifespan(low) as state:
                    await serve(server, _refuse_unreadable(read, write), write, state)
                tasks.cancel_scope.deadline = anyio.current_time() + LAST_S
            tasks.cancel_scope.cancel()


async def serve(server: MCPServer[Any], read: Any, write: Any, state: Any) -> None:
    """Serve one client of either protocol era.

    Claude Code 2.1.280 and Copilot CLI 1.0.85 (seen 2026-11) ask `server/discover` and then shake hands all the same, so
    leading `server/discover` requests are answered aside and do not decide the era.
    """
    low, lead = low_level(server), list[Any]()
    async for frame in read:
        if _method(frame) == "server/discover":
            await write.send(await _answer_aside(low, frame, state))
            continue
        lead.append(frame)
        if _method(frame) is not None:
            break
    frames: Any = _replay(lead, read)
    await serve_dual_era_loop(low, frames, write, lifespan_state=state, init_options=low.create_initialization_options())


def _method(frame: Any) -> str | None:
    """Return the method of a request; None for any other frame."""
    return frame.message.method if isinstance(frame, SessionMessage) and isinstance(frame.message, JSONRPCRequest) else None


async def _answer_aside(low: Any, frame: SessionMessage, state: Any) -> SessionMessage:
    """Return the answer to one frame, on a connection of its own."""
    send_request, requests = anyio.create_memory_object_stream[Any](1)
    replies, receive_reply = anyio.create_memory_object_stream[Any](1)
    async with anyio.create_task_group() as tasks, send_request, receive_reply:
        tasks.start_soon(partial(serve_dual_era_loop, low, requests, replies, lifespan_state=state))
        await send_request.send(frame)
        reply = await receive_reply.receive()
        tasks.cancel_scope.cancel()
        return reply
    raise AssertionError("a task group swallows nothing but its own cancellation")


async def _replay(lead: Iterable[Any], read: Any) -> AsyncIterator[Any]:
    """Yield the frames that were read already, then the rest."""
    for frame in lead:
        yield frame
    async for frame in read:
        yield frame


async def _refuse_unreadable(read: Any, write: Any) -> AsyncIterator[Any]:
    """Yield the frames; answer those that the SDK's parser failed on, which the SDK would only log."""
    async for frame in read:
        if not isinstance(frame, ValidationError):
            yield frame
            continue
        fault = frame.errors(include_url=False)[0]
        if fault["type"] == "json_invalid":
            request_id, why = stdin.explain_unreadable(fault["input"], fault.get("ctx", {})["error"])
            await _send_error(write, request_id, PARSE_ERROR, why)
        else:
            for request_id, why in explain_misshapen(frame):
                await _send_error(write, request_id, INVALID_REQUEST, why)


def explain_misshapen(error: ValidationError) -> Iterator[tuple[int | str, str]]:
    """Yield each request of a message that is JSON but no JSON-RPC 2.0 message: its id, and what to change.

    Batches were part of one revision of MCP only (2025-03-26), and no reading of one may buy twice.
    """
    faults = error.errors(include_url=False)
    whole = next((fault["input"] for fault in faults if fault["type"] in ("model_type", "missing") and len(fault["loc"]) <= 2), None)
    if isinstance(whole, list):
        requests = cast(list[Any], whole)
        for one in requests[:MOST_BATCH]:
            if (request_id := _id_of(one)) is not None:
                yield request_id, "Batches are not taken: send each message on a line of its own."
    elif (request_id := _id_of(whole)) is not None:
        yield request_id, 'This is no request of JSON-RPC 2.0: jsonrpc has to be "2.0", method a text, and params an object.'


def _id_of(message: Any) -> int | str | None:
    """Return the id of a request; None for anything else, where nobody waits for an answer."""
    if not isinstance(message, dict) or "method" not in message:
        return None
    found = cast(dict[str, Any], message).get("id")
    return found if isinstance(found, int | str) and not isinstance(found, bool) else None


async def _refuse_too_long(write: Any, message: stdin.TooLong) -> None:
    why = f"The message has {message.characters} characters; the most is {stdin.MOST_LINE}."
    await _send_error(write, message.id, INVALID_REQUEST, why)


async def _send_error(write: Any, request_id: int | str | None, code: int, why: str) -> None:
    """Answer a request that was never read, so that nobody waits for it."""
    if request_id is not None:
        await write.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=why))))


async def _end_on_signal(end: Callable[[], None]) -> None:
    """End the server at the first signal as if the client had left."""
    await wait_for_stop()
    end()
