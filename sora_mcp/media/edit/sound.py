"""Take a clip's sound away, or lay a sound file under it; the pictures are copied where MP4 has a place for them."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.filter import Graph
from av.stream import Stream

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.containers import AVI, read_container
from sora_mcp.media.edit.to_mp4 import COPIED_PICTURES, mux_packets
from sora_mcp.media.edit.transcode import HERTZ, LOST_SOUND, Segment, read_shape, read_sound, transcode
from sora_mcp.media.filters import link, pull_frames
from sora_mcp.media.limits import Deadline
from sora_mcp.media.safe_reader import OpenSound, open_sound, open_video

UNDER = 0.4
"""Loudness of a sound file under a clip that has sound of its own, as a part of the file's own."""
FADE_S = 1.0
"""At the end of a clip that is shorter than the sound under it."""
LEAST_S = 0.1
"""Seconds by which a sound file and a clip differ where it is told."""


def remove_sound(path: Path, target: Path, deadline: Deadline) -> str:
    """Write the clip without sound to `target`. Return a note as `transcode` does. Raises BadMedia when it has no picture."""
    with open_video(path) as clip:
        clip.decode_first(deadline)
    if not can_copy(path):
        return transcode([Segment(path)], read_shape(path), target, deadline, with_sound=False)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        _copy_pictures(path, out, deadline)
    return ""


def add_sound(path: Path, sound: Path, target: Path, deadline: Deadline) -> str:
    """Write the clip with the sound file under its own sound to `target`. The file begins with the clip and ends with it at the latest.

    Return a note about what is heard and what was lost. Raises BadMedia with the sound file's name when it cannot be decoded.
    """
    check_sound(sound, deadline)
    with open_video(path) as clip:
        seconds, note = clip.seconds, LOST_SOUND if clip.lost_sound else ""
        has_own = next(clip.decode_sound(deadline), None) is not None
    pictures = path if can_copy(path) else target.with_name(f"{target.name}.pictures")
    try:
        if pictures != path:
            note = " ".join(filter(None, (transcode([Segment(path)], read_shape(path), pictures, deadline, with_sound=False), note)))
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            encoder = out.add_stream("aac", rate=HERTZ, layout="stereo")
            _copy_pictures(pictures, out, deadline)
            samples, played = 0, _Played()
            for chunk in _mix(path if has_own else None, sound, round(seconds * HERTZ), deadline, played=played):
                chunk.pts, chunk.time_base = samples, Fraction(1, HERTZ)
                out.mux(encoder.encode(chunk))
                samples += chunk.samples
                deadline.report(samples / HERTZ / max(seconds, 1.0))
            out.mux(encoder.encode(None))
    finally:
        if pictures != path:
            pictures.unlink(missing_ok=True)
    return f"{describe_mix(sound.name, played.seconds, seconds, has_own=has_own)} {note}".strip()


def describe_mix(name: str, sound_s: float, clip_s: float, *, has_own: bool) -> str:
    """Say what is heard of a sound file of `sound_s` under a clip of `clip_s`; the file may be endless."""
    rest = clip_s - sound_s
    part = (
        f"all {_format_s(sound_s)} of {name}"
        if rest >= LEAST_S
        else f"the first {_format_s(clip_s)} of {name}"
        if rest <= -LEAST_S
        else name
    )
    faded = ", fading out at the end" if rest < _choose_fade(clip_s) else ""
    silent = "" if rest < LEAST_S else f", then {_format_s(rest)} {'without it' if has_own else 'of silence'}"
    if not has_own:
        return f"The only sound: {part}{faded}{silent}."
    return f'With the clip\'s own sound: {part}{faded}{silent}. For it alone: action="mute".'


def _format_s(seconds: float) -> str:
    return f"{round(seconds, 1):g} s"


def can_copy(path: Path) -> bool:
    """Return whether MP4 has a place for the clip's pictures. An AVI states no times of pictures that are out of order."""
    with open_video(path) as clip:
        return clip.video.codec.canonical_name in COPIED_PICTURES and read_container(path) is not AVI


def _copy_pictures(path: Path, out: OutputContainer, deadline: Deadline) -> None:
    with open_video(path) as clip:
        track: Stream = out.add_stream_from_template(clip.video, opaque=True)
        if clip.video.codec.canonical_name == "hevc":
            track.codec_context.codec_tag = "hvc1"  # QuickTime and Safari play no other tag
        mux_packets(clip, {clip.video.index: track}, out, deadline)


def check_sound(path: Path, deadline: Deadline) -> None:
    """Raise BadMedia unless sound can be decoded from the file."""
    try:
        with open_sound(path) as source:
            if next(source.decode_sound(deadline), None) is None:
                raise BadMedia("It has no sound that can be decoded.")
    except BadMedia as error:
        raise BadMedia(f"{path.name}: {error.message}") from error


@dataclass
class _Played:
    """Measures a sound file while it is played: its headers may not state how long it is."""

    seconds: float = math.inf
    """Its length, once it was played to its end."""

    @contextmanager
    def open(self, path: Path) -> Generator[OpenSound]:
        """Open the file as `open_sound` does."""
        with open_sound(path) as source:
            yield _CountedSound(source.container, source.audio, self)


@dataclass
class _CountedSound(OpenSound):
    played: _Played
    """Is told how long the file is."""

    def decode_sound(self, deadline: Deadline) -> Iterator[AudioFrame]:
        seconds = 0.0
        for frame in super().decode_sound(deadline):
            seconds += frame.samples / frame.sample_rate
            yield frame
        self.played.seconds = seconds


def _choose_fade(seconds: float) -> float:
    """Return how long the sound file fades out at the end of a clip."""
    return min(FADE_S, seconds / 4)


def _mix(own: Path | None, sound: Path, count: int, deadline: Deadline, *, played: _Played) -> Iterator[AudioFrame]:
    """Yield `count` samples of the sound file, quieter and together with the clip's own sound where it has some."""
    seconds = count / HERTZ
    fade = _choose_fade(seconds)
    graph, rate = Graph(), Fraction(1, HERTZ)
    sources = [read_sound(Segment(sound), count, deadline, open_source=played.open)]
    if own is not None:
        sources.append(read_sound(Segment(own), count, deadline))
    entries = [graph.add_abuffer(sample_rate=HERTZ, format="fltp", layout="stereo", time_base=rate) for _ in sources]
    last = link(entries[0], graph.add("afade", f"type=out:start_time={seconds - fade:.6f}:duration={fade:.6f}"))
    if own is not None:
        quiet = link(last, graph.add("volume", f"{UNDER}"))
        mixed = graph.add("amix", "inputs=2:normalize=0")
        quiet.link_to(mixed, 0, 0)
        entries[1].link_to(mixed, 0, 1)
        last = link(mixed, graph.add("alimiter", "limit=0.95:level=0:latency=1"))
    link(last, graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"), graph.add("abuffersink"))
    graph.configure()
    pushed, open_sources = [0] * len(sources), set(range(len(sources)))
    while open_sources:
        at = min(open_sources, key=lambda number: pushed[number])
        chunk = next(sources[at], None)
        if chunk is None:
            open_sources.discard(at)
        else:
            chunk.pts, chunk.time_base = pushed[at], rate
            pushed[at] += chunk.samples
        entries[at].push(chunk)
        yield from pull_frames(graph, AudioFrame)
