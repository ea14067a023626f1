"""Draw what lies over a sample clip's scene: the badge, and the prompt as a caption."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from PIL import Image

from sora_mcp.media.sample.brushes import draw_mask, draw_ramp, fill
from sora_mcp.media.sample.caption import BADGE_SHAPE, LINE_HEIGHT, find_sizes, fit_caption
from sora_mcp.media.sample.scene import BADGE, Clip
from sora_mcp.media.text.fonts import BUNDLED, choose_fonts
from sora_mcp.media.text.layout import clean_text
from sora_mcp.media.text.letters import CLEAR, draw_line, measure_line
from sora_mcp.media.text.missing_characters import leave_out

GROUND = "#0a0c14"


def draw_label(clip: Clip) -> Image.Image:
    """Return the transparent layer, as large as the clip, with the badge and the caption."""
    layer = Image.new("RGBA", (clip.width, clip.height), CLEAR)
    size, margin = find_sizes(clip)
    fonts = choose_fonts(clip.prompt)
    lines = fit_caption(clean_text(leave_out(clip.prompt, fonts)), clip.width - 2 * margin, lambda text: measure_line(text, fonts, size))
    high = round(size * LINE_HEIGHT * len(lines) + margin * 2.2)
    if any(lines):
        layer.paste(fill(draw_ramp((clip.width, high), [(0, 0), (1, 0.55)]), "#05060a"), (0, clip.height - high))
    for at, line in enumerate(lines):
        draw_line(layer, line, (margin, clip.height - margin - size * LINE_HEIGHT * (len(lines) - 1 - at)), fonts, size)
    layer.alpha_composite(draw_badge(max(10, round(size * BADGE_SHAPE))), (round(margin), round(margin)))
    return layer


def draw_badge(high: int) -> Image.Image:
    """Return the badge, so many pixels high."""
    size = round(high / 1.9)
    wide = round(measure_line(BADGE, (BUNDLED,), size) + size * 1.5)
    mask = draw_mask(
        (wide, high), lambda draw, k: draw.rounded_rectangle((0, 0, wide * k - 1, high * k - 1), radius=high * k / 2, fill=120)
    )
    edge = draw_mask(
        (wide, high), lambda draw, k: draw.rounded_rectangle((0, 0, wide * k - 1, high * k - 1), radius=high * k / 2, outline=130, width=k)
    )
    badge = fill(mask, GROUND)
    badge.alpha_composite(fill(edge, "#ffffff"))
    draw_line(badge, BADGE, (size * 0.75, high * 0.68), (BUNDLED,), size)
    return badge
