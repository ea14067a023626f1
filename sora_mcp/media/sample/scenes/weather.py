"""Draw the weather before a scene: rain, snow and fog."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sora_mcp.media.sample.brushes import draw_noise, draw_ramp, fill, mix, shape
from sora_mcp.media.sample.scene_layers import Layer, Stage


def draw_weather(stage: Stage) -> list[Layer]:
    """Return the layers of the weather; none for fine weather, or where there is none."""
    scene = stage.scene
    if scene.kind in ("space", "room", "abstract"):
        return []
    if scene.kind == "snow" or scene.weather == "snow":
        return [_draw_flakes(stage, at) for at in range(3)]
    if scene.weather == "rain":
        return [_draw_veil(stage, 0.42), _draw_drops(stage)]
    return [_draw_veil(stage, 0.75)] if scene.weather == "fog" else []


def _draw_flakes(stage: Stage, at: int) -> Layer:
    """Return falling flakes, the last ones near and out of focus. The picture repeats itself, so that it may fall for ever."""
    random, unit = stage.random, stage.unit
    count, least, most, speed, depth = ((150, 0.0022, 0.0035, 0.085, 0.4), (60, 0.004, 0.007, 0.15, 0.7), (9, 0.014, 0.028, 0.26, 1.2))[at]
    factor = 1 if at < 2 else 4
    width, height = stage.shrink(factor)
    picture = Image.new("L", (width * 2, height * 2), 0)
    draw = ImageDraw.Draw(picture)
    for _ in range(round(count * stage.width * stage.height / unit**2 / 2)):
        x, y, radius = (
            random.random() * width * 2,
            random.random() * height * 2,
            2 * unit * (least + (most - least) * random.random()) / factor,
        )
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=random.randrange(150, 245) if at < 2 else random.randrange(60, 110)
        )
    mask = picture.reduce(2)
    if at == 2:
        mask = mask.filter(ImageFilter.GaussianBlur(unit * 0.004 / factor))
    twice = Image.new("L", (width, height * 2))
    twice.paste(mask, (0, 0))
    twice.paste(mask, (0, height))
    fall = unit * speed
    sway = f"{unit * 0.012 * (at + 1):.1f}*sin(t*{0.9 + 0.2 * at}+{at})"
    return Layer(fill(twice, "#fdfeff"), x=sway, y=f"mod(t*{fall:.1f},{height * factor})-{height * factor}", depth=depth, factor=factor)


def _draw_drops(stage: Stage) -> Layer:
    """Return thin streaks of rain, which fall fast and a little aslant."""
    random, unit, factor = stage.random, stage.unit, 2
    width, height = stage.shrink(factor)
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(round(230 * stage.width * stage.height / unit**2 / 1.8)):
        near = random.random()
        long = unit * (0.03 + 0.06 * near) / factor
        x, y = random.random() * width, random.random() * (height - long)
        draw.line((x, y, x - long * 0.16, y + long), fill=round(16 + 46 * near * random.random()))
    soft = mask.filter(ImageFilter.BoxBlur(0.3))
    twice = Image.new("L", (width, height * 2))
    twice.paste(soft, (0, 0))
    twice.paste(soft, (0, height))
    y = f"mod(t*{unit * 1.9:.0f},{height * factor})-{height * factor}"
    return Layer(fill(twice, mix(stage.scene.palette.light, "#dfeaf5", 0.6)), y=y, depth=0.8, factor=factor)


def _draw_veil(stage: Stage, strength: float) -> Layer:
    """Return a bank of grey that drifts before the scene."""
    colours, factor = stage.scene.palette, 8
    width, height = stage.shrink(factor)
    noise = shape(draw_noise((width + stage.unit // 16, height), (3, 2.4), stage.random, 3), 0.05, 0.8, strength)
    mask = ImageChops.multiply(noise, draw_ramp(noise.size, [(0, 0.35), (0.55, 1), (1, 0.4)]))
    colour = (
        mix(mix(colours.low, colours.far, 0.5), "#9aa4ae", 0.3) if stage.scene.light != "night" else mix(colours.middle, "#5a6470", 0.3)
    )
    return Layer(fill(mask, colour), x=f"-{stage.unit * 0.04:.0f}-t*{stage.unit * 0.012:.1f}", depth=0.4, factor=factor)
