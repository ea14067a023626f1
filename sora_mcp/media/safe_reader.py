"""Open a video from an untrusted source: its headers are checked before a decoder sees it, and decoding is bounded."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.containers import DEMUXED, ISO_MEDIA, M4A, MP3, WAV, Container, read_container
from sora_mcp.media.limits import DEMUX_OPTIONS, MOST_PIXELS, NO_FRAME, Deadline
from sora_mcp.media.mp4_probe import VideoInfo, count_declared_samples, probe_mp4
from sora_mcp.media.other_containers import find_pictures, probe_video

MOST_FRAMES = 40_000
SOUND_DEMUXERS: dict[Container, str] = {MP3: "mp3", WAV: "wav", M4A: "mov", **dict.fromkeys(ISO_MEDIA, "mov")}
"""FFmpeg's demuxer for each container that sound is taken from."""
MOST_SECONDS = 600.0
LEAST_FPS, MOST_FPS, MOST_GUESSED_FPS = Fraction(1), Fraction(120), Fraction(60)
MOST_PIXEL_ASPECT = 4
PROBE_S = 20.0


class TooManyFrames(BadMedia):
    """A clip of more than MOST_FRAMES; `declared` is how many its headers declare, where they do."""

    def __init__(self, declared: int | None = None) -> None:
        seen = f"It has more than {MOST_FRAMES} frames."
        stated = f"It says that it has {declared} frames; {MOST_FRAMES} is the most that is looked at."
        super().__init__(seen if declared is None else stated)


class TooLong(BadMedia):
    """A clip of more than MOST_SECONDS, as its headers declare it or as its streams are."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"It says that it is {seconds:g} s long; {MOST_SECONDS:g} s is the most that is looked at.")


@dataclass
class OpenSound:
    """An open container with its first audio stream that has a decoder."""

    container: InputContainer
    audio: AudioStream | None

    @property
    def start_s(self) -> float:
        """The time in seconds at which the first stream begins."""
        return max(0.0, (self.container.start_time or 0) / 1_000_000)

    def decode_sound(self, deadline: Deadline) -> Iterator[AudioFrame]:
        """Yield every frame of the sound from where the container stands; none without a sound track, or when it is damaged."""
        if self.audio is not None:
            yield from self._decode(self.audio, deadline)

    def _decode(self, stream: VideoStream | AudioStream, deadline: Deadline) -> Iterator[Any]:
        """Yield what the stream's packets decode to. A damaged packet costs that packet only."""
        for packet in self.container.demux(stream):
            deadline.check()
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except FFmpegError:
                continue
            yield from frames


@dataclass
class OpenVideo(OpenSound):
    """An open container that has, besides, a video stream, the first one, its length in seconds and its shown size in pixels."""

    video: VideoStream
    seconds: float
    size: tuple[int, int]
    lost_sound: bool = False
    """True when it has sound and no decoder for it."""

    @property
    def fps(self) -> Fraction:
        """Frames per second, from LEAST_FPS to MOST_FPS."""
        # In a clip with frames of unequal length the average rate would drop some; a guess above the limit is the time base.
        guessed, average = self.video.guessed_rate, self.video.average_rate
        rate = guessed if guessed and guessed <= MOST_GUESSED_FPS else average or 24
        return min(max(Fraction(rate), LEAST_FPS), MOST_FPS)

    @property
    def pixel_aspect(self) -> Fraction:
        """A pixel's width, as a multiple of its height; 1 when the file states something absurd."""
        aspect = Fraction(self.video.sample_aspect_ratio or 1)
        return aspect if Fraction(1, MOST_PIXEL_ASPECT) <= aspect <= MOST_PIXEL_ASPECT else Fraction(1)

    def decode_first(self, deadline: Deadline) -> VideoFrame:
        """Return the first frame. Raises BadMedia when there is none."""
        if not self.video.codec_context.is_open:
            self.video.thread_type = "NONE"  # more threads would begin with frames that nobody asked for
        for frame in self.decode_frames(deadline):
            return frame
        raise BadMedia(NO_FRAME)

    def decode_frames(self, deadline: Deadline, *, start: float = 0.0, end: float | None = None) -> Iterator[VideoFrame]:
        """Yield every frame from the keyframe before second `start` to the first frame at or after second `end`.

        Raises BadMedia for too many or too large frames, Refused when the deadline has passed.
        """
        if start > 0:
            self.container.seek(round(start / (self.video.time_base or 1)), stream=self.video)
        for count, frame in enumerate(self._decode(self.video, deadline)):
            deadline.check()
            if count > MOST_FRAMES:
                raise TooManyFrames
            check_pixels(frame.width, frame.height)
            yield frame
            if end is not None and time_of(frame) >= end:
                return


@contextmanager
def open_video(path: Path) -> Generator[OpenVideo]:
    """Open a video in any container that is known. Raises BadMedia, also from the body, when it is damaged or too much to decode."""
    demuxer = DEMUXED.get(read_container(path), "mov")
    info = probe_mp4(path) if demuxer == "mov" else probe_video(path, Deadline(PROBE_S))
    _check_declared(info, count_declared_samples(path) if demuxer == "mov" else 0)
    try:
        with av.open(str(path), format=demuxer, options=DEMUX_OPTIONS) as container:
            video = find_pictures(container)
            if cast("object", video.codec_context) is None:  # PyAV's stubs do not know that an unknown codec has none
                raise BadMedia("Its pictures are in a format that cannot be decoded.")
            check_pixels(video.width, video.height)
            video.thread_type = "AUTO"
            video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            audio = _find_sound(container)
            lost_sound = audio is None and bool(container.streams.audio)
            seconds = _measure_seconds(container, video, info)
            yield OpenVideo(container, audio, video, seconds, (info.width, info.height), lost_sound)
    except (FFmpegError, IndexError, ValueError, MemoryError) as error:
        raise BadMedia("Its pictures or its sound cannot be decoded.") from error


@contextmanager
def open_sound(path: Path) -> Generator[OpenSound]:
    """Open an MP3, M4A or WAV file, or the sound of an MP4. Raises BadMedia, also from the body, when it is another file or damaged."""
    demuxer = SOUND_DEMUXERS.get(container := read_container(path))
    if demuxer is None:
        raise BadMedia(f"It is {container.words}, no MP3, M4A or WAV file.")
    if demuxer == "mov" and (declared := count_declared_samples(path)) > MOST_FRAMES:
        raise TooManyFrames(declared)
    try:
        with av.open(str(path), format=demuxer, options=DEMUX_OPTIONS) as opened:
            if (audio := _find_sound(opened)) is None:
                raise BadMedia("It has no sound that can be decoded.")
            yield OpenSound(opened, audio)
    except (FFmpegError, IndexError, ValueError, MemoryError) as error:
        raise BadMedia("Its sound cannot be decoded.") from error


def _find_sound(container: InputContainer) -> AudioStream | None:
    return next((stream for stream in container.streams.audio if cast("object", stream.codec_context) is not None), None)


def time_of(frame: VideoFrame) -> float:
    """Return a frame's time in seconds."""
    return frame.time or 0.0


def _check_declared(info: VideoInfo, declared: int) -> None:
    """Raise BadMedia when the headers declare more than is decoded. `declared` is a number of frames."""
    check_pixels(info.width, info.height)
    if declared > MOST_FRAMES:
        raise TooManyFrames(declared)
    if (seconds := info.duration_s or 0) > MOST_SECONDS:
        raise TooLong(seconds)


def check_pixels(width: int, height: int) -> None:
    """Raise BadMedia for a picture that is too large to be decoded."""
    if width * height > MOST_PIXELS:
        raise BadMedia(f"Its picture is {width}x{height} pixels; {MOST_PIXELS // 1_000_000} megapixels is the most that is decoded.")


def _measure_seconds(container: InputContainer, video: VideoStream, info: VideoInfo) -> float:
    own = float(video.duration * video.time_base) if video.duration and video.time_base else None
    seconds = own or info.duration_s or (container.duration or 0) / 1_000_000
    if seconds > MOST_SECONDS:
        raise TooLong(seconds)
    return seconds
