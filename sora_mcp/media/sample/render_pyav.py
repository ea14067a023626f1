"""Render a sample clip with PyAV and Pillow."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame

from sora_mcp.media.filters import add_still, link, make_still, overlay, pull_frames
from sora_mcp.media.sample.draw import draw_light, draw_words
from sora_mcp.media.sample.scene import COMMENT, FPS, Clip

SHRUNK = 4
"""The ground is drawn at a fraction of its size: it has no edges that would show it."""
HERTZ = 48_000
H264 = {"preset": "superfast", "crf": "28", "bf": "0"}


def render(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
    """Write the clip as MP4 with its index in front. Calls `on_progress` with 0 to 1."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        out.metadata.update({"title": clip.title, "comment": COMMENT})
        picture = out.add_stream("libx264", rate=FPS, options=H264)
        picture.width, picture.height, picture.pix_fmt, picture.gop_size = clip.width, clip.height, "yuv420p", 2 * FPS
        sound = out.add_stream("aac", rate=HERTZ, layout="stereo") if clip.audio else None
        for frame in heapq.merge(_draw_frames(clip), _make_sound(clip) if sound else (), key=_time_of):
            if isinstance(frame, VideoFrame):
                frame.pict_type = PictureType.NONE
                out.mux(picture.encode(frame))
                on_progress(min(1.0, _time_of(frame) / clip.seconds))
            elif sound is not None:
                out.mux(sound.encode(frame))
        out.mux(picture.encode(None))
        if sound is not None:
            out.mux(sound.encode(None))


def _draw_frames(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the frames: a drifting ground, a light that passes behind the words, and a progress line at the bottom."""
    graph = Graph()
    colours = ":".join(f"c{at}={colour}" for at, colour in enumerate(clip.palette))
    small = f"size={max(2, clip.width // SHRUNK)}x{max(2, clip.height // SHRUNK)}"
    lasting = f"rate={FPS}:duration={clip.seconds}"
    ground = graph.add("gradients", f"{small}:{lasting}:speed=0.04:nb_colors=4:seed={clip.hash % 997}:{colours}")
    wide = link(ground, graph.add("scale", f"{clip.width}:{clip.height}:flags=bilinear"), graph.add("format", "yuv420p"))
    line = graph.add("color", f"white@0.85:size={clip.width}x{max(4, clip.unit // 110)}:{lasting}")
    stills = [make_still(draw_light(round(clip.unit * 0.9))), make_still(draw_words(clip))]
    buffers = [add_still(graph, still) for still in stills]
    passing = f"x='(W+w)*t/{clip.seconds}-w':y='(H-h)/2-H/5*sin(t)':eof_action=repeat"
    lit = overlay(graph, wide, buffers[0], passing)
    with_words = overlay(graph, lit, buffers[1], "0:0:eof_action=repeat")
    timed = overlay(graph, with_words, line, f"x='w*t/{clip.seconds}-w':y=H-h")
    link(timed, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    for buffer, still in zip(buffers, stills, strict=True):
        buffer.push(still)
        buffer.push(None)
    return pull_frames(graph, VideoFrame)


def _make_sound(clip: Clip) -> Iterator[AudioFrame]:
    """Yield the clip's tone as stereo sound."""
    graph = Graph()
    tone = graph.add("aevalsrc", f"exprs='{clip.tone}|{clip.tone}':sample_rate={HERTZ}:duration={clip.seconds}:nb_samples=1024")
    plain = graph.add("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={HERTZ}")
    link(tone, plain, graph.add("abuffersink"))
    graph.configure()
    return pull_frames(graph, AudioFrame)


def _time_of(frame: VideoFrame | AudioFrame) -> float:
    return frame.time or 0.0
