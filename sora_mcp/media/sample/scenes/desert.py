"""Draw a desert: dunes with a lit and a shaded side, haze, and sand that the wind carries."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import (
    Point,
    add_grain,
    draw_below,
    draw_gradient,
    draw_mask,
    draw_noise,
    draw_ramp,
    fill,
    lay_flat,
    mix,
    shape,
)
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.sky import draw_sky

DUNES = ((0.57, 0.05, 0.14, 0.0), (0.63, 0.085, 0.28, 0.3), (0.73, 0.12, 0.5, 0.62), (0.9, 0.15, 0.85, 1.0))
"""Of each row, the farthest first: its height in the frame, the dunes' own, depth, and how near its colour is."""


CAMEL: tuple[tuple[Point, ...], ...] = (
    (
        (-0.42, 0.62),
        (-0.36, 0.74),
        (-0.2, 0.8),
        (-0.1, 0.98),
        (0.02, 0.99),
        (0.1, 0.82),
        (0.28, 0.78),
        (0.4, 0.66),
        (0.4, 0.48),
        (0.2, 0.42),
        (-0.3, 0.44),
    ),
    (
        (0.3, 0.7),
        (0.46, 0.6),
        (0.56, 0.66),
        (0.58, 0.92),
        (0.66, 1.02),
        (0.84, 0.96),
        (0.84, 0.9),
        (0.68, 0.86),
        (0.66, 0.58),
        (0.5, 0.46),
        (0.36, 0.5),
    ),
    ((-0.38, 0.5), (-0.36, 0.0), (-0.31, 0.0), (-0.26, 0.46)),
    ((-0.24, 0.48), (-0.18, 0.0), (-0.13, 0.0), (-0.12, 0.46)),
    ((0.16, 0.46), (0.2, 0.0), (0.25, 0.0), (0.27, 0.48)),
    ((0.3, 0.48), (0.38, 0.0), (0.43, 0.0), (0.4, 0.5)),
    ((-0.1, 0.95), (-0.07, 1.18), (0.0, 1.3), (0.06, 1.18), (0.09, 0.95)),
)
"""Outlines of a camel with its rider, in heights; the feet stand at 0."""


def draw_desert(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    sun = (0.2 + 0.22 * stage.random.random(), {"day": 0.2, "dusk": 0.42, "night": 0.18}[stage.scene.light])
    layers = draw_sky(stage, stage.y(0.6), sun, clouds=0.65)
    for at, (level, height, depth, near) in enumerate(DUNES):
        layer, line = _draw_dunes(stage, at, level, height, depth, near)
        if at == 1:
            layers.append(_draw_caravan(stage, line))
        layers.append(layer)
    return [*layers, _draw_sand(stage)]


def _draw_dunes(stage: Stage, at: int, level: float, height: float, depth: float, near: float) -> tuple[Layer, list[Point]]:
    """Return a row of dunes, where an edge winds down from each summit between light and shade, and its skyline on the stage."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    top = stage.y(level) - round(unit * height * 1.3)
    size = stage.measure_down(top, (0.8, 0.92, 1.1, 1.2)[at])
    shift, count = random.random(), (2.1, 1.7, 1.25, 0.9)[at] * (0.62 if stage.tall else 1.0)
    line: list[Point] = []
    for x in range(-6, size[0] + 12, 6):
        turn = (x / size[0] * count + shift + 0.05 * math.sin(x / size[0] * 9 + at)) % 1.0
        rise = (turn / 0.62) if turn < 0.62 else 1 - (turn - 0.62) / 0.38
        line.append(
            (x, unit * height * (1.25 - (0.5 - 0.5 * math.cos(rise * math.pi)) * (0.75 + 0.35 * math.sin(x / size[0] * 4 + at * 2))))
        )
    body = draw_below(size, line)
    lit = mix(mix(colours.far, colours.low, 0.35), colours.near, near)
    shade = mix(mix(lit, colours.deep, 0.35 + 0.4 * near), colours.middle, 0.25 * (1 - near))
    ground = draw_gradient(
        size, [(0, mix(lit, colours.light, 0.35)), (min(1.0, unit * height * 1.4 / size[1]), lit), (1, mix(lit, colours.deep, 0.5))]
    )
    shaded = draw_gradient(size, [(0, shade), (1, mix(shade, colours.deep, 0.7))])
    ground.paste(shaded, (0, 0), _find_shade(stage, size, line))
    if near > 0.5:
        ground.paste(mix(shade, lit, 0.25), (0, 0, *size), _draw_ripples(stage, size))
    picture = fill(body, add_grain(ground, random, 7))
    return Layer(picture, y=f"{top}", depth=depth), [(x, y + top) for x, y in line]


def _draw_ripples(stage: Stage, size: tuple[int, int]) -> Image.Image:
    """Return the mask of the small waves that the wind leaves in the sand, wider near the eye."""
    height = size[1] * 2
    rows = bytes(round(127 + 127 * math.sin(y * 0.62)) for y in range(height))
    lines = Image.frombytes("L", (1, height), rows).resize((size[0] // 2, height), Image.Resampling.NEAREST)
    bent = draw_noise((size[0] // 2, height), (5, 5), stage.random, 2)
    waves = ImageChops.add(lines, bent, 2)
    flat = lay_flat(waves, (size[0] // 2, size[1] // 2), 1.0)
    soft = ImageChops.multiply(shape(flat, 0.5, 0.8, 0.3), draw_ramp(flat.size, [(0, 0), (0.3, 0.5), (1, 1)]))
    return soft.resize(size, Image.Resampling.BILINEAR)


def _find_shade(stage: Stage, size: tuple[int, int], line: list[Point]) -> Image.Image:
    """Return the mask of the sides away from the sun: from each summit down to the right, its left border a winding edge."""
    summits = [at for at in range(1, len(line) - 1) if line[at - 1][1] >= line[at][1] < line[at + 1][1]]

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        for summit in summits:
            x, y = line[summit]
            foot = next((at for at in range(summit + 1, len(line) - 1) if line[at + 1][1] < line[at][1]), len(line) - 1)
            edge = [
                (x + (size[1] - y) * (0.22 * math.sin(part * 5.2) * (1 - part * 0.3) + 0.55 * part**1.6), y + (size[1] - y) * part)
                for part in (p / 24 for p in range(25))
            ]
            right = [line[p] for p in range(summit, foot + 1)]
            far = [(right[-1][0] + (size[1] - right[-1][1]) * 1.3, float(size[1]))]
            draw.polygon([(px * k, py * k) for px, py in [*right, *far, *reversed(edge)]], fill=255)

    return draw_mask(size, paint).filter(ImageFilter.BoxBlur(stage.unit / 700))


def _draw_caravan(stage: Stage, line: list[Point]) -> Layer:
    """Return camels that walk along a skyline, seen from the side."""
    unit, colours = stage.unit, stage.scene.palette
    high, first = unit * 0.042, stage.x(0.34 if not stage.tall else 0.2)
    places = [first + at * high * 1.45 for at in range(5)]
    feet = [next((y for x, y in line if x >= place), line[-1][1]) + high * 0.05 for place in places]
    top = round(min(feet) - high * 1.3)
    size = (stage.width, round(max(feet) - top + 4))

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        for at, (x, foot) in enumerate(zip(places, feet, strict=True)):
            tall = high * (0.92 + 0.08 * math.sin(at * 2.1))
            for outline in CAMEL:
                draw.polygon([((x + px * tall) * k, (foot - top - py * tall) * k) for px, py in outline], fill=255)

    return Layer(
        fill(draw_mask(size, paint), mix(colours.deep, "#000000", 0.25)),
        x=f"t*{unit * 0.008:.1f}",
        y=f"{top}+{unit * 0.0016:.2f}*sin(t*6)",
        depth=0.28,
    )


def _draw_sand(stage: Stage) -> Layer:
    """Return streaks of sand that the wind drives along the ground."""
    colours, unit, factor = stage.scene.palette, stage.unit, 8
    size = (stage.width // factor * 2, round(stage.clip.height * 0.42) // factor)
    noise = draw_noise(size, (5, 14), stage.random, 3)
    mask = ImageChops.multiply(shape(noise, 0.45, 0.85, 0.5), draw_ramp(size, [(0, 0), (0.45, 1), (1, 0.1)]))
    return Layer(
        fill(mask, mix(colours.low, colours.light, 0.4)),
        x=f"-{stage.width}+t*{unit * 0.14:.0f}",
        y=f"{stage.y(0.55)}",
        depth=0.5,
        factor=factor,
    )
