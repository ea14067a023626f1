"""AutoGen: its tools with the models that it builds from the schemas, and its workbench."""

from __future__ import annotations

import asyncio

from autogen_core.tools import ImageResultContent
from autogen_ext.tools.mcp import McpWorkbench, StdioServerParams, mcp_server_tools

from tests.clients.programs.story import Call, Seen, Step, follow, read_server, report


async def main() -> None:
    """Convert the tools in both ways, and follow the story on the workbench."""
    server = read_server()
    parameters = StdioServerParams(command=server.command, args=server.args, env=server.env, read_timeout_seconds=120)
    converted = {tool.name: tool.args_type().model_json_schema() for tool in await mcp_server_tools(parameters)}
    async with McpWorkbench(parameters) as workbench:

        async def ask(call: Call) -> Step:
            result = await workbench.call_tool(call.tool, call.arguments)
            pictures = [one for one in result.result if isinstance(one, ImageResultContent)]
            formats = [f"{type(one.content).__name__} {one.content.image.size[0]}" for one in pictures]
            text = "\n".join(str(one.content) for one in result.result if one not in pictures)
            return Step(call.tool, text, formats, result.is_error)

        listed = {tool["name"]: dict(tool["parameters"]) for tool in await workbench.list_tools()}
        report(Seen(tools=converted), Seen(tools=listed, steps=await follow(ask)))


if __name__ == "__main__":
    asyncio.run(main())
