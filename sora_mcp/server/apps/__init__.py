"""The page of MCP Apps: hosts show it beside a tool's text, with a price, the progress, a player or a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp.server.apps import Apps, ResourceCsp

HERE = Path(__file__).parent
PLAYER = "ui://sora-mcp/player.html"
PARTS = {"/* style */": "player.css", "/* wire */": "wire.js", "/* script */": "player.js"}
META: dict[str, Any] = {"ui": {"resourceUri": PLAYER}, "ui/resourceUri": PLAYER}
"""The `_meta` of a tool whose results the page can draw; the flat key is for hosts older than 2026."""


def render_page() -> str:
    """Return the page in one piece: hosts load nothing beside it."""
    page = (HERE / "player.html").read_text("utf-8")
    for slot, name in PARTS.items():
        page = page.replace(slot, (HERE / name).read_text("utf-8"))
    return page


def apps() -> Apps:
    """Return the extension with its one page, which plays only bytes that it already has."""
    page = Apps()
    page.add_html_resource(
        PLAYER,
        render_page(),
        name="player",
        title="Price, progress and player",
        description="The page for hosts of MCP Apps",
        csp=ResourceCsp(resource_domains=["data:", "blob:"]),
        prefers_border=True,
    )
    return page
