"""Draw what lies over a sample clip's ground: prompt, badge, caption and a light."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageDraw

from sora_mcp.media.sample.scene import BADGE, LINE_HEIGHT, MARGIN, SMALL, Clip, fit_prompt
from sora_mcp.media.text.fonts import BUNDLED, choose_fonts
from sora_mcp.media.text.letters import CLEAR, DARK, draw_line, measure_line
from sora_mcp.media.text.missing import leave_out

RED = (196, 40, 52, 235)


def draw_words(clip: Clip) -> Image.Image:
    """Return the transparent layer, as large as the clip, with prompt, badge and caption."""
    layer = Image.new("RGBA", (clip.width, clip.height), CLEAR)
    fonts = choose_fonts(clip.prompt)
    clip = replace(clip, prompt=leave_out(clip.prompt, fonts))
    lines, size = fit_prompt(clip, lambda text, size: measure_line(text, fonts, size))
    margin, height = MARGIN * clip.unit, size * LINE_HEIGHT * len(lines)
    top = (clip.height - height) / 2
    card = (margin, top - margin * 0.7, clip.width - margin, top + height + margin * 0.7)
    ImageDraw.Draw(layer).rounded_rectangle(card, radius=margin * 0.6, fill=DARK)
    for at, line in enumerate(lines):
        x = (clip.width - measure_line(line, fonts, size)) / 2
        draw_line(layer, line, (x, top + size * LINE_HEIGHT * (at + 0.76)), fonts, size)
    _draw_label(layer, BADGE, clip, colour=RED, at_top=True)
    _draw_label(layer, clip.caption, clip, colour=DARK, at_top=False)
    return layer


def draw_light(side: int) -> Image.Image:
    """Return a soft white disc, `side` pixels wide, that fades out towards its edge."""
    disc = Image.radial_gradient("L").point(
        [max(0, round(120 * (1 - distance / 181) ** 2)) if distance < 181 else 0 for distance in range(256)]
    )
    picture = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    picture.putalpha(disc.resize((side, side)))
    return picture


def _draw_label(layer: Image.Image, text: str, clip: Clip, *, colour: tuple[int, int, int, int], at_top: bool) -> None:
    """Draw a short text on a rounded ground: at the top left, or at the bottom right."""
    draw, margin, size = ImageDraw.Draw(layer), MARGIN * clip.unit, max(8, round(SMALL * clip.unit))
    wide, high = measure_line(text, (BUNDLED,), size) + size * 1.4, size * 1.9
    x, y = (margin, margin) if at_top else (clip.width - margin - wide, clip.height - margin - high)
    draw.rounded_rectangle((x, y, x + wide, y + high), radius=high / 2, fill=colour)
    draw_line(layer, text, (x + size * 0.7, y + high * 0.68), (BUNDLED,), size)
