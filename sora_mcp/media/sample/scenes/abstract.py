"""Draw folds of silk that flow over each other, and lights that float."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageFilter

from sora_mcp.media.sample.brushes import Point, add_grain, draw_below, draw_glow, draw_gradient, draw_ramp, fill, mix, shift
from sora_mcp.media.sample.scene_layers import Layer, Stage

FOLDS = 6
HALF = 2


def draw_abstract(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    ground = draw_gradient(stage.shrink(2), [(0, colours.top), (0.55, colours.middle), (1, colours.low)])
    glow = draw_glow(round(unit * 0.7), colours.light, 0.75)
    ground.paste(glow, (round(stage.width * (0.1 + 0.2 * random.random()) / 2), -unit // 8), glow)
    layers = [Layer(add_grain(ground, random, 5), factor=2)]
    tones = [colours.low, colours.far, colours.accent, colours.near, colours.far, colours.deep]
    for at in range(FOLDS):
        layers.append(_draw_fold(stage, at, tones[at], tones[(at + 1) % FOLDS]))
        if at in (1, 3):
            layers.append(_draw_lights(stage, at))
    return layers


def _draw_fold(stage: Stage, at: int, tone: str, other: str) -> Layer:
    """Return one fold of a colour that turns into the next one's, with the shadow that it casts on what lies behind it."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit / HALF
    width, height = stage.shrink(HALF)
    part = at / (FOLDS - 1)
    level, swing, tilt = height * (0.24 + 0.62 * part), unit * (0.15 - 0.04 * part), unit * (0.12 if at % 2 else -0.12)
    one, two = random.random() * 6.28, random.random() * 6.28
    line: list[Point] = []
    for x in range(-3, width + 6, 3):
        along = x / width
        bends = math.sin(along * (3.4 + at * 0.35) + one) + 0.4 * math.sin(along * 7.2 + two)
        line.append((x, level + swing * bends - tilt * (along - 0.5)))
    top = max(0, round(min(y for _, y in line) - unit * 0.16))
    size = (width, height - top)
    mask = draw_below(size, [(x, y - top) for x, y in line])
    stops = ((0, tone, colours.light, 0.4), (0.22, tone, tone, 0), (0.7, tone, other, 0.7), (1, other, colours.deep, 0.4))
    ground = draw_gradient(size, [(place, mix(first, second, share)) for place, first, second, share in stops])
    shadow = _light_edge(stage, mask, ground, tone)
    picture = fill(shadow.point([value * 4 // 5 for value in range(256)]), mix(colours.deep, "#000000", 0.2))
    picture.alpha_composite(fill(mask, add_grain(ground, random, 4)))
    speed = 0.55 + 0.12 * at
    x, y = f"{unit * 0.04:.1f}*sin(t*{speed:.2f}+{one:.2f})", f"{top * HALF}+{unit * 0.044:.1f}*sin(t*{speed * 1.2:.2f}+{two:.2f})"
    return Layer(picture, x=x, y=y, depth=0.1 + 0.8 * part, factor=HALF)


def _light_edge(stage: Stage, mask: Image.Image, ground: Image.Image, tone: str) -> Image.Image:
    """Paint the bright edge of a fold and a darker band below it; return the mask of its shadow."""
    colours, unit, size = stage.scene.palette, stage.unit / HALF, mask.size
    small, wide = mask.resize((size[0] // 4, max(2, size[1] // 4))), max(1, round(unit / 60))
    inner = small.filter(ImageFilter.GaussianBlur(unit / 70))
    sheen = ImageChops.subtract(small, shift(inner, 0, wide)).resize(size, Image.Resampling.BICUBIC)
    ground.paste(mix(tone, colours.light, 0.75), (0, 0, *size), sheen.point([value * 3 // 4 for value in range(256)]))
    band = ImageChops.subtract(shift(inner, 0, wide * 2), shift(inner, 0, wide * 5)).resize(size, Image.Resampling.BICUBIC)
    ground.paste(mix(tone, colours.deep, 0.45), (0, 0, *size), band.point([value // 2 for value in range(256)]))
    shadow = shift(small, 0, -wide).filter(ImageFilter.GaussianBlur(unit / 45)).resize(size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(shadow, draw_ramp(size, [(0, 0.0), (min(0.5, unit * 0.12 / size[1]), 0.55), (1, 0.55)]))


def _draw_lights(stage: Stage, at: int) -> Layer:
    """Return lights out of focus that rise slowly between the folds."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    picture = Image.new("RGBA", stage.size, (0, 0, 0, 0))
    for _ in range(14):
        side = round(unit * (0.012 + 0.045 * random.random() ** 2))
        picture.alpha_composite(
            draw_glow(side, random.choice((colours.light, colours.accent)), 0.8, 1.0),
            (random.randrange(stage.width - side), random.randrange(stage.height - side)),
        )
    return Layer(picture, y=f"-t*{unit * 0.018:.1f}", depth=0.3 + 0.15 * at)
