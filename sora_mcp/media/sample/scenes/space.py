"""Draw space: a nebula, stars in three depths, a planet with its day and night side, its ring, and a moon."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import add_grain, draw_glow, draw_gradient, draw_noise, fill, mix, shape, shift
from sora_mcp.media.sample.prompt_words import RINGS, count_words
from sora_mcp.media.sample.scene_layers import Layer, Stage


def draw_space(stage: Stage) -> list[Layer]:
    """Return the layers of the scene."""
    unit = stage.unit
    side = round(unit * (0.84 if stage.tall else 0.8))
    x, y = (stage.x(0.62), stage.y(0.42)) if not stage.tall else (stage.x(0.56), stage.y(0.42))
    moon = round(unit * 0.13)
    colours = stage.scene.palette
    planet = _draw_planet(stage, side, colours.near, colours.far, (5.0, 16.0) if stage.random.random() < 0.6 else (5.0, 6.0))
    return [
        _draw_nebula(stage),
        *(_draw_stars(stage, at) for at in range(2)),
        _draw_comet(stage),
        *_draw_ring(stage, x, y, side, planet),
        Layer(
            _draw_planet(stage, moon, mix(colours.light, colours.far, 0.35), mix(colours.middle, "#808080", 0.4), (4, 4)),
            x=f"{x - side * 0.78:.0f}+t*{unit * 0.012:.1f}",
            y=f"{y + side * 0.2:.0f}-t*{unit * 0.004:.1f}",
            depth=0.75,
        ),
    ]


def _draw_nebula(stage: Stage) -> Layer:
    """Return clouds of gas in two colours, dark lanes among them, and the finest stars."""
    colours, random, factor = stage.scene.palette, stage.random, 2
    size = stage.shrink(factor)
    small = (size[0] // 2, size[1] // 2)
    cells = (1.5 * stage.width / stage.unit, 1.5 * stage.height / stage.unit)
    one, other, lanes = (draw_noise(small, cells, random, 6) for _ in range(3))
    ground = draw_gradient(small, [(0, colours.top), (0.5, colours.middle), (1, colours.top)])
    ground.paste(colours.low, (0, 0, *small), shape(one, 0.42, 0.86, 0.95))
    ground.paste(colours.far, (0, 0, *small), ImageChops.multiply(shape(other, 0.48, 0.8, 0.95), shape(one, 0.3, 0.7)))
    ground.paste(
        mix(colours.far, colours.light, 0.6), (0, 0, *small), ImageChops.multiply(shape(other, 0.66, 0.95, 0.8), shape(one, 0.5, 0.85))
    )
    ground.paste(colours.top, (0, 0, *small), shape(lanes, 0.46, 0.7, 0.9))
    whole = ground.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(whole, "RGBA")
    for _ in range(420):
        shade = round(30 + 150 * random.random() ** 2.5)
        draw.point((random.random() * size[0], random.random() * size[1]), fill=(255, 250, 245, shade))
    return Layer(add_grain(whole, random, 6), factor=factor)


def _draw_stars(stage: Stage, at: int) -> Layer:
    """Return stars of one depth; bright ones have a glow."""
    random, unit = stage.random, stage.unit
    picture = Image.new("RGBA", stage.size, (0, 0, 0, 0))
    for _ in range((60, 26, 12)[at]):
        side = max(3, round(unit * (0.005, 0.012, 0.02)[at] * (0.5 + random.random())))
        tint = random.choice(("#ffffff", "#ffe9d0", "#d6e6ff", "#ffffff"))
        x, y = random.randrange(stage.width - side), random.randrange(stage.height - side)
        picture.alpha_composite(draw_glow(side, tint, 1.0, (1.4, 2.2, 2.6)[at]), (x, y))
    return Layer(picture, depth=(0.06, 0.16, 0.95)[at])


def _draw_planet(stage: Stage, side: int, bright: str, dark: str, cells: tuple[float, float]) -> Image.Image:
    """Return a ball: bands or land, lit from the upper left, with a thin veil of air at its edge."""
    colours, random = stage.scene.palette, stage.random
    half = side // 2
    bands = draw_noise((half, half), cells, random, 4) if cells[0] == cells[1] else draw_noise((half, half), (1.6, cells[1]), random, 3)
    face = Image.new("RGB", (half, half), mix(bright, dark, 0.3))
    face.paste(bright, (0, 0, half, half), shape(bands, 0.45, 0.7))
    face.paste(dark, (0, 0, half, half), shape(ImageChops.invert(bands), 0.52, 0.74))
    face.paste(mix(colours.light, bright, 0.4), (0, 0, half, half), shape(bands, 0.68, 0.9, 0.7))
    face = face.resize((side, side), Image.Resampling.BICUBIC)
    # The light falls off as the distance from a point at the upper left grows.
    wide = round(side * 2.15)
    light = Image.radial_gradient("L").resize((wide, wide), Image.Resampling.BICUBIC)
    corner = (round(wide * 0.5 - side * 0.26), round(wide * 0.5 - side * 0.28))
    night = shape(light.crop((*corner, corner[0] + side, corner[1] + side)), 0.2, 0.47)
    face.paste(mix(colours.top, "#000000", 0.4), (0, 0, side, side), night)
    disc = Image.new("L", (side * 2, side * 2), 0)
    ImageDraw.Draw(disc).ellipse((4, 4, side * 2 - 5, side * 2 - 5), fill=255)
    mask = disc.reduce(2)
    rim = ImageChops.subtract(mask, shift(mask, max(1, side // 70), max(1, side // 70)).filter(ImageFilter.GaussianBlur(max(1, side / 40))))
    face.paste(mix(colours.accent, "#ffffff", 0.35), (0, 0, side, side), ImageChops.multiply(rim, ImageChops.invert(night)))
    return fill(mask, face)


def _draw_ring(stage: Stage, x: int, y: int, side: int, planet: Image.Image) -> list[Layer]:
    """Return the planet with its glow and a ring, half of it behind."""
    colours, random = stage.scene.palette, stage.random
    glow = draw_glow(round(side * 1.5), colours.accent, 0.34, 1.5)
    layers = [Layer(glow, x=f"{x - side * 0.79:.0f}", y=f"{y - side * 0.79:.0f}", depth=0.45)]
    body = Layer(planet, x=f"{x - side // 2}", y=f"{y - side // 2}", depth=0.45)
    if random.random() < 0.45 and not count_words(stage.clip.prompt, RINGS):
        return [*layers, body]
    wide, high = round(side * 1.9), round(side * 0.5)
    mask = Image.new("L", (wide * 2, high * 2), 0)
    draw = ImageDraw.Draw(mask)
    for at in range(60):
        part = at / 60
        inset = part * 0.36
        shade = 0 if 0.44 < part < 0.5 else round((50 + 105 * random.random()) * (0.35 + 0.65 * _swell(part)))
        draw.ellipse((wide * inset, high * inset, wide * (2 - inset), high * (2 - inset)), fill=shade)
    draw.ellipse((wide * 0.36, high * 0.36, wide * 1.64, high * 1.64), fill=0)
    ring = fill(mask.reduce(2).filter(ImageFilter.GaussianBlur(0.7)), mix(colours.light, colours.near, 0.35)).rotate(
        -14, Image.Resampling.BICUBIC, expand=True
    )
    shadow = Image.new("L", ring.size, 255)
    ImageDraw.Draw(shadow).ellipse((ring.width * 0.52, ring.height * 0.1, ring.width * 0.9, ring.height * 0.62), fill=60)
    ring.putalpha(ImageChops.multiply(ring.getchannel("A"), shadow.filter(ImageFilter.GaussianBlur(side / 40))))
    at_x, at_y = x - ring.width // 2, y - ring.height // 2
    behind, before = ring.copy(), ring.copy()
    cut = Image.new("L", ring.size, 0)
    slope = 0.249 * ring.width / 2
    ImageDraw.Draw(cut).polygon(
        [(0, ring.height / 2 - slope), (ring.width, ring.height / 2 + slope), (ring.width, ring.height), (0, ring.height)], fill=255
    )
    before.putalpha(ImageChops.multiply(ring.getchannel("A"), cut))
    behind.putalpha(ImageChops.multiply(ring.getchannel("A"), ImageChops.invert(cut)))
    return [*layers, *(Layer(behind, x=f"{at_x}", y=f"{at_y}", depth=0.45), body, Layer(before, x=f"{at_x}", y=f"{at_y}", depth=0.45))]


def _swell(part: float) -> float:
    return max(0.0, 1 - abs(part - 0.45) * 2.2)


def _draw_comet(stage: Stage) -> Layer:
    """Return a shooting star that passes once."""
    unit = stage.unit
    long = round(unit * 0.3)
    tail = Image.new("L", (long, 6), 0)
    for x in range(long):
        tail.paste(round(230 * (x / long) ** 2), (x, 2, x + 1, 4))
    star = fill(tail.filter(ImageFilter.GaussianBlur(0.8)), "#ffffff").rotate(-24, Image.Resampling.BICUBIC, expand=True)
    middle = stage.clip.seconds * 0.45
    return Layer(
        star,
        x=f"{stage.x(0.05)}+(t-{middle:.1f})*{unit * 1.1:.0f}",
        y=f"{stage.y(0.08)}+(t-{middle:.1f})*{unit * 0.49:.0f}",
        depth=0.1,
        when=f"between(t,{middle:.1f},{middle + 0.8:.1f})",
    )
