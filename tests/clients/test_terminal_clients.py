"""The blocks and lines of the documentation, read by Codex, Gemini CLI and opencode themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.facts import Client
from scripts.facts import clients as documented
from sora_mcp.cli.setup.clients import Client as Known
from sora_mcp.cli.setup.clients import format_line, known_clients, write_entry

from .typed import Shell, find_environment

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
PROGRAM = str(Path(sys.executable).with_name("sora-mcp"))
KEY = "PIXAZO_API_KEY"
COMMANDS = (["/opt/x/bin/sora-mcp"], ["/opt/a folder/python", "-m", "sora_mcp"], ["uvx", "--from", "sora-mcp[media]", "sora-mcp"])


def find_known(title: str, home: Path) -> Known:
    """Return a client as setup knows it, in this home folder."""
    return next(client for client in known_clients(home, {}, "linux") if client.title == title)


def find_documented(title: str) -> Client:
    return next(client for client in documented(PROGRAM, KEY) if client.name == title)


def paste(title: str, home: Path) -> None:
    """Put the block of the documentation where the documentation says."""
    file = find_known(title, home).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(find_documented(title).text, "utf-8")


def trust(home: Path) -> None:
    """Answer Gemini CLI's question about the folder: it starts no server in another one."""
    (home / ".gemini").mkdir(exist_ok=True)
    (home / ".gemini" / "trustedFolders.json").write_text(json.dumps({str(home): "TRUST_FOLDER"}), "utf-8")


def give_time(client: Known) -> None:
    """Let the client wait for the server: by itself it gives it a few seconds, which a busy machine exceeds."""
    whole = json.loads(client.file.read_text("utf-8"))
    whole[client.under]["sora"]["timeout"] = 100_000
    client.file.write_text(json.dumps(whole), "utf-8")


@pytest.fixture
def codex(tmp_path: Path) -> Shell:
    return Shell(tmp_path, find_environment("codex"))


@pytest.fixture
def gemini(tmp_path: Path) -> Shell:
    trust(tmp_path)
    return Shell(tmp_path, find_environment("gemini-cli"))


@pytest.fixture
def opencode(tmp_path: Path) -> Shell:
    return Shell(tmp_path, find_environment("opencode"))


def list_codex(shell: Shell) -> dict[str, Any]:
    """Return the server as Codex has it; it starts servers only in a chat."""
    said = shell.run("codex mcp list --json")
    [server] = json.loads(said[said.index("[\n") :])
    return server


def test_codex_reads_the_block(codex: Shell) -> None:
    paste("Codex", codex.home)
    server = list_codex(codex)
    transport = server["transport"]
    assert (server["name"], transport["command"], transport["args"], transport["env"]) == ("sora", PROGRAM, [], {KEY: ""})
    assert (server["startup_timeout_sec"], server["tool_timeout_sec"]) == (30, 120)


def test_codex_takes_the_line(codex: Shell) -> None:
    codex.run(find_documented("Codex").line)
    transport = list_codex(codex)["transport"]
    assert (transport["command"], transport["args"], transport["env"]) == (PROGRAM, [], {KEY: ""})


@pytest.mark.parametrize("command", COMMANDS, ids=[command[0] for command in COMMANDS])
def test_codex_takes_any_command(command: list[str], codex: Shell) -> None:
    codex.run(format_line(find_known("Codex", codex.home).adds, command, {KEY: "k-1", "SORA_MCP_DAILY_USD": "5"}))
    transport = list_codex(codex)["transport"]
    assert ([transport["command"], *transport["args"]], transport["env"]) == (command, {KEY: "k-1", "SORA_MCP_DAILY_USD": "5"})


def test_gemini_connects_by_the_block(gemini: Shell) -> None:
    paste("Gemini CLI", gemini.home)
    give_time(find_known("Gemini CLI", gemini.home))
    assert f"sora: {PROGRAM}  (stdio) - Connected" in gemini.run("gemini mcp list")


def test_geminis_line_makes_the_block(gemini: Shell) -> None:
    shown = find_documented("Gemini CLI")
    gemini.run(shown.line.replace(f"{KEY}=", f"{KEY}=k-1"))  # an empty variable it leaves out
    written = json.loads(find_known("Gemini CLI", gemini.home).file.read_text("utf-8"))
    assert written == json.loads(shown.text.replace(f'"{KEY}": ""', f'"{KEY}": "k-1"'))


def test_gemini_takes_blanks_and_options_of_a_command(gemini: Shell) -> None:
    client = find_known("Gemini CLI", gemini.home)
    command = ["/opt/a folder/uvx", "--from", "sora-mcp[media]", "sora-mcp"]
    gemini.run(format_line(client.adds, command, {KEY: "k-1", "SORA_MCP_DAILY_USD": "5"}))
    entry = json.loads(client.file.read_text("utf-8"))["mcpServers"]["sora"]
    assert entry == {"command": command[0], "args": command[1:], "env": {KEY: "k-1", "SORA_MCP_DAILY_USD": "5"}}


def test_opencode_connects_by_the_block(opencode: Shell) -> None:
    paste("opencode", opencode.home)
    give_time(find_known("opencode", opencode.home))
    said = opencode.run("opencode mcp list")
    assert "✓ sora" in said and PROGRAM in said


def test_opencode_connects_by_what_setup_writes(opencode: Shell) -> None:
    client = find_known("opencode", opencode.home)
    client.file.parent.mkdir(parents=True)
    write_entry(client, [PROGRAM, "--home", str(opencode.home / "a b")])
    give_time(client)
    said = opencode.run("opencode mcp list")
    assert "✓ sora" in said and "--home" in said
