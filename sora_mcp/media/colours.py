"""The colour tags of a video: how its numbers stand for colours."""

from __future__ import annotations

from dataclasses import dataclass

from av.video.codeccontext import VideoCodecContext


@dataclass(frozen=True)
class Colours:
    """Range, matrix, primaries and transfer by their numbers in ITU-T H.273; 2, and 0 of a range, stand for "not stated"."""

    range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2


SDR = Colours(range=1, matrix=1, primaries=1, transfer=1)
"""HD video: BT.709 in limited range."""


def tag_colours(context: VideoCodecContext, colours: Colours) -> None:
    """Let an encoder write these tags."""
    context.color_range, context.colorspace = colours.range, colours.matrix
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer
