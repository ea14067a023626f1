# /// script
# dependencies = ["litellm==1.110.2"]
# ///
"""What LiteLLM would send for the same order: a second opinion on paths, names and kinds of fields."""

from __future__ import annotations

import json
import sys
from typing import Any

from litellm.llms.fal_ai.videos.transformation import FalAIVideoConfig
from litellm.llms.minimax.videos.transformation import MinimaxVideoConfig
from litellm.llms.runwayml.videos.transformation import RunwayMLVideoConfig
from litellm.llms.volcengine.videos.transformation import VolcEngineVideoConfig
from litellm.types.router import GenericLiteLLMParams

PROVIDERS = {
    "byteplus": (VolcEngineVideoConfig(), ""),
    "fal": (FalAIVideoConfig(), ""),
    "minimax": (MinimaxVideoConfig(), ""),
    "runway": (RunwayMLVideoConfig(), "/v1"),
}
KNOWN = {"fal": ("bytedance/seedance-2", "minimax/h3/")}
"""The models of whose fields LiteLLM knows more than the name, where these are not all. It has lengths of H3 Max and Ray 3.2 as texts of
digits; fal's pages say integer (https://fal.ai/models/minimax/h3-max/text-to-video/llms.txt) and `5s`."""
PIXELS = {"480p": "854x480", "720p": "1280x720", "1080p": "1920x1080", "4k": "3840x2160"}


def make_order(order: dict[str, Any]) -> dict[str, Any] | None:
    """Return path and body; None for an order that LiteLLM has no words for."""
    config, base = PROVIDERS[order["vendor"]]
    slug, tier = order["slug"].lstrip("/"), str(order["resolution"]).lower()
    size = order["pixels"] or (PIXELS.get("720p" if order["vendor"] == "minimax" else tier) if order["vendor"] != "runway" else None)
    if size is None or not slug.startswith(KNOWN.get(order["vendor"], ("",))):
        return None
    asked = {"seconds": str(order["seconds"]), "size": size, "input_reference": order["image"]}
    mapped = config.map_openai_params({name: value for name, value in asked.items() if value is not None}, slug, drop_params=False)
    if order["vendor"] == "minimax":
        mapped["resolution"] = order["resolution"]
    body, _, path = config.transform_video_create_request(slug, order["prompt"], base, mapped, GenericLiteLLMParams(), {})
    return {"path": path, "body": json.loads(json.dumps(body))}


if __name__ == "__main__":
    json.dump([make_order(order) for order in json.load(sys.stdin)], sys.stdout)
