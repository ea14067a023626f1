"""The chat clients of this machine: where each keeps its servers, whether ours is among them, and how it gets there."""

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
from typing import Any, Literal, cast

from sora_mcp.cli.setup.config_files import backed_up, replaced

NAME = "sora"
ADDRESSES = ("url", "serverUrl", "httpUrl")
"""What clients call the address of a server on HTTP."""
Shape = Literal[
    "json",  # an object of servers under one name
    "toml",  # a table for each server
    "command",  # the client has a command for it; its file is its own
]


class Unreadable(Exception):
    """The file is there, and it is not what the client would write: nothing is written over it."""


@dataclass(frozen=True)
class Client:
    """One client and its file."""

    title: str
    file: Path
    shape: Shape
    under: str = "mcpServers"
    """What the object of servers is called."""
    typed: bool = False
    """Whether each entry says `"type": "stdio"`."""

    @property
    def here(self) -> bool:
        """Whether this machine has it: its folder is there, or its command."""
        return self.file.exists() if self.shape == "command" else self.file.parent.is_dir()


def known(home: Path, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> tuple[Client, ...]:
    """Every client that setup knows, whether it is there or not."""
    support = {"darwin": home / "Library" / "Application Support", "win32": Path(environ.get("APPDATA") or home / "AppData" / "Roaming")}
    apps = support.get(platform, Path(environ.get("XDG_CONFIG_HOME") or home / ".config"))
    return (
        Client("Claude Desktop", apps / "Claude" / "claude_desktop_config.json", "json"),
        Client("Cursor", home / ".cursor" / "mcp.json", "json"),
        Client("VS Code", apps / "Code" / "User" / "mcp.json", "json", under="servers", typed=True),
        Client("Codex", home / ".codex" / "config.toml", "toml"),
        Client("Claude Code", home / ".claude.json", "command"),
    )


def found(home: Path) -> list[Client]:
    """Those that are here."""
    return [client for client in known(home) if client.here]


def block(client: Client, command: Sequence[str]) -> str:
    """What a person would write, or type."""
    match client.shape:
        case "json":
            return json.dumps({client.under: {NAME: _entry(client, command)}}, indent=2, ensure_ascii=False)
        case "toml":
            return _table(command)
        case "command":
            return f"claude mcp add --scope user {NAME} -- {shlex.join(command)}"


def current(client: Client) -> list[str] | None:
    """The command that the client starts for us, empty where it reaches us by an address; None where it does not know us.
    Unreadable says why."""
    entry = _servers(client, _read(client)).get(NAME)
    if entry is None:
        return None
    said = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    command: object = said.get("command")
    args: object = said.get("args") or []
    if command is None and any(isinstance(said.get(name), str) for name in ADDRESSES):
        return []
    if not isinstance(command, str) or not isinstance(args, list):
        raise Unreadable(f"{client.file} has an entry named {NAME} in a form that is not known here")
    return [command, *map(str, cast("list[Any]", args))]


def write(client: Client, command: Sequence[str]) -> Path | None:
    """Puts our entry in, and nothing else; returns the copy of what was there. Unreadable where that cannot be done safely."""
    # Some keep this file as a link into a folder of their own: then the file itself is written.
    file = client.file.resolve()
    text = (_toml if client.shape == "toml" else _json)(client, command)
    copy = backed_up(file) if file.exists() else None
    replaced(file, text.encode())
    return copy


def starts(command: Sequence[str]) -> bool:
    """Whether there is such a program."""
    return bool(command and command[0]) and shutil.which(command[0]) is not None


def _entry(client: Client, command: Sequence[str]) -> dict[str, Any]:
    kind = {"type": "stdio"} if client.typed else {}
    return {**kind, "command": command[0], "args": list(command[1:])}


def _json(client: Client, command: Sequence[str]) -> str:
    """The whole file with our entry; what a person added to the entry, such as its environment, stays."""
    whole = _read(client)
    servers = _servers(client, whole)
    before = servers.get(NAME)
    kept = cast("dict[str, Any]", before) if isinstance(before, dict) else {}
    changed = {**whole, client.under: {**servers, NAME: {**kept, **_entry(client, command)}}}
    return json.dumps(changed, indent=2, ensure_ascii=False) + "\n"


def _toml(client: Client, command: Sequence[str]) -> str:
    """The file with our table at its end; a table that is there already is left to a person."""
    whole = _read(client)
    servers = _servers(client, whole)
    if NAME in servers:
        raise Unreadable(f"{client.file} has an entry named {NAME} already: change it by hand")
    text = client.file.read_text("utf-8-sig") if client.file.exists() else ""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    changed = f"{text}{gap}{_table(command)}\n"
    try:
        same = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        same = {}
    if same.get("mcp_servers", {}) != {**servers, NAME: tomllib.loads(_table(command))["mcp_servers"][NAME]}:
        raise Unreadable(f"{client.file} lists its servers in a form that is not changed here")
    return changed


def _table(command: Sequence[str]) -> str:
    """The limits are higher than Codex's own: a first start may be slow, and a status waits up to 50 s."""
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
        raise Unreadable(f"{client.file} is no object")
    return cast("dict[str, Any]", parsed)


def _servers(client: Client, whole: Mapping[str, Any]) -> dict[str, Any]:
    servers = whole.get("mcp_servers" if client.shape == "toml" else client.under, {})
    if not isinstance(servers, dict):
        raise Unreadable(f"{client.file} lists its servers in a form that is not known here")
    return cast("dict[str, Any]", servers)
