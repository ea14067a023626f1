"""Check that a file is a whole MP4 with a video track, and read its length, size and sound from the boxes, without decoding."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.containers import HEAD_BYTES, MOV, UNKNOWN, Container, find_container
from sora_mcp.media.mp4_boxes import LEADING, Box, BoxReader, find_box, format_kind, raise_truncated
from sora_mcp.media.mp4_fragments import Samples, read_fragments

MOST_MOOV_BYTES = 64 * 1024 * 1024
MOST_TABLE_BYTES = 16 * 1024 * 1024
"""Of a track's time table: two million entries, of which a usual clip has one."""
UNSTATED = (0, 2**32 - 1, 2**64 - 1)
"""Durations that mean "not stated here"."""


class OddMP4(BadMedia):
    """An MP4 whose boxes are all there, with an index that states something else than a video."""


class NoVideoTrack(OddMP4):
    """An MP4 without pictures."""

    def __init__(self) -> None:
        super().__init__("It has no video track.")


@dataclass(frozen=True)
class VideoInfo:
    """Length in seconds and shown size in pixels, as the file states them. `duration_s` is None when a fragmented file does not."""

    duration_s: float | None
    width: int
    height: int
    has_sound: bool = False


@dataclass(frozen=True)
class _Track:
    """A video track: what it states, its id, and its ticks per second."""

    info: VideoInfo
    id: int
    scale: int


def probe_mp4(path: Path) -> VideoInfo:
    """Return the file's length and size, and whether it has sound. Raises BadMedia when it is no whole MP4 with a video track.

    OddMP4 is raised for a file that is whole.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        container = _check_start(file.read(HEAD_BYTES), size)
        reader = BoxReader(file)
        boxes = reader.read_top_level(size)
        moov = find_box(boxes, b"moov", "It has no moov box, the index of an MP4: it was cut off, or never finished.")
        if not any(box.kind == b"mdat" and box.end > box.body for box in boxes):
            raise BadMedia("It is an MP4 without any pictures or sound: the mdat box is missing or empty.")
        try:
            if container is not MOV:  # older QuickTime movies have none
                find_box(boxes, b"ftyp", "It has no ftyp header, so it is no MP4.")
            return _Movie(reader, boxes, moov).read()
        except NoVideoTrack:
            raise
        except BadMedia as error:
            raise OddMP4(error.message) from error


def count_declared_samples(path: Path) -> int:
    """Return the largest number of samples that a video track declares. For a file that `probe_mp4` accepted."""
    return max((count for count, _ in _list_samples(path)), default=0)


def measure_stored_s(path: Path) -> float:
    """Return how many seconds the samples of the longest video track last, whatever headers and edits say. As `count_declared_samples`."""
    return max((seconds for _, seconds in _list_samples(path)), default=0.0)


def _list_samples(path: Path) -> list[tuple[int, float]]:
    with path.open("rb") as file:
        reader = BoxReader(file)
        boxes = reader.read_top_level(os.fstat(file.fileno()).st_size)
        return [found for box in boxes if box.kind == b"moov" for found in _Movie(reader, boxes, box).list_samples()]


class _Movie:
    """Reads the index of a movie, `moov`, among the file's top-level `boxes`."""

    def __init__(self, reader: BoxReader, boxes: list[Box], moov: Box) -> None:
        if moov.end - moov.body > MOST_MOOV_BYTES:
            raise BadMedia(f"Its index is {moov.end - moov.body} bytes long, which no real clip needs.")
        self._reader = reader
        self._top_level = boxes
        self._boxes = list(reader.iterate_boxes(moov.body, moov.end, inside="the moov box"))

    def read(self) -> VideoInfo:
        """Return what the index states. The length is the edited one of the video track, else the track's own, else the movie's."""
        clock = self._read_clock(find_box(self._boxes, b"mvhd", "Its index has no header (mvhd)."))
        read = [self._read_track(box, clock[0]) for box in self._boxes if box.kind == b"trak"]
        track = next((track for track in read if isinstance(track, _Track)), None)
        if track is None:
            raise NoVideoTrack
        info = replace(track.info, has_sound=b"soun" in read)
        if info.duration_s is not None:
            return info
        fragmented = next((box for box in self._boxes if box.kind == b"mvex"), None)
        if fragmented is None and clock[1] is None:
            raise BadMedia("Its video is 0 seconds long.")
        return replace(info, duration_s=_to_seconds(clock) if fragmented is None else self._measure_fragments(fragmented, track, clock))

    def list_samples(self) -> Iterator[tuple[int, float]]:
        """Yield for each video track how many samples its tables and fragments have, and how many seconds these last."""
        mvex = next((box for box in self._boxes if box.kind == b"mvex"), None)
        for box in self._boxes:
            if box.kind == b"trak" and isinstance(track := self._read_track(box, 1), _Track):
                indexed = self._read_tables(box)
                later = self._read_fragments(mvex, track) if mvex is not None else Samples(0, 0)
                yield max(indexed.samples, later.samples), (indexed.ticks + later.ticks) / track.scale

    def _read_tables(self, trak: Box) -> Samples:
        """Return the samples of a track's size and time tables; the larger number counts where these differ."""
        inner = trak
        for kind in (b"mdia", b"minf", b"stbl"):
            found = next((box for box in self._reader.iterate_boxes(inner.body, inner.end, inside="a track") if box.kind == kind), None)
            if found is None:
                return Samples(0, 0)
            inner = found
        tables = {box.kind: box for box in self._reader.iterate_boxes(inner.body, inner.end, inside="a track")}
        sizes = self._reader.read_content(tables[b"stsz"], 12)[8:12] if b"stsz" in tables else b""
        times = self._reader.read_content(tables[b"stts"], MOST_TABLE_BYTES)[8:] if b"stts" in tables else b""
        rows = list(struct.iter_unpack(">II", times[: len(times) // 8 * 8]))
        return Samples(max(int.from_bytes(sizes, "big"), sum(count for count, _ in rows)), sum(count * ticks for count, ticks in rows))

    def _read_track(self, trak: Box, scale: int) -> _Track | bytes:
        """Return a video track; of any other track its kind, such as `b"soun"`. `scale` is the movie's ticks per second."""
        boxes = list(self._reader.iterate_boxes(trak.body, trak.end, inside="a track"))
        mdia = find_box(boxes, b"mdia", "One of its tracks has no media (mdia).")
        media = list(self._reader.iterate_boxes(mdia.body, mdia.end, inside="a track's media"))
        handler = self._reader.read_content(find_box(media, b"hdlr", "One of its tracks does not say what it carries (hdlr)."), 12)
        if handler[8:12] != b"vide":
            return handler[8:12]
        header = self._reader.read_content(find_box(boxes, b"tkhd", "Its video track has no header (tkhd)."), 96)
        width, height = _read_size(header)
        clock = self._read_clock(find_box(media, b"mdhd", "Its video track has no clock (mdhd)."))
        has_edits = any(box.kind == b"edts" for box in boxes)  # only then does the shown length differ from the stored one
        seconds = (_to_seconds((scale, _read_shown_ticks(header))) if has_edits else None) or _to_seconds(clock)
        track_id = int.from_bytes(header[20:24] if header[0] == 1 else header[12:16], "big")
        return _Track(VideoInfo(seconds, width, height), track_id, clock[0])

    def _read_clock(self, box: Box) -> tuple[int, int | None]:
        """Return ticks per second and the duration in ticks, None when unknown, of an mvhd or mdhd box."""
        content = self._reader.read_content(box, 32)
        form, at = (">IQ", 20) if content[0] == 1 else (">II", 12)
        if len(content) < at + struct.calcsize(form):
            raise_truncated(f"the box {format_kind(box.kind)}")
        scale, ticks = struct.unpack_from(form, content, at)
        if scale == 0:
            raise BadMedia(f"The box {format_kind(box.kind)} counts no ticks per second.")
        return scale, None if ticks in UNSTATED else ticks

    def _measure_fragments(self, mvex: Box, track: _Track, clock: tuple[int, int | None]) -> float | None:
        """Return a fragmented file's length in seconds: as mehd or the movie states it, else the sum of its fragments, None without any."""
        header = next((box for box in self._reader.iterate_boxes(mvex.body, mvex.end, inside="the mvex box") if box.kind == b"mehd"), None)
        if header is not None:
            content = self._reader.read_content(header, 12)
            ticks = int.from_bytes(content[4:12] if content[0] == 1 else content[4:8], "big")
            if ticks not in UNSTATED:
                return ticks / clock[0]
        return _to_seconds(clock) or self._read_fragments(mvex, track).ticks / track.scale or None

    def _read_fragments(self, mvex: Box, track: _Track) -> Samples:
        return read_fragments(self._reader, self._top_level, mvex, track.id)


def _check_start(head: bytes, size: int) -> Container:
    """Return the kind of a file that begins like an MP4 or a QuickTime movie. Raises BadMedia, naming what came instead, for any other."""
    if size == 0:
        raise BadMedia("The file is empty.")
    container = find_container(head)
    if head[4:8] in LEADING and container.family in ("video", "unknown"):
        return container
    if container is UNKNOWN:
        raise BadMedia("It is no MP4: it does not begin like one.")
    raise BadMedia(f"It is {container.words}, no MP4.")


def _read_size(tkhd: bytes) -> tuple[int, int]:
    """Return width and height as shown: the last fields of tkhd, 16.16 fixed point, turned by the matrix before them."""
    at = 88 if tkhd[0] == 1 else 76
    if len(tkhd) < at + 8:
        raise_truncated("its track header")
    width, height = (side >> 16 for side in struct.unpack_from(">II", tkhd, at))
    if not width or not height:
        raise BadMedia(f"Its picture is {width}x{height} pixels.")
    a, b, _, c, d = struct.unpack_from(">5i", tkhd, at - 36)
    return (height, width) if b and c and not a and not d else (width, height)


def _read_shown_ticks(tkhd: bytes) -> int | None:
    """Return how long the track is shown, in the movie's ticks; None when unknown."""
    form, at = (">Q", 28) if tkhd[0] == 1 else (">I", 20)
    ticks: int = struct.unpack_from(form, tkhd, at)[0]
    return None if ticks in UNSTATED else ticks


def _to_seconds(clock: tuple[int, int | None]) -> float | None:
    scale, ticks = clock
    return None if ticks is None else ticks / scale
