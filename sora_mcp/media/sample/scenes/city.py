"""Draw a city across a river: towers in haze, lit windows, their light on the water."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import draw_glow, draw_gradient, draw_noise, draw_ramp, fill, lay_flat, mix, shape
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.sky import draw_sky

ROWS = ((0.34, 0.1, 0.0), (0.27, 0.22, 0.5), (0.16, 0.36, 1.0))
"""Of each row of houses, the farthest first: its height, depth, and how near its colour is."""
WARM = ("#ffd59a", "#ffc06a", "#fff0c8", "#ffe0b0", "#cfe6ff")


def draw_city(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    colours, unit = stage.scene.palette, stage.unit
    quay = stage.y(0.66 if stage.tall else 0.64)
    sun = (0.24 + 0.5 * stage.random.random(), {"day": 0.18, "dusk": 0.46, "night": 0.16}[stage.scene.light])
    layers = draw_sky(stage, quay, sun, clouds=0.7)
    layers.append(
        Layer(
            draw_glow(round(stage.width * 0.5), colours.low, 0.5).resize((stage.width // 4, round(unit * 0.5) // 4)),
            y=f"{quay - unit * 0.34:.0f}",
            depth=0.05,
            factor=4,
        )
    )
    rows = [_draw_towers(stage, quay, *row) for row in ROWS]
    layers += rows
    layers += _draw_signs(stage, quay)
    return [*layers, *_draw_river(stage, quay, rows), *_draw_traffic(stage, quay)]


def _draw_towers(stage: Stage, quay: int, height: float, depth: float, near: float) -> Layer:
    """Return a row of houses with windows; far ones fade into the haze."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    high = round((unit * 0.7 + stage.clip.height * 0.3) * height * 1.5)
    size = (stage.width, high)
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    body = mix(mix(colours.far, colours.low, 0.45), colours.near, near)
    x = -round(unit * 0.05 * random.random())
    while x < size[0]:
        wide = round(unit * (0.05 + 0.075 * random.random()) * (0.8 + 0.4 * near))
        tall = round(high * (0.3 + 0.62 * random.random() ** (1.3 + near)))
        colour = mix(body, colours.deep, 0.22 * random.random())
        _draw_tower(stage, draw, (x, high - tall, x + wide, high), colour, near)
        x += wide + round(unit * 0.016 * random.random())
    haze = draw_gradient(size, [(0, mix(body, colours.low, 0.0)), (1, mix(colours.low, colours.middle, 0.3))])
    veil = fill(ImageChops.multiply(picture.getchannel("A"), draw_ramp(size, [(0, 0), (0.3, 0.04), (1, 0.62 - 0.42 * near)])), haze)
    picture.alpha_composite(veil)
    return Layer(picture, y=f"{quay - high}", depth=depth)


def _draw_tower(stage: Stage, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], colour: str, near: float) -> None:
    """Draw a house: its body, a lighter side, a roof of one of four kinds, and windows, of which some are lit."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    left, top, right, bottom = box
    wide = right - left
    draw.rectangle(box, fill=colour)
    draw.rectangle((left, top, left + wide // 4, bottom), fill=mix(colour, colours.low, 0.1))
    kind = random.randrange(5)
    if kind == 0:
        draw.rectangle((left + wide // 2, top - round(unit * 0.05), left + wide // 2 + max(1, wide // 40), top), fill=colour)
    elif kind == 1:
        draw.rectangle((left + wide // 5, top - wide // 4, right - wide // 5, top), fill=colour)
    elif kind == 2:
        draw.polygon([(left, top), (right, top), (right, top - wide // 3)], fill=colour)
    night = stage.scene.light != "day"
    cell = max(4, round(unit * (0.0095 + 0.0015 * near)))
    part = (0.3 + 0.3 * random.random()) if night else 0.5
    warm = random.choice(WARM)
    dim = 0.62 - 0.5 * near
    for y in range(top + cell, bottom - cell, round(cell * 1.5)):
        floor_lit = part * (0.35 + 1.1 * random.random())
        for x in range(left + cell // 2 + 1, right - cell // 2 - 1, cell):
            if random.random() < floor_lit:
                light = (
                    mix(random.choice(WARM) if random.random() < 0.25 else warm, colour, dim + 0.3 * random.random())
                    if night
                    else mix(colour, colours.middle, 0.4)
                )
                draw.rectangle((x, y, x + round(cell * 0.5), y + round(cell * 0.72)), fill=light)


def _draw_signs(stage: Stage, quay: int) -> list[Layer]:
    """Return glowing signs on the houses, some of which flicker, and the red lamps of masts."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    if stage.scene.light == "day":
        return []
    layers: list[Layer] = []
    for at in range(4):
        colour = (colours.accent, colours.light, "#5fd0ff", colours.accent)[at]
        wide, high = round(unit * 0.014), round(unit * (0.06 + 0.05 * random.random()))
        side = round(high * 2.4)
        picture = draw_glow(side, colour, 0.55)
        draw = ImageDraw.Draw(picture)
        x, y = side // 2 - wide // 2, side // 2 - high // 2
        for row in range(4):
            draw.rounded_rectangle(
                (x, y + row * high // 4, x + wide, y + row * high // 4 + high // 5), radius=wide // 4, fill=mix(colour, "#ffffff", 0.55)
            )
        place = stage.x(0.1 + 0.24 * at + 0.1 * random.random()) - side // 2
        layers.append(
            Layer(
                picture,
                x=f"{place}",
                y=f"{quay - side * 0.5 - unit * (0.09 + 0.06 * random.random()):.0f}",
                depth=0.36,
                when="gt(mod(t*7.3,9),0.5)" if at == 1 else "",
            )
        )
    return layers


def _draw_river(stage: Stage, quay: int, rows: list[Layer]) -> list[Layer]:
    """Return the river: sky and houses upside down, broken by waves, and ripples that move."""
    colours, random, unit, factor = stage.scene.palette, stage.random, stage.unit, 2
    size = width, height = stage.shrink(factor)[0], (stage.height - quay) // factor
    water = _mirror(stage, size, rows)
    flat = lay_flat(draw_noise((width, height * 2), (width / 14, height / 2.4), random, 2), size, 0.3)
    water.paste(water.resize((width, round(height * 1.12))).crop((0, 0, *size)), (0, 0), shape(flat, 0.45, 0.6))
    dark = ImageChops.multiply(shape(flat, 0.5, 0.8, 0.5), draw_ramp(size, [(0, 0), (0.2, 0.5), (1, 1)]))
    water.paste(mix(colours.deep, "#000000", 0.3), (0, 0, *size), dark)
    crests = shape(ImageChops.offset(flat, width // 3, 3), 0.6, 0.8, 0.42)
    bright = ImageChops.multiply(crests, draw_ramp(size, [(0, 1), (0.6, 0.5), (1, 0.2)]))
    glitter = water.filter(ImageFilter.BoxBlur(4)).point([min(255, round(value * 1.9 + 12)) for value in range(256)] * 3)
    edge = Image.new("RGB", (stage.width, max(3, round(unit * 0.012))), mix(colours.deep, colours.near, 0.3)).convert("RGBA")
    x, y = f"{unit * 0.012:.1f}*sin(t*1.1)", f"{quay}+{unit * 0.003:.1f}*sin(t*2.3)"
    return [
        Layer(water, y=f"{quay}", depth=0.36, factor=factor),
        Layer(fill(bright, glitter), x=x, y=y, depth=0.42, factor=factor),
        Layer(edge, y=f"{quay - unit * 0.008:.0f}", depth=0.36),
    ]


def _mirror(stage: Stage, size: tuple[int, int], rows: list[Layer]) -> Image.Image:
    """Return the water with the houses upside down, drawn out and blurred along the waves."""
    colours, (width, height) = stage.scene.palette, size
    stops = ((0, colours.low, 0.35), (0.3, colours.middle, 0.4), (1, colours.middle, 0.8))
    water = draw_gradient(size, [(at, mix(colour, colours.deep, part)) for at, colour, part in stops])
    fading = draw_ramp(size, [(0, 0.68), (0.5, 0.5), (1, 0.12)])
    for row in rows:
        small = row.picture.resize((width // 2, max(2, row.picture.height // 4))).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        long = small.resize((width, round(small.height * 2.9)), Image.Resampling.BILINEAR).crop((0, 0, *size))
        water.paste(long.convert("RGB"), (0, 0), ImageChops.multiply(long.getchannel("A"), fading))
    streaked = water.resize((width, max(2, height // 14)), Image.Resampling.BOX).resize(size, Image.Resampling.BILINEAR)
    return Image.blend(water, streaked, 0.72)


def _draw_traffic(stage: Stage, quay: int) -> list[Layer]:
    """Return the lights of cars that pass along the quay."""
    unit = stage.unit
    layers: list[Layer] = []
    if stage.scene.light == "day":
        return []
    for at in range(5):
        back = at % 2 == 0
        side = round(unit * 0.05)
        glow = draw_glow(side, "#ff5a4a" if back else "#fff2d0", 0.9, 2.6)
        beam = draw_glow(side, "#ff5a4a" if back else "#fff2d0", 0.5, 1.6).resize((round(side * 0.7), side * 3))
        start, speed = stage.x(at * 0.23 - 0.1), unit * (0.085 + 0.02 * at) * (1 if back else -1)
        layers.append(
            Layer(glow, x=f"{start + (0 if back else stage.clip.width // 3)}+t*{speed:.1f}", y=f"{quay - side * 0.62:.0f}", depth=0.36)
        )
        layers.append(
            Layer(
                beam,
                x=f"{start + (0 if back else stage.clip.width // 3) + side * 0.15:.0f}+t*{speed:.1f}",
                y=f"{quay - side * 0.6:.0f}",
                depth=0.36,
            )
        )
    return layers
