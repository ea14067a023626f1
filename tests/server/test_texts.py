"""What a client reads before it calls anything: small, always the same, and such that every converter to a model's API reads it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from mcp import Client

import sora_mcp
from sora_mcp.server.app import ICON, WEBSITE, write_instructions
from sora_mcp.server.tools import TOOLS
from sora_mcp.server.tools.definition import ToolDefinition
from tests.each import each

from ..snapshot import check_snapshot
from .conftest import Era
from .counter import PlayedService, a_server

ROOT = Path(sora_mcp.__file__).parent
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
    written = [write_instructions([Path("/srv/videos")], is_here=is_here) for is_here in (True, False)]
    assert [len(text.split()) for text in written if len(text.split()) > 120] == []
    assert "Pictures are read from /srv/videos only" in written[0] and "/srv" not in written[1]


async def test_the_server_has_a_title_an_icon_a_website_and_instructions(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found, instructions = client.server_info, client.instructions
    assert (found.title, found.website_url, [icon.src for icon in found.icons or []]) == ("Sora MCP", WEBSITE, [ICON])
    assert (instructions, len(ICON) < 300) == (write_instructions((), is_here=True), True)


TYPES = ("string", "number", "integer", "boolean", "array", "object")
GEMINI = {"type", "description", "enum", "items", "properties", "required", "minimum", "maximum"}
"""Keywords that Gemini's function declarations have (https://ai.google.dev/api/caching#Schema) and we use; all else is a 400.

OpenAI's strict mode has these too; a converter adds `additionalProperties` and requires every argument."""
tools = each("tool", [*TOOLS.values()], ids=[*TOOLS])


def walk(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all that are inside of it."""
    yield schema
    properties, items = schema.get("properties", {}), schema.get("items")
    for inner in [*properties.values(), *([items] if items else [])]:
        yield from walk(cast(dict[str, Any], inner))


def inputs(tool: ToolDefinition[Any]) -> dict[str, Any]:
    return tool.listing.input_schema


@tools
def test_gemini_and_openais_strict_mode_take_every_argument(tool: ToolDefinition[Any]) -> None:
    for schema in walk(inputs(tool)):
        assert set(schema) <= GEMINI
        assert schema["type"] in TYPES  # one word: a list of types is a 400 for every message of the chat
        assert ("items" in schema) == (schema["type"] == "array")
        assert "" not in schema.get("enum", ["x"]) and ("enum" not in schema or schema["type"] == "string")
        assert schema["type"] != "object" or schema["properties"]  # in strict mode an object without any can only be {}
        assert set(schema.get("required", ())) <= set(schema.get("properties", {}))


@tools
def test_names_are_those_that_every_api_takes(tool: ToolDefinition[Any]) -> None:
    assert re.fullmatch(r"[a-z_]{1,64}", tool.name) and len(tool.description) <= 1024
    for schema in walk(inputs(tool)):
        assert all(re.fullmatch(r"[a-z_]{1,64}", name) for name in schema.get("properties", {}))


@tools
def test_a_result_names_its_fields_with_one_type_each(tool: ToolDefinition[Any]) -> None:
    schema = tool.listing.output_schema
    if schema is None:
        assert tool.name in ("view_video", "edit_video")  # one has no structured part, the other's arguments need the room
        return
    assert {name for part in walk(schema) for name in part} <= {"type", "properties", "required", "items", "additionalProperties"}
    assert all(part["type"] in TYPES for part in walk(schema))
    assert schema["additionalProperties"] is True and schema["required"] == ["message"] == [*schema["properties"]][:1]


def test_what_happened_to_a_job_is_in_the_schema_of_its_result() -> None:
    for name in ("create_video", "get_video_status", "cancel_video"):
        schema = TOOLS[name].listing.output_schema
        assert schema and {"job_id", "state", "path", "usd", "error"} <= set(schema["properties"])


def test_a_text_that_names_a_command_says_that_it_is_for_a_terminal() -> None:
    bare: list[str] = []
    for path in sorted(ROOT.rglob("*.py")):
        if path.relative_to(ROOT).parts[0] == "cli":  # whoever reads it is in a terminal
            continue
        source = path.read_text()
        functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
        bare += [
            f"{path.relative_to(ROOT)}: {one.name}"
            for one in functions
            if "command_line(" in (text := ast.get_source_segment(source, one) or "") and "terminal" not in text
        ]
    assert bare == []
