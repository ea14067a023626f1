# /// script
# dependencies = ["litellm==1.110.2"]
# ///
"""The price map that litellm comes with: what a second costs at a vendor, in dollars."""

from __future__ import annotations

import json
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

PREFIXES = {"runway": "runwayml/", "xai": "xai/", "minimax": "minimax/", "fal": "fal_ai"}
"""What the map puts before a model's name."""
SAME = {"2k": "1080p"}
"""A tier whose price the map keeps under the name of another."""


def find_price(known: dict[str, Any], order: dict[str, Any]) -> tuple[float | None, str]:
    """Return what a second costs by the map, None where it does not know the model, and the page that the map cites."""
    row = known.get(f"{PREFIXES.get(order['vendor'], '?')}{order['slug']}", {})
    tier = str(order["resolution"]).lower()
    names = [f"output_cost_per_second_{tier}", f"output_cost_per_second_{SAME.get(tier)}"]
    names += ["output_cost_per_second", "output_cost_per_video_per_second"]
    return next((row[name] for name in names if name in row), None), row.get("source", "no page")


if __name__ == "__main__":
    file = Path(str(distribution("litellm").locate_file("litellm/model_prices_and_context_window_backup.json")))
    json.dump([find_price(json.loads(file.read_text("utf-8")), order) for order in json.load(sys.stdin)], sys.stdout)
