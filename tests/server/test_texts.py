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


async def test_the_order_is_fixed(era: Era) -> None:
    assert [tool["name"] for tool in await listed(era)] == [
        "create_video",
        "get_video_status",
        "estimate_cost",
        "list_sizes",
        "list_videos",
        "get_spend",
        "cancel_video",
        "view_video",
        "edit_video",
    ]


async def test_the_list_stays_small(era: Era) -> None:
    tools = await listed(era)
    assert size({"tools": tools}) <= WHOLE_LIST * TOKEN
    assert {tool["name"] for tool in tools if size(tool) > OTHER_TOOL * TOKEN} <= {"create_video"}
    assert max(size(tool) for tool in tools) <= CREATE_VIDEO * TOKEN


async def test_every_tool_has_a_title_and_all_four_hints(era: Era) -> None:
    assert {tool["name"]: (bool(tool["title"]), *tool["annotations"].values()) for tool in await listed(era)} == {
        "create_video": (True, False, True, False, True),
        "get_video_status": (True, True, False, True, True),
        "estimate_cost": (True, True, False, True, True),
        "list_sizes": (True, True, False, True, True),
        "list_videos": (True, True, False, True, False),
        "get_spend": (True, True, False, True, False),
        "cancel_video": (True, False, True, True, True),
        "view_video": (True, True, False, True, False),
        "edit_video": (True, False, False, True, False),
    }


async def test_every_result_begins_with_its_message_and_may_have_more_than_its_schema_names(era: Era) -> None:
    for tool in await listed(era):
        if tool["name"] in ("view_video", "edit_video"):  # one has no structured part; the values of the other's arguments need the room
            assert "outputSchema" not in tool
            continue
        assert next(iter(tool["outputSchema"]["properties"])) == "message"
        assert tool["outputSchema"]["required"] == ["message"]
        assert tool["outputSchema"]["additionalProperties"] is True


def test_a_description_begins_with_a_short_sentence() -> None:
    assert {name for name, tool in TOOLS.items() if len(re.split(r"[.;] ", tool.description)[0].split()) > 20} == set()


def test_the_instructions_are_short() -> None:
    assert len(INSTRUCTIONS.split()) < 120


async def test_the_server_has_a_title_an_icon_and_a_website(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found = client.server_info
    assert (found.title, found.website_url) == ("Sora MCP", WEBSITE)
    assert [icon.src for icon in found.icons or []] == [ICON]
    assert len(ICON) < 300


async def test_the_instructions_are_given_in_both_eras(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        assert client.instructions == INSTRUCTIONS
