"""Draw the sea: swell, a path of light on the water, far hills and a boat."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import (
    draw_below,
    draw_glow,
    draw_gradient,
    draw_mask,
    draw_noise,
    draw_ramp,
    draw_ridge,
    fill,
    lay_flat,
    mix,
    shape,
    shift,
)
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.sky import draw_sky

HALF = 2


def draw_sea(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    horizon = stage.y(0.5 if stage.tall else 0.55)
    sun = (0.36 + 0.28 * stage.random.random(), 0.3 if stage.scene.light == "day" else 0.42 if stage.scene.light == "dusk" else 0.2)
    return [
        *draw_sky(stage, horizon, sun),
        _draw_land(stage, horizon),
        *_draw_water(stage, horizon, sun[0]),
        *_draw_boat(stage, horizon),
        *_draw_swell(stage),
    ]


def _draw_land(stage: Stage, horizon: int) -> Layer:
    """Return hills on the horizon, in haze."""
    colours, random = stage.scene.palette, stage.random
    line = draw_ridge(stage.width, horizon - stage.unit * 0.012, stage.unit * 0.03, random, waves=1.1, rough=0.5)
    falls = [
        (x, min(horizon + 2.0, y + stage.unit * 0.07 * (0.5 + 0.5 * math.cos(x / stage.width * 6.283 + random.random() * 0.01))))
        for x, y in line
    ]
    mask = draw_below((stage.width, horizon + 2), falls)
    ground = draw_gradient(mask.size, [(0, colours.far), (0.86, colours.far), (1, mix(colours.far, colours.low, 0.6))])
    return Layer(fill(mask, ground), depth=0.12)


def _draw_water(stage: Stage, horizon: int, sun: float) -> list[Layer]:
    """Return the water, and light and dark ripples that move against each other, so that it glitters."""
    colours, random = stage.scene.palette, stage.random
    width, height = stage.shrink(HALF)[0], (stage.height - horizon) // HALF
    water = draw_gradient(
        (width, height),
        [(0, mix(colours.low, colours.near, 0.35)), (0.12, mix(colours.low, colours.near, 0.62)), (0.5, colours.near), (1, colours.deep)],
    )
    texture = draw_noise((width, height * 2), (width / 16, height / 3), random, 2)
    ripples = lay_flat(texture, (width, height), 0.16)
    water.paste(
        Image.new("RGB", water.size, mix(colours.deep, colours.near, 0.25)),
        (0, 0),
        ImageChops.multiply(shape(ripples, 0.5, 0.85, 0.55), draw_ramp(water.size, [(0, 0.3), (0.3, 1), (1, 1)])),
    )
    path = _draw_path(stage, (width, height), sun)
    glints = ImageChops.multiply(shape(ripples, 0.5, 0.62), path)
    water.paste(Image.new("RGB", water.size, colours.light), (0, 0), glints)
    other = lay_flat(ImageChops.offset(texture, width // 3, height // 2), (width, height), 0.16)
    moving = ImageChops.multiply(shape(other, 0.52, 0.66), path)
    sheen = ImageChops.add(moving, shape(other, 0.62, 0.9, 0.22))
    speed = stage.unit * 0.02
    return [
        Layer(water, y=f"{horizon}", depth=0.12, factor=HALF),
        Layer(
            fill(sheen, mix(colours.light, colours.low, 0.25)),
            x=f"{speed:.1f}*sin(t*0.9)",
            y=f"{horizon}+{stage.unit * 0.004:.1f}*sin(t*2.1)",
            depth=0.16,
            factor=HALF,
        ),
    ]


def _draw_path(stage: Stage, size: tuple[int, int], sun: float) -> Image.Image:
    """Return the mask of the light's path on the water, wider near the eye."""
    width, height = size
    x, narrow, wide = stage.x(sun) / HALF, stage.unit * 0.05 / HALF, stage.unit * 0.2 / HALF
    mask = Image.new("L", (width // 4, height // 4), 0)
    ImageDraw.Draw(mask).polygon(
        [(value / 4, y) for value, y in ((x - narrow, 0), (x + narrow, 0), (x + wide, height / 4), (x - wide, height / 4))], fill=235
    )
    soft = mask.filter(ImageFilter.GaussianBlur(stage.unit * 0.009)).resize(size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(soft, draw_ramp(size, [(0, 1), (0.35, 0.8), (1, 0.25)]))


def _draw_boat(stage: Stage, horizon: int) -> list[Layer]:
    """Return a folded paper boat with its reflection, which rise and fall."""
    colours, side = stage.scene.palette, round(stage.unit * (0.3 if stage.tall else 0.25))
    high = round(side * 0.62)
    white, shade, dark = colours.accent, mix(colours.accent, colours.far, 0.4), mix(colours.accent, colours.deep, 0.55)
    if stage.scene.light == "night":
        white, shade, dark = (mix(mix("#dfe8f5", colours.near, part), colours.deep, part / 2) for part in (0.3, 0.55, 0.75))

    def paint(points: list[tuple[float, float]]) -> Image.Image:
        return draw_mask((side, high), lambda draw, k: draw.polygon([(x * side * k, y * high * k) for x, y in points], fill=255))

    boat = Image.new("RGBA", (side, high), (0, 0, 0, 0))
    for points, colour in (
        ([(0.5, 0.0), (0.31, 0.66), (0.52, 0.72)], white),
        ([(0.5, 0.0), (0.52, 0.72), (0.71, 0.64)], shade),
        ([(0.0, 0.4), (0.27, 0.97), (0.52, 0.66)], white),
        ([(1.0, 0.36), (0.75, 0.97), (0.52, 0.66)], shade),
        ([(0.02, 0.43), (0.27, 0.97), (0.75, 0.97), (0.98, 0.4), (0.74, 0.7), (0.52, 0.62), (0.3, 0.71)], mix(white, shade, 0.35)),
        ([(0.27, 0.97), (0.75, 0.97), (0.86, 0.69), (0.52, 0.8), (0.17, 0.71)], mix(shade, dark, 0.25)),
    ):
        boat.alpha_composite(fill(paint(points), colour))
    mirror = boat.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.GaussianBlur(side / 60))
    mirror.putalpha(ImageChops.multiply(mirror.getchannel("A"), draw_ramp(mirror.size, [(0, 0.5), (0.6, 0.1), (1, 0)])))
    x = stage.x(0.5 + 0.12 * (stage.random.random() - 0.5)) - side // 2
    y = horizon + round((stage.height - horizon) * (0.3 if stage.tall else 0.36)) - high
    bob, drift = f"{stage.unit * 0.008:.1f}*sin(t*2)", f"{x}+t*{stage.unit * 0.012:.1f}"
    glow = draw_glow(round(side * 1.2), colours.deep, 0.35)
    lantern = draw_glow(round(side * 1.5), colours.accent, 0.75, 2.0)
    lit = (
        [Layer(lantern, x=f"{drift}-{side * 0.25:.0f}", y=f"{y + high * 0.62 - side * 0.75:.0f}+{bob}", depth=0.42)]
        if stage.scene.light == "night"
        else []
    )
    return [
        Layer(glow.resize((round(side * 1.3), high // 3)), x=f"{drift}-{side * 0.15:.0f}", y=f"{y + high - high // 5}+{bob}", depth=0.42),
        Layer(mirror, x=drift, y=f"{y + round(high * 0.93)}-{bob}", depth=0.42),
        Layer(boat, x=drift, y=f"{y}+{bob}", depth=0.42),
        *lit,
    ]


def _draw_swell(stage: Stage) -> list[Layer]:
    """Return waves close to the eye, which come and go."""
    colours, random = stage.scene.palette, stage.random
    layers: list[Layer] = []
    for at, (level, depth) in enumerate(((0.86, 0.7), (0.97, 1.0))):
        top = stage.y(level)
        line = draw_ridge(stage.width, 0.05 * stage.unit, stage.unit * 0.022, random, waves=2.2 - 0.6 * at, rough=0.34)
        size = (stage.width, stage.height - top + stage.unit // 10)
        mask = draw_below(size, line)
        colour = mix(colours.near, colours.deep, 0.45 + 0.4 * at)
        ground = draw_gradient(size, [(0, mix(colour, colours.near, 0.6)), (0.3, colour), (1, colours.deep)])
        picture = fill(mask, ground)
        crest = ImageChops.subtract(mask, shift(mask, 0, max(2, stage.unit // 110)))
        broken = draw_noise((size[0] // 8, 8), (14, 2), random, 3).resize(size, Image.Resampling.BICUBIC)
        crest = ImageChops.multiply(crest, shape(broken, 0.35, 0.8))
        picture.alpha_composite(
            fill(crest.point([value * (6 - 3 * at) // 10 for value in range(256)]), mix(colours.light, colours.near, 0.35))
        )
        if at:
            picture = picture.filter(ImageFilter.BoxBlur(stage.unit / 240))
        sway = f"{stage.unit * 0.03:.1f}*sin(t*{0.8 + 0.3 * at}+{at})"
        layers.append(
            Layer(
                picture, x=sway, y=f"{top - stage.unit * 0.05:.0f}+{stage.unit * (0.008 + 0.006 * at):.1f}*sin(t*1.5+{at * 2})", depth=depth
            )
        )
    return layers
