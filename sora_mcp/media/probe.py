"""Measure any media file: kind, length, size and sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sora_mcp.domain.errors import BadMedia, BrokenRules, Refused
from sora_mcp.media.containers import ANIMATIONS, ISO_MEDIA, M4A, Container, read_container
from sora_mcp.media.images.probe import probe_image
from sora_mcp.media.limits import Deadline
from sora_mcp.media.mp4_probe import NoVideoTrack, VideoInfo, probe_mp4
from sora_mcp.media.optional import has_media_extra
from sora_mcp.media.worker.processes import POOL

MOST_IMAGE_BYTES = 100_000_000
PROBE_S = 20.0


@dataclass(frozen=True)
class MediaInfo:
    """Measurements of a file. None stands for what its kind does not have, or what could not be measured here."""

    container: Container
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    has_sound: bool | None = None


def probe_media(path: Path) -> MediaInfo:
    """Return what can be measured: of an MP4 from its boxes, of an image from its header, of all else with the media extra.

    Never raises for a damaged file: then only its kind is known. Raises OSError when it cannot be read.
    """
    container = read_container(path)
    try:
        return _measure(path, container)
    except (BadMedia, BrokenRules, Refused):
        return MediaInfo(container)


def read_kind(path: Path) -> Container:
    """Return the kind of a file: of an MP4 without pictures M4A, else as `read_container`. Raises OSError when it cannot be read."""
    container = read_container(path)
    if container in ISO_MEDIA:
        try:
            probe_mp4(path)
        except NoVideoTrack:
            return M4A
        except BadMedia:
            pass  # its caller asks what is wrong with it
    return container


def _measure(path: Path, container: Container) -> MediaInfo:
    if container in ISO_MEDIA:
        return _describe(container, probe_mp4(path))
    if container.family == "image" and container not in ANIMATIONS:
        if path.stat().st_size > MOST_IMAGE_BYTES:
            return MediaInfo(container)
        image = probe_image(path.read_bytes())
        return MediaInfo(container, width=image.width, height=image.height)
    if container.family not in ("video", "image") or not has_media_extra():
        return MediaInfo(container)
    operation = "probe_animation" if container in ANIMATIONS else "probe_video"
    deadline = Deadline(PROBE_S)
    return _describe(container, cast(VideoInfo, POOL.run(operation, path, deadline=deadline)))


def _describe(container: Container, info: VideoInfo) -> MediaInfo:
    return MediaInfo(container, info.duration_s, info.width, info.height, info.has_sound)
