"""Build and run FFmpeg filter graphs with PyAV."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its planes without a type.

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import TypeVar

from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from PIL import Image

STILL_TIME_BASE = Fraction(1, 24)
Frame = TypeVar("Frame", VideoFrame, AudioFrame)


def link(*filters: FilterContext) -> FilterContext:
    """Link each filter's output to the next one's input, and return the last."""
    for one, following in itertools.pairwise(filters):
        one.link_to(following)
    return filters[-1]


def overlay(graph: Graph, below: FilterContext, above: FilterContext, options: str) -> FilterContext:
    """Add an overlay filter that lays `above` over `below`, and return it. `options` are FFmpeg's, such as `0:0:eof_action=repeat`."""
    laid = graph.add("overlay", f"{options}:format=yuv420")
    below.link_to(laid, 0, 0)
    above.link_to(laid, 0, 1)
    return laid


def make_still(picture: Image.Image) -> VideoFrame:
    """Return an RGBA picture as a frame at time 0. PyAV's own conversion drops the transparency, so the plane is filled row by row."""
    frame = VideoFrame(picture.width, picture.height, "rgba")
    raw, row, plane = picture.tobytes(), picture.width * 4, frame.planes[0]
    plane.update(b"".join(raw[at : at + row].ljust(plane.line_size, b"\0") for at in range(0, len(raw), row)))
    frame.pts, frame.time_base = 0, STILL_TIME_BASE
    return frame


def add_still(graph: Graph, still: VideoFrame) -> FilterContext:
    """Add a source for one still frame, and return it. Push the frame, then None, once the graph is configured."""
    return graph.add_buffer(width=still.width, height=still.height, format=still.format, time_base=still.time_base)


def push(entry: FilterContext, frame: VideoFrame | AudioFrame | None) -> bool:
    """Push a frame, or None for the end. Return False when the graph's trim filter has seen its end and takes no more."""
    try:
        entry.push(frame)
    except EOFError:
        return False
    return True


def pull_frames(graph: Graph, kind: type[Frame]) -> Iterator[Frame]:
    """Yield the frames that the graph's one sink has ready. PyAV's versions differ in how they signal that there are no more."""
    while True:
        try:
            frame = graph.pull()
        except (EOFError, BlockingIOError):
            return
        if isinstance(frame, kind):
            yield frame
