"""Find the chat clients of this machine, read how each starts this server, and write its entry."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from sora_mcp.cli.setup.config_files import back_up, replace_file

NAME = "sora"
ADDRESSES = ("url", "serverUrl", "httpUrl")
"""Names under which clients keep the address of an HTTP server."""
Shape = Literal[
    "json",  # an object of servers under one name
    "toml",  # a table for each server
    "command",  # the client has a command for it; its file is its own
]


class Unreadable(Exception):
    """A file that is not in the form the client writes, so that it is not changed. The message names it."""


@dataclass(frozen=True)
class Client:
    """A client and its configuration file."""

    title: str
    file: Path
    shape: Shape
    under: str = "mcpServers"
    """Name of the object of servers."""
    typed: bool = False
    """Whether each entry has `"type": "stdio"`."""

    @property
    def is_here(self) -> bool:
        """Return whether this machine has the client: its folder, or the file of a client with a command."""
        return self.file.exists() if self.shape == "command" else self.file.parent.is_dir()


def known_clients(home: Path, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> tuple[Client, ...]:
    """Return every client that setup knows, installed or not."""
    support = {"darwin": home / "Library" / "Application Support", "win32": Path(environ.get("APPDATA") or home / "AppData" / "Roaming")}
    apps = support.get(platform, Path(environ.get("XDG_CONFIG_HOME") or home / ".config"))
    return (
        Client("Claude Desktop", apps / "Claude" / "claude_desktop_config.json", "json"),
        Client("Cursor", home / ".cursor" / "mcp.json", "json"),
        Client("VS Code", apps / "Code" / "User" / "mcp.json", "json", under="servers", typed=True),
        Client("Codex", home / ".codex" / "config.toml", "toml"),
        Client("Gemini CLI", home / ".gemini" / "settings.json", "json"),
        Client("Windsurf", home / ".codeium" / "windsurf" / "mcp_config.json", "json"),
        Client("Claude Code", home / ".claude.json", "command"),
    )


def find_home() -> Path | None:
    """Return the user's home folder; None for a user id without a name where HOME is not set."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def find_clients(home: Path | None) -> list[Client]:
    """Return the clients of this machine."""
    if home is None:
        return []
    return [client for client in known_clients(home) if client.is_here]


def format_entry(client: Client, command: Sequence[str]) -> str:
    """Return what a person would put into the file, or type."""
    match client.shape:
        case "json":
            return json.dumps({client.under: {NAME: _entry(client, command)}}, indent=2, ensure_ascii=False)
        case "toml":
            return _table(command)
        case "command":
            return claude_command(command)


def claude_command(command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the line that adds the server to Claude Code.

    `--env` takes every word up to the next option, so the name stands before it and `--` after it.
    """
    variables = ["--env", *(f"{name}={value}" for name, value in environ.items())] if environ else []
    return shlex.join(["claude", "mcp", "add", NAME, "--scope", "user", *variables, "--", *command])


def read_command(client: Client) -> list[str] | None:
    """Return the command with which the client starts this server: [] where it connects to an address, None where it has no entry.

    Raise Unreadable for a file or an entry in another form.
    """
    entry = _servers(client, _read(client)).get(NAME)
    if entry is None:
        return None
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    command: object = fields.get("command")
    args: object = fields.get("args") or []
    if command is None and any(isinstance(fields.get(name), str) for name in ADDRESSES):
        return []
    if not isinstance(command, str) or not isinstance(args, list):
        raise Unreadable(f"{client.file} has an entry named {NAME} in an unknown form")
    return [command, *map(str, cast("list[Any]", args))]


def write_entry(client: Client, command: Sequence[str]) -> Path | None:
    """Write this server's entry and nothing else; return the backup of a file that existed. Raise Unreadable where that is not safe."""
    # Where the file is a link, as in a folder of dotfiles, the file it points to is written.
    file = client.file.resolve()
    text = (_toml if client.shape == "toml" else _json)(client, command)
    backup = back_up(file) if file.exists() else None
    replace_file(file, text.encode())
    return backup


def is_program(command: Sequence[str]) -> bool:
    """Return whether the command names a program of this machine."""
    return bool(command and command[0]) and shutil.which(command[0]) is not None


def _entry(client: Client, command: Sequence[str]) -> dict[str, Any]:
    kind = {"type": "stdio"} if client.typed else {}
    return {**kind, "command": command[0], "args": list(command[1:])}


def _json(client: Client, command: Sequence[str]) -> str:
    """Return the whole file with our entry; what a person added to the entry, such as its environment, is kept."""
    whole = _read(client)
    servers = _servers(client, whole)
    before = servers.get(NAME)
    kept = cast("dict[str, Any]", before) if isinstance(before, dict) else {}
    changed = {**whole, client.under: {**servers, NAME: {**kept, **_entry(client, command)}}}
    return json.dumps(changed, indent=2, ensure_ascii=False) + "\n"


def _toml(client: Client, command: Sequence[str]) -> str:
    """Return the file with our table at its end. Raise Unreadable where a table of ours is there already."""
    whole = _read(client)
    servers = _servers(client, whole)
    if NAME in servers:
        raise Unreadable(f"{client.file} already has an entry named {NAME}; change it by hand")
    text = client.file.read_text("utf-8-sig") if client.file.exists() else ""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    changed = f"{text}{gap}{_table(command)}\n"
    try:
        same = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        same = {}
    if same.get("mcp_servers", {}) != {**servers, NAME: tomllib.loads(_table(command))["mcp_servers"][NAME]}:
        raise Unreadable(f"{client.file} lists its servers in a form that cannot be changed safely")
    return changed


def _table(command: Sequence[str]) -> str:
    """Return our table, with higher timeouts than Codex's own: a first start may be slow, and a status waits up to 50 s."""
    first, rest = json.dumps(command[0], ensure_ascii=False), json.dumps(list(command[1:]), ensure_ascii=False)
    return f"[mcp_servers.{NAME}]\ncommand = {first}\nargs = {rest}\nstartup_timeout_sec = 30\ntool_timeout_sec = 120"


def _read(client: Client) -> dict[str, Any]:
    try:
        text = client.file.read_text("utf-8-sig")
        parsed: Any = (tomllib.loads(text) if client.shape == "toml" else json.loads(text)) if text.strip() else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        raise Unreadable(f"{client.file} cannot be read") from None
    if not isinstance(parsed, dict):
        raise Unreadable(f"{client.file} is not an object")
    return cast("dict[str, Any]", parsed)


def _servers(client: Client, whole: Mapping[str, Any]) -> dict[str, Any]:
    servers = whole.get("mcp_servers" if client.shape == "toml" else client.under, {})
    if not isinstance(servers, dict):
        raise Unreadable(f"{client.file} lists its servers in an unknown form")
    return cast("dict[str, Any]", servers)
