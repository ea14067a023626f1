"""Draw the layers of any scene, with its weather."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.abstract import draw_abstract
from sora_mcp.media.sample.scenes.city import draw_city
from sora_mcp.media.sample.scenes.desert import draw_desert
from sora_mcp.media.sample.scenes.forest import draw_forest
from sora_mcp.media.sample.scenes.room import draw_room
from sora_mcp.media.sample.scenes.sea import draw_sea
from sora_mcp.media.sample.scenes.snow import draw_snow
from sora_mcp.media.sample.scenes.space import draw_space
from sora_mcp.media.sample.scenes.weather import draw_weather

SCENES: Mapping[str, Callable[[Stage], list[Layer]]] = {
    "sea": draw_sea,
    "forest": draw_forest,
    "city": draw_city,
    "space": draw_space,
    "desert": draw_desert,
    "snow": draw_snow,
    "room": draw_room,
    "abstract": draw_abstract,
}


def draw_layers(stage: Stage) -> list[Layer]:
    """Return the layers, the farthest first."""
    return [*SCENES[stage.scene.kind](stage), *draw_weather(stage)]
