"""What the tools cost a model to read: tokens of the tool list and of every kind of result, as bytes of compact JSON / 3.6."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.client import Client
from mcp.types import CallToolResult, TextContent

from .calling import NO_CAPS, client
from .figures import Figure
from .played import Mute, vendor

BYTES = 3.6
"""Of one token."""
MOST_LIST, MOST_CREATE, MOST_TOOL, MOST_WORDS = 2000, 560, 250, 120


@dataclass(frozen=True)
class Limit:
    """Most tokens of a result's text, and of its structured part with the same words."""

    text: int
    structured: int


JOB = Limit(90, 200)
LIMITS = {
    "`create_video`, started": JOB,
    "`get_video_status`, on its way": Limit(50, 200),
    "`get_video_status`, finished": JOB,
    "`get_video_status`, failed": JOB,
    "`cancel_video`": Limit(60, 200),
    "`edit_video`": JOB,
    "`estimate_cost`, one model": Limit(60, 200),
    "`estimate_cost`, comparison": Limit(150, 500),
    "`list_sizes`, one model": Limit(180, 450),
    "`list_sizes`, what can be bought": Limit(600, 600),
    "`list_videos`, three clips": Limit(200, 600),
    "`get_spend`": Limit(60, 200),
    "refusal": Limit(90, 200),
    "`view_video`, beside its picture": Limit(90, 0),
}
"""From the contract, and where it says nothing from what readers met (2026-11-29)."""


def figures() -> Iterator[Figure]:
    """Yield the tool list first, then every kind of result."""
    yield from anyio.run(_measure)


async def _measure() -> list[Figure]:
    found: list[Figure] = []
    with vendor(Mute) as address:
        settings = NO_CAPS | {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": address}
        async with client(["-m", "sora_mcp"], settings) as ours:
            found += await _read_list(ours)
            async for name, result in _call(ours):
                found.append(_judge(name, result))
    return found


async def _read_list(ours: Client) -> list[Figure]:
    tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in (await ours.list_tools()).tools]
    sizes = {tool["name"]: _count(tool) for tool in tools}
    create = sizes.pop("create_video")
    largest = max(sizes, key=lambda name: sizes[name])
    words = len((ours.instructions or "").split())
    return [
        _at_most(f"tool list of {len(tools)} tools", _count(tools), MOST_LIST),
        _at_most("`create_video` in it", create, MOST_CREATE),
        _at_most(f"the largest other (`{largest}`)", sizes[largest], MOST_TOOL),
        Figure("instructions", f"{words} words", f"<= {MOST_WORDS} words", words <= MOST_WORDS),
    ]


async def _call(ours: Client) -> AsyncIterator[tuple[str, CallToolResult]]:
    """Yield a result of each kind, in an order in which each call has what it needs."""

    async def call(tool: str, **arguments: Any) -> CallToolResult:
        return await ours.call_tool(tool, arguments)

    async def make(prompt: str) -> str:
        started = await call("create_video", model="sample:sample", prompt=prompt)
        return (started.structured_content or {})["job_id"]

    paid = await call("create_video", model="muvi:kling-3.0-pro", prompt="A paper boat drifts down a rainy street", seconds=5)
    yield "`create_video`, started", paid
    yield "`get_video_status`, on its way", await call("get_video_status", job_id=(paid.structured_content or {})["job_id"], wait_seconds=0)
    failing, clip = await make("fail:content"), await make("A paper boat drifts down a rainy street")
    yield "`get_video_status`, failed", await call("get_video_status", job_id=failing, wait_seconds=50)
    yield "`get_video_status`, finished", await call("get_video_status", job_id=clip, wait_seconds=50)
    yield "`list_videos`, three clips", await call("list_videos")
    yield "`edit_video`", await call("edit_video", inputs=[clip], action="mute")
    yield "`view_video`, beside its picture", await call("view_video", job_id=clip)
    yield "`cancel_video`", await call("cancel_video", job_id=await make("another boat"))
    yield "`estimate_cost`, one model", await call("estimate_cost", model="muvi:kling-3.0-pro", seconds=5)
    yield "`estimate_cost`, comparison", await call("estimate_cost", seconds=5)
    yield "`list_sizes`, one model", await call("list_sizes", model="muvi:kling-3.0-pro")
    yield "`list_sizes`, what can be bought", await call("list_sizes")
    yield "`get_spend`", await call("get_spend")
    yield "refusal", await call("create_video", model="muvi:kling-3.0-pro", prompt="x", seconds=99)


def _judge(name: str, result: CallToolResult) -> Figure:
    limit, text = LIMITS[name], sum(_count_text(part.text) for part in result.content if isinstance(part, TextContent))
    structured = 0 if result.structured_content is None else _count(result.structured_content)
    goal = f"<= {limit.text} and {limit.structured}" if limit.structured else f"<= {limit.text}"
    came = f"{text} of text and {structured} structured" if limit.structured else f"{text} of text"
    return Figure(f"tokens of {name}", came, goal, text <= limit.text and structured <= limit.structured)


def _at_most(what: str, tokens: int, most: int) -> Figure:
    return Figure(what, f"{tokens} tokens", f"<= {most} tokens", tokens <= most)


def _count(value: Any) -> int:
    return _count_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _count_text(text: str) -> int:
    return round(len(text.encode()) / BYTES)
