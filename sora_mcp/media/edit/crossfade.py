"""Turn the end of one segment into the beginning of the next."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its planes without a type.

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

from sora_mcp.media.filters import link, pull_frames


def blend_pictures(pictures: Iterator[VideoFrame], held: list[VideoFrame], *, keep: int, fps: Fraction) -> Iterator[VideoFrame]:
    """Yield the pictures of a segment, but for the last `keep`, which are put into `held`. Those that `held` has at first, the last ones
    of the segment before, fade into its first ones."""
    before = held.copy()
    held.clear()
    heads = list(itertools.islice(pictures, len(before)))
    yield from before[: len(before) - len(heads)]
    yield from _fade_pictures(before[len(before) - len(heads) :], heads, fps)
    for picture in pictures:
        held.append(picture)
        if len(held) > keep:
            yield held.pop(0)


def _fade_pictures(before: list[VideoFrame], after: list[VideoFrame], fps: Fraction) -> Iterator[VideoFrame]:
    """Yield as many pictures as each list has, from the first list's to the second's."""
    if not before:
        return
    graph = Graph()
    entries = [graph.add_buffer(width=one.width, height=one.height, format=one.format, time_base=1 / fps) for one in (before[0], after[0])]
    seconds = float(len(before) / fps)
    fade = graph.add("xfade", f"transition=fade:duration={seconds:.6f}:offset=0")
    for side, entry in enumerate(entries):
        link(entry, graph.add("fps", f"{fps}"), graph.add("settb", f"{1 / fps}")).link_to(fade, 0, side)
    link(fade, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    for count, pair in enumerate(zip(before, after, strict=True)):
        for entry, picture in zip(entries, pair, strict=True):
            picture.pts, picture.time_base = count, 1 / fps
            entry.push(picture)
    for entry in entries:
        entry.push(None)
    yield from itertools.islice(pull_frames(graph, VideoFrame), len(before))


def blend_sound(chunks: Iterator[AudioFrame], tail: AudioFifo, *, keep: int) -> Iterator[AudioFrame]:
    """Yield the sound of a segment, but for the last `keep` samples, which stay in `tail`. Those that `tail` has at first, the last ones
    of the segment before, fade into its first ones."""
    before = tail.read() if tail.samples else None
    if before is not None:
        head = AudioFifo()
        while head.samples < before.samples and (chunk := next(chunks, None)) is not None:
            _add(head, chunk)
        after = head.read(before.samples, partial=True)
        if after is not None:
            yield from _fade_sound(before, after)
        if head.samples:
            _add(tail, head.read())
    for chunk in chunks:
        if not keep and not tail.samples:
            yield chunk
            continue
        _add(tail, chunk)
        if tail.samples > keep:
            yield from _take(tail, tail.samples - keep)
    if tail.samples > keep:
        yield from _take(tail, tail.samples - keep)


def _take(fifo: AudioFifo, samples: int) -> Iterator[AudioFrame]:
    if (chunk := fifo.read(samples)) is not None:
        yield chunk


def _add(fifo: AudioFifo, chunk: AudioFrame | None) -> None:
    if chunk is not None:
        chunk.pts = None  # a buffer that knows no times takes frames from anywhere
        fifo.write(chunk)


def _fade_sound(before: AudioFrame, after: AudioFrame) -> Iterator[AudioFrame]:
    """Yield as many samples as each has, from the first one's to the second's."""
    graph = Graph()
    fade = graph.add("acrossfade", f"nb_samples={after.samples}:curve1=tri:curve2=tri")
    rate = Fraction(1, before.sample_rate)
    entries = [
        graph.add_abuffer(sample_rate=one.sample_rate, format=one.format.name, layout=one.layout.name, time_base=rate)
        for one in (before, after)
    ]
    for side, entry in enumerate(entries):
        entry.link_to(fade, 0, side)
    link(fade, graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"), graph.add("abuffersink"))
    graph.configure()
    for entry, frame in zip(entries, (before, after), strict=True):
        frame.pts, frame.time_base = 0, rate
        entry.push(frame)
        entry.push(None)
    yield from pull_frames(graph, AudioFrame)
