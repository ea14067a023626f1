"""The wish that a tool's arguments make."""

from __future__ import annotations

from typing import Any

from sora_mcp.domain import VideoRequest
from sora_mcp.server.schema import dollars

FRAME = "https://example.com/frame.png"
"""Stands for any first frame where only the price counts."""


def parse_request(
    *,
    prompt: str = "x",
    model: str = "",
    size: str = "",
    seconds: int | None = None,
    image: str | bool = "",
    options: dict[str, Any] | None = None,
    max_usd: float | str | None = None,
    quote: str = "",
    request_id: str = "",
    clips: int = 1,
) -> VideoRequest:
    """One clip, however many there are to be; where nobody said what it shows, it may show anything."""
    return VideoRequest(
        prompt=prompt,
        model=model or None,
        size=size or None,
        seconds=seconds,
        image=FRAME if image is True else image or None,
        options=options or {},
        max_usd=None if max_usd is None else dollars(max_usd),
        quote_id=quote or None,
        request_id=request_id or None,
    )
