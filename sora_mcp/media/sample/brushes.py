"""Paint with Pillow what scenes consist of: gradients, noise, ridges, glows and grain, each the same for the same random numbers."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageColor, ImageDraw

Colour = tuple[int, int, int]
Size = tuple[int, int]
Point = tuple[float, float]
FINE = 2
"""Edges are drawn so many times larger, and shrunk."""


@lru_cache(maxsize=512)
def parse_colour(text: str) -> Colour:
    """Return the colour of a text such as `#1f2e3d`."""
    return ImageColor.getrgb(text)[:3]  # type: ignore[return-value]


def mix(one: str, other: str, part: float) -> str:
    """Return the colour that has `part` of the second in the first."""
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(parse_colour(one), parse_colour(other), strict=True))


def draw_gradient(size: Size, stops: Sequence[tuple[float, str]]) -> Image.Image:
    """Return a vertical gradient through colours at heights from 0 (top) to 1."""
    height = size[1]
    column = b"".join(bytes(_blend_stops(stops, y / max(1, height - 1))) for y in range(height))
    return Image.frombytes("RGB", (1, height), column).resize(size, Image.Resampling.NEAREST)


def draw_ramp(size: Size, heights: Sequence[tuple[float, float]]) -> Image.Image:
    """Return a vertical gradient of one channel through values from 0 to 1 at heights from 0 to 1."""
    shades = [(at, "#" + f"{round(255 * value):02x}" * 3) for at, value in heights]
    return draw_gradient((1, size[1]), shades).getchannel(0).resize(size, Image.Resampling.NEAREST)


def draw_noise(size: Size, cells: tuple[float, float], random: Random, octaves: int = 4) -> Image.Image:
    """Return soft noise of one channel with so many cells across and down, and finer ones mixed in."""
    whole = Image.new("L", size, 128)
    for octave in range(octaves):
        grid = max(2, math.ceil(cells[0] * 2**octave)), max(2, math.ceil(cells[1] * 2**octave))
        fine = Image.frombytes("L", grid, random.randbytes(grid[0] * grid[1])).resize(size, Image.Resampling.BICUBIC)
        whole = Image.blend(whole, fine, 1.0 if octave == 0 else 0.5 / (1 + 0.35 * octave))
    return whole


def shape(picture: Image.Image, low: float, high: float, gain: float = 1.0) -> Image.Image:
    """Return a channel with values below `low` at 0, above `high` at `gain`, and a smooth slope between; all from 0 to 1."""
    return picture.point([round(255 * gain * _smooth((value / 255 - low) / (high - low))) for value in range(256)])


def add_grain(picture: Image.Image, random: Random, amount: int = 5) -> Image.Image:
    """Return the picture with fine grain, which keeps a smooth sky from falling into bands."""
    side = 256
    tile = Image.frombytes("L", (side, side), random.randbytes(side * side)).point([value * amount // 255 for value in range(256)])
    grain = Image.new("L", picture.size)
    for y in range(0, picture.height, side):
        for x in range(0, picture.width, side):
            grain.paste(tile, (x, y))
    return ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), 1, -amount // 2)


def draw_glow(side: int, colour: str, strength: float, power: float = 2.0) -> Image.Image:
    """Return a round light that fades out towards its edge."""
    small = Image.radial_gradient("L").point([round(255 * strength * max(0.0, 1 - distance / 181) ** power) for distance in range(256)])
    return fill(small.resize((side, side), Image.Resampling.BICUBIC), colour)


def fill(mask: Image.Image, colour: str | Image.Image) -> Image.Image:
    """Return a picture of one colour, or a copy of a picture, seen through a mask."""
    ground = Image.new("RGB", mask.size, colour) if isinstance(colour, str) else colour.convert("RGB")
    ground.putalpha(mask)
    return ground


def shift(channel: Image.Image, x: int, y: int) -> Image.Image:
    """Return a channel moved to the right and down; its outermost pixels fill the gap."""
    moved = channel.copy()
    moved.paste(channel, (x, y))
    width, height = channel.size
    if y > 0:
        moved.paste(channel.crop((0, 0, width, 1)).resize((width, y)), (x, 0))
    elif y < 0:
        moved.paste(channel.crop((0, height - 1, width, height)).resize((width, -y)), (x, height + y))
    return moved


def draw_mask(size: Size, paint: Callable[[ImageDraw.ImageDraw, int], None]) -> Image.Image:
    """Return a mask with smooth edges. `paint` draws with 255 in a field that is so many times larger."""
    large = Image.new("L", (size[0] * FINE, size[1] * FINE), 0)
    paint(ImageDraw.Draw(large), FINE)
    return large.reduce(FINE)


def draw_below(size: Size, line: Sequence[Point]) -> Image.Image:
    """Return a mask of all that lies below a line of points from left to right."""
    return draw_mask(
        size,
        lambda draw, k: draw.polygon(
            [*[(x * k, y * k) for x, y in line], (line[-1][0] * k, size[1] * k), (line[0][0] * k, size[1] * k)], fill=255
        ),
    )


def draw_ridge(width: int, level: float, height: float, random: Random, *, waves: float, rough: float = 0.5, step: int = 6) -> list[Point]:
    """Return the line of `waves` hills across `width`, up to `height` above and below `level`; an octave has `rough` times the last's."""
    octaves = [(waves * 1.9**at, height * rough**at, random.random() * 6.283) for at in range(6)]
    return [
        (
            x,
            level
            + sum(
                high * math.sin(count * 6.283 * x / width + phase + 0.7 * math.sin(x / width * 5 + phase)) for count, high, phase in octaves
            ),
        )
        for x in range(-step, width + 2 * step, step)
    ]


def lay_flat(texture: Image.Image, size: Size, near: float) -> Image.Image:
    """Return a texture as seen on a plane that goes back to a horizon at the upper edge; the smaller `near`, the flatter."""
    scale, turn = size[1] * near, Image.Transform.PERSPECTIVE
    sides = (1.0, size[0] / 2 / scale, 0.0, 0.0, 0.0, texture.height - 1.0, 0.0, 1 / scale)
    return texture.transform(size, turn, sides, Image.Resampling.BILINEAR)


def _smooth(part: float) -> float:
    clamped = min(1.0, max(0.0, part))
    return clamped * clamped * (3 - 2 * clamped)


def _blend_stops(stops: Sequence[tuple[float, str]], at: float) -> Colour:
    for (low, one), (high, other) in pairwise(stops):
        if at <= high:
            part = _smooth_half((at - low) / max(1e-6, high - low))
            (r, g, b), (x, y, z) = parse_colour(one), parse_colour(other)
            return round(r + (x - r) * part), round(g + (y - g) * part), round(b + (z - b) * part)
    return parse_colour(stops[-1][1])


def _smooth_half(part: float) -> float:
    return (max(0.0, part) + _smooth(part)) / 2
