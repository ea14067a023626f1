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

from sora_mcp.cli.setup import yaml_entry
from sora_mcp.cli.setup.config_files import back_up, replace_file

NAME = "sora"
ADDRESSES = ("url", "serverUrl", "httpUrl", "uri")
"""Names under which clients keep the address of an HTTP server."""
VARIABLES, COMMAND = "{variables}", "{command}"
"""Marks in a client's line."""
CLAUDE_CODE = ("claude", "mcp", "add", NAME, "--scope", "user", VARIABLES, "--", COMMAND)
CODEX = ("codex", "mcp", "add", NAME, VARIABLES, "--", COMMAND)
GEMINI = ("gemini", "mcp", "add", VARIABLES, "--scope", "user", NAME, COMMAND)
"""`--env` of Claude Code and of Gemini CLI takes every word up to the next option."""
JETBRAINS = "`~/.junie/mcp/mcp.json` for Junie; for AI Assistant in Settings, Tools, AI Assistant, Model Context Protocol (MCP)"
NESTED = "servers"
"""Object of opencode 2 inside of `mcp`."""
Shape = Literal[
    "json",  # an object of servers under one name
    "opencode",  # an object whose entries have the command and its arguments in one list
    "toml",  # a table for each server
    "yaml",  # goose's extensions, which are read only
    "command",  # the client has a command for it; its file is its own
]


class Unreadable(Exception):
    """A file that is not in the form the client writes, so that it is not changed. The message names it."""


@dataclass(frozen=True)
class Client:
    """A client, its configuration file, and what the documentation says of both."""

    title: str
    file: Path
    shape: Shape
    where: str
    """Where a person puts the entry, in Markdown."""
    under: str = "mcpServers"
    """Name of the object of servers."""
    typed: bool = False
    """Whether each entry has `"type": "stdio"`."""
    adds: tuple[str, ...] = ()
    """Words of the client's own line that adds a server, with marks for the variables and the command."""
    folder: Path | None = None
    """Folder that only an installed client has, where it is not the file's own."""

    @property
    def is_written(self) -> bool:
        """Return whether setup can write the file; else a person puts the entry in."""
        return self.shape not in ("command", "yaml")

    @property
    def is_here(self) -> bool:
        """Return whether this machine has the client: its folder, or of a client with a command the command or the file."""
        if self.shape == "command":
            return self.file.exists() or shutil.which(self.adds[0]) is not None
        return (self.folder or self.file.parent).is_dir()

    @property
    def has_server(self) -> bool:
        """Return whether the client's file has an entry of this server, as far as it can be read."""
        try:
            return read_command(self) is not None
        except Unreadable:
            return False


def known_clients(home: Path, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> tuple[Client, ...]:
    """Return every client that setup knows, installed or not."""
    support = {"darwin": home / "Library" / "Application Support", "win32": Path(environ.get("APPDATA") or home / "AppData" / "Roaming")}
    apps = support.get(platform, Path(environ.get("XDG_CONFIG_HOME") or home / ".config"))
    xdg = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")  # of opencode and goose on macOS too
    opencode = xdg / "opencode" / "opencode.json"
    with_comments = opencode.with_suffix(".jsonc")
    goose = apps / "Block" / "goose" / "config" if platform == "win32" else xdg / "goose"
    zed = (apps if platform == "win32" else xdg) / ("Zed" if platform == "win32" else "zed")
    junie = home / ".junie"
    return (
        Client(
            "Claude Desktop",
            apps / "Claude" / "claude_desktop_config.json",
            "json",
            "`claude_desktop_config.json` (Settings, Developer, Edit Config)",
        ),
        Client("Cursor", home / ".cursor" / "mcp.json", "json", "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project"),
        Client("VS Code", apps / "Code" / "User" / "mcp.json", "json", "`.vscode/mcp.json`", under="servers", typed=True),
        Client("Codex", home / ".codex" / "config.toml", "toml", "`~/.codex/config.toml`", adds=CODEX),
        Client(
            "Gemini CLI",
            home / ".gemini" / "settings.json",
            "json",
            "`~/.gemini/settings.json` (Gemini CLI starts servers only in folders that you trust)",
            adds=GEMINI,
        ),
        Client("Windsurf", home / ".codeium" / "windsurf" / "mcp_config.json", "json", "`~/.codeium/windsurf/mcp_config.json`"),
        Client(
            "opencode",
            with_comments if with_comments.exists() and not opencode.exists() else opencode,
            "opencode",
            "`~/.config/opencode/opencode.json`",
            under="mcp",
        ),
        Client("goose", goose / "config.yaml", "yaml", "`~/.config/goose/config.yaml`", under="extensions"),
        Client("Zed", zed / "settings.json", "json", "`~/.config/zed/settings.json`", under="context_servers"),
        Client("JetBrains", junie / "mcp" / "mcp.json", "json", JETBRAINS, folder=junie),
        Client("Claude Code", home / ".claude.json", "command", "in a terminal", adds=CLAUDE_CODE),
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


def format_entry(client: Client, command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what a person would put into the file, or type."""
    match client.shape:
        case "json" | "opencode":
            return json.dumps({client.under: {NAME: make_entry(client, command, environ)}}, indent=2, ensure_ascii=False)
        case "yaml":
            return yaml_entry.format_entry(client.under, NAME, make_entry(client, command, environ))
        case "toml":
            return _table(command, environ)
        case "command":
            return format_line(client.adds, command, environ)


def format_line(adds: Sequence[str], command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the line that adds the server to a client with a command for it."""
    variables = [word for name, value in environ.items() for word in ("--env", f"{name}={value}")]
    meant = {VARIABLES: variables, COMMAND: command}
    return shlex.join([word for part in adds for word in meant.get(part, [part])])


def claude_command(command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the line that adds the server to Claude Code."""
    return format_line(CLAUDE_CODE, command, environ)


def read_command(client: Client) -> list[str] | None:
    """Return the command with which the client starts this server: [] where it connects to an address, None where it has no entry.

    Raise Unreadable for a file or an entry in another form.
    """
    entry = _servers(client, _read(client)).get(NAME)
    if entry is None:
        return None
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    command: object = fields.get("cmd" if client.shape == "yaml" else "command")
    args: object = fields.get("args") or []
    if client.shape == "opencode" and isinstance(command, list) and command:
        command, *args = cast("list[object]", command)
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


def make_entry(client: Client, command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return the server as an entry of the client's file, with variables only where there are any."""
    named = dict(environ)
    if client.shape == "opencode":
        return {"type": "local", "command": list(command), "enabled": True} | ({"environment": named} if named else {})
    if client.shape == "yaml":  # its own limit on a call is 300 s, which a wait of 50 s fits
        given = {"envs": named} if named else {}
        return {"name": NAME, "type": "stdio", "enabled": True, "cmd": command[0], "args": list(command[1:]), **given, "timeout": 300}
    kind = {"type": "stdio"} if client.typed else {}
    return {**kind, "command": command[0], "args": list(command[1:])} | ({"env": named} if named else {})


def _json(client: Client, command: Sequence[str]) -> str:
    """Return the whole file with our entry; what a person added to the entry, such as its environment, is kept."""
    whole = _read(client)
    servers = _servers(client, whole)
    before = servers.get(NAME)
    kept = cast("dict[str, Any]", before) if isinstance(before, dict) else {}
    with_ours = {**servers, NAME: {**kept, **make_entry(client, command)}}
    nested = {**whole[client.under], NESTED: with_ours} if _is_nested(client, whole) else with_ours
    changed = {**whole, client.under: nested}
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


def _table(command: Sequence[str], environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return our table, with higher timeouts than Codex's own: a first start may be slow, and a status waits up to 50 s."""
    first, rest = json.dumps(command[0], ensure_ascii=False), json.dumps(list(command[1:]), ensure_ascii=False)
    named = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in environ.items())
    given = f"env = {{ {named} }}\n" if named else ""
    return f"[mcp_servers.{NAME}]\ncommand = {first}\nargs = {rest}\n{given}startup_timeout_sec = 30\ntool_timeout_sec = 120"


def _read(client: Client) -> dict[str, Any]:
    try:
        text = client.file.read_text("utf-8-sig")
        if client.shape == "yaml":
            entry = yaml_entry.read_entry(text, client.under, NAME)
            return {} if entry is None else {client.under: {NAME: entry}}
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
    if _is_nested(client, whole):
        servers = servers[NESTED]
    if not isinstance(servers, dict):
        raise Unreadable(f"{client.file} lists its servers in an unknown form")
    return cast("dict[str, Any]", servers)


def _is_nested(client: Client, whole: Mapping[str, Any]) -> bool:
    """Return whether the servers stand one level deeper, as opencode 2 writes them; both its versions read the form of the first."""
    if client.shape != "opencode" or not isinstance(servers := whole.get(client.under), dict):
        return False
    inner: object = cast("dict[str, Any]", servers).get(NESTED)
    return isinstance(inner, dict) and "type" not in inner
