"""Draw a table by a window: a steaming cup, books, and a lamp at night."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import add_grain, draw_glow, draw_gradient, draw_mask, draw_noise, fill, mix, shape
from sora_mcp.media.sample.scene_layers import Layer, Stage


def draw_table(stage: Stage) -> list[Layer]:
    """Return a table with a cup, books, and a lamp at night."""
    colours, random = stage.scene.palette, stage.random
    y = stage.y(0.83)
    size = (stage.width, stage.height - y)
    wood = mix(colours.near, colours.deep, 0.25)
    top = draw_gradient(
        size, [(0, mix(wood, colours.light, 0.32)), (0.05, mix(wood, colours.light, 0.12)), (1, mix(wood, colours.deep, 0.7))]
    )
    grain = shape(draw_noise((size[0] // 2, max(4, size[1] // 2)), (2, 16), random, 3), 0.45, 0.7, 0.3).resize(
        size, Image.Resampling.BILINEAR
    )
    top.paste(mix(wood, colours.deep, 0.6), (0, 0, *size), grain)
    things = [Layer(add_grain(top, random, 5).convert("RGBA"), y=f"{y}", depth=0.6), *_draw_cup(stage, y), _draw_books(stage, y)]
    return [*things, *([_draw_lamp(stage, y)] if stage.scene.light == "night" else [])]


def _draw_cup(stage: Stage, y: int) -> list[Layer]:
    """Return a cup, its shadow and its steam."""
    colours, unit = stage.scene.palette, stage.unit
    side = round(unit * 0.15)
    x, foot = stage.x(0.5 if stage.tall else 0.6), y + round(unit * 0.055)
    china = mix(colours.low, *{"day": ("#ffffff", 0.2), "dusk": (colours.far, 0.3), "night": (colours.far, 0.75)}[stage.scene.light])
    body = draw_mask((side, side), lambda draw, k: _outline_cup(draw, side * k))
    cup = fill(body, draw_gradient((side, side), [(0, china), (1, mix(china, colours.deep, 0.35))]))
    across = Image.linear_gradient("L").rotate(90).resize((side, side))
    cup.paste(mix(china, colours.deep, 0.6), (0, 0, side, side), ImageChops.multiply(shape(across, 0.35, 1.0, 0.7), body))
    coffee = (side * 0.12, side * 0.125, side * 0.74, side * 0.275)
    inner = draw_mask((side, side), lambda draw, k: draw.ellipse(tuple(at * k for at in coffee), fill=255))
    cup.paste(mix("#3a2015", colours.deep, 0.4), (0, 0, side, side), inner)
    shadow = draw_glow(side, "#000000", 0.6, 1.3).resize((round(side * 1.6), side // 3))
    return [
        Layer(shadow, x=f"{x - side * 0.5:.0f}", y=f"{foot - side * 0.26:.0f}", depth=0.62),
        Layer(cup, x=f"{x}", y=f"{foot - side}", depth=0.62),
        *(_draw_steam(side, x, foot, at) for at in range(2)),
    ]


def _outline_cup(draw: ImageDraw.ImageDraw, side: int) -> None:
    """Draw a cup with its handle in a field of this side."""
    draw.ellipse((side * 0.66, side * 0.32, side * 0.98, side * 0.7), outline=255, width=round(side * 0.06))
    draw.rounded_rectangle((side * 0.08, side * 0.2, side * 0.78, side * 0.92), radius=side * 0.2, fill=255)
    draw.rectangle((side * 0.08, side * 0.2, side * 0.78, side * 0.5), fill=255)
    draw.ellipse((side * 0.08, side * 0.1, side * 0.78, side * 0.3), fill=255)


def _draw_steam(side: int, x: int, foot: int, at: int) -> Layer:
    """Return one of two wisps of steam above a cup."""
    steam = Image.new("L", (side, side * 2), 0)
    draw = ImageDraw.Draw(steam)
    for part in (step / 60 for step in range(60)):
        middle, radius = side * (0.42 + 0.16 * math.sin(part * 7 + at * 2.4) * part), side * (0.03 + 0.09 * part)
        y = side * 2 * (1 - part)
        draw.ellipse((middle - radius, y - radius, middle + radius, y + radius), fill=round(95 * math.sin(part * math.pi) ** 0.8))
    return Layer(
        fill(steam.filter(ImageFilter.GaussianBlur(side / 16)), "#ffffff"),
        x=f"{x}+{side * 0.05:.1f}*sin(t*1.3+{at * 2})",
        y=f"{foot - side * 2.75:.0f}-{side * 0.06:.1f}*sin(t*0.9+{at})",
        depth=0.62,
    )


def _draw_books(stage: Stage, y: int) -> Layer:
    """Return a pile of books."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    wide, high = round(unit * 0.34), round(unit * 0.16)
    picture = Image.new("RGBA", (wide, high), (0, 0, 0, 0))
    draw, at = ImageDraw.Draw(picture), high
    for colour in (colours.accent, colours.near, mix(colours.accent, colours.low, 0.5), mix(colours.middle, colours.deep, 0.3)):
        thick, inset = round(unit * (0.024 + 0.014 * random.random())), round(unit * 0.05 * random.random())
        tone = mix(colour, colours.deep, 0.2 if stage.scene.light == "day" else 0.55)
        draw.rounded_rectangle((inset, at - thick, wide - round(unit * 0.03 * random.random()), at - 1), radius=3, fill=tone)
        draw.rectangle((inset + round(wide * 0.1), at - thick, inset + round(wide * 0.12), at - 1), fill=mix(tone, colours.light, 0.4))
        at -= thick
    return Layer(picture, x=f"{stage.x(0.08 if stage.tall else 0.18)}", y=f"{y + unit * 0.035 - high:.0f}", depth=0.6)


def _draw_lamp(stage: Stage, y: int) -> Layer:
    """Return a lit lamp on the books."""
    colours, unit = stage.scene.palette, stage.unit
    side = round(unit * 0.36)
    picture = draw_glow(side, colours.accent, 0.7, 1.4)
    draw = ImageDraw.Draw(picture)
    s = side
    draw.rectangle((s * 0.485, s * 0.5, s * 0.515, s * 0.98), fill=mix(colours.deep, colours.near, 0.5))
    draw.ellipse((s * 0.38, s * 0.93, s * 0.62, s * 0.995), fill=mix(colours.deep, colours.near, 0.5))
    shade = draw_mask(
        (s, s),
        lambda d, k: d.polygon(
            [(s * 0.36 * k, s * 0.26 * k), (s * 0.64 * k, s * 0.26 * k), (s * 0.76 * k, s * 0.6 * k), (s * 0.24 * k, s * 0.6 * k)], fill=255
        ),
    )
    picture.alpha_composite(
        fill(shade, draw_gradient((s, s), [(0.2, mix(colours.accent, colours.near, 0.25)), (0.6, "#fff1cf"), (1, "#fff1cf")]))
    )
    x = stage.x(0.02 if stage.tall else 0.04)
    return Layer(picture, x=f"{x}", y=f"{y + unit * 0.03 - side:.0f}", depth=0.6)
