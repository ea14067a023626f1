"""Keep what the README and the registries say of the server, and how each client is told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from sora_mcp.cli.setup import yaml_entry
from sora_mcp.cli.setup.clients import claude_command

REPOSITORY = "https://github.com/sora-mcp/sora-mcp"
NAME = "io.github.sora-mcp/sora-mcp"
HERE = "/path/to/sora-mcp/.venv/bin/sora-mcp"
EXAMPLE_KEY = "PIXAZO_API_KEY"


TOOLS = {
    "create_video": "check, price and start one video; answers at once with a job",
    "get_video_status": "wait up to 50 s for the end of one clip or of several, with progress on the way",
    "estimate_cost": "tell what a video would cost, at one model or at every one that fits; spends nothing",
    "list_sizes": "list what can be bought now and what each model is good for; of one model sizes, lengths, prices, sound and options",
    "list_videos": "list what was made, with date, price and reason; one clip whole; what is left of the budget",
    "get_spend": "say what was spent, reserved and unclear, by day, model, vendor or job, and what is left",
    "cancel_video": "cancel a job where the vendor can, and say whether it refunds",
    "view_video": "return a contact sheet that the model can look at",
    "edit_video": "join, trim, reframe, caption, slow down, mute or set to music finished clips, on this machine and free",
}
"""Every tool in a few words; the README has those that the server offers."""


@dataclass(frozen=True)
class Client:
    """One MCP client: where its configuration stands, and what goes in."""

    name: str
    where: str
    language: Literal["json", "toml", "yaml", "bash"]
    text: str


def clients(command: str = HERE, key: str = EXAMPLE_KEY) -> tuple[Client, ...]:
    """The same server, as each client wants to be told of it."""
    entry: dict[str, Any] = {"command": command, "args": [], "env": {key: ""}}
    usual = json.dumps({"mcpServers": {"sora": entry}}, indent=2)
    asked = {"type": "promptString", "id": "video-key", "description": "Key of a video vendor (empty: sample clips)", "password": True}
    vscode = {"inputs": [asked], "servers": {"sora": {"type": "stdio", **entry, "env": {key: "${input:video-key}"}}}}
    codex = f'[mcp_servers.sora]\ncommand = "{command}"\nenv = {{ {key} = "" }}\nstartup_timeout_sec = 30\ntool_timeout_sec = 120'
    opencode = {"type": "local", "command": [command], "enabled": True, "environment": {key: ""}}
    goose: dict[str, Any] = {
        "name": "sora",
        "type": "stdio",
        "enabled": True,
        "cmd": command,
        "args": [],
        "envs": {key: ""},
        "timeout": 300,
    }
    return (
        Client("Claude Code", "in a terminal", "bash", claude_command([command], {key: ""})),
        Client("Claude Desktop", "`claude_desktop_config.json` (Settings, Developer, Edit Config)", "json", usual),
        Client("Cursor", "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project", "json", usual),
        Client("VS Code", "`.vscode/mcp.json`", "json", json.dumps(vscode, indent=2)),
        Client("Codex", "`~/.codex/config.toml`", "toml", codex),
        Client("Gemini CLI", "`~/.gemini/settings.json`", "json", usual),
        Client("Windsurf", "`~/.codeium/windsurf/mcp_config.json`", "json", usual),
        Client("opencode", "`~/.config/opencode/opencode.json`", "json", json.dumps({"mcp": {"sora": opencode}}, indent=2)),
        Client("goose", "`~/.config/goose/config.yaml`", "yaml", yaml_entry.format_entry("extensions", "sora", goose)),
    )
