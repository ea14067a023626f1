"""Transcode segments of clips into one MP4: same frame size, same frame rate, sound as long as the pictures."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.colours import (
    HDR_NOTE,
    SDR,
    Colours,
    choose_output,
    convert_colours,
    read_colours,
    state_colours,
    tag_colours,
)
from sora_mcp.media.edit.crossfade import blend_pictures, blend_sound
from sora_mcp.media.edit.edits import Fill, round_even
from sora_mcp.media.filters import add_still, link, make_still, overlay, pull_frames, push
from sora_mcp.media.limits import NO_FRAME, Deadline
from sora_mcp.media.orientation import read_turn
from sora_mcp.media.safe_reader import OpenSound, open_video

H264 = {"preset": "veryfast", "crf": "21"}
HERTZ = 48_000
LOST_SOUND = "Its sound cannot be decoded and was left out."
BLUR_SCALE = 8
"""The blurred ground behind the picture is computed at a fraction of its size."""


class EmptySegment(BadMedia):
    """No frame begins within the segment."""


@dataclass(frozen=True)
class Segment:
    """A part of a file, from second `start` to second `end`; None is the file's end."""

    path: Path
    start: float = 0.0
    end: float | None = None
    speed: float = 1.0
    skips_first: bool = False
    """Leave out the first picture, which repeats the last one of the segment before."""


@dataclass(frozen=True)
class Shape:
    """The frame size in pixels and frame rate that every segment is transcoded to."""

    width: int
    height: int
    fps: Fraction
    fill: Fill = "pad"
    colours: Colours = SDR
    """The tags of the new file. Segments that state others are converted."""
    caption: Image.Image | None = None
    """A transparent layer of the same size, shown from second `caption_start` to `caption_end`."""
    caption_start: float = 0.0
    caption_end: float | None = None


def read_shape(path: Path) -> Shape:
    """Return the clip's own shape and colours, as it is shown: turned upright, with square pixels and even sides."""
    with open_video(path) as clip:
        first = clip.decode_first(Deadline())
        wide, high = float(first.width * clip.pixel_aspect), float(first.height)
        sides = (high, wide) if read_turn(first).swaps_sides else (wide, high)
        return Shape(round_even(sides[0]), round_even(sides[1]), clip.fps, colours=choose_output(first))


def transcode(
    segments: Sequence[Segment], shape: Shape, target: Path, deadline: Deadline, *, fade_s: float = 0.0, with_sound: bool = True
) -> str:
    """Write an MP4 with its index in front. It has sound when any segment has sound that can be decoded.

    The caption's times are those of the first segment. With `fade_s`, each segment turns into the next one for so many seconds.

    Return a note about what was lost on the way, such as HDR; empty for nothing. Raises EmptySegment when there is no frame.
    """
    looks = [_look(segment.path, deadline) for segment in segments]
    has_sound = with_sound and any(look.has_sound for look in looks)
    total = max(1.0, sum(_count_seconds(*pair) for pair in zip(segments, looks, strict=True)) * float(shape.fps))
    overlap = round(fade_s * shape.fps)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        picture = out.add_stream("libx264", rate=shape.fps, options=H264)
        picture.width, picture.height, picture.pix_fmt = shape.width, shape.height, "yuv420p"
        tag_colours(picture.codec_context, shape.colours)
        sound = out.add_stream("aac", rate=HERTZ, layout="stereo") if has_sound else None
        writer = _Writer(out, picture, sound, shape.fps)
        for number, segment in enumerate(segments):
            own = shape if number == 0 else replace(shape, caption=None)
            pictures = filter_frames(segment, partial(_apply_shape, shape=own), deadline, colours=shape.colours)
            if segment.skips_first:
                next(pictures, None)
            for frame in blend_pictures(pictures, writer.held, keep=overlap if number < len(segments) - 1 else 0, fps=shape.fps):
                deadline.report(writer.frames / total)
                writer.write_picture(frame)
            if not writer.frames:
                raise EmptySegment(NO_FRAME)
            writer.write_sound(segment, deadline)
        writer.finish()
    notes = {HDR_NOTE: any(look.is_hdr for look in looks), LOST_SOUND: with_sound and any(look.lost_sound for look in looks)}
    return " ".join(note for note, is_true in notes.items() if is_true)


class _Writer:
    """Encodes pictures and sound into an MP4, and holds back what fades into the next segment."""

    def __init__(self, out: OutputContainer, picture: VideoStream, sound: AudioStream | None, fps: Fraction) -> None:
        self._out, self._picture, self._sound, self._fps = out, picture, sound, fps
        self._samples = 0
        self._tail = AudioFifo()
        self.frames = 0
        self.held: list[VideoFrame] = []
        """The last pictures of the segment before, which are not written yet."""

    def write_picture(self, frame: VideoFrame) -> None:
        """Encode the next picture."""
        frame.pts, frame.time_base, frame.pict_type = self.frames, 1 / self._fps, PictureType.NONE
        self._out.mux(self._picture.encode(frame))
        self.frames += 1

    def write_sound(self, segment: Segment, deadline: Deadline) -> None:
        """Encode as much of the segment's sound as there are pictures of it."""
        if self._sound is None:
            return
        end, keep = (round(count / self._fps * HERTZ) for count in (self.frames + len(self.held), len(self.held)))
        chunks = read_sound(segment, end - self._samples, deadline)
        for chunk in blend_sound(chunks, self._tail, keep=keep):
            chunk.pts, chunk.time_base = self._samples, Fraction(1, HERTZ)
            self._out.mux(self._sound.encode(chunk))
            self._samples += chunk.samples

    def finish(self) -> None:
        """Write what the encoders still have."""
        self._out.mux(self._picture.encode(None))
        if self._sound is not None:
            self._out.mux(self._sound.encode(None))


def _count_seconds(segment: Segment, look: _Look) -> float:
    """Return how long the segment will be."""
    return max(0.0, (look.seconds if segment.end is None else min(segment.end, look.seconds)) - segment.start) / segment.speed


@dataclass(frozen=True)
class _Look:
    """A source's length, and its sound and light, as far as a note has to tell of them."""

    seconds: float

    has_sound: bool
    lost_sound: bool
    is_hdr: bool


def _look(path: Path, deadline: Deadline) -> _Look:
    """Decode a clip's first frame and its first sound."""
    with open_video(path) as clip:
        is_hdr = read_colours(clip.decode_first(deadline)).is_hdr
    with open_video(path) as clip:
        has_sound = next(clip.decode_sound(deadline), None) is not None
        return _Look(clip.seconds, has_sound, clip.lost_sound or (clip.audio is not None and not has_sound), is_hdr)


def filter_frames(
    segment: Segment, complete: Callable[[Graph, FilterContext], None], deadline: Deadline, *, colours: Colours = SDR
) -> Iterator[VideoFrame]:
    """Yield the segment's frames, upright, with square pixels and times from 0 on, after the filters that `complete` adds.

    `complete` takes the graph and its last filter, adds filters and a sink, and configures the graph. Frames that state
    other colours than `colours` are converted to these.
    """
    with open_video(segment.path) as clip:
        frames = clip.decode_frames(deadline, start=segment.start, end=segment.end)
        if (first := next(frames, None)) is None:
            return
        graph = Graph()
        entry = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=clip.video.time_base)
        source = read_colours(first)
        last = state_colours(graph, entry, source)
        last = link(last, graph.add("trim", _format_span(segment)), graph.add("setpts", _shift_times(segment, clip)))
        last = convert_colours(graph, last, source, colours)
        if clip.pixel_aspect != 1:
            square = f"{round_even(float(first.width * clip.pixel_aspect))}:{first.height}"
            last = link(last, graph.add("scale", square), graph.add("setsar", "1"))
        complete(graph, link(last, *(graph.add(name, options or None) for name, options in read_turn(first).filters)))
        for frame in itertools.chain((first,), frames, (None,)):
            if not push(entry, frame):
                return
            yield from pull_frames(graph, VideoFrame)


def _format_span(segment: Segment) -> str:
    """Return options for the trim filters, which accept no exponents."""
    return f"start={segment.start:.6f}" + ("" if segment.end is None else f":end={segment.end:.6f}")


def _shift_times(segment: Segment, clip: OpenSound) -> str:
    """Return a setpts expression that counts from the segment's start and keeps the offset between pictures and sound."""
    shifted = f"PTS-{max(segment.start, clip.start_s):.6f}/TB"
    return shifted if segment.speed == 1 else f"({shifted})/{segment.speed:.6f}"


def _apply_shape(graph: Graph, upright: FilterContext, shape: Shape) -> None:
    """Complete the graph: frame rate, frame size, caption, sink."""
    filled = _fill_shape(graph, upright, shape)
    still = entry = None
    if shape.caption is not None and (box := shape.caption.getbbox()) is not None:
        left, top = box[0] // 2 * 2, box[1] // 2 * 2  # only what is drawn is laid over the picture, at even places
        still = make_still(shape.caption.crop((left, top, -(-box[2] // 2) * 2, -(-box[3] // 2) * 2)))
        entry = add_still(graph, still)
        until = "" if shape.caption_end is None else f"*lt(t,{shape.caption_end:.6f})"
        filled = overlay(graph, filled, entry, f"{left}:{top}:eof_action=repeat:enable='gte(t,{shape.caption_start:.6f}){until}'")
    link(filled, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    if entry is not None:
        entry.push(still)
        entry.push(None)


def _fill_shape(graph: Graph, upright: FilterContext, shape: Shape) -> FilterContext:
    """Scale to the frame size: cropped, between bars, or in front of a blurred copy."""
    size = f"{shape.width}:{shape.height}"
    timed = link(upright, graph.add("fps", f"{shape.fps}:start_time=0"))
    match shape.fill:
        case "crop":
            sized = link(timed, graph.add("scale", f"{size}:force_original_aspect_ratio=increase"), graph.add("crop", size))
        case "pad":
            inner = graph.add("scale", f"{size}:force_original_aspect_ratio=decrease")
            sized = link(timed, inner, graph.add("pad", f"{size}:(ow-iw)/2:(oh-ih)/2"))
        case "blur":
            sized = _fill_with_blur(graph, timed, shape)
    return link(sized, graph.add("setsar", "1"))


def _fill_with_blur(graph: Graph, timed: FilterContext, shape: Shape) -> FilterContext:
    small = f"{max(2, shape.width // BLUR_SCALE)}:{max(2, shape.height // BLUR_SCALE)}"
    split = graph.add("split")
    timed.link_to(split)
    ground = graph.add("scale", f"{small}:force_original_aspect_ratio=increase")
    split.link_to(ground, 0, 0)
    blurred = link(ground, graph.add("crop", small), graph.add("gblur", "sigma=4"), graph.add("scale", f"{shape.width}:{shape.height}"))
    front = graph.add("scale", f"{shape.width}:{shape.height}:force_original_aspect_ratio=decrease")
    split.link_to(front, 1, 0)
    return overlay(graph, blurred, front, "(W-w)/2:(H-h)/2")


def read_sound(
    segment: Segment,
    count: int,
    deadline: Deadline,
    *,
    open_source: Callable[[Path], AbstractContextManager[OpenSound]] = open_video,
) -> Iterator[AudioFrame]:
    """Yield exactly `count` samples: the segment's own sound, followed by silence, or silence alone."""
    with open_source(segment.path) as clip:
        if segment.start > 0:
            clip.container.seek(round(segment.start * 1_000_000))
        graph, frames = Graph(), clip.decode_sound(deadline)
        if (first := next(frames, None)) is not None:
            entry = _add_source(graph, first)
            tempo = (graph.add("atempo", f"{part:.6f}") for part in split_speed(segment.speed))
            shifted = graph.add("asetpts", _shift_times(replace(segment, speed=1.0), clip))
            cut = link(entry, graph.add("atrim", _format_span(segment)), shifted, *tempo)
        else:
            cut = entry = graph.add("anullsrc", f"r={HERTZ}:cl=stereo")
        stereo = graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
        padded = link(cut, graph.add("aresample", f"{HERTZ}:first_pts=0"), stereo, graph.add("apad", f"whole_len={count}"))
        link(padded, graph.add("atrim", f"end_sample={count}"), graph.add("abuffersink"))
        graph.configure()
        if first is not None:
            yield from _push_sound(itertools.chain((first,), frames), graph, entry, segment)
        yield from pull_frames(graph, AudioFrame)


def split_speed(speed: float) -> tuple[float, ...]:
    """Return factors for filters that change the tempo and keep the pitch: each takes 0.5 to 2, above which it would skip samples."""
    parts = 0 if speed == 1 else max(1, math.ceil(abs(math.log2(speed)) - 1e-9))
    return (speed ** (1 / parts),) * parts if parts else ()


def _add_source(graph: Graph, first: AudioFrame) -> FilterContext:
    """Add a source for sound like this first frame: what a file's headers state of it may be missing."""
    if first.time_base is None:
        first.time_base = Fraction(1, first.sample_rate)
    return graph.add_abuffer(sample_rate=first.sample_rate, format=first.format.name, layout=first.layout.name, time_base=first.time_base)


def _push_sound(sound: Iterator[AudioFrame], graph: Graph, entry: FilterContext, segment: Segment) -> Iterator[AudioFrame]:
    """Push the segment's sound into the graph, and yield the frames that come out meanwhile."""
    for frame in sound:
        if segment.end is not None and (frame.time or 0.0) >= segment.end:
            break
        if not push(entry, frame):
            return
        yield from pull_frames(graph, AudioFrame)
    entry.push(None)
