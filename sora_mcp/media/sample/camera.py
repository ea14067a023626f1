"""Turn a camera's move into FFmpeg expressions."""

from __future__ import annotations

from sora_mcp.media.sample.scene import Clip
from sora_mcp.media.sample.scene_layers import Stage

CLOSER = 0.2
"""How much larger a zoom shows the picture."""
PIVOT = 0.4
"""The depth that an orbit turns around."""


def find_offset(stage: Stage, depth: float, axis: str) -> str:
    """Return where the stage's corner lies in the frame, for what is at this depth, along an axis "x" or "y"."""
    scene, margin = stage.scene, stage.margin_x if axis == "x" else stage.margin_y
    along = f"(2*t/{stage.clip.seconds}-1)"
    match scene.move, axis:
        case "right", "x":
            far = -depth
        case "left", "x":
            far = depth
        case "orbit", "x":
            far = (PIVOT - depth) * 1.4
        case "up", "y":
            far = depth
        case "in", "y":
            far = depth * 0.35
        case "out", "y":
            far = -depth * 0.35
        case _:
            far = 0.0
    return f"(-{margin})" if not far else f"(-{margin}+{far * margin * scene.travel:.2f}*{along})"


def find_zoom(clip: Clip) -> str | None:
    """Return the options of FFmpeg's zoompan for a camera that comes closer or goes back; None for another."""
    if clip.scene.move not in ("in", "out"):
        return None
    part = f"on/{max(1, clip.frames - 1)}"
    done = part if clip.scene.move == "in" else f"(1-{part})"
    return f"z='1+{CLOSER * clip.scene.travel:.3f}*{done}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
