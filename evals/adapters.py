"""Adapters: how a client under test is given a conversation. One replays the solution, one runs any program."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import anyio
from mcp.types import TextContent

from .conversation import Conversation
from .world import Server, open_client, wait_until_idle

PATIENCE_S = 300.0
"""For one conversation of a program."""


@dataclass(frozen=True)
class Made:
    """A call that the client made."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a client made of a conversation."""

    calls: tuple[Made, ...]
    final: str
    """The last message to the person."""


class Adapter(Protocol):
    """A client under test. It starts the server itself, and plays all turns of the person in order."""

    async def play(self, conversation: Conversation, server: Server) -> Outcome:
        """Return the calls and the last message. Raise AdapterFailure where the client gave none."""
        ...


class AdapterFailure(Exception):
    """The client did not answer; the text says how."""


@dataclass
class Replay:
    """The solution of the row, with the texts of all results as the last message: shows that a row can be passed, without a model."""

    known: dict[str, str] = field(default_factory=dict[str, str])

    async def play(self, conversation: Conversation, server: Server) -> Outcome:
        """Make the calls of the solution."""
        self.known, calls, texts = {}, list[Made](), list[str]()
        async with open_client(server) as client:
            for step in conversation.solution:
                made = Made(step.tool, {name: self._fill(value) for name, value in step.arguments.items()})
                result = await client.call_tool(made.tool, made.arguments)
                calls.append(made)
                texts += [part.text for part in result.content if isinstance(part, TextContent)]
                self._remember(dict(result.structured_content or {}))
            if any(made.tool == "create_video" for made in calls):
                await wait_until_idle(client)  # the SDK kills a server that needs more than 2 s to end, and a paid call with it
        return Outcome(tuple(calls), "\n".join(texts))

    def _remember(self, fields: dict[str, Any]) -> None:
        first = fields["jobs"][0] if fields.get("jobs") else fields
        found = {"job": first.get("job_id"), "quote": fields.get("quote") or fields.get("error", {}).get("quote")}
        self.known |= {name: value for name, value in found.items() if value}

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(one) for one in cast("list[Any]", value)]
        return self.known.get(value[1:-1], value) if isinstance(value, str) and value[:1] == "{" else value


@dataclass(frozen=True)
class Program:
    """Any program: it reads one JSON object on stdin, and writes one to stdout.

    It reads `{"turns": ["…"], "server": {"command": "…", "args": ["…"], "env": {…}}}`, and writes
    `{"calls": [{"tool": "…", "arguments": {…}}], "final": "…"}`.
    """

    command: tuple[str, ...]
    patience_s: float = PATIENCE_S

    async def play(self, conversation: Conversation, server: Server) -> Outcome:
        """Run the program once."""
        started = {"command": server.command, "args": server.args, "env": dict(server.env)}
        asked = json.dumps({"turns": conversation.turns, "server": started})
        try:
            with anyio.fail_after(self.patience_s):
                done = await anyio.run_process(list(self.command), input=asked.encode(), check=False, stderr=subprocess.PIPE)
        except TimeoutError:
            raise AdapterFailure(f"no answer within {self.patience_s:g} s") from None
        except OSError as error:
            raise AdapterFailure(str(error)) from error
        if done.returncode:
            raise AdapterFailure(f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-200:]}")
        return read_outcome(done.stdout)


def read_outcome(text: bytes) -> Outcome:
    """Return what a program wrote. Raise AdapterFailure where it is not as agreed."""
    try:
        said = json.loads(text)
        calls = tuple(Made(str(one["tool"]).rpartition("__")[2], dict(one["arguments"])) for one in said["calls"])
        return Outcome(calls, str(said["final"]))
    except (ValueError, KeyError, TypeError) as error:
        raise AdapterFailure(f"not as agreed ({error!r}): {text[:100]!r}") from error


def find_adapter(name: str, command: Sequence[str]) -> Adapter:
    """Return `replay`, or `program` with its command. Raise ValueError for another name."""
    if name == "replay":
        return Replay()
    if name == "program" and command:
        return Program(tuple(command))
    raise ValueError("--adapter is `replay`, or `program` with its command after --")
