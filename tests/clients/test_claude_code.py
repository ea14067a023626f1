"""The line for Claude Code, read by the real program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.facts import clients as documented
from sora_mcp.cli.setup.clients import claude_command

from .typed import Shell, find_environment

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]


@pytest.fixture
def claude(tmp_path: Path) -> Shell:
    return Shell(tmp_path, find_environment("claude-code"))


def entry_after(line: str, claude: Shell) -> Mapping[str, Any]:
    """Return what the program writes into its file when a person types the line."""
    claude.run(line)
    return json.loads((claude.home / ".claude.json").read_text("utf-8"))["mcpServers"]["sora"]


@pytest.mark.parametrize("command", [["/opt/x/bin/sora-mcp"], ["/opt/a folder/python", "-m", "sora_mcp"]])
@pytest.mark.parametrize("environ", [{}, {"PIXAZO_API_KEY": "k-1"}, {"PIXAZO_API_KEY": "", "SORA_MCP_DAILY_USD": "5"}])
def test_what_setup_prints_is_what_it_takes(command: list[str], environ: dict[str, str], claude: Shell) -> None:
    assert entry_after(claude_command(command, environ), claude) == {
        "type": "stdio",
        "command": command[0],
        "args": command[1:],
        "env": environ,
    }


def test_what_the_documentation_prints_is_what_it_takes(claude: Shell) -> None:
    [line] = [client.text for client in documented("/opt/x/sora-mcp", "PIXAZO_API_KEY") if client.name == "Claude Code"]
    assert entry_after(line, claude) == {"type": "stdio", "command": "/opt/x/sora-mcp", "args": [], "env": {"PIXAZO_API_KEY": ""}}
