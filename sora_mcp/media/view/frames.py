"""Goes through a clip once: the pictures for a sheet, and what is measured on the way. Takes single frames out, too."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its planes and Pillow's arrays without a type.

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageChops, ImageStat

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.limits import Allowance
from sora_mcp.media.safe_reader import NO_PICTURE, Reel, opened, when
from sora_mcp.media.view.measurements import Digest, decibels, digest

SMALL = (64, 36)
"""The grey picture that movement and brightness are measured on."""
HERTZ = 8_000
MEASURED_S = 60.0
"""Longer clips are only looked into: decoding all of them would take too long."""
TAIL_S = 1.0


@dataclass(frozen=True)
class Seen:
    """Pictures with their times, and the measurements where the clip is short enough."""

    pictures: tuple[tuple[float, Image.Image], ...]
    seconds: float
    digest: Digest | None


def look(path: Path, count: int, allowance: Allowance, *, longest: int) -> Seen:
    """So many pictures, evenly over the clip, none with a longer side than `longest`."""
    with opened(path) as reel:
        wanted = [reel.seconds * (at + 0.5) / count for at in range(count)]
        if reel.seconds > MEASURED_S:
            if not (picked := tuple(_picked(reel, wanted, allowance, longest))):
                raise BadMedia(NO_PICTURE)
            return Seen(picked, reel.seconds, None)
        pictures, times, changes, lights = _through(reel, wanted, allowance, longest)
    return Seen(tuple(pictures), reel.seconds, digest(times, changes, lights, _loudness(path, allowance)))


def still(path: Path, moment: float | None, allowance: Allowance) -> tuple[float, Image.Image]:
    """The frame that is shown at `moment`, in full size, and its time; None is the last one."""
    with opened(path) as reel:
        last: VideoFrame | None = None
        start = max(0.0, reel.seconds - TAIL_S) if moment is None else moment
        for frame in reel.pictures(allowance, start=start, end=moment):
            if last is None or moment is None or when(frame) <= moment + 0.001:
                last = frame
        if last is None:
            raise BadMedia("It has no picture at that time that can be decoded.")
        return when(last), upright(last, None if reel.stretch == 1 else _within(last, reel))


def upright(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image.Image:
    """The frame as a picture, turned as its camera was held."""
    picture = cast(Image.Image, frame.to_image() if size is None else frame.to_image(width=size[0], height=size[1]))
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _through(
    reel: Reel, wanted: list[float], allowance: Allowance, longest: int
) -> tuple[list[tuple[float, Image.Image]], list[float], list[float], list[float]]:
    """Every frame once."""
    pictures: list[tuple[float, Image.Image]] = []
    times, changes, lights = list[float](), list[float](), list[float]()
    before: Image.Image | None = None
    last: VideoFrame | None = None
    half, shrinker = 0.5 / float(reel.fps), VideoReformatter()
    for frame in reel.pictures(allowance):
        if len(pictures) < len(wanted) and when(frame) >= wanted[len(pictures)] - half:
            pictures.append((when(frame), upright(frame, _within(frame, reel, longest))))
        grey = _grey(frame, shrinker)
        times.append(when(frame))
        lights.append(ImageStat.Stat(grey).mean[0])
        if before is not None:
            changes.append(ImageStat.Stat(ImageChops.difference(grey, before)).mean[0])
        before, last = grey, frame
    if last is None:
        raise BadMedia(NO_PICTURE)
    if not pictures:  # one that is shown from long before the only moment asked for
        pictures.append((when(last), upright(last, _within(last, reel, longest))))
    return pictures, times, changes, lights


def _picked(reel: Reel, wanted: list[float], allowance: Allowance, longest: int) -> Iterator[tuple[float, Image.Image]]:
    """One jump for each picture."""
    for moment in wanted:
        found = None
        for frame in reel.pictures(allowance, start=moment, end=moment):
            found = frame
        if found is not None:
            yield when(found), upright(found, _within(found, reel, longest))


def _within(frame: VideoFrame, reel: Reel, longest: float = math.inf) -> tuple[int, int]:
    """The sides of the frame as it is shown, none longer than `longest`."""
    wide = float(frame.width * reel.stretch)
    scale = min(1.0, longest / max(wide, frame.height))
    return max(1, round(wide * scale)), max(1, round(frame.height * scale))


def _grey(frame: VideoFrame, shrinker: VideoReformatter) -> Image.Image:
    """With one shrinker for all frames: setting one up takes longer than using it."""
    small = shrinker.reformat(frame, width=SMALL[0], height=SMALL[1], format="gray", interpolation="FAST_BILINEAR")
    plane = small.planes[0]
    return Image.frombytes("L", SMALL, bytes(plane), "raw", "L", plane.line_size)


def _loudness(path: Path, allowance: Allowance) -> float | None:
    """The mean over the whole clip."""
    squares = count = 0
    with opened(path) as reel:
        if reel.audio is None:
            return None
        plain = AudioResampler("s16", "mono", HERTZ)
        for frame in reel.container.decode(reel.audio):
            allowance.check()
            for part in plain.resample(frame):
                samples = array("h", bytes(part.planes[0])[: part.samples * 2])
                squares += sum(map(operator.mul, samples, samples))
                count += len(samples)
    return decibels(squares, count)
