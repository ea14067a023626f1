"""Keep what the README and the registries say of the server, and how each client is told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sora_mcp.cli.setup import clients as setup
from sora_mcp.cli.setup.clients import format_entry, format_line, known_clients, make_entry

REPOSITORY = "https://github.com/sora-mcp/sora-mcp"
ISSUES = f"{REPOSITORY}/issues"
TITLE = "Sora MCP"
DESCRIPTION = "Make videos from a chat: checked, priced and bought once. Free sample clips without a key."
NAME = "io.github.sora-mcp/sora-mcp"
IMAGE = "ghcr.io/sora-mcp/sora-mcp"
HERE = "/path/to/sora-mcp/.venv/bin/sora-mcp"
EXAMPLE_KEY = "PIXAZO_API_KEY"
RELEASED = ("uvx", "--from", "sora-mcp[media]", "sora-mcp")
"""The released package, started from anywhere."""
LANGUAGES = {"json": "json", "opencode": "json", "toml": "toml", "yaml": "yaml", "command": "bash"}
"""Languages of the blocks, by the shape of the client's file."""

TOOLS = {
    "create_video": "check, price and start one video; answers at once with a job",
    "get_video_status": "wait up to 50 s for the end of one clip or of several, with progress on the way",
    "estimate_cost": "tell what a video would cost, at one model or at every one that fits; spends nothing",
    "list_sizes": "list what can be bought now, what each model is good for, and all families; of one model sizes, prices and options",
    "list_videos": "list what was made, with date, price and reason; one clip whole; what is left of the budget",
    "get_spend": "say what was spent, reserved and unclear, by day, model, vendor or job, and what is left",
    "cancel_video": "cancel a job where the vendor can, and say whether it refunds",
    "view_video": "return a contact sheet that the model can look at",
    "edit_video": "join, trim, reframe, caption, slow down, mute or set to music finished clips, on this machine and free",
}
"""Every tool in a few words; the README has those that the server offers."""


@dataclass(frozen=True)
class Client:
    """One MCP client as the documentation shows it."""

    name: str
    where: str
    language: str
    text: str
    line: str
    """The client's own command that does the same; empty where it has none."""


def clients(command: str = HERE, key: str = EXAMPLE_KEY) -> tuple[Client, ...]:
    """Return the same server as each client wants to be told of it, Claude Code first."""
    known = sorted(known_clients(Path("~"), {}, "linux"), key=lambda client: client.shape != "command")
    return tuple(_document(client, [command], {key: ""}) for client in known)


def _document(client: setup.Client, command: list[str], environ: dict[str, str]) -> Client:
    text = format_entry(client, command, environ)
    if client.title == "VS Code":  # the only one whose file can ask for a key
        asked = {"type": "promptString", "id": "video-key", "description": "Key of a video vendor (empty: sample clips)", "password": True}
        entry = make_entry(client, command, dict.fromkeys(environ, "${input:video-key}"))
        text = json.dumps({"inputs": [asked], client.under: {"sora": entry}}, indent=2)
    is_typed = client.shape == "command"
    line = "" if is_typed or not client.adds else format_line(client.adds, command, environ)
    return Client(client.title, client.where, LANGUAGES[client.shape], text, line)
