"""Runs the suite of both protocol eras over HTTP, and the Inspector over stdio. 0 when all pass, or when there is no Node."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.house import ROOT
from tests.node import find_node, npm_command

PACKAGES = (
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/client@2.4.0",
    "@modelcontextprotocol/ext-tasks@0.2.2",
)
ERAS = ("2025-11-25", "2026-07-28")
TASKS = (
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
    "tasks-status-notifications",
)
CLIP = '{"prompt": "A paper boat", "model": "sample:sample"}'
"""The Inspector follows its task to the end."""
INSPECTED = (
    ("--method", "tools/list"),
    ("--method", "tools/call", "--tool-name", "estimate_cost", "--tool-arg", "model=sample:sample", "--tool-arg", "seconds=4"),
    ("--method", "resources/list"),
    ("--method", "tools/list", "--protocol-era", "modern"),
    ("--method", "tools/call", "--tool-name", "create_video", "--tool-args-json", CLIP, "--protocol-era", "modern"),
)
CACHE = ROOT / "build" / "conformance"


def main() -> int:
    """How many of the runs failed."""
    node = find_node()
    if node is None:
        print("conformance: no Node and none to be had; nothing was tried")
        return 0
    if not install(node):
        print("conformance: the suites cannot be installed here; nothing was tried")
        return 0
    with tempfile.TemporaryDirectory() as home:
        with served(home) as address:
            server = [*suite(node), "server", "--url", address]
            failed = sum(not passed(f"requirements {era}", [*server, "--requirements", era], home) for era in ERAS)
            scored = ("--spec-version", "2026-07-28", "--force")  # of extensions, only what is named is scored
            failed += sum(not passed(scenario, [*server, "--scenario", scenario, *scored], home) for scenario in TASKS)
            failed += not passed("tasks of the TypeScript SDK", [node, place_script(), address], home)
        failed += sum(not passed(" ".join(asked[1:4:2]), [*inspector(node), *asked, "--format", "json"], home) for asked in INSPECTED)
    return failed


def install(node: str) -> bool:
    """The suites, once."""
    if all((CACHE / "node_modules" / name.rpartition("@")[0]).exists() for name in PACKAGES):
        return True
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [*npm_command(node), "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True)
    print(done.stderr if done.returncode else "", end="")
    return done.returncode == 0


def place_script() -> str:
    """The path of the TypeScript SDK's script, beside the packages that it imports."""
    return str(shutil.copy(Path(__file__).with_name("tasks.mjs"), CACHE))


def suite(node: str) -> list[str]:
    """The conformance suite's command."""
    return [node, str(CACHE / "node_modules/@modelcontextprotocol/conformance/dist/index.js")]


def inspector(node: str) -> list[str]:
    """The Inspector's command, with our server behind it."""
    launcher = CACHE / "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
    return [node, str(launcher), "--cli", sys.executable, "-m", "sora_mcp"]


def passed(name: str, command: Sequence[str], home: str) -> bool:
    """Whether it ended well; when it did not, what it said."""
    environ = {**os.environ, "HOME": home, "SORA_MCP_HOME": home, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    began = time.monotonic()
    done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, timeout=300)
    print(f"{'passed' if done.returncode == 0 else 'FAILED'}  {name}, {time.monotonic() - began:.1f} s  {_summary(done.stdout)}".rstrip())
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    return done.returncode == 0


def _summary(out: str) -> str:
    """How many of the suite's scored scenarios passed; extensions that are not served are not scored."""
    scenarios = dict(re.findall(r"^. ([\w-]+): \d+ passed, (\d+) failed$", out, re.MULTILINE))
    unscored = set(re.findall(r"^  . ([\w-]+) \(", out, re.MULTILINE))
    scored = [failed == "0" for name, failed in scenarios.items() if name not in unscored]
    return f"{sum(scored)} of {len(scored)} scored scenarios" if scored else ""


@contextmanager
def served(home: str) -> Iterator[str]:
    """The address of the real server with the fixtures on it."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    command = [sys.executable, "-m", "tests.conformance.server", str(port), home]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
