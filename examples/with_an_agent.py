"""An agent of Pydantic AI that has the server as its tools. Its model is played by a function, so no key and no network is needed.

python -m examples.with_an_agent
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import anyio
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


def played_model(messages: list[ModelMessage], agent: AgentInfo) -> ModelResponse:
    """What a model would do: ask for the price, start the clip, wait until it is done, and tell where it is."""
    assert "create_video" in {tool.name for tool in agent.function_tools}
    tool, words = last_answer(messages)
    if tool == "":
        return wanting("estimate_cost", seconds=4)
    if tool == "estimate_cost":
        return wanting("create_video", prompt="A paper boat in the rain", seconds=4)
    if (path := re.search(r"/\S+\.mp4", words)) is not None:
        return ModelResponse(parts=[TextPart(path[0])])
    (job,) = set(re.findall(r"v_[0-9a-z]{10}", words))
    return wanting("get_video_status", job_id=job, wait_seconds=20)


def wanting(tool: str, **arguments: Any) -> ModelResponse:
    """The model wants this tool to be called."""
    return ModelResponse(parts=[ToolCallPart(tool, arguments)])


def last_answer(messages: list[ModelMessage]) -> tuple[str, str]:
    """Which tool was asked last, and what it said; nothing before the first."""
    last = messages[-1].parts[-1]
    return (last.tool_name, str(last.content)) if isinstance(last, ToolReturnPart) else ("", "")


async def main() -> None:
    """One clip, made by an agent."""
    server = MCPToolset(StdioTransport(sys.executable, ["-m", "sora_mcp"], env=dict(os.environ)))
    agent = Agent(FunctionModel(played_model), toolsets=[server])
    told = await agent.run("Make four seconds of a paper boat in the rain.")
    print(told.output)
    assert await anyio.Path(told.output).stat()


if __name__ == "__main__":
    anyio.run(main)
