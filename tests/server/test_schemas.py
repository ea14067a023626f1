"""The published schemas keep to what every converter between MCP and a model's API reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from sora_mcp.server.tools import TOOLS
from sora_mcp.server.tools.definition import ToolDefinition
from tests.each import each

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
