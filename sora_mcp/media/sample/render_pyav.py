"""Makes a sample clip, and takes pictures out of a video, with PyAV and Pillow."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets and Pillow's arrays without a type.

from __future__ import annotations

import heapq
import io
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType, VideoFrame
from PIL import Image

from sora_mcp.media.sample.draw import light, words
from sora_mcp.media.sample.scene import COMMENT, FPS, Clip

SHRUNK = 4
"""The ground is made so many times smaller: it has no edges that would show it."""
HERTZ = 48_000
TICK = Fraction(1, FPS)
H264 = {"preset": "superfast", "crf": "28", "bf": "0"}

Frame = TypeVar("Frame", VideoFrame, AudioFrame)


def render(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
    """Writes the clip as MP4 with its index in front."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        out.metadata.update({"title": clip.title, "comment": COMMENT})
        picture = out.add_stream("libx264", rate=FPS, options=H264)
        picture.width, picture.height, picture.pix_fmt, picture.gop_size = clip.width, clip.height, "yuv420p", 2 * FPS
        sound = out.add_stream("aac", rate=HERTZ, layout="stereo") if clip.audio else None
        for frame in heapq.merge(_pictures(clip), _sounds(clip) if sound else (), key=_when):
            if isinstance(frame, VideoFrame):
                frame.pict_type = PictureType.NONE
                out.mux(picture.encode(frame))
                on_progress(min(1.0, _when(frame) / clip.seconds))
            elif sound is not None:
                out.mux(sound.encode(frame))
        out.mux(picture.encode(None))
        if sound is not None:
            out.mux(sound.encode(None))


def jpeg(picture: Image.Image, *, most_bytes: int, longest: int) -> bytes:
    """As sharp as the bytes allow: first the quality goes down, then the sides."""
    small, raw = picture.convert("RGB"), b""
    for longest_side, quality in itertools.product((longest, longest // 2, longest // 4), (82, 72, 60, 45, 30)):
        small.thumbnail((longest_side, longest_side))
        target = io.BytesIO()
        small.save(target, "JPEG", quality=quality, optimize=True)
        raw = target.getvalue()
        if len(raw) <= most_bytes:
            break
    return raw


def _pictures(clip: Clip) -> Iterator[VideoFrame]:
    """A drifting ground, a light that passes behind the words, and a line that fills as time goes by."""
    graph = Graph()
    colours = ":".join(f"c{at}={colour}" for at, colour in enumerate(clip.palette))
    small = f"size={max(2, clip.width // SHRUNK)}x{max(2, clip.height // SHRUNK)}"
    lasting = f"rate={FPS}:duration={clip.seconds}"
    ground = graph.add("gradients", f"{small}:{lasting}:speed=0.04:nb_colors=4:seed={clip.chance % 997}:{colours}")
    wide = chain(ground, graph.add("scale", f"{clip.width}:{clip.height}:flags=bilinear"), graph.add("format", "yuv420p"))
    line = graph.add("color", f"white@0.85:size={clip.width}x{max(4, clip.unit // 110)}:{lasting}")
    stills = [layer(light(round(clip.unit * 0.9))), layer(words(clip))]
    buffers = [graph.add_buffer(width=still.width, height=still.height, format=still.format, time_base=TICK) for still in stills]
    passing = f"x='(W+w)*t/{clip.seconds}-w':y='(H-h)/2-H/5*sin(t)':eof_action=repeat"
    lit = over(graph, wide, buffers[0], passing)
    worded = over(graph, lit, buffers[1], "0:0:eof_action=repeat")
    timed = over(graph, worded, line, f"x='w*t/{clip.seconds}-w':y=H-h")
    chain(timed, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    for buffer, still in zip(buffers, stills, strict=True):
        buffer.push(still)
        buffer.push(None)
    return pulled(graph, VideoFrame)


def _sounds(clip: Clip) -> Iterator[AudioFrame]:
    graph = Graph()
    tone = graph.add("aevalsrc", f"exprs='{clip.tone}|{clip.tone}':sample_rate={HERTZ}:duration={clip.seconds}:nb_samples=1024")
    plain = graph.add("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={HERTZ}")
    chain(tone, plain, graph.add("abuffersink"))
    graph.configure()
    return pulled(graph, AudioFrame)


def chain(*filters: FilterContext) -> FilterContext:
    for one, next_ in itertools.pairwise(filters):
        one.link_to(next_)
    return filters[-1]


def over(graph: Graph, below: FilterContext, above: FilterContext, how: str) -> FilterContext:
    """One picture over another."""
    overlay = graph.add("overlay", f"{how}:format=yuv420")
    below.link_to(overlay, 0, 0)
    above.link_to(overlay, 0, 1)
    return overlay


def layer(picture: Image.Image) -> VideoFrame:
    """With its transparency, which PyAV's own conversion drops: its plane is filled row by row."""
    frame = VideoFrame(picture.width, picture.height, "rgba")
    raw, row, plane = picture.tobytes(), picture.width * 4, frame.planes[0]
    plane.update(b"".join(raw[at : at + row].ljust(plane.line_size, b"\0") for at in range(0, len(raw), row)))
    frame.pts, frame.time_base = 0, TICK
    return frame


def pulled(graph: Graph, kind: type[Frame]) -> Iterator[Frame]:
    """Every frame of the graph's one sink. How PyAV says "no more" differs between versions."""
    while True:
        try:
            frame = graph.pull()
        except (EOFError, BlockingIOError):
            return
        if isinstance(frame, kind):
            yield frame


def _when(frame: VideoFrame | AudioFrame) -> float:
    return frame.time or 0.0
