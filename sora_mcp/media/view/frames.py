"""Decode a clip once: sample frames for a contact sheet and measure on the way. Also extract single frames."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its planes and Pillow's arrays without a type.

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageChops, ImageStat

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.colours import read_colours, show_in_sdr
from sora_mcp.media.limits import NO_FRAME, Deadline
from sora_mcp.media.orientation import read_turn
from sora_mcp.media.safe_reader import OpenVideo, open_video, time_of
from sora_mcp.media.view.measurements import FAINT_CUT, Measurements, summarize, to_decibels

SAME = 3
"""Difference of a pixel, of 255, up to which it is the same: each picture was compressed by itself."""
CUT_SHARE = 0.4
"""Of the pixels, which a cut changes at least."""
SMALL = (64, 36)
"""Size in pixels of the frame that cuts, movement and brightness are measured on."""
HERTZ = 8_000
MEASURED_S = 60.0
"""Longer clips are only sampled: decoding all of them would take too long."""
TAIL_S = 1.0
"""The last frame is searched from so many seconds before the end."""

DARK = 24
"""Mean brightness, 0 to 255, below which a frame shows nothing: a clip that fades in from black begins so."""
SEARCHED_S = 3.0

TimedPicture = tuple[float, Image.Image]
"""A frame's time in seconds, and the frame."""


@dataclass(frozen=True)
class Samples:
    """Sampled frames, the clip's length in seconds and shown size in pixels, and its measurements unless it is too long."""

    frames: tuple[TimedPicture, ...]
    seconds: float
    size: tuple[int, int]
    measurements: Measurements | None
    is_hdr: bool = False


def sample_frames(path: Path, count: int, deadline: Deadline, *, longest: int) -> Samples:
    """Return `count` frames, evenly spaced over the clip, none with a side longer than `longest` pixels.

    A clip with few frames yields fewer. Raises BadMedia when none can be decoded.
    """
    with open_video(path) as clip:
        wanted = [clip.seconds * (at + 0.5) / count for at in range(count)]
        if clip.seconds > MEASURED_S:
            if not (found := tuple(_seek_frames(clip, wanted, deadline, longest))):
                raise BadMedia(NO_FRAME)
            return Samples(found, clip.seconds, clip.size, None)
        frames, times, changes, lights, is_hdr = _measure_frames(clip, wanted, deadline, longest)
    measurements = summarize(times, changes, lights, _measure_loudness(path, deadline))
    is_lost = measurements.loudness_db is None and (clip.lost_sound or clip.audio is not None)
    return Samples(tuple(frames), clip.seconds, clip.size, replace(measurements, lost_sound=is_lost), is_hdr)


def extract_frame(path: Path, moment: float | None, deadline: Deadline) -> TimedPicture:
    """Return the frame that is shown at second `moment`, in full size, upright; None is the last frame. Raises BadMedia."""
    with open_video(path) as clip:
        last: VideoFrame | None = None
        start = max(0.0, clip.seconds - TAIL_S) if moment is None else moment
        for frame in clip.decode_frames(deadline, start=start, end=moment):
            if last is None or moment is None or time_of(frame) <= moment + 0.001:
                last = frame
        if last is None:
            raise BadMedia("It has no picture at that time that can be decoded.")
        return time_of(last), _to_picture(last, None if clip.pixel_aspect == 1 else _shown_size(last, clip))


def find_light_frame(path: Path, deadline: Deadline) -> TimedPicture:
    """Return the first frame of the first SEARCHED_S that is not dark, in full size; the lightest one when all are. Raises BadMedia."""
    with open_video(path) as clip:
        best: tuple[float, VideoFrame] | None = None
        scaler = VideoReformatter()
        for frame in clip.decode_frames(deadline, end=SEARCHED_S):
            light = ImageStat.Stat(_to_grey(frame, scaler)).mean[0]
            if best is None or light > best[0]:
                best = (light, frame)
            if light >= DARK:
                break
        if best is None:
            raise BadMedia(NO_FRAME)
        frame = best[1]
        return time_of(frame), _to_picture(frame, None if clip.pixel_aspect == 1 else _shown_size(frame, clip))


def _to_picture(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image.Image:
    """Return the frame as a picture in ordinary colours, scaled to `size` and turned upright."""
    turn = read_turn(frame)
    if size is not None and read_colours(frame).is_hdr:  # fewer pixels are tone-mapped
        frame = frame.reformat(width=size[0], height=size[1], format="yuv444p10le")
    frame = show_in_sdr(frame)
    picture = cast(Image.Image, frame.to_image() if size is None else frame.to_image(width=size[0], height=size[1]))
    return picture if turn.transpose is None else picture.transpose(turn.transpose)


def _measure_frames(
    clip: OpenVideo, wanted: list[float], deadline: Deadline, longest: int
) -> tuple[list[TimedPicture], list[float], list[float], list[float], bool]:
    """Decode every frame once. Return the wanted frames, the times, changes and brightnesses for `summarize`, and whether it is HDR."""
    found: list[TimedPicture] = []
    times, changes, lights = list[float](), list[float](), list[float]()
    before: Image.Image | None = None
    last: VideoFrame | None = None
    is_hdr = False
    half, scaler = 0.5 / float(clip.fps), VideoReformatter()
    for frame in clip.decode_frames(deadline):
        if len(found) < len(wanted) and time_of(frame) >= wanted[len(found)] - half:
            found.append((time_of(frame), _to_picture(frame, _shown_size(frame, clip, longest))))
        small = _to_small(frame, scaler)
        times.append(time_of(frame))
        lights.append(ImageStat.Stat(small.convert("L")).mean[0])
        if before is None:
            is_hdr = read_colours(frame).is_hdr
        else:  # pictures of one brightness may differ in a colour alone
            changes.append(_measure_change(ImageChops.difference(small, before)))
        before, last = small, frame
    if last is None:
        raise BadMedia(NO_FRAME)
    if not found:  # the only frame began long before the wanted time
        found.append((time_of(last), _to_picture(last, _shown_size(last, clip, longest))))
    return found, times, changes, lights, is_hdr


def _measure_change(difference: Image.Image) -> float:
    """Return the mean difference of two pictures, at most FAINT_CUT where only a part of them changed: a title that goes is no cut."""
    change = max(ImageStat.Stat(difference).mean)
    if change <= FAINT_CUT:
        return change
    changed = max(sum(band.histogram()[SAME + 1 :]) for band in difference.split())
    return change if changed >= CUT_SHARE * difference.width * difference.height else FAINT_CUT


def _seek_frames(clip: OpenVideo, wanted: list[float], deadline: Deadline, longest: int) -> Iterator[TimedPicture]:
    """Yield the wanted frames, seeking once for each."""
    for moment in wanted:
        found = None
        for frame in clip.decode_frames(deadline, start=moment, end=moment):
            found = frame
        if found is not None:
            yield time_of(found), _to_picture(found, _shown_size(found, clip, longest))


def _shown_size(frame: VideoFrame, clip: OpenVideo, longest: float = math.inf) -> tuple[int, int]:
    """Return the frame's size with square pixels, no side longer than `longest`."""
    wide = float(frame.width * clip.pixel_aspect)
    scale = min(1.0, longest / max(wide, frame.height))
    return max(1, round(wide * scale)), max(1, round(frame.height * scale))


def shrink(frame: VideoFrame) -> Image.Image:
    """Return a single frame small and grey."""
    return _to_grey(frame, VideoReformatter())


def _to_small(frame: VideoFrame, scaler: VideoReformatter) -> Image.Image:
    """Return the frame small, in ordinary colours. All frames share one scaler: setting one up takes longer than using it."""
    kind = "yuv444p10le" if read_colours(frame).is_hdr else "rgb24"
    small = scaler.reformat(frame, width=SMALL[0], height=SMALL[1], format=kind, interpolation="FAST_BILINEAR")
    return cast(Image.Image, (small if kind == "rgb24" else show_in_sdr(small)).to_image())


def _to_grey(frame: VideoFrame, scaler: VideoReformatter) -> Image.Image:
    """Return the frame small and grey."""
    if read_colours(frame).is_hdr:
        return _to_small(frame, scaler).convert("L")
    small = scaler.reformat(frame, width=SMALL[0], height=SMALL[1], format="gray", interpolation="FAST_BILINEAR")
    plane = small.planes[0]
    return Image.frombytes("L", SMALL, bytes(plane), "raw", "L", plane.line_size)


def _measure_loudness(path: Path, deadline: Deadline) -> float | None:
    """Return the mean loudness of the whole clip in dBFS; None without a sound track."""
    squares = count = 0
    with open_video(path) as clip:
        if clip.audio is None:
            return None
        resampler = AudioResampler("s16", "mono", HERTZ)
        for frame in clip.decode_sound(deadline):
            for part in resampler.resample(frame):
                samples = array("h", bytes(part.planes[0])[: part.samples * 2])
                squares += sum(map(operator.mul, samples, samples))
                count += len(samples)
    return to_decibels(squares, count)
