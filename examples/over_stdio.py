"""A client written with the MCP SDK: asks for the price, makes a clip, waits, and reads what became of it.

python -m examples.over_stdio
"""

from __future__ import annotations

import os
import sys
from typing import Any

import anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "sora_mcp"], env=dict(os.environ))


async def main() -> None:
    """One clip, from the price to the file."""
    async with Client(stdio_client(SERVER)) as client:
        price = await call(client, "estimate_cost", model="sample:sample", size="portrait", seconds=4)
        print(price["message"])
        assert price["usd"] == 0

        job = await call(client, "create_video", prompt="A paper boat in the rain", size="portrait", seconds=4)
        print(job["message"])
        while job["state"] in ("submitting", "queued", "running"):
            job = await call(client, "get_video_status", job_id=job["job_id"], wait_seconds=20)
        print(job["message"])

        assert (job["state"], job["charged"], job["width"], job["height"]) == ("completed", "no", 720, 1280)
        assert (await anyio.Path(job["path"]).stat()).st_size == job["bytes"]

        refused = await client.call_tool("create_video", {"prompt": "A kite", "model": "sample:sample", "seconds": 3})
        assert refused.is_error
        print(refused.structured_content["message"] if refused.structured_content else "")


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What the tool answered; a refusal ends the story."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer
    assert answer.structured_content is not None
    return answer.structured_content


if __name__ == "__main__":
    anyio.run(main)
