"""Measure the tool lists and starts of other MCP servers for video and audio beside ours: `python -m benchmarks.compared`.

Each server is installed from its registry into an environment of its own in a temporary folder, and started with a key that opens
nothing: it is asked for its tools, and nothing else. Its figures and those of a bare server of the same SDK are taken in turns, in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.clients.environments import Environment, NotToBeHad, build_module, make_node, make_python

from .figures import ROOT
from .starting import BARE, OURS

ROUNDS = 9
BYTES = 3.6
"""Of one token."""
PATIENCE_S = 120
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}}
MESSAGES: tuple[dict[str, Any], ...] = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
)


@dataclass(frozen=True)
class Peer:
    """A server of a registry."""

    package: str
    """With its version."""
    program: str
    environ: Mapping[str, str]
    beside: tuple[str, ...] = ()
    """Packages that it does not ask for and does not start without: older ones than it would get today."""
    is_node: bool = False
    module: str = ""
    """A package beside it that has to be compiled."""


@dataclass(frozen=True)
class Start:
    """One start, up to the answer to `tools/list`."""

    wall_s: float
    cpu_s: float
    """Of the process and what it started, until it ended."""
    tools: list[dict[str, Any]]


PEERS = (
    Peer(
        "minimax-mcp==0.0.19",
        "minimax-mcp",
        {"MINIMAX_API_KEY": "k", "MINIMAX_API_HOST": "http://127.0.0.1:9", "MINIMAX_MCP_BASE_PATH": "."},
    ),
    Peer("elevenlabs-mcp==0.12.2", "elevenlabs-mcp", {"ELEVENLABS_API_KEY": "k"}),
    Peer("wavespeed-mcp==0.1.27", "wavespeed-mcp", {"WAVESPEED_API_KEY": "k"}, beside=("pydantic<2.12",)),
    Peer("runway-mcp-server==0.1.0", "runway-mcp-server", {"RUNWAY_API_KEY": "k", "RUNWAYML_API_SECRET": "k"}, beside=("mcp<2",)),
    Peer("fal-mcp-server==1.18.0", "fal-mcp", {"FAL_KEY": "k"}, beside=("mcp<2",)),
    Peer("mcp-sora==2026.10.8.0", "mcp-sora", {"ACEDATACLOUD_API_TOKEN": "k"}),
    Peer("@felores/kie-ai-mcp-server@5.0.0", "kie-ai-mcp-server", {"KIE_AI_API_KEY": "k"}, is_node=True, module="sqlite3"),
)


def main(arguments: Sequence[str]) -> None:
    """Print the table as Markdown, and what could not be had."""
    parser = argparse.ArgumentParser(prog="compared", description="Measure other MCP servers beside ours.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=900, help="begin no round after as many")
    parser.add_argument("--folder", type=Path, help="for the environments, kept; a temporary one by default")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        print(compare(given.folder or Path(folder), given.rounds, given.seconds))


def compare(folder: Path, rounds: int, seconds: float) -> str:
    """Install what can be had, start each in turns, and return the table."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        "a bare server": (BARE, {}),
        "sora-mcp": (OURS, {"SORA_MCP_HOME": str(home), "PYTHONPATH": str(ROOT), "SORA_MCP_LINGER": "0"}),
    }
    missing: list[str] = []
    for peer in PEERS:
        try:
            command = install(peer, folder)
            start(command, peer.environ, home)  # compiles, and shows whether it starts at all
            commands[peer.package] = (command, peer.environ)
        except (NotToBeHad, OSError, ValueError, subprocess.TimeoutExpired) as error:
            missing.append(f"{peer.package}: {str(error)[-200:]}")
    starts: dict[str, list[Start]] = {name: [] for name in commands}
    end = time.monotonic() + seconds
    for number in range(rounds):
        if time.monotonic() > end and number:
            break
        for name, (command, environ) in commands.items():
            starts[name].append(start(command, environ, home))
    taken = len(starts["sora-mcp"])
    return "\n".join([*write_rows(starts), f"\nMedians of {taken} rounds.", *(f"\nNot measured: {reason}" for reason in missing)])


def install(peer: Peer, folder: Path) -> list[str]:
    """Return the command of a peer, installed into the folder."""
    place = folder / peer.program
    if peer.is_node:
        there = make_node(peer.program, [peer.package], place)
        if peer.module:
            build_module(there, peer.module)
        return [str(there.program), str(there.find_program(peer.program))]
    made: Environment = make_python(peer.program, [peer.package, *peer.beside], place)
    return [str(made.program.with_name(peer.program))]


def start(command: Sequence[str], environ: Mapping[str, str], home: Path) -> Start:
    """Start a server, ask for its tools, and end it. Raise ValueError where it ends without an answer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = {"PATH": os.environ["PATH"], "HOME": str(home), **environ}
    began = time.perf_counter()
    with subprocess.Popen(command, env=own, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            tools = _ask(process)
            wall = time.perf_counter() - began
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Start(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, tools)


def _ask(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """Return the tools. Some servers print other lines on stdout, which are passed over."""
    assert process.stdin is not None and process.stdout is not None
    found: list[dict[str, Any]] = []
    for message, wanted in zip(MESSAGES, (1, 0, 2), strict=True):
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        while wanted:
            line = process.stdout.readline()
            if not line:
                raise ValueError(f"ended without an answer ({process.wait(10)})")
            answer = _read(line)
            if answer.get("id") == wanted:
                found = answer.get("result", {}).get("tools", [])
                break
    return found


def _read(line: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return {}


def write_rows(starts: Mapping[str, Sequence[Start]]) -> list[str]:
    """Return the rows of the table; the ratio is against the first, which is the bare server."""
    rows = ["| server | tools | tokens | start, wall | CPU | against a bare server (CPU) |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    bare = 0.0
    for name, some in starts.items():
        wall, cpu = median(one.wall_s for one in some), median(one.cpu_s for one in some)
        bare = bare or cpu
        tools = some[0].tools
        tokens = round(len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode()) / BYTES) if tools else 0
        rows.append(f"| {name} | {len(tools)} | {tokens:,} | {wall:.2f} s | {cpu:.2f} s | {cpu / bare:.1f} x |")
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
