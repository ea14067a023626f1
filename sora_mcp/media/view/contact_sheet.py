"""Draw a clip's frames on one contact sheet."""

# pyright: reportUnknownMemberType=false
# Pillow's stubs name NumPy's arrays, which are not installed.

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from sora_mcp.media.images.encode import encode_preview
from sora_mcp.media.text.fonts import BUNDLED

MOST_BYTES = 90_000
LONGEST_SIDE = 1568
"""The largest that models look at without scaling it down first."""
ROOM = ((6, (1320, 560)), (16, (1320, 820)))
"""Most frames, and the width and height in pixels that they share."""
GAP, BAR, LETTERS, CODE_LETTERS = 4, 22, 15, 17
GROUND, INK, MARK = (18, 18, 20), (235, 235, 235), (255, 214, 10)


def draw_contact_sheet(frames: Sequence[tuple[float, Image.Image]], code: str) -> bytes:
    """Return a JPEG of at most MOST_BYTES: each frame below its number and time in seconds, the check code at the top right."""
    columns, (wide, high) = choose_grid(len(frames), frames[0][1].size)
    rows = -(-len(frames) // columns)
    size = (columns * (wide + GAP) + GAP, rows * (high + BAR + GAP) + GAP + BAR)
    sheet = Image.new("RGB", size, GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(BUNDLED, LETTERS)
    large = ImageFont.truetype(BUNDLED, CODE_LETTERS)
    draw.text((size[0] - GAP - 4, GAP), f"check code {code}", font=large, fill=MARK, anchor="ra")
    for at, (time, picture) in enumerate(frames):
        x, y = GAP + at % columns * (wide + GAP), GAP + BAR + at // columns * (high + BAR + GAP)
        draw.text((x + 4, y + 2), f"{at + 1}   {time:.1f} s", font=font, fill=INK)
        sheet.paste(picture.resize((wide, high), Image.Resampling.BILINEAR), (x, y + BAR))
    return encode_preview(sheet, most_bytes=MOST_BYTES, longest=LONGEST_SIDE)


def choose_grid(count: int, size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Return the number of columns and a frame's width and height, so that `count` frames of `size` become as large as possible."""
    room = next(room for most, room in ROOM if count <= most)

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        return min(room[0] / (columns * size[0]), room[1] / (rows * size[1]), 1.0)

    columns = max(range(1, count + 1), key=lambda columns: (scale(columns), columns * -(-count // columns) == count, columns))
    return columns, (max(1, round(size[0] * scale(columns))), max(1, round(size[1] * scale(columns))))
