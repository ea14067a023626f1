"""Describe the layers of a scene and how a camera moves them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from PIL import Image

from sora_mcp.media.sample.scene import Clip, Scene

REACH = 0.11
"""How far the camera goes to each side: a part of the frame's width."""
RISE = 0.07
"""How far it goes up or down: a part of the frame's height."""


@dataclass(frozen=True)
class Layer:
    """A picture with its place: `x` and `y` are FFmpeg expressions in `t` of its upper left corner, in pixels of the stage."""

    picture: Image.Image
    x: str = "0"
    y: str = "0"
    depth: float = 0.0
    """How much it moves with the camera: 0 is infinitely far, 1 is near."""
    factor: int = 1
    """How many times larger it is shown than it was drawn."""
    when: str = ""
    """An expression that is not 0 while it is seen; always when empty."""


class Stage:
    """The field that a scene is drawn on: the frame and what lies around it, where the camera goes."""

    def __init__(self, clip: Clip, scene: Scene) -> None:
        self.clip, self.scene = clip, scene
        self.margin_x = round(clip.width * REACH / 4) * 4
        self.margin_y = round(clip.height * RISE / 4) * 4
        self.width = clip.width + 2 * self.margin_x
        self.height = clip.height + 2 * self.margin_y
        self.unit = clip.unit
        self.random = Random(clip.hash)

    @property
    def size(self) -> tuple[int, int]:
        """The field in pixels."""
        return self.width, self.height

    @property
    def tall(self) -> bool:
        """True where the frame is higher than wide."""
        return self.clip.height > self.clip.width * 1.1

    def x(self, part: float) -> int:
        """Return the pixel at a part of the frame's width."""
        return round(self.margin_x + part * self.clip.width)

    def y(self, part: float) -> int:
        """Return the pixel at a part of the frame's height."""
        return round(self.margin_y + part * self.clip.height)

    def measure_down(self, top: int, level: float) -> tuple[int, int]:
        """Return the size of a layer from a pixel row `top` down to a height in the frame, below which nearer layers hide it."""
        return self.width, max(8, min(self.height, self.y(level)) - top)

    def shrink(self, factor: int) -> tuple[int, int]:
        """Return the field's size, so many times smaller."""
        return -(-self.width // factor), -(-self.height // factor)
