"""Draw mountains in snow: peaks with a lit side, firs, a hut with a lamp, and northern lights at night."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import (
    Point,
    add_grain,
    draw_below,
    draw_glow,
    draw_gradient,
    draw_mask,
    draw_noise,
    draw_ramp,
    draw_ridge,
    fill,
    mix,
    shape,
    shift,
)
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.forest import outline_fir
from sora_mcp.media.sample.scenes.sky import draw_sky


def draw_snow(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    night = stage.scene.light == "night"
    sun = (0.2 + 0.14 * stage.random.random(), 0.24 if not night else 0.16)
    layers = draw_sky(stage, stage.y(0.62), sun, clouds=0.45 if night else 0.8)
    if night:
        layers.append(_draw_aurora(stage))
    for level, height, depth, near in ((0.6, 0.34, 0.1, 0.0), (0.66, 0.24, 0.24, 0.55)):
        layers.append(_draw_peaks(stage, level, height, depth, near))
    line = draw_ridge(stage.width, stage.y(0.75), stage.unit * 0.022, stage.random, waves=0.8, rough=0.3)
    near = draw_ridge(stage.width, stage.y(0.9), stage.unit * 0.03, stage.random, waves=1.1, rough=0.3)
    return [*layers, _draw_valley(stage), *_draw_hut(stage, line), *_draw_slope(stage, (line, near))]


def _draw_peaks(stage: Stage, level: float, height: float, depth: float, near: float) -> Layer:
    """Return a chain of peaks: light on one side, blue shade on the other, rock where it is steep, and haze at the foot."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    high = unit * height
    top = stage.y(level) - round(high * 1.15)
    size = stage.measure_down(top, 0.8)
    line, summits = _break_line(stage, size[0], high)
    body = draw_below(size, line)
    lit, shade = mix(colours.light, colours.far, 0.12 + 0.2 * near), mix(colours.far, colours.near, 0.45 + 0.4 * near)
    if stage.scene.light != "day":
        lit = mix(mix(colours.light, colours.low, 0.5), colours.near, 0.35 if stage.scene.light == "dusk" else 0.6)
    ground = Image.new("RGB", size, lit)
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for x, y in summits:
        edge: list[Point] = [(x, y)]
        while edge[-1][1] < size[1]:
            edge.append((edge[-1][0] + (random.random() - 0.42) * high * 0.11, edge[-1][1] + high * 0.06))
        draw.polygon([*edge, (x + high * 1.5, size[1]), (x + high * 0.9, y + high), (x + 3, y)], fill=255)
    ground.paste(shade, (0, 0, *size), mask.filter(ImageFilter.BoxBlur(1)))
    small = (size[0] // 2, size[1] // 2)
    rock = shape(draw_noise(small, (9 * stage.width / unit, 5), random, 5), 0.55, 0.68, 0.62).resize(size, Image.Resampling.BILINEAR)
    ground.paste(mix(colours.near, colours.deep, 0.5 + 0.3 * near), (0, 0, *size), rock)
    haze = draw_ramp(size, [(0, 0), (high * 0.35 / size[1], 0.05), (min(1, high * 1.2 / size[1]), 0.9 - 0.35 * near), (1, 0.95)])
    ground.paste(mix(colours.low, colours.far, 0.35), (0, 0, *size), haze)
    return Layer(fill(body, add_grain(ground, random, 4)), y=f"{top}", depth=depth)


def _break_line(stage: Stage, width: int, high: float) -> tuple[list[Point], list[Point]]:
    """Return a jagged line of peaks from left to right, and its summits."""
    random = stage.random
    knots: list[Point] = []
    x, up = -high * random.random(), True
    while x < width + high:
        knots.append((x, high * ((0.12 + 0.35 * random.random() ** 1.5) if up else (0.7 + 0.25 * random.random()))))
        x += high * (0.32 + 0.5 * random.random())
        up = not up
    line = knots
    for octave in range(4):
        finer: list[Point] = []
        for (x1, y1), (x2, y2) in pairwise(line):
            finer += [(x1, y1), ((x1 + x2) / 2, (y1 + y2) / 2 + (random.random() - 0.5) * high * 0.13 * 0.55**octave)]
        line = [*finer, line[-1]]
    return line, [knot for at, knot in enumerate(knots) if at % 2 == 0]


def _draw_aurora(stage: Stage) -> Layer:
    """Return curtains of northern light."""
    random, factor = stage.random, 4
    width, height = stage.shrink(factor)[0] + stage.unit // 20, stage.y(0.6) // factor
    rays = draw_noise((width, 4), (26, 2), random, 3).resize((width, height), Image.Resampling.BICUBIC)
    mask = Image.new("L", (width, height), 0)
    for at, colour in enumerate((235, 150)):
        line = draw_ridge(width, height * (0.62 - 0.2 * at), height * 0.13, random, waves=1.2 + at * 0.5, rough=0.4, step=1)
        strength = draw_ramp((1, height), [(0, 0), (0.55, 0.35), (0.93, 1), (1, 0)]).point([value * colour // 255 for value in range(256)])
        for x, y in line[1 : width + 1]:
            tall = round(height * 0.55)
            column = strength.resize((1, tall))
            mask.paste(ImageChops.lighter(mask.crop((int(x), int(y) - tall, int(x) + 1, int(y))), column), (int(x), int(y) - tall))
    lit = ImageChops.multiply(mask, shape(rays, 0.2, 0.75)).filter(ImageFilter.GaussianBlur(1.2))
    ground = draw_gradient(lit.size, [(0, "#7a4fd0"), (0.3, "#3f9fc0"), (0.62, "#4fe0a0"), (1, "#8fffc0")])
    return Layer(
        fill(lit.point([value * 17 // 20 for value in range(256)]), ground),
        x=f"-{stage.unit * 0.06:.0f}+{stage.unit * 0.03:.1f}*sin(t*0.7)",
        depth=0.03,
        factor=factor,
    )


def _draw_valley(stage: Stage) -> Layer:
    """Return a far wood in the valley."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    top = stage.y(0.66) - round(unit * 0.08)
    size = stage.measure_down(top, 0.86)
    line = draw_ridge(stage.width, unit * 0.1, unit * 0.012, random, waves=1.5)

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        draw.polygon([(0, size[1] * k), *[(x * k, y * k) for x, y in line], (size[0] * k, size[1] * k)], fill=255)
        x = 0.0
        while x < size[0]:
            for points in outline_fir(x, unit * 0.11, unit * (0.03 + 0.05 * random.random()), random):
                draw.polygon([(px * k, py * k) for px, py in points], fill=255)
            x += unit * (0.008 + 0.014 * random.random())

    colour = mix(colours.near, colours.deep, 0.4)
    ground = draw_gradient(size, [(0, colour), (0.25, colour), (0.5, mix(colour, colours.low, 0.5)), (1, colours.low)])
    return Layer(fill(draw_mask(size, paint), ground), y=f"{top}", depth=0.36)


def _draw_hut(stage: Stage, line: list[Point]) -> list[Layer]:
    """Return a hut in the snow with lit windows and smoke."""
    colours, unit = stage.scene.palette, stage.unit
    side = round(unit * 0.16)
    wood, snow = mix(colours.deep, "#3a2418", 0.45), mix(colours.light, colours.far, 0.25 if stage.scene.light == "day" else 0.55)
    picture = Image.new("RGBA", (side * 4, side * 4), (0, 0, 0, 0))
    draw, s = ImageDraw.Draw(picture), side * 4
    draw.polygon([(s * 0.14, s), (s * 0.14, s * 0.6), (s * 0.36, s * 0.34), (s * 0.58, s * 0.6), (s * 0.58, s)], fill=wood)
    draw.polygon([(s * 0.58, s), (s * 0.58, s * 0.6), (s * 0.9, s * 0.6), (s * 0.9, s)], fill=mix(wood, "#000000", 0.25))
    draw.polygon([(s * 0.72, s * 0.4), (s * 0.72, s * 0.2), (s * 0.79, s * 0.2), (s * 0.79, s * 0.4)], fill=wood)
    draw.polygon([(s * 0.36, s * 0.25), (s * 0.78, s * 0.25), (s * 0.98, s * 0.63), (s * 0.6, s * 0.63)], fill=snow)
    draw.polygon(
        [(s * 0.36, s * 0.25), (s * 0.06, s * 0.61), (s * 0.11, s * 0.65), (s * 0.36, s * 0.35), (s * 0.6, s * 0.65), (s * 0.63, s * 0.6)],
        fill=mix(snow, colours.near, 0.25),
    )
    for x, y in ((0.27, 0.68), (0.67, 0.72)):
        draw.rectangle((s * x, s * y, s * (x + 0.14), s * (y + 0.15)), fill=colours.accent)
        draw.line((s * (x + 0.07), s * y, s * (x + 0.07), s * (y + 0.15)), fill=wood, width=max(2, s // 90))
    hut = picture.reduce(4)
    x = stage.x(0.6 if not stage.tall else 0.54)
    ground = max(y for at, y in line if x <= at <= x + side)
    y = round(ground - side * 0.93)
    smoke = shape(draw_noise((side // 2, side), (2, 4), stage.random, 3), 0.4, 0.8, 0.5)
    smoke = ImageChops.multiply(smoke, draw_ramp(smoke.size, [(0, 0), (0.5, 0.7), (1, 0.9)]))
    column = Image.new("L", smoke.size, 0)
    ImageDraw.Draw(column).polygon([(side * 0.2, side), (side * 0.3, side), (side * 0.48, 0), (side * 0.1, 0)], fill=255)
    smoke = ImageChops.multiply(smoke, column.filter(ImageFilter.GaussianBlur(side / 20)))
    glow = draw_glow(round(side * 1.9), colours.accent, 0.22 if stage.scene.light == "day" else 0.6, 2.0)
    return [
        Layer(
            fill(smoke, mix(colours.light, colours.far, 0.3)), x=f"{x + side * 0.5:.0f}+2*sin(t)", y=f"{y - side * 0.78:.0f}-t*3", depth=0.5
        ),
        Layer(hut, x=f"{x}", y=f"{y}", depth=0.5),
        Layer(glow, x=f"{x - side * 0.5:.0f}", y=f"{y - side * 0.25:.0f}", depth=0.5),
    ]


def _draw_slope(stage: Stage, lines: tuple[list[Point], list[Point]]) -> list[Layer]:
    """Return the snow before the hut, and firs under snow close by."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    snow = mix(colours.light, colours.far, {"day": 0.15, "dusk": 0.45, "night": 0.72}[stage.scene.light])
    layers: list[Layer] = []
    for at, (level, depth) in enumerate(((0.75, 0.52), (0.9, 0.9))):
        top = stage.y(level) - round(unit * 0.08)
        size = (stage.width, stage.height - top)
        body = draw_below(size, [(x, y - top) for x, y in lines[at]])
        ground = draw_gradient(
            size, [(0, mix(snow, colours.light, 0.3)), (0.3, mix(snow, colours.near, 0.12 + 0.1 * at)), (1, mix(snow, colours.near, 0.75))]
        )
        layers.append(Layer(fill(body, add_grain(ground, random, 6)), y=f"{top}", depth=depth))
        layers.append(_draw_firs(stage, level, at, depth))
    return layers


def _draw_firs(stage: Stage, level: float, at: int, depth: float) -> Layer:
    """Return firs with snow on their boughs."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    dark, snow = mix(colours.deep, colours.near, 0.12), mix(colours.light, colours.far, 0.3 if stage.scene.light == "day" else 0.6)
    places = ((0.06, 0.2), (0.15, 0.27), (0.25, 0.17), (0.86, 0.21), (0.95, 0.26)) if at == 0 else ((-0.03, 0.62), (1.02, 0.5))
    places = tuple((x, high * (0.8 if stage.tall else 1.0)) for x, high in places)
    top = stage.y(level) - round(unit * 0.66)
    size = (stage.width, round(unit * 0.8))
    trees = [outline_fir(stage.x(x), unit * 0.68 + unit * 0.02 * random.random(), unit * high, random)[0] for x, high in places]

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        for tree in trees:
            draw.polygon([(x * k, y * k) for x, y in tree], fill=255)

    mask = draw_mask(size, paint)
    picture = fill(mask, dark)
    lit = ImageChops.subtract(mask, shift(mask, round(unit * 0.004), round(unit * 0.009)))
    patches = shape(draw_noise((size[0] // 4, size[1] // 4), (30, 20), random, 2), 0.35, 0.6).resize(size, Image.Resampling.BILINEAR)
    picture.alpha_composite(fill(ImageChops.multiply(lit, patches), snow))
    return Layer(picture.filter(ImageFilter.BoxBlur(unit / 400)) if at else picture, y=f"{top}", depth=depth)
