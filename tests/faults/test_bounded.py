"""Answers and messages without measure: the server's memory stays, and it goes on answering."""

from __future__ import annotations

import itertools
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.played import Pixazo, Wire, played
from tests.played.faults import zeros
from tests.played.rig import environment
from tests.played.stdio import Chat, chat, resident

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")]
MIB = 1 << 20
MOST_GROWTH = 64 * MIB
HUGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("bomb", {"mib": 256}),
    ("endless", {}),
    ("instead", {"text": "[" * 100_000}),
    ("instead", {"text": '{"jobId": "' + "x" * (50 * MIB) + '"}'}),
)
MEDIA: tuple[tuple[str, dict[str, Any]], ...] = (
    ("bomb", {"mib": 256}),
    ("endless", {"length": 10**12}),
    ("endless", {"mib": 128}),
    ("instead", {"text": "[" * 100_000}),
    ("instead", {"text": "x" * (50 * MIB)}),
)


@dataclass
class Watched:
    """What a process held at most, and how long it let others wait."""

    before: int
    most: int = 0
    waits: list[float] = field(default_factory=list[float])

    async def run(self, spoken: Chat) -> None:
        """Looks and asks until cancelled."""
        for method in itertools.cycle(("ping", "tools/call")):
            began = time.monotonic()
            await spoken.ask(method, **({} if method == "ping" else {"name": "list_sizes", "arguments": {}}))
            self.waits.append(time.monotonic() - began)
            self.most = max(self.most, resident(spoken.pid))
            await anyio.sleep(0.02)

    def said(self) -> str:
        """Figures."""
        waits = sorted(self.waits)
        return (
            f"grew by {(self.most - self.before) / MIB:.1f} MiB; {len(waits)} answers, median {waits[len(waits) // 2] * 1000:.0f} ms,"
            f" 99% within {waits[len(waits) * 99 // 100] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
        )


async def _warm(spoken: Chat) -> None:
    first = await spoken.call("create_video", prompt="warm", model="pixazo:sora-2-pro", seconds=4)
    assert await spoken.ended(first["job_id"]) == "completed"
    await spoken.call("list_sizes")


async def _bought(spoken: Chat, wire: Wire, on: str, fault: str, args: dict[str, Any]) -> str:
    """How a job ended that met this fault once."""
    wire.arm(on, fault, **args)
    job = await spoken.call("create_video", prompt=f"{on} {fault} {len(wire.heard)}", model="pixazo:sora-2-pro", seconds=4)
    return await spoken.ended(job["job_id"])


@pytest.mark.fault("S28", "D07", "D08", "Q04", "Q05")
async def test_no_answer_of_a_vendor_fills_the_memory_or_stops_the_talk(tmp_path: Path) -> None:
    zeros(256)  # packed once, before anybody looks at the clock
    async with (
        played(Pixazo(walk=("COMPLETED",))) as wire,
        chat(environment(tmp_path, {"pixazo": wire.address}, (wire.host,))) as spoken,
        anyio.create_task_group() as group,
    ):
        await _warm(spoken)
        group.start_soon((watched := Watched(resident(spoken.pid))).run, spoken)
        ends = [await _bought(spoken, wire, "submit", fault, args) for fault, args in HUGE]
        ends += [await _bought(spoken, wire, "status", fault, args) for fault, args in HUGE]
        ends += [await _bought(spoken, wire, "media", fault, args) for fault, args in MEDIA]
        group.cancel_scope.cancel()
    print(watched.said())
    assert ends == ["unknown"] * 4 + ["completed"] * 9
    assert watched.most - watched.before < MOST_GROWTH
    assert len(watched.waits) > len(ends)  # others are answered while a huge answer is read


@pytest.mark.fault("I05", "R01")
async def test_no_message_of_a_client_fills_the_memory_or_ends_the_process(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        await spoken.call("list_sizes")
        before = resident(spoken.pid)
        most = before
        await spoken.write(b'{"jsonrpc": "2.0", "id": "long", "method": "ping", "params": {"x": "')
        for _ in range(100):
            await spoken.write(b"x" * MIB)
            most = max(most, resident(spoken.pid))
        await spoken.write(b'"}}\n')
        assert (await spoken.ask("ping"))["result"] == {}
        refused = next(json.loads(line) for line in bytes(spoken.said).splitlines() if b'"long"' in line)
        print(f"a line of 100 MB: grew by {(most - before) / MIB:.1f} MiB")
        assert (most - before < MOST_GROWTH, refused["error"]["code"]) == (True, -32600)
