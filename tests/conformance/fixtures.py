"""What the conformance suite asks every server for by name, mounted on ours so that our own door is what is tried."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from mcp import MCPError
from mcp.server.mcpserver import Audio, Context, Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import Message, Prompt, UserMessage
from mcp.server.mcpserver.resources import BinaryResource, TextResource
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel, Field

from sora_mcp.server import sdk
from sora_mcp.server.app import SoraServer

Asked = Mapping[str, ElicitRequest | CreateMessageRequest | ListRootsRequest]
FIXTURE = "Only here to be tried by the conformance suite."
MANY = "test_input_required_result_"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _one_pixel() -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")


def _one_sample() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    sound = struct.pack("<4sIh", b"data", 2, 0)
    return b"RIFF" + struct.pack("<I", 4 + len(form) + len(sound)) + b"WAVE" + form + sound


PIXEL, SOUND = Image(data=_one_pixel(), format="png"), Audio(data=_one_sample(), format="wav")


class Reply(BaseModel):
    """A free answer."""

    response: str = Field(description="What the person says")


class Prefilled(BaseModel):
    """One field of each plain type, each with a default."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


def titled(**titles: str) -> list[dict[str, str]]:
    """Choices with a title each."""
    return [{"const": value, "title": title} for value, title in titles.items()]


class Chosen(BaseModel):
    """Every shape that a choice may have in a form."""

    untitledSingle: Literal["option1", "option2", "option3"]
    titledSingle: Annotated[str, Field(json_schema_extra={"oneOf": titled(value1="First", value2="Second")})]  # type: ignore[dict-item]
    legacyEnum: Annotated[str, Field(json_schema_extra={"enum": ["opt1", "opt2"], "enumNames": ["One", "Two"]})]
    untitledMulti: list[Literal["option1", "option2", "option3"]]
    titledMulti: Annotated[list[str], Field(json_schema_extra={"items": {"anyOf": titled(value1="First", value2="Second")}})]  # type: ignore[dict-item]


def embedded(uri: str, text: str, media_type: str) -> EmbeddedResource:
    """A resource inside of a result."""
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=media_type, text=text))


def form(question: str, **fields: str) -> ElicitRequest:
    """Ask the person to fill in these."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": [*fields],
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=question, requested_schema=schema))


def thought(question: str) -> CreateMessageRequest:
    """Ask the client's model."""
    message = SamplingMessage(role="user", content=TextContent(text=question))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=20))


def mount(server: SoraServer) -> None:
    """Adds every fixture to the server."""
    for tool in (*PLAIN, *TALKING):
        server.add_tool(tool, description=FIXTURE)
    _mount_changes(server)
    _mount_schema(server)
    for name, asked, state in ROUNDS:
        server.add_tool(_round(name, asked, state), name=MANY + name, description=FIXTURE)
    server.add_tool(test_streaming_elicitation, description=FIXTURE)
    server.add_tool(two_rounds, name=f"{MANY}multi_round", description=FIXTURE)
    server.add_tool(what_the_client_can, name=f"{MANY}capabilities", description=FIXTURE)
    for prompt, name in PROMPTS:
        server.add_prompt(Prompt.from_function(prompt, name=name, description=FIXTURE))
    _mount_resources(server)
    sdk.add_handler(server, "logging/setLevel", SetLevelRequestParams, _quiet)


async def _quiet(ctx: Any, params: Any) -> EmptyResult:
    return EmptyResult()


# Tools that answer by themselves


def test_simple_text() -> str:
    return "This is a simple text response for testing."


def test_image_content() -> Image:
    return PIXEL


def test_audio_content() -> Audio:
    return SOUND


def test_embedded_resource() -> EmbeddedResource:
    return embedded("test://embedded-resource", "This is an embedded resource content.", "text/plain")


def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    inner = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
    return [TextContent(text="Multiple content types test:"), PIXEL.to_image_content(), inner]


def test_error_handling() -> str:
    raise ToolError("This tool intentionally returns an error for testing")


def test_x_mcp_header(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "none") -> str:
    return region


PLAIN = (
    test_simple_text,
    test_image_content,
    test_audio_content,
    test_embedded_resource,
    test_multiple_content_types,
    test_error_handling,
    test_x_mcp_header,
)


# Tools that talk to the client meanwhile


async def test_tool_with_logging(ctx: Context[Any, Any]) -> str:
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.log("info", line)
    return "Logged three lines."


async def test_logging_tool(ctx: Context[Any, Any]) -> str:
    await ctx.log("info", "One line")
    return "Logged one line."


async def test_tool_with_progress(ctx: Context[Any, Any]) -> str:
    for percent in (0, 50, 100):
        await ctx.report_progress(percent, 100, f"{percent} of 100")
    return "Reported three times."


async def test_sampling(prompt: str, ctx: Context[Any, Any]) -> str:
    asked = [SamplingMessage(role="user", content=TextContent(text=prompt))]
    answer = await ctx.session.create_message(asked, max_tokens=20, related_request_id=ctx.request_id)
    return f"LLM response: {answer.content}"


async def test_elicitation(message: str, ctx: Context[Any, Any]) -> str:
    return f"User response: {(await ctx.elicit(message, Reply)).action}"


async def test_elicitation_sep1034_defaults(ctx: Context[Any, Any]) -> str:
    return f"Elicitation completed: {(await ctx.elicit('Leave or change these', Prefilled)).action}"


async def test_elicitation_sep1330_enums(ctx: Context[Any, Any]) -> str:
    return f"Elicitation completed: {(await ctx.elicit('Choose', Chosen)).action}"


async def test_reconnection(ctx: Context[Any, Any]) -> str:
    await ctx.close_sse_stream()
    return "The stream was closed in between."


async def test_missing_capability(ctx: Context[Any, Any]) -> str:
    able = ctx.client_capabilities
    if able is None or able.sampling is None:
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This needs sampling.", {"requiredCapabilities": {"sampling": {}}})
    return "The client can sample."


TALKING = (
    test_tool_with_logging,
    test_logging_tool,
    test_tool_with_progress,
    test_sampling,
    test_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_reconnection,
    test_missing_capability,
)


# Answers that first need something from the client, as of 2026-07-28

NAME = form("What is your name?", name="string")
ROUNDS: tuple[tuple[str, Asked, str | None], ...] = (
    ("elicitation", {"user_name": NAME}, None),
    ("sampling", {"capital_question": thought("What is the capital of France?")}, None),
    ("list_roots", {"client_roots": ListRootsRequest()}, None),
    ("request_state", {"confirm": form("Is that right?", ok="boolean")}, "first"),
    ("tampered_state", {"confirm": form("Is that right?", ok="boolean")}, "first"),
    ("multiple_inputs", {"user_name": NAME, "greeting": thought("Say hello"), "client_roots": ListRootsRequest()}, "first"),
)


def _round(name: str, asked: Asked, state: str | None) -> Any:
    """A tool that asks for everything at once, and repeats what it does not have yet."""

    async def one_round(ctx: Context[Any, Any]) -> str | InputRequiredResult:
        given = ctx.input_responses or {}
        current = ctx.request_state == state
        missing = {key: request for key, request in asked.items() if key not in given or not current}
        if missing:
            return InputRequiredResult(input_requests=missing, request_state=state)
        said = {key: given[key].model_dump(mode="json", exclude_none=True) for key in asked}
        return f"{name}: state-ok {json.dumps(said)}"

    return one_round


async def two_rounds(ctx: Context[Any, Any]) -> str | InputRequiredResult:
    given, state = ctx.input_responses or {}, ctx.request_state
    if state == "after-1" and "step1" in given:
        return InputRequiredResult(input_requests={"step2": form("And your colour?", color="string")}, request_state="after-2")
    if state == "after-2" and "step2" in given:
        return "Both steps are done."
    return InputRequiredResult(input_requests={"step1": NAME}, request_state="after-1")


async def test_streaming_elicitation(ctx: Context[Any, Any]) -> str | InputRequiredResult:
    await ctx.report_progress(1, 2, "A question follows.")
    return "Thank you." if "user_name" in (ctx.input_responses or {}) else InputRequiredResult(input_requests={"user_name": NAME})


async def what_the_client_can(ctx: Context[Any, Any]) -> InputRequiredResult:
    able = ctx.client_capabilities
    asked: dict[str, Any] = {}
    if able is not None and able.elicitation is not None:
        asked["name"] = NAME
    if able is not None and able.sampling is not None:
        asked["hello"] = thought("Say hello")
    return InputRequiredResult(input_requests=asked, request_state="asked")


# Prompts, resources, and what changes


def test_simple_prompt() -> str:
    return "This is a simple prompt for testing."


def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:
    return [UserMessage(embedded(resourceUri, "What stands there.", "text/plain")), UserMessage("Please process the resource above.")]


def test_prompt_with_image() -> list[Message]:
    return [UserMessage(PIXEL.to_image_content()), UserMessage("Please look at the image above.")]


async def asking_prompt(ctx: Context[Any, Any]) -> list[Message] | InputRequiredResult:
    if "user_context" in (ctx.input_responses or {}):
        return [UserMessage("Thank you for the context.")]
    return InputRequiredResult(input_requests={"user_context": form("In which context?", context="string")})


PROMPTS = (
    (test_simple_prompt, "test_simple_prompt"),
    (test_prompt_with_arguments, "test_prompt_with_arguments"),
    (test_prompt_with_embedded_resource, "test_prompt_with_embedded_resource"),
    (test_prompt_with_image, "test_prompt_with_image"),
    (asking_prompt, f"{MANY}prompt"),
)


def _mount_resources(server: SoraServer) -> None:
    texts = {"test://static-text": "This is the content of the static text resource.", "test://watched-resource": "Watched."}
    for uri, text in texts.items():
        server.add_resource(TextResource(uri=uri, name=uri, mime_type="text/plain", text=text))
    server.add_resource(BinaryResource(uri="test://static-binary", name="one pixel", mime_type="image/png", data=_one_pixel()))

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _mount_changes(server: SoraServer) -> None:
    def passing() -> str:
        return "Here for a moment."

    async def test_trigger_tool_change(ctx: Context[Any, Any]) -> str:
        server.add_tool(passing, name="test_dynamic_tool")
        server.remove_tool("test_dynamic_tool")
        await ctx.notify_tools_changed()
        return "A tool came and went."

    async def test_trigger_prompt_change(ctx: Context[Any, Any]) -> str:
        server.add_prompt(Prompt.from_function(passing, name="test_dynamic_prompt"))
        server.remove_prompt("test_dynamic_prompt")
        await ctx.notify_prompts_changed()
        return "A prompt came and went."

    server.add_tool(test_trigger_tool_change, description=FIXTURE)
    server.add_tool(test_trigger_prompt_change, description=FIXTURE)


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {"$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
"""Every keyword that the suite wants to see arrive."""


def _mount_schema(server: SoraServer) -> None:
    def json_schema_2020_12_tool() -> str:
        return "The schema is what counts."

    server.add_tool(json_schema_2020_12_tool, description=FIXTURE)
    server._tool_manager._tools["json_schema_2020_12_tool"].parameters = SCHEMA  # the SDK has no public way to give one
