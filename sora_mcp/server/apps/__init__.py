"""The page that hosts of MCP Apps show beside a tool's text: a price, a progress, a player, a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp.server.apps import Apps, ResourceCsp

PLAYER = "ui://sora-mcp/player.html"
SHOWN_BY = ("create_video", "get_video_status", "estimate_cost")
"""Tools whose results the page can draw."""
META: dict[str, Any] = {"ui": {"resourceUri": PLAYER}, "ui/resourceUri": PLAYER}
"""What such a tool says of its page; the flat key is for hosts of before 2026."""


def apps() -> Apps:
    """The extension, with its one page. What it plays are bytes that the page already has."""
    page = Apps()
    page.add_html_resource(
        PLAYER,
        Path(__file__).with_name("player.html").read_text("utf-8"),
        name="player",
        title="Price, progress and player",
        description="The page for hosts of MCP Apps",
        csp=ResourceCsp(resource_domains=["data:", "blob:"]),
        prefers_border=True,
    )
    return page
