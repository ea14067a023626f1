"""Write a part of a clip as a GIF."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from sora_mcp.media.edit.transcode import EmptySegment, Segment, filter_frames
from sora_mcp.media.filters import link
from sora_mcp.media.limits import NO_FRAME, Deadline

FPS = 12
LONGEST_SIDE = 480


def write_gif(segment: Segment, target: Path, deadline: Deadline) -> tuple[int, int, float]:
    """Write the GIF to `target` and return its width and height in pixels and its seconds. Raises EmptySegment when it has no frame."""
    palette = next(filter_frames(segment, partial(_reduce_colours, palette=None), deadline), None)
    if palette is None:
        raise EmptySegment(NO_FRAME)
    size, count = (0, 0), 0
    with av.open(str(target), "w", format="gif") as out:
        stream = out.add_stream("gif", rate=FPS)
        for count, frame in enumerate(filter_frames(segment, partial(_reduce_colours, palette=palette), deadline)):
            if not count:
                size = stream.width, stream.height = frame.width, frame.height
                stream.pix_fmt = "pal8"
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return *size, (count + 1) / FPS


def _reduce_colours(graph: Graph, upright: FilterContext, palette: VideoFrame | None) -> None:
    """Complete the graph. Without a palette it yields one frame, the palette; with it, every frame in its colours."""
    within = f"w='min({LONGEST_SIDE},iw)':h='min({LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease"
    small = link(upright, graph.add("fps", f"{FPS}:eof_action=pass"), graph.add("scale", within))
    if palette is None:
        link(small, graph.add("palettegen"), graph.add("buffersink"))
        graph.configure()
        return
    palette.pts, palette.time_base = 0, Fraction(1, FPS)
    colours = graph.add_buffer(width=palette.width, height=palette.height, format=palette.format, time_base=palette.time_base)
    drawn = graph.add("paletteuse", "dither=sierra2_4a")
    small.link_to(drawn, 0, 0)
    colours.link_to(drawn, 0, 1)
    link(drawn, graph.add("buffersink"))
    graph.configure()
    colours.push(palette)
    colours.push(None)
