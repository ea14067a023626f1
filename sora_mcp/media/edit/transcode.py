"""Makes one new clip of pieces of others: same picture size, same frame rate, sound as long as the pictures."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType, VideoFrame
from PIL import Image

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.edit.actions import Fill, even
from sora_mcp.media.limits import Allowance
from sora_mcp.media.safe_reader import NO_PICTURE, Reel, opened
from sora_mcp.media.sample.render_pyav import chain, layer, over, pulled

H264 = {"preset": "superfast", "crf": "20"}
HERTZ = 48_000
TURNS = {90: ("cclock",), 180: ("clock", "clock"), 270: ("clock",)}
"""Quarter turns to what is shown, by the turn that a frame tells of."""
BLURRED = 8
"""The ground behind the picture is blurred at a fraction of its size."""


class Empty(BadMedia):
    """No picture begins within the piece."""


@dataclass(frozen=True)
class Piece:
    """Of one file, from a second to another."""

    path: Path
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Shape:
    """What every piece becomes."""

    width: int
    height: int
    fps: Fraction
    fill: Fill = "pad"
    caption: Image.Image | None = None
    """A transparent layer of the same size."""
    shown: tuple[float, float | None] = (0.0, None)
    """From when to when the caption is there."""


def shape_of(path: Path) -> Shape:
    """The clip's own, turned as it is shown."""
    with opened(path) as reel:
        first = reel.first(Allowance())
        wide, high = float(first.width * reel.stretch), float(first.height)
        sides = (wide, high) if first.rotation % 180 == 0 else (high, wide)
        return Shape(even(sides[0]), even(sides[1]), reel.fps)


def remake(pieces: Sequence[Piece], shape: Shape, target: Path, allowance: Allowance) -> None:
    """Writes an MP4 with its index in front. It has sound where any piece has."""
    sounding = any(_has_sound(piece.path) for piece in pieces)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        picture = out.add_stream("libx264", rate=shape.fps, options=H264)
        picture.width, picture.height, picture.pix_fmt = shape.width, shape.height, "yuv420p"
        sound = out.add_stream("aac", rate=HERTZ, layout="stereo") if sounding else None
        frames = samples = 0
        for piece in pieces:
            for frame in filtered(piece, partial(_shaped, shape=shape), allowance):
                frame.pts, frame.time_base, frame.pict_type = frames, 1 / shape.fps, PictureType.NONE
                out.mux(picture.encode(frame))
                frames += 1
            if not frames:
                raise Empty(NO_PICTURE)
            if sound is not None:
                for chunk in _sounds(piece, round(frames / shape.fps * HERTZ) - samples, allowance):
                    chunk.pts, chunk.time_base = samples, Fraction(1, HERTZ)
                    out.mux(sound.encode(chunk))
                    samples += chunk.samples
        out.mux(picture.encode(None))
        if sound is not None:
            out.mux(sound.encode(None))


def _has_sound(path: Path) -> bool:
    with opened(path) as reel:
        return reel.audio is not None


def filtered(piece: Piece, lay: Callable[[Graph, FilterContext], None], allowance: Allowance) -> Iterator[VideoFrame]:
    """The piece's frames, upright and from 0 on, through the filters and the sink that `lay` puts behind them."""
    with opened(piece.path) as reel:
        pictures = reel.pictures(allowance, start=piece.start, end=piece.end)
        if (first := next(pictures, None)) is None:
            return
        graph = Graph()
        entry = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=reel.video.time_base)
        cut = chain(entry, graph.add("trim", _span(piece)), graph.add("setpts", _from(piece, reel)))
        if reel.stretch != 1:
            cut = chain(cut, graph.add("scale", f"{even(float(first.width * reel.stretch))}:{first.height}"), graph.add("setsar", "1"))
        lay(graph, chain(cut, *(graph.add("transpose", turn) for turn in TURNS.get(first.rotation % 360, ()))))
        for frame in itertools.chain((first,), pictures, (None,)):
            if not _taken(entry, frame):
                return
            yield from pulled(graph, VideoFrame)


def _span(piece: Piece) -> str:
    """For the filters that cut. They read no exponents."""
    return f"start={piece.start:.6f}" + ("" if piece.end is None else f":end={piece.end:.6f}")


def _from(piece: Piece, reel: Reel) -> str:
    """Times from the piece's start on: pictures and sound that begin later than one another still do."""
    return f"PTS-{max(piece.start, reel.begins):.6f}/TB"


def _shaped(graph: Graph, shown: FilterContext, shape: Shape) -> None:
    """In the new shape and rate, with the caption over it."""
    _finished(graph, _filled(graph, shown, shape), shape)


def _filled(graph: Graph, shown: FilterContext, shape: Shape) -> FilterContext:
    """In the new size: cut, between bars, or before a blurred copy of itself."""
    size = f"{shape.width}:{shape.height}"
    rated = chain(shown, graph.add("fps", f"{shape.fps}:start_time=0"))
    match shape.fill:
        case "crop":
            sized = chain(rated, graph.add("scale", f"{size}:force_original_aspect_ratio=increase"), graph.add("crop", size))
        case "pad":
            inner = graph.add("scale", f"{size}:force_original_aspect_ratio=decrease")
            sized = chain(rated, inner, graph.add("pad", f"{size}:(ow-iw)/2:(oh-ih)/2"))
        case "blur":
            sized = _blurred(graph, rated, shape)
    return chain(sized, graph.add("setsar", "1"))


def _blurred(graph: Graph, rated: FilterContext, shape: Shape) -> FilterContext:
    small = f"{max(2, shape.width // BLURRED)}:{max(2, shape.height // BLURRED)}"
    split = graph.add("split")
    rated.link_to(split)
    ground = graph.add("scale", f"{small}:force_original_aspect_ratio=increase")
    split.link_to(ground, 0, 0)
    soft = chain(ground, graph.add("crop", small), graph.add("gblur", "sigma=4"), graph.add("scale", f"{shape.width}:{shape.height}"))
    front = graph.add("scale", f"{shape.width}:{shape.height}:force_original_aspect_ratio=decrease")
    split.link_to(front, 1, 0)
    return over(graph, soft, front, "(W-w)/2:(H-h)/2")


def _finished(graph: Graph, below: FilterContext, shape: Shape) -> None:
    """The caption over the picture, and the end of the line."""
    words = None if shape.caption is None else layer(shape.caption)
    entry = None
    if words is not None:
        entry = graph.add_buffer(width=words.width, height=words.height, format=words.format, time_base=words.time_base)
        start, end = shape.shown
        until = "" if end is None else f"*lt(t,{end:.6f})"
        below = over(graph, below, entry, f"0:0:eof_action=repeat:enable='gte(t,{start:.6f}){until}'")
    chain(below, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    if entry is not None:
        entry.push(words)
        entry.push(None)


def _sounds(piece: Piece, count: int, allowance: Allowance) -> Iterator[AudioFrame]:
    """Exactly `count` samples: the piece's own sound, and silence where it has none."""
    with opened(piece.path) as reel:
        graph = Graph()
        own = reel.audio is not None
        if own:
            source = graph.add_abuffer(template=reel.audio)
            cut = chain(source, graph.add("atrim", _span(piece)), graph.add("asetpts", _from(piece, reel)))
        else:
            cut = source = graph.add("anullsrc", f"r={HERTZ}:cl=stereo")
        even_ = chain(cut, graph.add("aresample", f"{HERTZ}:first_pts=0"), graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"))
        padded = chain(even_, graph.add("apad", f"whole_len={count}"), graph.add("atrim", f"end_sample={count}"))
        chain(padded, graph.add("abuffersink"))
        graph.configure()
        if own:
            yield from _pushed(reel, graph, source, piece, allowance)
        yield from pulled(graph, AudioFrame)


def _pushed(reel: Reel, graph: Graph, entry: FilterContext, piece: Piece, allowance: Allowance) -> Iterator[AudioFrame]:
    """What comes out while the piece's sound goes in."""
    assert reel.audio is not None
    if piece.start > 0:
        reel.container.seek(round(piece.start * 1_000_000))
    for frame in reel.container.decode(reel.audio):
        allowance.check()
        if piece.end is not None and (frame.time or 0.0) >= piece.end:
            break
        if not _taken(entry, frame):
            return
        yield from pulled(graph, AudioFrame)
    entry.push(None)


def _taken(entry: FilterContext, frame: VideoFrame | AudioFrame | None) -> bool:
    """False when the filter that cuts has seen the end of the piece and takes no more."""
    try:
        entry.push(frame)
    except EOFError:
        return False
    return True
