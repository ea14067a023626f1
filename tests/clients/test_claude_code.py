"""The line for Claude Code, read by the real program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.facts import clients as documented
from sora_mcp.cli.setup.clients import claude_command

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sora-mcp-tests" / "claude-code"


@pytest.fixture(scope="module")
def claude() -> Path:
    """The folder of the program, installed from npm into a cache."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = CACHE / "node_modules" / ".bin"
    if not (folder / "claude").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(CACHE), "@anthropic-ai/claude-code"]
        installed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False)
        if installed.returncode:
            pytest.skip(f"npm cannot install it here: {installed.stderr[-300:]}")
    return folder


def entry_after(line: str, claude: Path, home: Path) -> Mapping[str, Any]:
    """What the program writes into its file when a person types the line."""
    environ = {"HOME": str(home), "PATH": f"{claude}{os.pathsep}{os.environ['PATH']}"}
    typed = subprocess.run(["sh", "-c", line], env=environ, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert typed.returncode == 0, typed.stderr
    return json.loads((home / ".claude.json").read_text("utf-8"))["mcpServers"]["sora"]


@pytest.mark.parametrize("command", [["/opt/x/bin/sora-mcp"], ["/opt/a folder/python", "-m", "sora_mcp"]])
@pytest.mark.parametrize("environ", [{}, {"PIXAZO_API_KEY": "k-1"}, {"PIXAZO_API_KEY": "", "SORA_MCP_DAILY_USD": "5"}])
def test_what_setup_prints_is_what_it_takes(command: list[str], environ: dict[str, str], claude: Path, tmp_path: Path) -> None:
    assert entry_after(claude_command(command, environ), claude, tmp_path) == {
        "type": "stdio",
        "command": command[0],
        "args": command[1:],
        "env": environ,
    }


def test_what_the_documentation_prints_is_what_it_takes(claude: Path, tmp_path: Path) -> None:
    [line] = [client.text for client in documented("/opt/x/sora-mcp", "PIXAZO_API_KEY") if client.name == "Claude Code"]
    assert entry_after(line, claude, tmp_path) == {
        "type": "stdio",
        "command": "/opt/x/sora-mcp",
        "args": [],
        "env": {"PIXAZO_API_KEY": ""},
    }
