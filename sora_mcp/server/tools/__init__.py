"""The tools, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sora_mcp.server.tools import (
    cancel_video,
    create_video,
    edit_video,
    estimate_cost,
    get_spend,
    get_video_status,
    list_sizes,
    list_videos,
    view_video,
)
from sora_mcp.server.tools.definition import ToolDefinition

MODULES = (create_video, get_video_status, estimate_cost, list_sizes, list_videos, get_spend, cancel_video, view_video, edit_video)
TOOLS: Mapping[str, ToolDefinition[Any]] = {module.TOOL.name: module.TOOL for module in MODULES}
