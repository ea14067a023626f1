"""Opens a video that anybody may have made: its headers are checked before a decoder sees it, and what it may cost is bounded."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets without a type.

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media import mp4_probe as mp4
from sora_mcp.media.limits import Allowance

MOST_PIXELS = 36_000_000
"""Of one picture: 8K."""
MOST_FRAMES = 40_000
MOST_SECONDS = 600.0
FEWEST_FPS, MOST_FPS, MOST_GUESSED_FPS = Fraction(1), Fraction(120), Fraction(60)
MOST_STRETCH = 4
NO_PICTURE = "It has no picture that can be decoded."
ONLY_THE_FILE = {"protocol_whitelist": "file", "enable_drefs": "0"}
"""A file may name other files and addresses; none is opened."""


@dataclass
class Reel:
    """An open video."""

    container: InputContainer
    video: VideoStream
    audio: AudioStream | None
    seconds: float

    @property
    def fps(self) -> Fraction:
        """Pictures per second, within reason."""
        # Of a clip that shows some pictures longer than others the average would leave some out; a guess above this is the clock's.
        guessed, average = self.video.guessed_rate, self.video.average_rate
        rate = guessed if guessed and guessed <= MOST_GUESSED_FPS else average or 24
        return min(max(Fraction(rate), FEWEST_FPS), MOST_FPS)

    @property
    def begins(self) -> float:
        """The second at which its pictures or its sound begin, whichever do first."""
        return max(0.0, (self.container.start_time or 0) / 1_000_000)

    @property
    def stretch(self) -> Fraction:
        """How many times as wide as high a pixel is shown."""
        shown = Fraction(self.video.sample_aspect_ratio or 1)
        return shown if Fraction(1, MOST_STRETCH) <= shown <= MOST_STRETCH else Fraction(1)

    def first(self, allowance: Allowance) -> VideoFrame:
        """Its first picture. BadMedia where there is none."""
        for frame in self.pictures(allowance):
            return frame
        raise BadMedia(NO_PICTURE)

    def pictures(self, allowance: Allowance, *, start: float = 0.0, end: float | None = None) -> Iterator[VideoFrame]:
        """Every frame from the keyframe before `start` on, to the first one behind `end`."""
        if start > 0:
            self.container.seek(round(start / (self.video.time_base or 1)), stream=self.video)
        for count, frame in enumerate(self.container.decode(self.video)):
            allowance.check()
            if count > MOST_FRAMES:
                raise BadMedia(f"It has more than {MOST_FRAMES} frames.")
            if frame.width * frame.height > MOST_PIXELS:
                raise BadMedia(_too_large(frame.width, frame.height))
            yield frame
            if end is not None and when(frame) >= end:
                return


@contextmanager
def opened(path: Path) -> Generator[Reel]:
    """The video, open. BadMedia when it is no whole MP4, or one that takes too much to decode."""
    facts = mp4.inspect(path)
    if facts.width * facts.height > MOST_PIXELS:
        raise BadMedia(_too_large(facts.width, facts.height))
    if (declared := mp4.declared_frames(path)) > MOST_FRAMES:
        raise BadMedia(f"It says that it has {declared} frames; {MOST_FRAMES} is the most that is looked at.")
    if (facts.duration_s or 0) > MOST_SECONDS:
        raise BadMedia(f"It says that it is {facts.duration_s:g} s long; {MOST_SECONDS:g} s is the most that is looked at.")
    try:
        with av.open(str(path), format="mov", options=ONLY_THE_FILE) as container:
            video = container.streams.video[0]
            if video.width * video.height > MOST_PIXELS:
                raise BadMedia(_too_large(video.width, video.height))
            video.thread_type = "AUTO"
            video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            audio = next(iter(container.streams.audio), None)
            yield Reel(container, video, audio, _length(container, video, facts))
    except (FFmpegError, IndexError, ValueError, MemoryError) as error:
        raise BadMedia("Its pictures or its sound cannot be decoded.") from error


def when(frame: VideoFrame) -> float:
    """Its time in seconds."""
    return frame.time or 0.0


def _length(container: InputContainer, video: VideoStream, facts: mp4.Facts) -> float:
    own = float(video.duration * video.time_base) if video.duration and video.time_base else None
    seconds = own or facts.duration_s or (container.duration or 0) / 1_000_000
    if seconds > MOST_SECONDS:
        raise BadMedia(f"It is {seconds:g} s long; {MOST_SECONDS:g} s is the most that is looked at.")
    return seconds


def _too_large(width: int, height: int) -> str:
    return f"Its picture is {width}x{height} pixels; {MOST_PIXELS // 1_000_000} megapixels is the most that is decoded."
