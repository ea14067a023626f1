"""LangChain's adapters with the models of three vendors: what each API is sent."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.tools import BaseTool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_mcp_adapters.tools import load_mcp_tools
from langchain_openai import ChatOpenAI
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.clients.programs.played import CHAT, CLAUDE, GEMINI, RESPONSES, Api, play
from tests.clients.programs.story import Seen, read_server, report


def make_model(api: Api, address: str) -> Any:
    """Return the vendor's model, which asks the played one."""
    if api is GEMINI:
        return ChatGoogleGenerativeAI(model="played", api_key="none", base_url=address, max_retries=0)
    if api is CLAUDE:
        return ChatAnthropic(model="played", api_key="none", base_url=address, max_retries=0)
    return ChatOpenAI(model="played", api_key="none", base_url=address, max_retries=0, use_responses_api=api is RESPONSES)


async def talk(api: Api, tools: list[BaseTool], *, strict: bool) -> Seen:
    """Return what the vendor's API was sent in a loop of calls and results, as an agent makes it."""
    seen = Seen()
    by_name = {tool.name: tool for tool in tools}
    with play(api, seen, strict=strict) as address:
        model = make_model(api, address)
        bound = model.bind_tools(tools, strict=True) if strict else model.bind_tools(tools)
        messages: list[BaseMessage] = [HumanMessage("Make a clip.")]
        while True:
            reply = await bound.ainvoke(messages)
            messages.append(reply)
            if not reply.tool_calls:
                return seen
            messages += [await by_name[call["name"]].ainvoke(call) for call in reply.tool_calls]


async def main() -> None:
    """Talk to one server with each model, one after the other; OpenAI's also in its strict mode."""
    server = read_server()
    parameters = StdioServerParameters(command=server.command, args=server.args, env=server.env)
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = await load_mcp_tools(session)
        report(*[await talk(api, tools, strict=api is RESPONSES) for api in (CHAT, RESPONSES, CLAUDE, GEMINI)])


if __name__ == "__main__":
    asyncio.run(main())
