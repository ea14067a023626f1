"""Draw what stands over every open scene: sky, clouds, sun or moon, stars."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw

from sora_mcp.media.sample.brushes import add_grain, draw_glow, draw_gradient, draw_noise, draw_ramp, fill, mix, shape, shift
from sora_mcp.media.sample.scene_layers import Layer, Stage

HALF = 2
CLOUDS = 4
GLOWS = {"day": (0.5, 0.85), "dusk": (0.5, 0.75), "night": (0.16, 0.4)}
"""Strength of the wide and of the narrow glow around sun or moon."""


def draw_sky(stage: Stage, horizon: int, sun: tuple[float, float], *, below: str | None = None, clouds: float = 1.0) -> list[Layer]:
    """Return the sky down to `horizon`, with sun or moon at these parts of the frame, and clouds that drift. Below lies one colour."""
    colours, size = stage.scene.palette, stage.shrink(HALF)
    part = horizon / stage.height
    ground = draw_gradient(
        size,
        [
            (0, colours.top),
            (part * 0.55, colours.middle),
            (part, colours.low),
            (min(1, part + 0.01), below or colours.low),
            (1, below or colours.low),
        ],
    ).convert("RGBA")
    clear = stage.scene.weather in ("", "snow")
    if clear and stage.scene.light == "night":
        _draw_stars(stage, ground, part)
    x, y, unit = stage.x(sun[0]) // HALF, stage.y(sun[1]) // HALF, stage.unit // HALF
    wide, strong = GLOWS[stage.scene.light]
    _lay(ground, draw_glow(round(unit * 1.9), colours.light, wide, 2.2), x, y)
    _lay(ground, draw_glow(round(unit * 0.55), colours.light, strong, 2.0), x, y)
    if stage.scene.light == "day":
        _lay(ground, draw_glow(round(unit * 0.3), mix(colours.light, "#ffffff", 0.8), 1.0, 1.3), x, y)
    elif clear:
        _draw_disc(stage, ground, (x, y))
    layers = [Layer(add_grain(ground.convert("RGB"), stage.random, 5), factor=HALF)]
    return [*layers, *([_draw_clouds(stage, horizon, sun, clouds)] if clouds else [])]


def _draw_disc(stage: Stage, ground: Image.Image, at: tuple[int, int]) -> None:
    """Draw the sun, or the moon with its seas."""
    night = stage.scene.light == "night"
    side = max(8, round(stage.unit * (0.085 if night else 0.1) / HALF))
    mask = Image.new("L", (side * 4, side * 4), 0)
    ImageDraw.Draw(mask).ellipse((2, 2, side * 4 - 3, side * 4 - 3), fill=255)
    disc = fill(mask.reduce(4), mix(stage.scene.palette.light, "#ffffff", 0.5))
    if night:
        seas = shape(draw_noise(disc.size, (2.5, 2.5), stage.random, 3), 0.5, 0.66, 0.28)
        disc.paste(
            Image.new("RGB", disc.size, mix(stage.scene.palette.light, stage.scene.palette.middle, 0.6)),
            (0, 0),
            ImageChops.multiply(seas, disc.getchannel("A")),
        )
    _lay(ground, disc, *at)


def _draw_stars(stage: Stage, ground: Image.Image, horizon: float) -> None:
    draw, random = ImageDraw.Draw(ground, "RGBA"), stage.random
    for _ in range(90 if stage.scene.kind == "city" else 300):
        x, y = random.random() * ground.width, random.random() ** 1.4 * ground.height * horizon
        shade = round(30 + 150 * random.random() ** 3)
        if shade > 165:
            _lay(ground, draw_glow(max(5, round(stage.unit * 0.008)), "#fff8ee", 0.95, 1.6), round(x), round(y))
        else:
            draw.point((x, y), fill=(235, 240, 255, shade))


def _draw_clouds(stage: Stage, horizon: int, sun: tuple[float, float], amount: float) -> Layer:
    """Return soft clouds, lit from the sun's side, that thin out towards the horizon."""
    colours, random = stage.scene.palette, stage.random
    width, height = stage.shrink(CLOUDS)[0] + stage.unit // 12, max(8, horizon // CLOUDS)
    wide = stage.width / stage.unit
    noise = draw_noise((width, height), (2.2 * wide, 3.4 * horizon / stage.unit), random, 5)
    storm = stage.scene.weather in ("rain", "snow")
    low = 0.4 if storm else 0.5 + 0.06 * random.random()
    alpha = ImageChops.multiply(shape(noise, low, low + 0.36, 0.85 * amount), draw_ramp(noise.size, [(0, 0.75), (0.5, 1), (1, 0.1)]))
    toward = 3 if sun[0] > 0.5 else -3
    lit = ImageChops.subtract(noise, shift(noise, -toward, 3), 0.35, 128)
    dark = mix(colours.middle, colours.far, 0.75 if storm else 0.45)
    bright = (
        mix(colours.low, colours.light, 0.25 if storm else 0.6) if stage.scene.light != "night" else mix(colours.middle, colours.low, 0.75)
    )
    ground = Image.new("RGB", noise.size, dark)
    ground.paste(Image.new("RGB", noise.size, bright), (0, 0), shape(lit, 0.3, 0.74))
    return Layer(fill(alpha, ground), x=f"-{stage.unit * 0.03:.0f}-t*{stage.unit * 0.011:.1f}", depth=0.06, factor=CLOUDS)


def _lay(ground: Image.Image, picture: Image.Image, x: int, y: int) -> None:
    """Lay a picture over the ground around a point; what lies outside is cut off."""
    left, top = x - picture.width // 2, y - picture.height // 2
    ground.alpha_composite(picture, (max(0, left), max(0, top)), (max(0, -left), max(0, -top)))
