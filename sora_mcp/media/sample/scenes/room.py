"""Draw a room by a window: the world outside, light on wall and table, a plant, and a steaming cup."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

import math

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
)
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.table import draw_table


def draw_room(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    left, top, right, bottom = (
        (0.2, 0.16, 0.86, 0.56)
        if stage.tall
        else (0.36, 0.1, 0.8, 0.7)
        if stage.clip.width > stage.clip.height * 1.2
        else (0.32, 0.1, 0.82, 0.66)
    )
    box = stage.x(left), stage.y(top), stage.x(right), stage.y(bottom)
    return [
        *_draw_outside(stage, box),
        _draw_wall(stage, box),
        *_draw_light(stage, box),
        *draw_table(stage),
        *_draw_dust(stage),
        _draw_plant(stage),
    ]


def _draw_outside(stage: Stage, box: tuple[int, int, int, int]) -> list[Layer]:
    """Return sky, hills and houses behind the window, softened by the distance."""
    colours, random, unit, factor = stage.scene.palette, stage.random, stage.unit, 2
    size = stage.shrink(factor)
    horizon = (box[1] + (box[3] - box[1]) * 0.72) / stage.height
    sky = draw_gradient(size, [(0, colours.top), (horizon * 0.6, colours.middle), (horizon, colours.low), (1, colours.low)])
    glow = draw_glow(round(unit * 0.9 / factor), colours.light, 0.7 if stage.scene.light != "night" else 0.25)
    sky.paste(glow, (round(box[0] / factor + unit * 0.02), round(box[1] / factor - unit * 0.12)), glow)
    noise = shape(
        draw_noise((size[0] // 2, size[1] // 2), (4 * stage.width / unit, 6 * stage.height / unit), random, 4), 0.5, 0.8, 0.55
    ).resize(size)
    sky.paste(mix(colours.low, "#ffffff", 0.3 if stage.scene.light == "day" else 0.0), (0, 0, *size), noise)
    layers = [Layer(add_grain(sky, random, 5), factor=factor)]
    for at, part in enumerate((0.66, 0.8)):
        y = round(box[1] + (box[3] - box[1]) * part)
        line = draw_ridge(stage.width, unit * 0.06, unit * (0.035 - 0.01 * at), random, waves=2.0 + at, rough=0.5)
        mask = draw_below((stage.width, stage.height - y), line)
        colour = mix(mix(colours.low, colours.accent if stage.scene.light == "day" else colours.far, 0.45 + 0.3 * at), colours.middle, 0.25)
        layers.append(
            Layer(
                fill(mask.filter(ImageFilter.BoxBlur(unit / 500)), mix(colour, colours.deep, 0.25 * at)),
                y=f"{y - unit * 0.06:.0f}",
                depth=0.06 + 0.08 * at,
            )
        )
    if stage.scene.light == "night" or stage.scene.weather == "rain":
        layers += _draw_panes(stage, box)
    return layers


def _draw_panes(stage: Stage, box: tuple[int, int, int, int]) -> list[Layer]:
    """Return far lamps, and drops that run down the glass when it rains."""
    random, unit = stage.random, stage.unit
    picture = Image.new("RGBA", stage.size, (0, 0, 0, 0))
    for _ in range(26):
        side = round(unit * (0.012 + 0.03 * random.random()))
        x, y = random.randint(box[0], box[2]), random.randint(round(box[1] + (box[3] - box[1]) * 0.66), box[3])
        picture.alpha_composite(draw_glow(side, random.choice(("#ffd08a", "#ffb46a", "#fff0c8", "#9fd0ff")), 0.9, 0.9), (x, y))
    layers = [Layer(picture, depth=0.12)] if stage.scene.light == "night" else []
    if stage.scene.weather == "rain":
        drops = Image.new("L", (stage.width, stage.height), 0)
        draw = ImageDraw.Draw(drops)
        for _ in range(150):
            x, y, long = random.random() * stage.width, random.random() * stage.height, unit * (0.004 + 0.03 * random.random() ** 3)
            draw.rounded_rectangle((x, y, x + unit * 0.004, y + long), radius=2, fill=random.randrange(70, 190))
        layers.append(Layer(fill(drops, "#eaf4ff"), y=f"t*{unit * 0.02:.1f}", depth=0.3))
    return layers


def _draw_wall(stage: Stage, box: tuple[int, int, int, int]) -> Layer:
    """Return the wall around the window, with its frame and curtains."""
    colours, random, unit = stage.scene.palette, stage.random, stage.unit
    left, top, right, bottom = box
    night = stage.scene.light == "night"
    wall = draw_gradient(
        stage.size, [(0, mix(colours.far, colours.deep, 0.2)), (0.6, colours.far), (1, mix(colours.far, colours.deep, 0.35))]
    )
    shade = Image.radial_gradient("L").resize(stage.size, Image.Resampling.BICUBIC)
    wall.paste(mix(colours.far, colours.deep, 0.85), (0, 0, *stage.size), shape(shade, 0.25, 1.0, 0.75))
    wall = add_grain(wall, random, 7)
    hole = Image.new("L", stage.size, 255)
    draw = ImageDraw.Draw(wall)
    frame, bar = round(unit * 0.022), max(3, round(unit * 0.009))
    wood = mix(colours.low, colours.far, 0.35) if not night else mix(colours.near, colours.far, 0.4)
    draw.rectangle((left - frame * 2, top - frame * 2, right + frame * 2, bottom + frame * 2), fill=mix(wood, colours.deep, 0.3))
    draw.rectangle((left - frame, top - frame, right + frame, bottom + frame), fill=wood)
    draw.rectangle((left - frame * 3, bottom + frame, right + frame * 3, bottom + frame * 3), fill=mix(wood, colours.light, 0.25))
    draw.rectangle(
        (left - frame * 3, bottom + frame * 3, right + frame * 3, bottom + round(frame * 3.7)), fill=mix(wood, colours.deep, 0.5)
    )
    panes = ImageDraw.Draw(hole)
    across, down = (2, 3) if stage.tall else (3, 2)
    for column in range(across):
        for row in range(down):
            x1, x2 = left + (right - left) * column // across, left + (right - left) * (column + 1) // across
            y1, y2 = top + (bottom - top) * row // down, top + (bottom - top) * (row + 1) // down
            panes.rectangle((x1 + bar, y1 + bar, x2 - bar, y2 - bar), fill=0)
    picture = fill(hole, wall)
    for side in (-1, 1):
        picture.alpha_composite(_draw_curtain(stage, side, box))
    return Layer(picture, depth=0.34)


def _draw_curtain(stage: Stage, side: int, box: tuple[int, int, int, int]) -> Image.Image:
    """Return a curtain that the light shines through, in folds."""
    colours, unit = stage.scene.palette, stage.unit
    wide, outer = round(unit * 0.15), round(unit * 0.07)
    x = box[0] - outer if side < 0 else box[2] + outer - wide
    folds = Image.new("L", (wide, 1))
    folds.putdata([round(150 + 70 * math.sin(at / wide * 26 + side) + 35 * math.sin(at / wide * 9)) for at in range(wide)])
    high = box[3] + round(unit * 0.05) - (box[1] - round(unit * 0.06))
    cloth = Image.composite(
        Image.new(
            "RGB",
            (wide, high),
            mix(colours.light, colours.low, 0.5) if stage.scene.light != "night" else mix(colours.far, colours.light, 0.22),
        ),
        Image.new("RGB", (wide, high), mix(colours.far, colours.near, 0.5)),
        folds.resize((wide, high)),
    )
    whole = Image.new("RGBA", stage.size, (0, 0, 0, 0))
    whole.paste(fill(Image.new("L", (wide, high), 222), cloth), (x, box[1] - round(unit * 0.06)))
    return whole


def _draw_light(stage: Stage, box: tuple[int, int, int, int]) -> list[Layer]:
    """Return the light that falls from the window in a slanting beam; at night a lamp's glow."""
    colours, unit, factor = stage.scene.palette, stage.unit, 4
    if stage.scene.light == "night":
        side = round(unit * 1.5)
        return [
            Layer(
                draw_glow(side // factor, colours.accent, 0.5, 1.6),
                x=f"{stage.x(0.14) - side // 2}",
                y=f"{stage.y(0.5) - side // 2}",
                depth=0.4,
                factor=factor,
            )
        ]
    width, height = stage.shrink(factor)
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    slant = (box[2] - box[0]) * 0.9
    for pane in range(3):
        one, other = (box[0] + (box[2] - box[0]) * (pane + part) / 3 for part in (0.08, 0.92))
        draw.polygon(
            [
                (px / factor, py / factor)
                for px, py in ((one, box[1]), (other, box[1]), (other - slant, stage.height), (one - slant, stage.height))
            ],
            fill=74,
        )
    soft = ImageChops.multiply(
        mask.filter(ImageFilter.GaussianBlur(unit / 160)), draw_ramp((width, height), [(0, 0.2), (0.5, 1), (1, 0.55)])
    )
    return [Layer(fill(soft, colours.light), depth=0.4, factor=factor, x=f"{unit * 0.006:.1f}*sin(t*0.6)")]


def _draw_dust(stage: Stage) -> list[Layer]:
    """Return motes that float in the light."""
    random, unit = stage.random, stage.unit
    layers: list[Layer] = []
    for at in range(2):
        picture = Image.new("RGBA", stage.size, (0, 0, 0, 0))
        for _ in range(26):
            side = max(3, round(unit * (0.004 + 0.006 * random.random() + 0.012 * at * random.random())))
            picture.alpha_composite(
                draw_glow(side, stage.scene.palette.light, 0.75 - 0.3 * at, 1.2),
                (random.randrange(stage.width - side), random.randrange(stage.height - side)),
            )
        layers.append(
            Layer(picture, x=f"{unit * 0.02:.1f}*sin(t*0.5+{at * 2})", y=f"-t*{unit * 0.006 * (at + 1):.1f}", depth=0.5 + 0.4 * at)
        )
    return layers


def _draw_plant(stage: Stage) -> Layer:
    """Return the leaves of a plant close by, a little out of focus."""
    colours, random, unit, factor = stage.scene.palette, stage.random, stage.unit, 2
    side = round(unit * (0.85 if stage.clip.width > unit else 0.6) / factor)
    green = mix(
        mix("#6f9a66", colours.accent, 0.2) if stage.scene.light == "day" else "#4f7a58",
        colours.deep,
        {"day": 0.25, "dusk": 0.55, "night": 0.78}[stage.scene.light],
    )
    picture = fill(Image.new("L", (side, side), 0), green)
    root = (side * 0.98, side * 1.0)
    for at in range(11):
        turn = math.radians(188 + at * 8.5 + 8 * random.random())
        long = side * (0.55 + 0.4 * random.random())
        leaf: list[Point] = []
        for part in [*(p / 12 for p in range(13)), *(p / 12 for p in range(12, -1, -1))]:
            wide = long * 0.066 * math.sin(part * math.pi) ** 0.8 * (1 if len(leaf) <= 12 else -1)
            bend = turn + part * 0.45 * (1 if at % 2 else -1) * 0.6
            x, y = root[0] + math.cos(bend) * long * part, root[1] + math.sin(bend) * long * part
            leaf.append((x - math.sin(bend) * wide, y + math.cos(bend) * wide))
        rib = [((x + ox) / 2, (y + oy) / 2) for (x, y), (ox, oy) in zip(leaf[:13], reversed(leaf[13:]), strict=True)]
        tone = mix(green, colours.light, 0.05 + 0.18 * random.random())
        for half, shade in ((leaf, tone), ([*leaf[:13], *reversed(rib)], mix(tone, colours.deep, 0.22))):
            mask = draw_mask((side, side), lambda draw, k, half=half: draw.polygon([(px * k, py * k) for px, py in half], fill=255))
            picture.alpha_composite(fill(mask, shade))
    picture = picture.filter(ImageFilter.BoxBlur(unit / 420))
    return Layer(
        picture,
        x=f"{stage.x(1.12) - side * factor}+{unit * 0.004:.1f}*sin(t*1.2)",
        y=f"{stage.y(1.05) - side * factor}",
        depth=1.0,
        factor=factor,
    )
