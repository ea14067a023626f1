"""Draw a forest: rows of firs that fade into mist, shafts of light, and fireflies at night."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from random import Random

from PIL import Image, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import Point, draw_glow, draw_gradient, draw_mask, draw_noise, draw_ramp, draw_ridge, fill, mix, shape
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.sky import draw_sky

ROWS = ((0.50, 0.17, 0.15, 0.02), (0.60, 0.25, 0.3, 0.22), (0.71, 0.36, 0.48, 0.5), (0.84, 0.5, 0.7, 0.78))
"""Of each row of trees, the farthest first: its height in the frame, the trees' own, depth, and how dark it is."""


def draw_forest(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    colours, taller = stage.scene.palette, 1.25 if stage.tall else 1.0
    sun = (0.62 + 0.16 * stage.random.random(), 0.3 if stage.scene.light != "night" else 0.16)
    layers = draw_sky(stage, stage.y(0.72), sun, clouds=0.5)
    for at, (level, height, depth, dark) in enumerate(ROWS):
        layers.append(
            _draw_row(
                stage,
                level,
                height * taller,
                depth,
                mix(mix(colours.low, colours.far, 0.55 + dark / 2), mix(colours.near, colours.deep, dark), min(1, dark + 0.1)),
            )
        )
        if at in (1, 2):
            layers.append(_draw_mist(stage, level, depth, at))
        if at == 2 and stage.scene.light != "night":
            layers.append(_draw_shafts(stage, sun))
    return [*layers, *_draw_fireflies(stage), *_draw_frame(stage)]


def _draw_row(stage: Stage, level: float, height: float, depth: float, colour: str) -> Layer:
    """Return a row of firs on rising ground, lighter where the mist lies."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    top = stage.y(level) - round(unit * height * 1.25)
    size = stage.measure_down(top, level + 0.3)
    base = stage.y(level) - top
    line = draw_ridge(stage.width, base, unit * 0.035, random, waves=1.3, rough=0.45)

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        draw.polygon([(0, size[1] * k), *[(x * k, y * k) for x, y in line], (size[0] * k, size[1] * k)], fill=255)
        x = -unit * 0.05
        while x < size[0] + unit * 0.05:
            high = unit * height * (0.55 + 0.6 * random.random() ** 1.5)
            foot = line[min(len(line) - 1, max(0, int((x + 6) / 6)))][1] + unit * 0.02
            for points in outline_fir(x, foot, high, random):
                draw.polygon([(px * k, py * k) for px, py in points], fill=255)
            x += unit * height * (0.14 + 0.26 * random.random())

    foggy = mix(colour, colours.low, 0.55 * (1 - depth))
    ground = draw_gradient(size, [(0, colour), (base / size[1] * 0.75, colour), (min(1, base / size[1] * 1.3), foggy), (1, foggy)])
    return Layer(fill(draw_mask(size, paint), ground), y=f"{top}", depth=depth)


def outline_fir(x: float, foot: float, high: float, random: Random) -> list[list[Point]]:
    """Return the outlines of a fir: boughs that hang, shorter towards the top, no two alike."""
    wide, tiers, lean = high * (0.17 + 0.05 * random.random()), 9, (random.random() - 0.5) * high * 0.03
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        part = (tier + 1) / tiers
        y = foot - high * (1 - part * 0.93)
        for side, points in ((-1, left), (1, right)):
            reach = wide * part**0.85 * (0.75 + 0.4 * random.random())
            at = x + lean * (1 - part)
            points += [(at + side * reach, y + high * 0.025), (at + side * reach * 0.45, y - high * 0.012)]
    crown = (x + lean, foot - high)
    trunk = [
        (x - high * 0.012, foot - high * 0.1),
        (x + high * 0.012, foot - high * 0.1),
        (x + high * 0.016, foot + high * 0.03),
        (x - high * 0.016, foot + high * 0.03),
    ]
    return [[crown, *right, *reversed(left)], trunk]


def _draw_mist(stage: Stage, level: float, depth: float, at: int) -> Layer:
    """Return a bank of mist that drifts between two rows."""
    colours, unit = stage.scene.palette, stage.unit
    factor, high = 8, round(unit * (0.5 if stage.scene.weather == "fog" else 0.34))
    size = (stage.width // factor + unit // 16, high // factor)
    noise = shape(draw_noise(size, (2.5, 2.0), stage.random, 3), 0.2, 0.75)
    mask = Image.composite(noise, Image.new("L", size, 0), draw_ramp(size, [(0, 0), (0.55, 0.85), (1, 0)]))
    colour = mix(colours.low, colours.middle, 0.35) if stage.scene.light == "night" else mix(colours.low, colours.light, 0.4)
    soft = mask.point([value * (11 if stage.scene.light == "night" else 15) // 20 for value in range(256)])
    return Layer(
        fill(soft, colour),
        x=f"-{unit * 0.05:.0f}+t*{unit * 0.014 * (1 if at % 2 else -1):.1f}",
        y=f"{stage.y(level) - high * 0.42:.0f}",
        depth=depth + 0.08,
        factor=factor,
    )


def _draw_shafts(stage: Stage, sun: tuple[float, float]) -> Layer:
    """Return rays that fan out from the sun."""
    random, factor = stage.random, 4
    width, height = stage.shrink(factor)
    x, y = stage.x(sun[0]) / factor, stage.y(sun[1]) / factor
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(9):
        foot, wide = (random.random() * 2.2 - 0.9) * width, (0.03 + 0.07 * random.random()) * width
        draw.polygon([(x - 2, y), (x + 2, y), (foot + wide, height * 1.15), (foot - wide, height * 1.15)], fill=random.randrange(46, 92))
    soft = mask.filter(ImageFilter.GaussianBlur(stage.unit / 130))
    faded = Image.composite(soft, Image.new("L", soft.size, 0), draw_ramp(soft.size, [(0, 0), (y / height, 0.55), (0.6, 1), (1, 0)]))
    return Layer(fill(faded, stage.scene.palette.light), depth=0.1, factor=factor, x=f"{stage.unit * 0.012:.1f}*sin(t*0.5)")


def _draw_fireflies(stage: Stage) -> list[Layer]:
    """Return small lights that float: fireflies at night, pollen by day."""
    random, unit, night = stage.random, stage.unit, stage.scene.light == "night"
    layers: list[Layer] = []
    for at in range(3):
        size = (stage.width, round(stage.clip.height * 0.5))
        picture = Image.new("RGBA", size, (0, 0, 0, 0))
        for _ in range(9 if night else 16):
            side = round(unit * (0.012 + 0.022 * random.random()) * (1 if night else 0.55))
            glow = draw_glow(side, stage.scene.palette.accent if night else stage.scene.palette.light, 0.95 if night else 0.6, 1.6)
            picture.alpha_composite(glow, (random.randrange(size[0] - side), random.randrange(size[1] - side)))
        small = f"{unit * 0.02:.1f}*sin(t*{0.7 + 0.3 * at}+{at * 2})"
        layers.append(
            Layer(
                picture,
                x=small,
                y=f"{stage.y(0.42)}+{unit * 0.015:.1f}*cos(t*{0.9 + 0.2 * at})",
                depth=0.55 + 0.12 * at,
                when=f"gt(mod(t+{at * 0.5},1.6),0.5)" if night else "",
            )
        )
    return layers


def _draw_frame(stage: Stage) -> list[Layer]:
    """Return what stands right before the eye, out of focus: firs at the sides, and grass."""
    colours, random, unit, factor = stage.scene.palette, stage.random, stage.unit, 2
    width, height = stage.shrink(factor)
    top = round(height * 0.1)
    ground = [
        (x, y - top) for x, y in draw_ridge(width, stage.y(0.965) / factor, unit * 0.018 / factor, random, waves=2, rough=0.5, step=2)
    ]
    trees = [
        outline_fir(stage.x(x) / factor, stage.y(1.02) / factor - top, unit * high / factor, random)[0]
        for x, high in (((-0.04, 0.72), (1.06, 0.95)) if random.random() < 0.5 else ((-0.07, 0.95), (1.03, 0.66)))
    ]
    blades: list[list[Point]] = []
    for _ in range(round(width / 1.5)):
        x, high = random.random() * width, unit * (0.012 + 0.045 * random.random() ** 3) / factor
        y = stage.y(0.965) / factor - top + unit * 0.012 / factor
        blades.append([(x - 0.9, y), (x + 0.9, y), (x + (random.random() - 0.5) * high * 0.9, y - high)])

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        for outline in ([(0, height), *ground, (width, height)], *trees, *blades):
            draw.polygon([(x * k, y * k) for x, y in outline], fill=255)

    mask = draw_mask((width, height - top), paint).filter(ImageFilter.GaussianBlur(unit / 420 / factor))
    return [Layer(fill(mask, mix(colours.deep, "#000000", 0.15)), y=f"{top * factor}", depth=1.0, factor=factor)]
