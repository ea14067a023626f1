"""fastmcp: results as values of a type that it makes from the output schema; a refusal is an exception."""

from __future__ import annotations

import asyncio
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

from tests.clients.programs.story import Call, Seen, Step, follow, read_server, report

FIELDS = ("message", "job_id", "state", "path", "usd")


async def main() -> None:
    """Follow the story; keep the fields of each typed result."""
    server, seen = read_server(), Seen()
    async with Client(StdioTransport(server.command, server.args, env=server.env)) as client:

        async def ask(call: Call) -> Step:
            try:
                result = await client.call_tool(call.tool, call.arguments)
            except ToolError as error:
                return Step(call.tool, str(error), [], True)
            if result.data is not None:
                seen.data.append({name: _read_field(result.data, name) for name in FIELDS})
            texts = [one.text for one in result.content if one.type == "text"]
            pictures = [f"{type(one).__name__} {one.mime_type}" for one in result.content if one.type == "image"]
            return Step(call.tool, "\n".join(texts), pictures, False)

        seen.tools = {tool.name: tool.input_schema for tool in await client.list_tools()}
        seen.steps = await follow(ask)
    report(seen)


def _read_field(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else getattr(data, name, None)


if __name__ == "__main__":
    asyncio.run(main())
