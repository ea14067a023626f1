"""What a user can set, and how each client is told of the server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from sora_mcp.vendors import EVERY

REPOSITORY = "https://github.com/sora-mcp/sora-mcp"
NAME = "io.github.sora-mcp/sora-mcp"
HERE = "/path/to/sora-mcp/.venv/bin/sora-mcp"
EXAMPLE_KEY = "PIXAZO_API_KEY"


@dataclass(frozen=True)
class Setting:
    """One environment variable, for a person."""

    name: str
    says: str
    default: str = ""
    format: Literal["string", "number", "boolean", "filepath"] = "string"
    secret: bool = False


SETTINGS = (
    Setting("SORA_MCP_HOME", "the store", "the platform's data folder", "filepath"),
    Setting("SORA_MCP_OUTPUT_DIR", "finished files", "`sora-mcp` in the platform's videos folder", "filepath"),
    Setting("SORA_MCP_IMAGE_DIRS", "where first frames may be read from besides (path list)", "none"),
    Setting("SORA_MCP_PER_VIDEO_USD", "cap on one video", "5", "number"),
    Setting("SORA_MCP_DAILY_USD", "cap on one calendar day", "10", "number"),
    Setting("SORA_MCP_MONTHLY_USD", "cap on one calendar month", "100", "number"),
    Setting("SORA_MCP_CONFIRM_ABOVE_USD", "above it a person must say yes first", "2", "number"),
    Setting("SORA_MCP_TIMEZONE", "whose days and months the caps go by, such as Europe/Lisbon", "the system's"),
    Setting("SORA_MCP_PRICES", "TOML with the prices of your own contract, per model; it wins over the catalogue", "none", "filepath"),
    Setting(
        "SORA_MCP_DATABASE_URL",
        "another store: sqlite:///path, or postgresql://… for several processes",
        "SQLite in the home folder",
        secret=True,
    ),
    Setting("SORA_MCP_ARTIFACT_URL", "reserved: finished files are kept in the output folder only", "none"),
    Setting("SORA_MCP_LINGER", "when the client leaves with jobs under way, finish them in the background (stdio only)", "1", "boolean"),
    Setting("SORA_MCP_TRUSTED_HOSTS", "host:port list that files may come from although private or plain http", "none"),
    Setting("SORA_MCP_POLL_SECONDS", "a fixed pause between questions to a vendor", "adaptive", "number"),
    Setting("SORA_MCP_LOG", "how much goes to stderr: debug, info, warning, error, critical", "warning"),
)
ADDRESSES = tuple(
    Setting(f"SORA_MCP_{vendor.name.upper()}_BASE_URL", f"another address of {vendor.title}'s API", vendor.base_url)
    for vendor in EVERY
    if vendor.keys
)
KEYS = tuple(Setting(key, f"key of {vendor.title}", secret=True) for vendor in EVERY for key in vendor.keys)


TOOLS = {
    "create_video": "checks, prices and starts one video; answers at once with a job",
    "get_video_status": "how far it is; waits up to 50 s for a change",
    "estimate_cost": "what it would cost, at one model or at every one that fits; spends nothing",
    "list_sizes": "sizes, lengths, prices and extras of each model",
    "list_videos": "what was made, and what is left of the budget",
    "cancel_video": "calls a job back where the vendor can; says whether it refunds",
    "view_video": "a contact sheet that the model can look at",
    "edit_video": "joins, trims, reframes and captions finished clips, on this machine and free",
}
"""Every tool in a few words; the README has those that the server offers."""


@dataclass(frozen=True)
class Client:
    """One MCP client: where its configuration stands, and what goes in."""

    name: str
    where: str
    language: Literal["json", "toml", "bash"]
    text: str


def clients(command: str = HERE, key: str = EXAMPLE_KEY) -> tuple[Client, ...]:
    """The same server, as each client wants to be told of it."""
    entry: dict[str, Any] = {"command": command, "args": [], "env": {key: ""}}
    usual = json.dumps({"mcpServers": {"sora": entry}}, indent=2)
    asked = {"type": "promptString", "id": "video-key", "description": "Key of a video vendor (empty: sample clips)", "password": True}
    vscode = {"inputs": [asked], "servers": {"sora": {"type": "stdio", **entry, "env": {key: "${input:video-key}"}}}}
    codex = f'[mcp_servers.sora]\ncommand = "{command}"\nenv = {{ {key} = "" }}\nstartup_timeout_sec = 30\ntool_timeout_sec = 120'
    return (
        Client("Claude Code", "in a terminal", "bash", f"claude mcp add --scope user --env {key}= sora -- {command}"),
        Client("Claude Desktop", "`claude_desktop_config.json` (Settings, Developer, Edit Config)", "json", usual),
        Client("Cursor", "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project", "json", usual),
        Client("VS Code", "`.vscode/mcp.json`", "json", json.dumps(vscode, indent=2)),
        Client("Codex", "`~/.codex/config.toml`", "toml", codex),
    )
