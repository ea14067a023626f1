"""Anthropic's SDK: its tool runner with the tools of a session."""

from __future__ import annotations

import asyncio

from anthropic import AsyncAnthropic
from anthropic.lib.tools.mcp import async_mcp_tool
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.clients.programs.played import CLAUDE, play
from tests.clients.programs.story import Seen, read_server, report


async def main() -> None:
    """Run the tool runner to its end."""
    server, seen = read_server(), Seen()
    parameters = StdioServerParameters(command=server.command, args=server.args, env=server.env)
    with play(CLAUDE, seen) as address:
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            tools = [async_mcp_tool(tool, session) for tool in (await session.list_tools()).tools]
            client = AsyncAnthropic(api_key="none", base_url=address, max_retries=0)
            first = {"role": "user", "content": "Make a clip."}
            runner = client.beta.messages.tool_runner(model="played", max_tokens=1000, tools=tools, messages=[first])
            await runner.until_done()
    report(seen)


if __name__ == "__main__":
    asyncio.run(main())
