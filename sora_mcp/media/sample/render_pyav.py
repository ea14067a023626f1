"""Render a sample clip with PyAV and Pillow."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType, VideoFrame
from PIL import Image

from sora_mcp.media.filters import add_still, link, make_still, pull_frames
from sora_mcp.media.sample.camera import find_offset, find_zoom
from sora_mcp.media.sample.chords import compose
from sora_mcp.media.sample.draw import draw_label
from sora_mcp.media.sample.scene import COMMENT, FPS, Clip
from sora_mcp.media.sample.scene_layers import Layer, Stage
from sora_mcp.media.sample.scenes.all_scenes import draw_layers

HERTZ = 48_000
H264 = {"preset": "ultrafast", "crf": "25", "x264-params": "cabac=1:no-deblock=0:deblock=0,0:aq-mode=1"}
LEAST_SIDE, MOST_SIDE = 256, 2048
"""Sides in pixels that a small clip is drawn in."""
BT709 = "out_color_matrix=bt709:out_range=tv"


def render(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
    """Write the clip as MP4 with its index in front. Calls `on_progress` with 0 to 1."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        out.metadata.update({"title": clip.title, "comment": COMMENT})
        picture = out.add_stream("libx264", rate=FPS, options=H264)
        picture.width, picture.height, picture.pix_fmt, picture.gop_size = clip.width, clip.height, "yuv420p", 2 * FPS
        context = picture.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1
        context.thread_count = 1  # one frame after another costs the least time of the processor, and is the same on every machine
        sound = out.add_stream("aac", rate=HERTZ, layout="stereo") if clip.audio else None
        for frame in heapq.merge(draw_frames(clip, draw_label(clip)), _make_sound(clip) if sound else (), key=_time_of):
            if isinstance(frame, VideoFrame):
                frame.pict_type = PictureType.NONE
                out.mux(picture.encode(frame))
                on_progress(min(1.0, _time_of(frame) / clip.seconds))
            elif sound is not None:
                out.mux(sound.encode(frame))
        out.mux(picture.encode(None))
        if sound is not None:
            out.mux(sound.encode(None))


def draw_frames(clip: Clip, label: Image.Image) -> Iterator[VideoFrame]:
    """Yield the frames: the layers, moved by the camera and by themselves, and over all a label as large as the clip."""
    graph = Graph()
    graph.threads = 1
    stage = Stage(_choose_size(clip), clip.scene)
    layers = [_trim(layer) for layer in draw_layers(stage)]
    stills = [make_still(layer.picture.convert("RGBA")) for layer in layers] + [make_still(label)]
    buffers = [add_still(graph, still) for still in stills]
    whole = _lay_ground(graph, buffers[0], layers[0], stage)
    for layer, buffer in zip(layers[1:], buffers[1:-1], strict=True):
        whole = _lay(graph, whole, _enlarge(graph, buffer, layer, "yuva444p"), layer, stage)
    if zoom := find_zoom(clip):
        whole = link(whole, graph.add("zoompan", f"{zoom}:d=1:s={stage.clip.width}x{stage.clip.height}:fps={FPS}"))
    if stage.clip != clip:
        whole = link(whole, graph.add("scale", f"{clip.width}:{clip.height}"))
    whole = link(whole, graph.add("format", "yuv420p"))
    named = graph.add("overlay", "0:0:eof_action=repeat:format=yuv420")
    whole.link_to(named, 0, 0)
    link(buffers[-1], graph.add("scale", BT709), graph.add("format", "yuva420p")).link_to(named, 0, 1)
    link(named, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    for buffer, still in zip(buffers, stills, strict=True):
        buffer.push(still)
        buffer.push(None)
    return pull_frames(graph, VideoFrame)


def _choose_size(clip: Clip) -> Clip:
    """Return the clip in the size that it is drawn in: a very small one is drawn larger and shrunk."""
    times = -(-LEAST_SIDE // clip.unit)
    return replace(clip, width=min(MOST_SIDE, clip.width * times), height=min(MOST_SIDE, clip.height * times)) if times > 1 else clip


def _trim(layer: Layer) -> Layer:
    """Return the layer without its empty borders."""
    box = layer.picture.getchannel("A").getbbox() if layer.picture.mode == "RGBA" else None
    if box is None or box == (0, 0, *layer.picture.size):
        return layer
    x, y = box[0] * layer.factor, box[1] * layer.factor
    return replace(layer, picture=layer.picture.crop(box), x=f"{layer.x}+{x}", y=f"{layer.y}+{y}")


def _enlarge(graph: Graph, buffer: FilterContext, layer: Layer, form: str) -> FilterContext:
    size = f"{layer.picture.width * layer.factor}:{layer.picture.height * layer.factor}:flags=bicubic"
    return link(buffer, graph.add("scale", f"{size}:{BT709}"), graph.add("format", form))


def _lay_ground(graph: Graph, buffer: FilterContext, layer: Layer, stage: Stage) -> FilterContext:
    """Return the lowest layer for all frames, cut to the frame."""
    clip = stage.clip
    x, y = (find_offset(stage, layer.depth, axis) for axis in "xy")
    repeated = link(
        _enlarge(graph, buffer, layer, "yuv444p"), graph.add("loop", f"{clip.frames - 1}:1:0"), graph.add("setpts", f"N/{FPS}/TB")
    )
    return link(repeated, graph.add("crop", f"{clip.width}:{clip.height}:x='-({x})':y='-({y})':exact=1"))


def _lay(graph: Graph, below: FilterContext, above: FilterContext, layer: Layer, stage: Stage) -> FilterContext:
    x, y = (f"{own}+{find_offset(stage, layer.depth, axis)}" for own, axis in ((layer.x, "x"), (layer.y, "y")))
    when = f":enable='{layer.when}'" if layer.when else ""
    laid = graph.add("overlay", f"x='{x}':y='{y}':eof_action=repeat:format=yuv444{when}")
    below.link_to(laid, 0, 0)
    above.link_to(laid, 0, 1)
    return laid


def _make_sound(clip: Clip) -> Iterator[AudioFrame]:
    """Yield the clip's chords as stereo sound."""
    graph = Graph()
    tone = graph.add("aevalsrc", f"exprs='{compose(clip)}':sample_rate={HERTZ // 2}:duration={clip.seconds}:nb_samples=1024")
    plain = graph.add("aresample", f"{HERTZ}")
    wide = graph.add("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={HERTZ}")
    framed = graph.add("asetnsamples", "1024:p=0")
    link(tone, plain, wide, framed, graph.add("abuffersink"))
    graph.configure()
    return pull_frames(graph, AudioFrame)


def _time_of(frame: VideoFrame | AudioFrame) -> float:
    return frame.time or 0.0
