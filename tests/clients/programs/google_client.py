"""Google's SDK with the session as a tool: it converts the tools, calls them, and sends what they answer to the Gemini API."""

from __future__ import annotations

import asyncio

from google import genai
from google.genai import types
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.clients.programs.played import GEMINI, play
from tests.clients.programs.story import Seen, read_server, report


async def main() -> None:
    """Run the SDK's own loop of calls."""
    server, seen = read_server(), Seen()
    parameters = StdioServerParameters(command=server.command, args=server.args, env=server.env)
    with play(GEMINI, seen) as address:
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=address))
            # As an object the config would be copied whole, which no session can be (google-genai 3.6).
            config = {"tools": [session], "automatic_function_calling": {"maximum_remote_calls": 30}}
            await client.aio.models.generate_content(model="played", contents="Make a clip.", config=config)
    report(seen)


if __name__ == "__main__":
    asyncio.run(main())
