"""OpenAI's Agents SDK with schemas converted to strict ones: the model has to send every argument."""

from __future__ import annotations

import asyncio

from agents import Agent, OpenAIResponsesModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStdio
from openai import AsyncOpenAI

from tests.clients.programs.played import RESPONSES, play
from tests.clients.programs.story import Seen, read_server, report


async def main() -> None:
    """Run an agent to its last answer."""
    set_tracing_disabled(True)
    server, seen = read_server(), Seen()
    parameters = {"command": server.command, "args": server.args, "env": server.env}
    with play(RESPONSES, seen, strict=True) as address:
        async with MCPServerStdio(params=parameters, client_session_timeout_seconds=120) as spoken:
            client = AsyncOpenAI(api_key="none", base_url=address, max_retries=0)
            agent = Agent(
                name="Filmer",
                model=OpenAIResponsesModel(model="played", openai_client=client),
                mcp_servers=[spoken],
                mcp_config={"convert_schemas_to_strict": True},
            )
            await Runner.run(agent, "Make a clip.", max_turns=30)
    report(seen)


if __name__ == "__main__":
    asyncio.run(main())
