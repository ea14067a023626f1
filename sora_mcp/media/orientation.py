"""Read how a frame has to be turned or mirrored before it is shown."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave side data without a type.

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from PIL.Image import Transpose


@dataclass(frozen=True)
class Turn:
    """One of the eight ways to lay a picture: the filters that do it, and Pillow's name of it."""

    filters: tuple[tuple[str, str], ...] = ()
    transpose: Transpose | None = None

    @property
    def swaps_sides(self) -> bool:
        """True when width and height change places."""
        return any(name == "transpose" for name, _ in self.filters)


UPRIGHT = Turn()
TURNS: dict[tuple[int, int, int, int], Turn] = {
    (1, 0, 0, 1): UPRIGHT,
    (0, 1, -1, 0): Turn((("transpose", "clock"),), Transpose.ROTATE_270),
    (-1, 0, 0, -1): Turn((("hflip", ""), ("vflip", "")), Transpose.ROTATE_180),
    (0, -1, 1, 0): Turn((("transpose", "cclock"),), Transpose.ROTATE_90),
    (-1, 0, 0, 1): Turn((("hflip", ""),), Transpose.FLIP_LEFT_RIGHT),
    (1, 0, 0, -1): Turn((("vflip", ""),), Transpose.FLIP_TOP_BOTTOM),
    (0, 1, 1, 0): Turn((("transpose", "cclock_flip"),), Transpose.TRANSPOSE),
    (0, -1, -1, 0): Turn((("transpose", "clock_flip"),), Transpose.TRANSVERSE),
}
"""By the signs of a, b, c and d of the display matrix, which shows a point (x, y) at (ax + cy, bx + dy). Pillow turns counterclockwise."""


def read_turn(frame: VideoFrame) -> Turn:
    """Return the turn that the frame's display matrix states, to the nearest quarter; none without a matrix."""
    data = cast("Mapping[object, Any]", frame.side_data).get(Type.DISPLAYMATRIX)
    raw = b"" if data is None else bytes(data)
    if len(raw) < 36:
        return UPRIGHT
    a, b, _, c, d = struct.unpack_from("=5i", raw)
    across, down = (a, d) if abs(a) + abs(d) >= abs(b) + abs(c) else (b, c)
    signs = (_sign(across), _sign(down))
    return TURNS.get((signs[0], 0, 0, signs[1]) if (across, down) == (a, d) else (0, signs[0], signs[1], 0), UPRIGHT)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
