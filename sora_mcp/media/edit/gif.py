"""Makes a small animated GIF of a piece of a clip, in two passes, so that no frame is kept."""

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

from sora_mcp.media.edit.transcode import Empty, Piece, filtered
from sora_mcp.media.limits import Allowance
from sora_mcp.media.safe_reader import NO_PICTURE
from sora_mcp.media.sample.render_pyav import chain

FPS = 12
LONGEST_SIDE = 480


def gif(piece: Piece, target: Path, allowance: Allowance) -> tuple[int, int]:
    """Writes it and says how large its picture is."""
    palette = next(filtered(piece, partial(_laid, palette=None), allowance), None)
    if palette is None:
        raise Empty(NO_PICTURE)
    size = (0, 0)
    with av.open(str(target), "w", format="gif") as out:
        stream = out.add_stream("gif", rate=FPS)
        for count, frame in enumerate(filtered(piece, partial(_laid, palette=palette), allowance)):
            if not count:
                size = stream.width, stream.height = frame.width, frame.height
                stream.pix_fmt = "pal8"
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return size


def _laid(graph: Graph, shown: FilterContext, palette: VideoFrame | None) -> None:
    """Without a palette: one frame, the palette. With it: every frame in its colours."""
    within = f"w='min({LONGEST_SIDE},iw)':h='min({LONGEST_SIDE},ih)':force_original_aspect_ratio=decrease"
    small = chain(shown, graph.add("fps", f"{FPS}:eof_action=pass"), graph.add("scale", within))
    if palette is None:
        chain(small, graph.add("palettegen"), graph.add("buffersink"))
        graph.configure()
        return
    colours = graph.add_buffer(width=palette.width, height=palette.height, format=palette.format, time_base=Fraction(1, FPS))
    drawn = graph.add("paletteuse", "dither=sierra2_4a")
    small.link_to(drawn, 0, 0)
    colours.link_to(drawn, 0, 1)
    chain(drawn, graph.add("buffersink"))
    graph.configure()
    palette.pts, palette.time_base = 0, Fraction(1, FPS)
    colours.push(palette)
    colours.push(None)
