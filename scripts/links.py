"""Make the links that add the released server to a client with one click."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from .facts import RELEASED, TITLE

NAME = "sora-mcp"
IMAGES = {
    "Cursor": "https://cursor.com/deeplink/mcp-install-dark.svg",
    "VS Code": "https://img.shields.io/badge/VS_Code-Install_Server-0098FF",
    "goose": "https://block.github.io/goose/img/extension-install-dark.svg",
}
"""Pictures of the buttons, as these clients' own pages show them."""


def make_buttons() -> str:
    """Return a row of buttons in Markdown."""
    return " ".join(f"[![Install in {name}]({IMAGES[name]})]({link()})" for name, link in LINKS.items())


def link_cursor() -> str:
    """Return the link of https://cursor.com/docs/context/mcp/install-links."""
    config = base64.b64encode(json.dumps(_entry(), separators=(",", ":")).encode()).decode()
    return f"https://cursor.com/en/install-mcp?{urlencode({'name': NAME, 'config': config})}"


def link_vscode() -> str:
    """Return the link of https://code.visualstudio.com/api/extension-guides/ai/mcp, through its https redirect: GitHub shows no other."""
    config = json.dumps(_entry(), separators=(",", ":"))
    return f"https://insiders.vscode.dev/redirect/mcp/install?name={NAME}&config={quote(config, safe='')}"


def link_goose() -> str:
    """Return the link of https://block.github.io/goose, in which each argument stands for itself."""
    command, *words = RELEASED
    asked = [
        ("cmd", command),
        *(("arg", word) for word in words),
        ("id", NAME),
        ("name", TITLE),
        ("description", "Make videos from a chat"),
    ]
    return f"https://block.github.io/goose/extension?{urlencode(asked, quote_via=quote)}"


def _entry() -> dict[str, object]:
    return {"command": RELEASED[0], "args": list(RELEASED[1:])}


LINKS: Mapping[str, Callable[[], str]] = {"Cursor": link_cursor, "VS Code": link_vscode, "goose": link_goose}
