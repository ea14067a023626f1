"""Whether a file is a whole MP4 with a picture, how long and how large: from its headers, without decoding."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NoReturn

from sora_mcp.domain.errors import BadMedia

MOST_MOOV_BYTES = 64 * 1024 * 1024
MOST_BOXES = 100_000
"""Of one file. A fragmented hour has a few thousand."""
TRACKED = (b"moof", b"mfra", b"sidx", b"ssix", b"emsg", b"prft", b"meta", b"mdat")
"""What may stand further on besides."""
LEADING = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"styp", b"pnot")
"""What an MP4 or QuickTime file may begin with."""
WEBM = b"\x1a\x45\xdf\xa3"
UNKNOWN = (0, 2**32 - 1, 2**64 - 1)
"""Durations that mean "not told here"."""


@dataclass(frozen=True)
class Facts:
    """What the file says of itself. `duration_s` is None where a fragmented file does not tell."""

    duration_s: float | None
    width: int
    height: int


@dataclass(frozen=True)
class _Box:
    kind: bytes
    body: int
    """Where its content begins."""
    end: int


def inspect(path: Path) -> Facts:
    """The file's length and picture size. BadMedia when it is no whole MP4 with a video track."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        _sniff(file.read(512), size)
        walk = _Walk(file)
        boxes = walk.whole(size)
        _one(boxes, b"ftyp", "It has no ftyp header, so it is no MP4.")
        moov = _one(boxes, b"moov", "It has no moov box, the index of an MP4: it was cut off, or never finished.")
        if not any(box.kind == b"mdat" and box.end > box.body for box in boxes):
            raise BadMedia("It is an MP4 without any pictures or sound: the mdat box is missing or empty.")
        return walk.movie(moov)


def declared_frames(path: Path) -> int:
    """The most pictures or sounds that one of its tracks says it has. For a file that `inspect` took."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        walk = _Walk(file)
        return max((walk.samples(box) for box in walk.whole(size) if box.kind == b"moov"), default=0)


class _Walk:
    """Reads headers of one file, and counts them, so that a hostile file ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_BOXES

    def whole(self, size: int) -> list[_Box]:
        """What the file consists of. Bytes behind a whole film that begin nothing films have are no loss: some servers leave them there."""
        found: list[_Box] = []
        try:
            found.extend(self.boxes(0, size))  # those before the one that is wrong stay
        except BadMedia:
            if not {b"ftyp", b"moov", b"mdat"} <= {box.kind for box in found} or self._begins(found[-1].end):
                raise
        return found

    def _begins(self, start: int) -> bool:
        """Whether a box of a film begins here, or what may become the header of one."""
        header = self._read(start, 8)
        short = len(header) < 8 and header[:1] == b"\0"
        return any(kind == header[4:] or (short and kind.startswith(header[4:])) for kind in (*LEADING, *TRACKED))

    def boxes(self, start: int, end: int, *, inside: str = "the file") -> Iterator[_Box]:
        """Every box between two places; each one must lie between them."""
        while start < end:
            box = self._box(start, end, inside)
            if box is None:
                return
            yield box
            start = box.end

    def _box(self, start: int, end: int, inside: str) -> _Box | None:
        self._left -= 1
        if self._left < 0:
            raise BadMedia(f"It has more than {MOST_BOXES} boxes, which no real clip has.")
        header = self._read(start, min(16, end - start))
        if len(header) < 8:
            return None if not any(header) else _cut(inside)  # a few zeros end some QuickTime lists
        declared, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if declared == 1:
            if len(header) < 16:
                _cut(inside)
            declared, head = int.from_bytes(header[8:], "big"), 16
        if declared == 0 and inside == "the file":
            declared = end - start  # the last box may reach to the end of the file
        if declared < head:
            raise BadMedia(f"The box {_shown(kind)} says that it is {declared} bytes long, which is shorter than its own header.")
        if start + declared > end:
            raise BadMedia(f"It is cut off: the box {_shown(kind)} needs {declared} bytes, and {inside} ends after {end - start} of them.")
        return _Box(kind, start + head, start + declared)

    def _read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        return self._file.read(count)

    def movie(self, moov: _Box) -> Facts:
        """What the index says. The length is that which is shown of the video track, then the track's own, then the movie's."""
        if moov.end - moov.body > MOST_MOOV_BYTES:
            raise BadMedia(f"Its index is {moov.end - moov.body} bytes long, which no real clip needs.")
        boxes = list(self.boxes(moov.body, moov.end, inside="the moov box"))
        whole = self._clock(_one(boxes, b"mvhd", "Its index has no header (mvhd)."))
        tracks = [facts for box in boxes if box.kind == b"trak" and (facts := self._video(box, whole[0])) is not None]
        if not tracks:
            raise BadMedia("It has no video track.")
        facts = tracks[0]
        if facts.duration_s is not None:
            return facts
        fragmented = next((box for box in boxes if box.kind == b"mvex"), None)
        if fragmented is None and whole[1] is None:
            raise BadMedia("Its video is 0 seconds long.")
        return replace(facts, duration_s=_seconds(whole) if fragmented is None else self._fragments(fragmented, whole))

    def samples(self, moov: _Box) -> int:
        """The largest count in a video track's tables of sizes and times."""
        tracks = (box for box in self.boxes(moov.body, moov.end) if box.kind == b"trak" and self._video(box, 1))
        return max(map(self._counted, tracks), default=0)

    def _counted(self, trak: _Box) -> int:
        inner = trak
        for kind in (b"mdia", b"minf", b"stbl"):
            found = next((box for box in self.boxes(inner.body, inner.end, inside="a track") if box.kind == kind), None)
            if found is None:
                return 0
            inner = found
        tables = {box.kind: box for box in self.boxes(inner.body, inner.end, inside="a track")}
        sizes = self._content(tables[b"stsz"], 12)[8:12] if b"stsz" in tables else b""
        times = self._content(tables[b"stts"], 1 << 20)[8:] if b"stts" in tables else b""
        spans = sum(count for count, _ in struct.iter_unpack(">II", times[: len(times) // 8 * 8]))
        return max(int.from_bytes(sizes, "big"), spans)

    def _video(self, trak: _Box, scale: int) -> Facts | None:
        """A track's facts; None when it carries no pictures. `scale` is the movie's ticks per second."""
        boxes = list(self.boxes(trak.body, trak.end, inside="a track"))
        mdia = _one(boxes, b"mdia", "One of its tracks has no media (mdia).")
        media = list(self.boxes(mdia.body, mdia.end, inside="a track's media"))
        handler = self._content(_one(media, b"hdlr", "One of its tracks does not say what it carries (hdlr)."), 12)
        if handler[8:12] != b"vide":
            return None
        header = self._content(_one(boxes, b"tkhd", "Its video track has no header (tkhd)."), 96)
        width, height = _sides(header)
        own = _seconds(self._clock(_one(media, b"mdhd", "Its video track has no clock (mdhd).")))
        cut = any(box.kind == b"edts" for box in boxes)  # only then is less shown than there is, or later
        return Facts((_seconds((scale, _shown_ticks(header))) if cut else None) or own, width, height)

    def _clock(self, box: _Box) -> tuple[int, int | None]:
        """Ticks per second and how many ticks, of mvhd or mdhd."""
        content = self._content(box, 32)
        form, at = (">IQ", 20) if content[0] == 1 else (">II", 12)
        if len(content) < at + struct.calcsize(form):
            _cut(f"the box {_shown(box.kind)}")
        scale, ticks = struct.unpack_from(form, content, at)
        if scale == 0:
            raise BadMedia(f"The box {_shown(box.kind)} counts no ticks per second.")
        return scale, None if ticks in UNKNOWN else ticks

    def _fragments(self, mvex: _Box, whole: tuple[int, int | None]) -> float | None:
        """The length that a fragmented file may tell in mehd."""
        header = next((box for box in self.boxes(mvex.body, mvex.end, inside="the mvex box") if box.kind == b"mehd"), None)
        if header is None:
            return _seconds(whole)
        content = self._content(header, 12)
        ticks = int.from_bytes(content[4:12] if content[0] == 1 else content[4:8], "big")
        return _seconds((whole[0], None if ticks in UNKNOWN else ticks))

    def _content(self, box: _Box, most: int) -> bytes:
        """The beginning of a box, which is never empty."""
        content = self._read(box.body, min(most, box.end - box.body))
        return content or _cut(f"the box {_shown(box.kind)}")


def _sniff(head: bytes, size: int) -> None:
    """Says what came instead, where that can be seen at once."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if size == 0:
        raise BadMedia("The file is empty.")
    if head.startswith(WEBM):
        raise BadMedia("It is a WebM or Matroska file; only MP4 is taken.")
    if head[4:8] in LEADING:
        return
    if start.startswith(b"<"):
        raise BadMedia("It is a web page or XML, no video.")
    if start.startswith((b"{", b"[")):
        raise BadMedia("It is JSON, no video.")
    if all(byte >= 0x20 or byte in b"\t\r\n" for byte in head):
        raise BadMedia("It is text, no video.")
    raise BadMedia("It is no MP4: it does not begin like one.")


def _sides(tkhd: bytes) -> tuple[int, int]:
    """Width and height as they are shown. The header ends with them, as 16.16 fixed point, behind the matrix that turns them."""
    at = 88 if tkhd[0] == 1 else 76
    if len(tkhd) < at + 8:
        _cut("its track header")
    width, height = (side >> 16 for side in struct.unpack_from(">II", tkhd, at))
    if not width or not height:
        raise BadMedia(f"Its picture is {width}x{height} pixels.")
    a, b, _, c, d = struct.unpack_from(">5i", tkhd, at - 36)
    return (height, width) if b and c and not a and not d else (width, height)


def _shown_ticks(tkhd: bytes) -> int | None:
    """How long the track is shown, in the movie's ticks."""
    form, at = (">Q", 28) if tkhd[0] == 1 else (">I", 20)
    ticks: int = struct.unpack_from(form, tkhd, at)[0]
    return None if ticks in UNKNOWN else ticks


def _one(boxes: list[_Box], kind: bytes, otherwise: str) -> _Box:
    found = next((box for box in boxes if box.kind == kind), None)
    if found is None:
        raise BadMedia(otherwise)
    return found


def _seconds(clock: tuple[int, int | None]) -> float | None:
    scale, ticks = clock
    return None if ticks is None else ticks / scale


def _cut(inside: str) -> NoReturn:
    raise BadMedia(f"It is cut off in the middle of {inside}.")


def _shown(kind: bytes) -> str:
    return kind.decode("ascii") if kind.isalnum() else kind.hex()
