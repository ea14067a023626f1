"""Check that a file is a whole MP4 with a video track, and read its length and size from the boxes, without decoding."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NoReturn

from sora_mcp.domain.errors import BadMedia
from sora_mcp.media.containers import HEAD_BYTES, UNKNOWN, find_container

MOST_MOOV_BYTES = 64 * 1024 * 1024
MOST_BOXES = 100_000
"""Of one file. A fragmented hour has a few thousand boxes."""
FOLLOWING = (b"moof", b"mfra", b"sidx", b"ssix", b"emsg", b"prft", b"meta", b"mdat")
"""Top-level boxes that may follow later."""
LEADING = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"styp", b"pnot")
"""Boxes that an MP4 or QuickTime file may begin with."""
UNSTATED = (0, 2**32 - 1, 2**64 - 1)
"""Durations that mean "not stated here"."""


@dataclass(frozen=True)
class VideoInfo:
    """Length in seconds and shown size in pixels, as the file states them. `duration_s` is None when a fragmented file does not."""

    duration_s: float | None
    width: int
    height: int


@dataclass(frozen=True)
class _Box:
    kind: bytes
    body: int
    """Offset of its content."""
    end: int


def probe_mp4(path: Path) -> VideoInfo:
    """Return the file's length and size. Raises BadMedia when it is no whole MP4 with a video track."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        _check_start(file.read(HEAD_BYTES), size)
        reader = _BoxReader(file)
        boxes = reader.read_top_level(size)
        _find_box(boxes, b"ftyp", "It has no ftyp header, so it is no MP4.")
        moov = _find_box(boxes, b"moov", "It has no moov box, the index of an MP4: it was cut off, or never finished.")
        if not any(box.kind == b"mdat" and box.end > box.body for box in boxes):
            raise BadMedia("It is an MP4 without any pictures or sound: the mdat box is missing or empty.")
        return reader.read_movie(moov)


def count_declared_samples(path: Path) -> int:
    """Return the largest number of samples that a video track declares. For a file that `probe_mp4` accepted."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        reader = _BoxReader(file)
        return max((reader.count_samples(box) for box in reader.read_top_level(size) if box.kind == b"moov"), default=0)


class _BoxReader:
    """Reads the boxes of one file, at most MOST_BOXES, so that a hostile file ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_BOXES

    def read_top_level(self, size: int) -> list[_Box]:
        """Return the top-level boxes. Bytes after a whole movie that begin no known box are ignored: some servers append them."""
        found: list[_Box] = []
        try:
            found.extend(self.iterate_boxes(0, size))  # keeps those before a damaged one
        except BadMedia:
            if not {b"ftyp", b"moov", b"mdat"} <= {box.kind for box in found} or self._begins_box(found[-1].end):
                raise
        return found

    def _begins_box(self, start: int) -> bool:
        """Return whether a known box begins at this offset, or a truncated header of one."""
        header = self._read(start, 8)
        short = len(header) < 8 and header[:1] == b"\0"
        return any(kind == header[4:] or (short and kind.startswith(header[4:])) for kind in (*LEADING, *FOLLOWING))

    def iterate_boxes(self, start: int, end: int, *, inside: str = "the file") -> Iterator[_Box]:
        """Yield every box between two offsets. Raises BadMedia when one does not lie between them."""
        while start < end:
            box = self._read_box(start, end, inside)
            if box is None:
                return
            yield box
            start = box.end

    def _read_box(self, start: int, end: int, inside: str) -> _Box | None:
        self._left -= 1
        if self._left < 0:
            raise BadMedia(f"It has more than {MOST_BOXES} boxes, which no real clip has.")
        header = self._read(start, min(16, end - start))
        if len(header) < 8:
            return None if not any(header) else _raise_truncated(inside)  # some QuickTime lists end with a few zeros
        declared, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if declared == 1:
            if len(header) < 16:
                _raise_truncated(inside)
            declared, head = int.from_bytes(header[8:], "big"), 16
        if declared == 0 and inside == "the file":
            declared = end - start  # the last box may extend to the end of the file
        if declared < head:
            raise BadMedia(f"The box {_name(kind)} says that it is {declared} bytes long, which is shorter than its own header.")
        if start + declared > end:
            raise BadMedia(f"It is cut off: the box {_name(kind)} needs {declared} bytes, and {inside} ends after {end - start} of them.")
        return _Box(kind, start + head, start + declared)

    def _read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        return self._file.read(count)

    def read_movie(self, moov: _Box) -> VideoInfo:
        """Return what the index states. The length is the edited one of the video track, else the track's own, else the movie's."""
        if moov.end - moov.body > MOST_MOOV_BYTES:
            raise BadMedia(f"Its index is {moov.end - moov.body} bytes long, which no real clip needs.")
        boxes = list(self.iterate_boxes(moov.body, moov.end, inside="the moov box"))
        clock = self._read_clock(_find_box(boxes, b"mvhd", "Its index has no header (mvhd)."))
        tracks = [info for box in boxes if box.kind == b"trak" and (info := self._read_video(box, clock[0])) is not None]
        if not tracks:
            raise BadMedia("It has no video track.")
        info = tracks[0]
        if info.duration_s is not None:
            return info
        fragmented = next((box for box in boxes if box.kind == b"mvex"), None)
        if fragmented is None and clock[1] is None:
            raise BadMedia("Its video is 0 seconds long.")
        return replace(info, duration_s=_to_seconds(clock) if fragmented is None else self._read_fragmented_duration(fragmented, clock))

    def count_samples(self, moov: _Box) -> int:
        """Return the largest number of samples in a video track's size and time tables."""
        tracks = (box for box in self.iterate_boxes(moov.body, moov.end) if box.kind == b"trak" and self._read_video(box, 1))
        return max(map(self._count_track_samples, tracks), default=0)

    def _count_track_samples(self, trak: _Box) -> int:
        inner = trak
        for kind in (b"mdia", b"minf", b"stbl"):
            found = next((box for box in self.iterate_boxes(inner.body, inner.end, inside="a track") if box.kind == kind), None)
            if found is None:
                return 0
            inner = found
        tables = {box.kind: box for box in self.iterate_boxes(inner.body, inner.end, inside="a track")}
        sizes = self._read_content(tables[b"stsz"], 12)[8:12] if b"stsz" in tables else b""
        times = self._read_content(tables[b"stts"], 1 << 20)[8:] if b"stts" in tables else b""
        declared_by_time = sum(count for count, _ in struct.iter_unpack(">II", times[: len(times) // 8 * 8]))
        return max(int.from_bytes(sizes, "big"), declared_by_time)

    def _read_video(self, trak: _Box, scale: int) -> VideoInfo | None:
        """Return a video track's facts; None for any other track. `scale` is the movie's ticks per second."""
        boxes = list(self.iterate_boxes(trak.body, trak.end, inside="a track"))
        mdia = _find_box(boxes, b"mdia", "One of its tracks has no media (mdia).")
        media = list(self.iterate_boxes(mdia.body, mdia.end, inside="a track's media"))
        handler = self._read_content(_find_box(media, b"hdlr", "One of its tracks does not say what it carries (hdlr)."), 12)
        if handler[8:12] != b"vide":
            return None
        header = self._read_content(_find_box(boxes, b"tkhd", "Its video track has no header (tkhd)."), 96)
        width, height = _read_size(header)
        own = _to_seconds(self._read_clock(_find_box(media, b"mdhd", "Its video track has no clock (mdhd).")))
        has_edits = any(box.kind == b"edts" for box in boxes)  # only then does the shown length differ from the stored one
        return VideoInfo((_to_seconds((scale, _read_shown_ticks(header))) if has_edits else None) or own, width, height)

    def _read_clock(self, box: _Box) -> tuple[int, int | None]:
        """Return ticks per second and the duration in ticks, None when unknown, of an mvhd or mdhd box."""
        content = self._read_content(box, 32)
        form, at = (">IQ", 20) if content[0] == 1 else (">II", 12)
        if len(content) < at + struct.calcsize(form):
            _raise_truncated(f"the box {_name(box.kind)}")
        scale, ticks = struct.unpack_from(form, content, at)
        if scale == 0:
            raise BadMedia(f"The box {_name(box.kind)} counts no ticks per second.")
        return scale, None if ticks in UNSTATED else ticks

    def _read_fragmented_duration(self, mvex: _Box, clock: tuple[int, int | None]) -> float | None:
        """Return the length in seconds that a fragmented file may state in mehd."""
        header = next((box for box in self.iterate_boxes(mvex.body, mvex.end, inside="the mvex box") if box.kind == b"mehd"), None)
        if header is None:
            return _to_seconds(clock)
        content = self._read_content(header, 12)
        ticks = int.from_bytes(content[4:12] if content[0] == 1 else content[4:8], "big")
        return _to_seconds((clock[0], None if ticks in UNSTATED else ticks))

    def _read_content(self, box: _Box, most: int) -> bytes:
        """Return at most `most` bytes of a box's content. Raises BadMedia when it is empty."""
        content = self._read(box.body, min(most, box.end - box.body))
        return content or _raise_truncated(f"the box {_name(box.kind)}")


def _check_start(head: bytes, size: int) -> None:
    """Raise BadMedia, naming what came instead, unless the file begins like an MP4."""
    if size == 0:
        raise BadMedia("The file is empty.")
    container = find_container(head)
    if head[4:8] in LEADING and container.family in ("video", "unknown"):
        return
    if container is UNKNOWN:
        raise BadMedia("It is no MP4: it does not begin like one.")
    raise BadMedia(f"It is {container.words}, no MP4.")


def _read_size(tkhd: bytes) -> tuple[int, int]:
    """Return width and height as shown: the last fields of tkhd, 16.16 fixed point, turned by the matrix before them."""
    at = 88 if tkhd[0] == 1 else 76
    if len(tkhd) < at + 8:
        _raise_truncated("its track header")
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


def _find_box(boxes: list[_Box], kind: bytes, otherwise: str) -> _Box:
    found = next((box for box in boxes if box.kind == kind), None)
    if found is None:
        raise BadMedia(otherwise)
    return found


def _to_seconds(clock: tuple[int, int | None]) -> float | None:
    scale, ticks = clock
    return None if ticks is None else ticks / scale


def _raise_truncated(inside: str) -> NoReturn:
    raise BadMedia(f"It is cut off in the middle of {inside}.")


def _name(kind: bytes) -> str:
    return kind.decode("ascii") if kind.isalnum() else kind.hex()
