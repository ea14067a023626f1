"""Make the sample clips and pictures that come with the package: `python -m scripts.sample_clips`."""

# pyright: reportUnknownMemberType=false
# PyAV's stubs leave its pictures without a type.

from __future__ import annotations

from pathlib import Path

from PIL import Image

from sora_mcp.media.sample import render_pyav
from sora_mcp.media.sample.draw import draw_badge
from sora_mcp.media.sample.scene import Clip

FOLDER = Path(render_pyav.__file__).parent
WORDS = "A ready-made clip: sea at sunset. The media extra brings a scene for your own prompt, in the size and length you ask for."
SHAPES = {"landscape": (640, 360), "square": (480, 480), "portrait": (360, 640)}
LIGHTS = {
    "sea": "sunset",
    "forest": "day",
    "city": "night",
    "space": "night",
    "desert": "sunset",
    "snow": "sunset",
    "room": "day",
    "abstract": "sunset",
}
"""The light in the picture of each scene."""
SIZE = (1280, 720)


def main() -> None:
    """Write the clips and the pictures."""
    for name, (width, height) in SHAPES.items():
        render_pyav.render(Clip(WORDS, width, height, 4, seed=12), FOLDER / "clips" / f"{name}.mp4", lambda _: None)
    for kind, light in LIGHTS.items():
        frames = list(render_pyav.draw_frames(Clip(f"{kind} {light} pan", *SIZE, 1, seed=12), Image.new("RGBA", SIZE)))
        frames[12].to_image().save(FOLDER / "stills" / f"{kind}.jpg", quality=72, optimize=True)
    draw_badge(84).save(FOLDER / "stills" / "badge.png", optimize=True)


if __name__ == "__main__":
    main()
