"""What a client reads before it calls anything: small, complete and always the same."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp import Client

from sora_mcp.server.app import ICON, INSTRUCTIONS, WEBSITE
from sora_mcp.server.tools import TOOLS

from ..snapshot import check_snapshot
from .conftest import Era
from .counter import PlayedService, a_server

TOKEN = 3.6
"""Bytes."""
WHOLE_LIST, CREATE_VIDEO, OTHER_TOOL = 2000, 560, 250
"""Tokens. CONTRACT has nine tools."""


async def listed(era: Era) -> list[dict[str, Any]]:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found = await client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found.tools]


def size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


async def test_the_tools_are_those_of_the_snapshot(era: Era) -> None:
    check_snapshot("tools", await listed(era))


async def test_the_list_stays_small(era: Era) -> None:
    tools = await listed(era)
    assert size({"tools": tools}) <= WHOLE_LIST * TOKEN
    assert {tool["name"] for tool in tools if size(tool) > OTHER_TOOL * TOKEN} <= {"create_video"}
    assert max(size(tool) for tool in tools) <= CREATE_VIDEO * TOKEN


async def test_every_tool_has_a_title_and_all_four_hints(era: Era) -> None:
    tools = {tool["name"]: tool["annotations"] for tool in await listed(era) if tool["title"]}
    hints = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
    assert len(tools) == len(TOOLS) and all(tuple(found) == hints for found in tools.values())
    assert {name for name, found in tools.items() if found["destructiveHint"]} == {"create_video", "cancel_video"}
    assert {name for name, found in tools.items() if not found["readOnlyHint"]} == {"create_video", "cancel_video", "edit_video"}


def test_a_description_begins_with_a_short_sentence() -> None:
    assert {name for name, tool in TOOLS.items() if len(re.split(r"[.;] ", tool.description)[0].split()) > 20} == set()


def test_the_instructions_are_short() -> None:
    assert len(INSTRUCTIONS.split()) < 120


async def test_the_server_has_a_title_an_icon_a_website_and_instructions(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found, instructions = client.server_info, client.instructions
    assert (found.title, found.website_url, [icon.src for icon in found.icons or []]) == ("Sora MCP", WEBSITE, [ICON])
    assert (instructions, len(ICON) < 300) == (INSTRUCTIONS, True)
