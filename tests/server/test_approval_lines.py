"""The same over real pipes: a client that writes lines, as often as it likes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.types import INVALID_PARAMS

from tests.played import Muvi, Wire, played, processes
from tests.played.forks import Forked
from tests.played.rig import environment
from tests.waiting import eventually, patience

from .forms import ABOVE, CLIP

pytestmark = pytest.mark.slow

TRIES = 1_000
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    "io.modelcontextprotocol/clientInfo": {"name": "lines", "version": "1"},
}


HELLO = {"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "lines", "version": "1"}}
Frame = dict[str, Any]


class Lines:
    """A client that speaks in lines, and knows no better."""

    def __init__(self, process: Forked) -> None:
        self.writing, self.reading = process.stdin, BufferedByteReceiveStream(process.stdout)

    async def say(self, *frames: Frame) -> None:
        """All of them at once."""
        await self.writing.send("".join(json.dumps({"jsonrpc": "2.0", **frame}) + "\n" for frame in frames).encode())

    async def hear(self, name: str, *values: Any) -> list[Any]:
        """The first frame for each of these values of this field, in their order."""
        heard: dict[Any, Frame] = {}
        with patience("the lines of these ids"):
            while not heard.keys() >= set(values):
                frame = json.loads(await self.reading.receive_until(b"\n", 1 << 20))
                if frame.get(name) in values:
                    heard.setdefault(frame[name], frame)
        return [heard[value] for value in values]


async def calls(client: Lines, *numbers: int, **params: Any) -> list[Any]:
    """The same call of the 2026 era under each of these numbers, and what came: a result, or an error."""
    sent = {"_meta": META, "name": "create_video", "arguments": CLIP, **params}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(client.say, *({"id": number, "method": "tools/call", "params": sent} for number in numbers)))
        return [frame.get("result") or frame["error"] for frame in await client.hear("id", *numbers)]
    raise AssertionError("a task group swallows nothing but its own cancelling")


@asynccontextmanager
async def lines(env: dict[str, str]) -> AsyncGenerator[Lines]:
    """A server process."""
    process = await processes.run("sora_mcp", env=env)
    client = Lines(process)
    try:
        yield client
    finally:
        await client.writing.aclose()
        await processes.ended(process)


def env_at(wire: Wire, folder: Path) -> dict[str, str]:
    return environment(folder, {"muvi": wire.address}, (wire.host,), CONFIRM_ABOVE_USD=ABOVE, LINGER="0")


YES = {"action": "accept", "content": {"buy": True}}
MALFORMED: list[Any] = [{"approval": 1}, [], {"approval": {}}, {"approval": {"action": "buy"}}]


@pytest.mark.fault("S47")
async def test_a_thousand_lines_with_one_yes_are_one_purchase_also_after_a_restart(tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        async with lines(env_at(wire, tmp_path)) as client:
            (question,) = await calls(client, 1)
            state = question["requestState"]
            bad = [await calls(client, 10 + n, requestState=state, inputResponses=sent) for n, sent in enumerate(MALFORMED)]
            assert [error["code"] for (error,) in bad] == [INVALID_PARAMS] * len(MALFORMED)
            made = await calls(client, *range(100, 100 + TRIES), requestState=state, inputResponses={"approval": YES})
            jobs = {result["structuredContent"]["job_id"] for result in made}
            assert await eventually(lambda: bool(wire.requests("submit")))
        async with lines(env_at(wire, tmp_path)) as client:
            (again,) = await calls(client, 1, requestState=state, inputResponses={"approval": YES})
        assert (again["code"], len(jobs), len(wire.requests("submit"))) == (INVALID_PARAMS, 1, 1)


@pytest.mark.fault("S47")
async def test_a_form_that_is_answered_a_thousand_times_is_one_purchase(tmp_path: Path) -> None:
    async with played(Muvi()) as wire, lines(env_at(wire, tmp_path)) as client:
        await client.say({"id": 1, "method": "initialize", "params": HELLO})
        await client.hear("id", 1)
        call = {"id": 2, "method": "tools/call", "params": {"name": "create_video", "arguments": CLIP}}
        await client.say({"method": "notifications/initialized"}, call)
        (form,) = await client.hear("method", "elicitation/create")
        await client.say(*({"id": form["id"], "result": YES} for _ in range(TRIES)), {"id": 3, "method": "ping"})
        made, _ = await client.hear("id", 2, 3)
        job = made["result"]["structuredContent"]["job_id"]
        await client.say({"id": 4, "method": "tools/call", "params": {"name": "get_video_status", "arguments": {"job_id": job}}})
        (news,) = await client.hear("id", 4)
        assert (news["result"]["structuredContent"]["state"] != "submitting", len(wire.requests("submit"))) == (True, 1)


@pytest.mark.fault("S50")
async def test_a_form_whose_answer_cannot_be_read_buys_nothing(tmp_path: Path) -> None:
    async with played(Muvi()) as wire, lines(env_at(wire, tmp_path)) as client:
        await client.say({"id": 1, "method": "initialize", "params": HELLO})
        await client.hear("id", 1)
        await client.say({"method": "notifications/initialized"})
        answers: list[Any] = [{"action": "buy"}, {}, {"action": "accept", "content": {"buy": {"buy": True}}}, {"content": {"buy": True}}]
        for number, answer in enumerate(answers, 2):
            await client.say({"id": number, "method": "tools/call", "params": {"name": "create_video", "arguments": CLIP}})
            (form,) = await client.hear("method", "elicitation/create")
            await client.say({"id": form["id"], "result": answer})
            (refused,) = await client.hear("id", number)
            assert refused["result"]["structuredContent"]["error"]["code"] == "declined"
        assert wire.requests("submit") == []
