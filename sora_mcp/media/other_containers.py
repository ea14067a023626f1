"""Measure videos in other containers than MP4, and animated images, with PyAV and Pillow."""

# pyright: reportUnknownMemberType=false
# PyAV's own stubs leave its packets, and Pillow's its frames, without a type.

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image, ImageSequence

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.containers import DEMUXED, read_container
from sora_mcp.media.limits import DEMUX_OPTIONS, NO_FRAME, Deadline
from sora_mcp.media.mp4_probe import VideoInfo


def probe_video(path: Path, deadline: Deadline) -> VideoInfo:
    """Return length, size and sound of a video in one of DEMUXED. Raises BadMedia when it has no video stream."""
    demuxer = DEMUXED.get(read_container(path))
    if demuxer is None:
        raise BadMedia(NO_FRAME)
    try:
        with av.open(str(path), format=demuxer, options=DEMUX_OPTIONS) as container:
            video = find_pictures(container)
            if cast("object", video.codec_context) is None:
                raise BadMedia(NO_FRAME)
            seconds = container.duration / 1_000_000 if container.duration else _measure_packets(container, deadline)
            return VideoInfo(seconds or None, video.width, video.height, bool(container.streams.audio))
    except (FFmpegError, IndexError, ValueError) as error:
        raise BadMedia(NO_FRAME) from error


def probe_animation(path: Path, deadline: Deadline) -> VideoInfo:
    """Return length and size of an animated GIF, WebP or PNG. Raises BadMedia when it cannot be decoded."""
    try:
        with Image.open(path, formats=("GIF", "WEBP", "PNG")) as picture:
            milliseconds = 0.0
            for frame in ImageSequence.Iterator(picture):
                deadline.check()
                frame.load()  # a WebP states a frame's duration only once it is decoded
                milliseconds += frame.info.get("duration", 0)
            return VideoInfo(milliseconds / 1000 or None, picture.width, picture.height)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadMedia(NO_FRAME) from error


def find_pictures(container: InputContainer) -> VideoStream:
    """Return the first video stream that is no cover picture. Raises IndexError when there is none."""
    found = (stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic)
    if (stream := next(found, None)) is None:
        raise IndexError
    return stream


def _measure_packets(container: InputContainer, deadline: Deadline) -> float:
    """Return the time in seconds at which the last packet ends, of a file that states no length, such as a live recording."""
    end = 0.0
    for packet in container.demux():
        deadline.check()
        if packet.pts is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end
